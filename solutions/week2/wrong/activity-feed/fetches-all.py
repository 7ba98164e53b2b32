def post(r, feed, event, size):
    with r.pipeline(transaction=True) as pipe:
        pipe.lpush(feed, event)
        pipe.ltrim(feed, 0, size - 1)
        pipe.execute()


def newest(r, feed, n):
    return r.lrange(feed, 0, -1)[:n]
