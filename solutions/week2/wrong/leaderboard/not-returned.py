def add_points(r, board, player, points):
    """Add `points` to the score of `player` and return the new total."""
    if not r.zadd(board, {player: points}, nx=True):
        r.zincrby(board, points, player)


def top(r, board, n):
    """Return the `n` best as [(player, points), …], the best first."""
    if n == 0:
        return []  # the ranks 0 to -1 would be everybody
    best = r.zrange(board, 0, n - 1, desc=True, withscores=True)
    return [(player, int(points)) for player, points in best]


def rank(r, board, player):
    """Return the place of `player`, 1 for the best; None if not on the board."""
    place = r.zrevrank(board, player)
    return None if place is None else place + 1
