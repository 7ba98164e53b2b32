def take_seat(r, event, seats):
    key = f"event:{event}:sold"
    if r.incr(key) <= seats:
        return True
    r.decr(key)
    return False


def give_back(r, event, seats):
    r.decr(f"event:{event}:sold")


def sold(r, event, seats):
    return int(r.get(f"event:{event}:sold") or 0)
