SCRIPT = """
local have = redis.call('GET', KEYS[1]) or 'None'
if have ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1
"""


def cas(r, key, old, new):
    return r.eval(SCRIPT, 1, key, str(old), new) == 1
