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
    with r.pipeline() as pipe:
        script = pipe.register_script(SCRIPT)
        return bool(script(keys=[f"stock:{article}" for article in basket], args=list(basket.values())))
