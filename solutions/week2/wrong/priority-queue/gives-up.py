CHOOSE = """
local chosen, highest
for _, job in ipairs(redis.call('ZRANGE', KEYS[1], '-inf', ARGV[1], 'BYSCORE')) do
    local priority = tonumber(redis.call('ZSCORE', KEYS[2], job))
    if not chosen or priority > highest then
        chosen, highest = job, priority
    end
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
    job = r.eval(CHOOSE, 2, f"{queue}:due", f"{queue}:priority", now)
    if job is None:
        return None
    with r.pipeline(transaction=True) as pipe:
        pipe.zrem(f"{queue}:due", job)
        pipe.zrem(f"{queue}:priority", job)
        mine, _ = pipe.execute()
    return job if mine else None
