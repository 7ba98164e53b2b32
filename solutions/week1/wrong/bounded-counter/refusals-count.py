def take_seat(r, event, seats):
    return r.incr(f"event:{event}:sold") <= seats


def give_back(r, event, seats):
    r.decr(f"event:{event}:sold")


def sold(r, event, seats):
    return min(int(r.get(f"event:{event}:sold") or 0), seats)
