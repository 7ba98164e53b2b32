def cas(r, key, old, new):
    def swap(pipe):
        if pipe.get(key) != old:
            return False
        pipe.multi()
        pipe.set(key, new)
        return True

    return r.transaction(swap, key, value_from_callable=True)
