def around(r, board, player, n):
    """Return [(rank, player, points), …] of the `n` above, `player` and the `n` below."""
    place = r.zrevrank(board, player)
    if place is None:
        return []
    first = max(0, place - n)
    found = r.zrange(board, first, first + 2 * n, desc=True, withscores=True)
    return [(rank, name, int(points)) for rank, (name, points) in enumerate(found, first + 1)]
