def delete_prefix(r, prefix):
    deleted, cursor = 0, None
    while cursor != 0:
        cursor, keys = r.scan(cursor or 0, match=f"{prefix}*", count=500)
        if keys:
            deleted += r.unlink(*keys)
    return deleted
