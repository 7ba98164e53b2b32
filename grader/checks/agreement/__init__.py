"""Is a server Redis? Scripts of commands are sent to it and to a real one, and every reply compared byte for byte.

`script` has the words in which generators are written, `play` sends, `tolerances` says which replies need not be
equal, `compare` and `state` find the first disagreement, `agree` searches and shrinks it, `show` prints it.
"""
