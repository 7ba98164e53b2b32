import redis


def run_batch(r, commands):
    pipe = r.pipeline(transaction=False)
    for command in commands:
        pipe.execute_command(*command)
    replies, failed = pipe.execute(raise_on_error=False), []
    for n, reply in enumerate(replies):
        if isinstance(reply, redis.ResponseError):
            try:
                replies[n] = r.execute_command(*commands[n])
            except redis.ResponseError:
                replies[n] = None
                failed.append(n)
    return replies, failed
