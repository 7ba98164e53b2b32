def find_keys(r, pattern):
    found, cursor = set(), 0
    while True:
        cursor, page = r.scan(cursor, match=pattern, count=500)
        if not page:
            break
        found.update(page)
        if cursor == 0:
            break
    return list(found)
