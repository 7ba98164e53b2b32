def post(r, feed, event, size):
    with r.pipeline(transaction=True) as pipe:
        pipe.rpush(feed, event)
        pipe.ltrim(feed, 0, size - 1)
        pipe.execute()


def newest(r, feed, n):
    return r.lrange(feed, -n, -1)[::-1] if n else []
