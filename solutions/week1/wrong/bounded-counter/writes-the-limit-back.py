def take_seat(r, event, seats):
    key = f"event:{event}:sold"
    if r.incr(key) <= seats:
        return True
    r.set(key, seats)
    return False


def give_back(r, event, seats):
    r.decr(f"event:{event}:sold")


def sold(r, event, seats):
    return min(int(r.get(f"event:{event}:sold") or 0), seats)
