def cas(r, key, old, new):
    def swap(pipe):
        if (pipe.get(key) or None) != (old or None):
            return False
        pipe.multi()
        pipe.set(key, new, keepttl=True)
        return True

    return r.transaction(swap, key, value_from_callable=True)
