def add_word(r, index, word):
    """Add `word` to the sorted set `index`."""
    r.zadd(index, {f"{word.casefold()}\0{word}": 0})


def complete(r, index, prefix, n):
    """Return at most `n` words that begin with `prefix`, whatever their case, in order."""
    found = [member.split("\0")[1] for member in r.zrange(index, 0, -1)]
    return [word for word in found if word.casefold().startswith(prefix.casefold())][:n]
