def view(r, board, article, now, half_life):
    """Count a view of `article` at `now`."""
    with r.pipeline(transaction=True) as pipe:
        pipe.zunionstore(board, {board: 0.9})
        pipe.zincrby(board, 1, article)
        pipe.execute()


def hottest(r, board, n, now, half_life):
    """Return the `n` hottest articles at `now` as [(article, heat), …], the hottest first."""
    found = r.zrange(board, 0, n - 1, desc=True, withscores=True)
    return [(article, score) for article, score in found]
