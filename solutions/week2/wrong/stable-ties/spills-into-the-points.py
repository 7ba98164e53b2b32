SECONDS = 2**32


def reach(r, board, player, points, when):
    """Note that `player` has reached `points` at `when`; the best counts, and the first to reach it."""
    r.zadd(board, {player: points * SECONDS + (SECONDS - when)}, gt=True)


def standings(r, board, n):
    """Return the `n` best as [(player, points), …]; among equals, who was first."""
    best = r.zrange(board, 0, n - 1, desc=True, withscores=True)
    return [(player, int(score) // SECONDS) for player, score in best]
