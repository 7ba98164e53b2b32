def put_in(r, cart, item, count):
    r.hincrby(f"cart:{cart}", item, count)


def take_out(r, cart, item):
    left = r.hincrby(f"cart:{cart}", item, -1)
    if left < 0:
        r.hincrby(f"cart:{cart}", item, 1)
        return False
    if r.hget(f"cart:{cart}", item) == "0":
        r.hdel(f"cart:{cart}", item)
    return True


def cart_items(r, cart):
    return {item: int(count) for item, count in r.hgetall(f"cart:{cart}").items() if int(count) > 0}


def cart_size(r, cart):
    return sum(max(0, int(count)) for count in r.hvals(f"cart:{cart}"))
