SECONDS = 2**32


def reach(r, board, player, points, when):
    """Note that `player` has reached `points` at `when`; the best counts, and the first to reach it."""
    # Points above, and below them what is greater for earlier moments: together less than 2**53.
    r.zadd(board, {player: points * SECONDS + (SECONDS - 1 - when)})


def standings(r, board, n):
    """Return the `n` best as [(player, points), …]; among equals, who was first."""
    best = r.zrange(board, 0, n - 1, desc=True, withscores=True)
    return [(player, int(score) // SECONDS) for player, score in best]
