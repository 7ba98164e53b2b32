def put_in(r, cart, item, count):
    r.hincrby(f"cart:{cart}", item, count)


def take_out(r, cart, item):
    if r.hincrby(f"cart:{cart}", item, -1) >= 0:
        return True
    r.hincrby(f"cart:{cart}", item, 1)  # there was none to take: give it back
    return False


def cart_items(r, cart):
    return {item: int(count) for item, count in r.hgetall(f"cart:{cart}").items()}


def cart_size(r, cart):
    return sum(int(count) for count in r.hvals(f"cart:{cart}"))
