VIEW = """
local last = tonumber(redis.call('GET', KEYS[2]) or ARGV[2])
local now = math.max(last, tonumber(ARGV[2]))
redis.call('ZUNIONSTORE', KEYS[1], 1, KEYS[1], 'WEIGHTS', 0.5 ^ ((now - last) / ARGV[3]))
redis.call('ZINCRBY', KEYS[1], 0.5 ^ ((now - ARGV[2]) / ARGV[3]), ARGV[1])
redis.call('SET', KEYS[2], string.format('%.17g', now))
"""

HOTTEST = """
return {redis.call('GET', KEYS[2]), redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1, 'REV', 'WITHSCORES')}
"""


def view(r, board, article, now, half_life):
    """Count a view of `article` at `now`."""
    r.eval(VIEW, 2, board, f"{board}:last", article, now, half_life)


def hottest(r, board, n, now, half_life):
    """Return the `n` hottest articles at `now` as [(article, heat), …], the hottest first."""
    last, found = r.eval(HOTTEST, 2, board, f"{board}:last", n)
    heats = [float(score) * 0.5 ** ((now - float(last)) / half_life) for score in found[1::2]]
    return list(zip(found[::2], heats, strict=True))
