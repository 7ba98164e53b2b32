def open_session(r, user, session, ends_at):
    """Write a session that ends at `ends_at`, and index it."""
    index = f"sessions:{user}"
    with r.pipeline() as pipe:
        pipe.set(f"session:{session}", user, exat=ends_at)
        pipe.zadd(index, {session: ends_at})
        pipe.expireat(index, ends_at)
        pipe.execute()


def close_session(r, user, session):
    """End a session; return whether it was there."""
    with r.pipeline() as pipe:
        pipe.delete(f"session:{session}")
        pipe.zrem(f"sessions:{user}", session)
        return pipe.execute()[0] == 1


def sessions_of(r, user, now):
    """Return the ids of the user's sessions that end after `now`, the next to end first."""
    index = f"sessions:{user}"
    with r.pipeline() as pipe:
        pipe.zremrangebyscore(index, "-inf", now)
        pipe.zrange(index, 0, -1)
        return pipe.execute()[1]
