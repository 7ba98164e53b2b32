"""Checks of week 1: fundamentals."""
