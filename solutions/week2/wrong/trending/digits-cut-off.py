VIEW = """
local score = tonumber(ARGV[2])
local old = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or '-inf')
local most = math.max(score, old)
score = most + math.log(2 ^ (score - most) + 2 ^ (old - most)) / math.log(2)
redis.call('ZADD', KEYS[1], tostring(score), ARGV[1])
"""


def view(r, board, article, now, half_life):
    """Count a view of `article` at `now`."""
    # The score is the logarithm, to base 2, of a sum that grows with time instead of fading.
    r.eval(VIEW, 1, board, article, now / half_life)


def hottest(r, board, n, now, half_life):
    """Return the `n` hottest articles at `now` as [(article, heat), …], the hottest first."""
    found = r.zrange(board, 0, n - 1, desc=True, withscores=True)
    return [(article, 2 ** (score - now / half_life)) for article, score in found]
