TAKE = """
local chosen, highest
for _, job in ipairs(redis.call('ZRANGE', KEYS[1], '-inf', ARGV[1], 'BYSCORE')) do
    local priority = tonumber(redis.call('ZSCORE', KEYS[2], job))
    if not chosen or priority > highest then
        chosen, highest = job, priority
    end
end
if chosen then
    redis.call('ZREM', KEYS[1], chosen)
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
