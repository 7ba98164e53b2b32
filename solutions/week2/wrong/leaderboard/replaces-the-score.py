def add_points(r, board, player, points):
    """Add `points` to the score of `player` and return the new total."""
    r.zadd(board, {player: points})
    return int(r.zscore(board, player))


def top(r, board, n):
    """Return the `n` best as [(player, points), …], the best first."""
    # The ranks 0 to n - 1; for n = 0 the end would be -1, the last of all.
    best = r.zrange(board, "+inf", "-inf", desc=True, byscore=True, offset=0, num=n, withscores=True)
    return [(player, int(points)) for player, points in best]


def rank(r, board, player):
    """Return the place of `player`, 1 for the best; None if not on the board."""
    place = r.zrevrank(board, player)
    return None if place is None else place + 1
