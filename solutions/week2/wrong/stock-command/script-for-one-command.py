TAKE = """
if tonumber(redis.call('GET', KEYS[1]) or '0') < 1 then
  return 0
end
redis.call('DECR', KEYS[1])
return 1
"""


def deliver(r, article, count):
    r.incrby(f"packets:{article}", count)


def sell_one(r, article):
    return r.eval(TAKE, 1, f"packets:{article}") == 1


def pieces_left(r, article):
    return int(r.get(f"packets:{article}") or 0)
