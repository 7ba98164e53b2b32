import time
import uuid

ALLOW = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then
    return 0
end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
return 1
"""


def allow(r, client, now, limit, seconds):
    """Return whether a request of `client` at `now` is among the `limit` that may pass in `seconds` seconds."""
    now = time.time()
    passed = r.eval(ALLOW, 1, f"window:{client}", now - seconds, now, limit, uuid.uuid4().hex, seconds)
    return passed == 1
