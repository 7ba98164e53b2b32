"""splits a typed line at its blanks and knows no quotes: a value of two words cannot be typed"""

from miniredis import resp

STAGE = "mini.inline"


def spoil() -> None:
    resp.split_words = bytes.split
