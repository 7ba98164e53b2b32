def place_order(r, customer, article, count):
    stock = f"stock:{article}"
    number = r.incr("orders:last")

    def book(pipe):
        if int(pipe.get(stock) or 0) < count:
            return None
        pipe.multi()
        pipe.decrby(stock, count)
        pipe.hset(f"order:{number}", mapping={"customer": customer, "article": article, "count": count})
        pipe.rpush(f"customer:{customer}:orders", number)
        return number

    return r.transaction(book, stock, value_from_callable=True)
