import redis


def run_batch(r, commands):
    pipe = r.pipeline()
    for command in commands:
        pipe.execute_command(*command)
    replies = pipe.execute(raise_on_error=False)
    failed = [n for n, reply in enumerate(replies) if isinstance(reply, redis.ResponseError)]
    return [None if n in failed else reply for n, reply in enumerate(replies)], failed
