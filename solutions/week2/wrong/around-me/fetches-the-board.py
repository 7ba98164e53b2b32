def around(r, board, player, n):
    """Return [(rank, player, points), …] of the `n` above, `player` and the `n` below."""
    everybody = r.zrange(board, 0, -1, desc=True, withscores=True)
    rows = [(rank, name, int(points)) for rank, (name, points) in enumerate(everybody, 1)]
    for at, row in enumerate(rows):
        if row[1] == player:
            return rows[max(0, at - n) : at + n + 1]
    return []
