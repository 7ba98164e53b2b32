def place_order(r, customer, article, count):
    stock = f"stock:{article}"
    script = """
        if tonumber(redis.call('GET', KEYS[1]) or '0') < tonumber(ARGV[1]) then
          return 0
        end
        redis.call('DECRBY', KEYS[1], ARGV[1])
        return redis.call('INCR', KEYS[2])
    """
    number = r.eval(script, 2, stock, "orders:last", count)
    if number == 0:
        return None
    r.hset(f"order:{number}", mapping={"customer": customer, "article": article, "count": count})
    r.rpush(f"customer:{customer}:orders", number)
    return number
