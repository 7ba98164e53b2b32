"""Checks of week 2: core data structures."""
