def put_in(r, cart, item, count):
    there = int(r.hget(f"cart:{cart}", item) or 0)
    r.hset(f"cart:{cart}", item, there + count)


def take_out(r, cart, item):
    if r.hincrby(f"cart:{cart}", item, -1) >= 0:
        return True
    r.hincrby(f"cart:{cart}", item, 1)  # there was none to take: give it back
    return False


def cart_items(r, cart):
    return {item: int(count) for item, count in r.hgetall(f"cart:{cart}").items() if int(count) > 0}


def cart_size(r, cart):
    return sum(max(0, int(count)) for count in r.hvals(f"cart:{cart}"))
