import redis


def run_batch(r, commands):
    pipe = r.pipeline(transaction=False)
    for command in commands:
        pipe.execute_command(*command)
    try:
        replies = pipe.execute(raise_on_error=False)
    except redis.ConnectionError:
        return [None] * len(commands), list(range(len(commands)))
    failed = [n for n, reply in enumerate(replies) if isinstance(reply, redis.ResponseError)]
    return [None if n in failed else reply for n, reply in enumerate(replies)], failed
