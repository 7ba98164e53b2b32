SCRIPT = """
for i, key in ipairs(KEYS) do
  redis.call('DECRBY', key, ARGV[i])
end
return 1
"""


def buy_basket(r, basket):
    keys = [f"stock:{article}" for article in basket]
    for left, count in zip(r.mget(keys), basket.values()):
        if int(left or 0) < count:
            return False
    return r.eval(SCRIPT, len(keys), *keys, *basket.values()) == 1
