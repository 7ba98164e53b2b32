"""The checks of the stages of `miniredis`: what each one is (`catalog`), and how it is held against real Redis."""
