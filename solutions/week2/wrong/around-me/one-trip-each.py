def around(r, board, player, n):
    """Return [(rank, player, points), …] of the `n` above, `player` and the `n` below."""
    place = r.zrevrank(board, player)
    if place is None:
        return []
    rows = []
    for at in range(max(0, place - n), place + n + 1):
        for name, points in r.zrange(board, at, at, desc=True, withscores=True):
            rows.append((at + 1, name, int(points)))
    return rows
