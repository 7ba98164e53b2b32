import redis


def run_batch(r, commands):
    pipe = r.pipeline(transaction=False)
    for command in commands:
        pipe.execute_command(*command)
    replies = pipe.execute(raise_on_error=False)
    failed = [n for n, reply in enumerate(replies) if isinstance(reply, redis.ResponseError)]
    return [reply for n, reply in enumerate(replies) if n not in failed], failed
