def post(r, feed, event, size):
    r.lpush(feed, event)


def newest(r, feed, n):
    if n == 0:
        return []
    return r.lrange(feed, 0, n - 1)
