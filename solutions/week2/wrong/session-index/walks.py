def open_session(r, user, session, ends_at):
    """Write a session that ends at `ends_at`, and index it."""
    index = f"sessions:{user}"
    with r.pipeline() as pipe:
        pipe.set(f"session:{session}", user, exat=ends_at)
        pipe.zadd(index, {session: ends_at})
        pipe.expireat(index, ends_at, nx=True)
        pipe.expireat(index, ends_at, gt=True)
        pipe.execute()


def close_session(r, user, session):
    """End a session; return whether it was there."""
    with r.pipeline() as pipe:
        pipe.delete(f"session:{session}")
        pipe.zrem(f"sessions:{user}", session)
        return pipe.execute()[0] == 1



def sessions_of(r, user, now):
    mine = []
    for key in set(r.scan_iter(match="session:*", count=500)):
        end = r.expiretime(key)
        if r.get(key) == user and end > now:
            mine.append((end, key.removeprefix("session:")))
    return [session for _, session in sorted(mine)]
