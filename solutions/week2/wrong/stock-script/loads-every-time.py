SCRIPT = """
for i, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or '0') < tonumber(ARGV[i]) then
    return 0
  end
end
for i, key in ipairs(KEYS) do
  redis.call('DECRBY', key, ARGV[i])
end
return 1
"""


def buy_basket(r, basket):
    sha1 = r.script_load(SCRIPT)
    keys = [f"stock:{article}" for article in basket]
    return r.evalsha(sha1, len(keys), *keys, *basket.values()) == 1
