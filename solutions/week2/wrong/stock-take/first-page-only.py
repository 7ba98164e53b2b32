def stock_take(r, key):
    cursor, stock = r.hscan(key, 0, count=500)
    return sum(int(quantity) for quantity in stock.values())


def spot_check(r, key, n):
    return r.hrandfield(key, n)
