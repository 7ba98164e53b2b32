def buy_basket(r, basket):
    keys = [f"stock:{article}" for article in basket]
    looks, takes = [], []
    for number, count in enumerate(basket.values(), 1):
        looks.append(f"if tonumber(redis.call('GET', KEYS[{number}]) or '0') < {count} then return 0 end")
        takes.append(f"redis.call('DECRBY', KEYS[{number}], {count})")
    return r.eval(" ".join(looks + takes) + " return 1", len(keys), *keys) == 1
