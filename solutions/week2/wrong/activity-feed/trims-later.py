def post(r, feed, event, size):
    r.lpush(feed, event)
    r.ltrim(feed, 0, size - 1)


def newest(r, feed, n):
    if n == 0:
        return []
    return r.lrange(feed, 0, n - 1)
