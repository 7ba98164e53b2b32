def place_order(r, customer, article, count):
    """Order `count` pieces of `article`; return the number of the order, or None if there are too few."""
    stock = f"stock:{article}"

    def book(pipe):
        left, last = pipe.mget(stock, "orders:last")
        if int(left or 0) < count:
            return None
        number = int(last or 0) + 1
        pipe.multi()
        pipe.set("orders:last", number)
        pipe.decrby(stock, count)
        pipe.hset(f"order:{number}", mapping={"customer": customer, "article": article, "count": count})
        pipe.rpush(f"customer:{customer}:orders", number)
        return number

    return r.transaction(book, "orders:last", value_from_callable=True)
