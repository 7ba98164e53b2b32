def place_order(r, customer, article, count):
    stock = f"stock:{article}"
    script = """
        local number = redis.call('INCR', KEYS[2])
        redis.call('DECRBY', KEYS[1], ARGV[3])
        redis.call('HSET', 'order:' .. number, 'customer', ARGV[1], 'article', ARGV[2], 'count', ARGV[3])
        redis.call('RPUSH', KEYS[3], number)
        return number
    """
    if int(r.get(stock) or 0) < count:
        return None
    return r.eval(script, 3, stock, "orders:last", f"customer:{customer}:orders", customer, article, count)
