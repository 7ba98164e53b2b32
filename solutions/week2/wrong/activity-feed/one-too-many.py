def post(r, feed, event, size):
    with r.pipeline(transaction=True) as pipe:
        pipe.lpush(feed, event)
        pipe.ltrim(feed, 0, size)
        pipe.execute()


def newest(r, feed, n):
    if n == 0:
        return []
    return r.lrange(feed, 0, n - 1)
