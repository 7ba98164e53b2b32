def stock_take(r, key):
    return sum(int(quantity) for quantity in r.hvals(key))


def spot_check(r, key, n):
    return r.hrandfield(key, n)
