"""Building and proving the course material: lessons, notebooks, the book. Used by `course` and by the tests."""
