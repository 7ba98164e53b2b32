def buy_basket(r, basket):
    keys = [f"stock:{article}" for article in basket]

    def take(pipe):
        if any(int(left or 0) < count for left, count in zip(pipe.mget(keys), basket.values())):
            return False
        pipe.multi()
        for key, count in zip(keys, basket.values()):
            pipe.decrby(key, count)
        return True

    return r.transaction(take, *keys, value_from_callable=True)
