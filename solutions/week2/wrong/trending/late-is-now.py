VIEW = """
local last = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[1]) or '-inf')
local score = math.max(last, tonumber(ARGV[2]))
redis.call('ZADD', KEYS[2], score, ARGV[1])
local old = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or '-inf')
local most = math.max(score, old)
score = most + math.log(2 ^ (score - most) + 2 ^ (old - most)) / math.log(2)
redis.call('ZADD', KEYS[1], score, ARGV[1])
"""


def view(r, board, article, now, half_life):
    """Count a view of `article` at `now`."""
    # The score is the logarithm, to base 2, of a sum that grows with time instead of fading.
    r.eval(VIEW, 2, board, f"{board}:last", article, now / half_life)


def hottest(r, board, n, now, half_life):
    """Return the `n` hottest articles at `now` as [(article, heat), …], the hottest first."""
    found = r.zrange(board, 0, n - 1, desc=True, withscores=True)
    return [(article, 2 ** (score - now / half_life)) for article, score in found]
