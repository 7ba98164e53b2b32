import math


def view(r, board, article, now, half_life):
    """Count a view of `article` at `now`."""
    score = now / half_life
    old = r.zscore(board, article)
    if old is not None:
        most = max(score, old)
        score = most + math.log2(2 ** (score - most) + 2 ** (old - most))
    r.zadd(board, {article: score})


def hottest(r, board, n, now, half_life):
    """Return the `n` hottest articles at `now` as [(article, heat), …], the hottest first."""
    found = r.zrange(board, 0, n - 1, desc=True, withscores=True)
    return [(article, 2 ** (score - now / half_life)) for article, score in found]
