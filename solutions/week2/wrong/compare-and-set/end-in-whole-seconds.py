def cas(r, key, old, new):
    def swap(pipe):
        if pipe.get(key) != old:
            return False
        left = pipe.ttl(key)
        pipe.multi()
        pipe.set(key, new)
        if left >= 0:
            pipe.expire(key, left)
        return True

    return r.transaction(swap, key, value_from_callable=True)
