"""Servers that are wrong in one way each; `__main__` says how they are made and run."""
