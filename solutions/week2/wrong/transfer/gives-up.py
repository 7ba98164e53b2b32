import redis


def transfer(r, source, target, amount):
    debit, credit = f"account:{source}", f"account:{target}"
    with r.pipeline() as pipe:
        try:
            pipe.watch(debit, credit)
            there, here = pipe.mget(debit, credit)
            if there is None or here is None or not 0 < amount <= int(there):
                return False
            pipe.multi()
            pipe.decrby(debit, amount)
            pipe.incrby(credit, amount)
            pipe.execute()
        except redis.WatchError:
            return False
    return True
