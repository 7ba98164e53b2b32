def transfer(r, source, target, amount):
    debit, credit = f"account:{source}", f"account:{target}"

    def move(pipe):
        there, here = pipe.mget(debit, credit)
        if there is None or not 0 < amount <= int(there):
            return False
        pipe.multi()
        pipe.decrby(debit, amount)
        pipe.incrby(credit, amount)
        return True

    return r.transaction(move, debit, credit, value_from_callable=True)
