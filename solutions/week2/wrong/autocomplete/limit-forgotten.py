def add_word(r, index, word):
    """Add `word` to the sorted set `index`."""
    # The folded form decides the order; the word as it was written comes behind it.
    r.zadd(index, {f"{word.casefold()}\0{word}": 0})


def complete(r, index, prefix, n):
    """Return at most `n` words that begin with `prefix`, whatever their case, in order."""
    first = b"[" + prefix.casefold().encode()
    # The byte ff occurs in no UTF-8 text, so it is beyond all that begins with the prefix.
    found = r.zrange(index, first, first + b"\xff", bylex=True)
    return [member.split("\0")[1] for member in found][:n]
