def stock_take(r, key):
    return sum(int(quantity) for name, quantity in r.hscan_iter(key, count=500))


def spot_check(r, key, n):
    return r.hrandfield(key, n)
