SCRIPT = """
for i = 1, #ARGV, 2 do
  if tonumber(redis.call('GET', 'stock:' .. ARGV[i]) or '0') < tonumber(ARGV[i + 1]) then
    return 0
  end
end
for i = 1, #ARGV, 2 do
  redis.call('DECRBY', 'stock:' .. ARGV[i], ARGV[i + 1])
end
return 1
"""


def buy_basket(r, basket):
    args = [word for pair in basket.items() for word in pair]
    return r.eval(SCRIPT, 0, *args) == 1
