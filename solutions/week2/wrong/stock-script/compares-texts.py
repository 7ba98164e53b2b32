SCRIPT = """
for i, key in ipairs(KEYS) do
  local left = redis.call('GET', key)
  if not left or left < ARGV[i] then
    return 0
  end
end
for i, key in ipairs(KEYS) do
  redis.call('DECRBY', key, ARGV[i])
end
return 1
"""


def buy_basket(r, basket):
    script = r.register_script(SCRIPT)
    return script(keys=[f"stock:{article}" for article in basket], args=list(basket.values())) == 1
