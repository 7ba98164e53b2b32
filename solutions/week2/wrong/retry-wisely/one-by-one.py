import redis


def run_batch(r, commands):
    replies, failed = [], []
    for n, command in enumerate(commands):
        try:
            replies.append(r.execute_command(*command))
        except redis.ResponseError:
            replies.append(None)
            failed.append(n)
    return replies, failed
