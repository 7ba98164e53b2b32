def view(r, board, article, now, half_life):
    """Count a view of `article` at `now`."""
    r.zincrby(board, 1, article)


def hottest(r, board, n, now, half_life):
    """Return the `n` hottest articles at `now` as [(article, heat), …], the hottest first."""
    found = r.zrange(board, 0, n - 1, desc=True, withscores=True)
    return [(article, score) for article, score in found]
