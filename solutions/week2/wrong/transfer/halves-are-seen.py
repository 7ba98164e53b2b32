def transfer(r, source, target, amount):
    debit, credit = f"account:{source}", f"account:{target}"
    there, here = r.mget(debit, credit)
    if there is None or here is None or not 0 < amount <= int(there):
        return False
    with r.pipeline(transaction=False) as pipe:
        pipe.decrby(debit, amount)
        pipe.incrby(credit, amount)
        pipe.execute()
    return True
