def transfer(r, source, target, amount):
    debit, credit = f"account:{source}", f"account:{target}"

    def move(pipe):
        there, here = pipe.mget(debit, credit)
        if there is None or here is None or not 0 < amount <= int(there):
            return False
        pipe.multi()
        pipe.set(debit, int(there) - amount)
        pipe.set(credit, int(here) + amount)
        return True

    return r.transaction(move, debit, credit, value_from_callable=True)
