import redis


def run_batch(r, commands):
    pipe = r.pipeline(transaction=False)
    for command in commands:
        pipe.execute_command(*command)
    try:
        return pipe.execute(), []
    except redis.ResponseError:
        replies, failed = [], []
        for n, command in enumerate(commands):
            try:
                replies.append(r.execute_command(*command))
            except redis.ResponseError:
                replies.append(None)
                failed.append(n)
        return replies, failed
