TAKE = """
local chosen
for _, job in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1, 'REV')) do
    if tonumber(redis.call('ZSCORE', KEYS[1], job)) <= tonumber(ARGV[1]) then
        chosen = job
        break
    end
end
if chosen then
    redis.call('ZREM', KEYS[1], chosen)
    redis.call('ZREM', KEYS[2], chosen)
end
return chosen
"""


def schedule(r, queue, job, priority, due):
    """Put `job` into the queue, to be taken at `due` or later, the higher its priority the sooner."""
    with r.pipeline(transaction=True) as pipe:
        pipe.zadd(f"{queue}:due", {job: due})
        pipe.zadd(f"{queue}:priority", {job: priority})
        pipe.execute()


def take(r, queue, now):
    """Take the most urgent of the jobs that are due at `now` out of the queue; None if there is none."""
    return r.eval(TAKE, 2, f"{queue}:due", f"{queue}:priority", now)
