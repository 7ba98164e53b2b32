"""What runs where a learner's code runs: in their own kernel, in a worker beside it, or in a sandbox for strangers.

Loads the cells of a notebook, calls what they define, and tells what it raised. Nothing here knows what is checked or
expected, and nothing of the rest of the course is imported: a sandbox sees this folder and no other.
"""
