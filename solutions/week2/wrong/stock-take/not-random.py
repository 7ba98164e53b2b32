def stock_take(r, key):
    stock = dict(r.hscan_iter(key, count=500))
    return sum(int(quantity) for quantity in stock.values())


def spot_check(r, key, n):
    cursor, page = r.hscan(key, 0, count=n)
    return list(page)[:n]
