def open_session(r, user, session, ends_at):
    with r.pipeline() as pipe:
        pipe.set(f"session:{session}", user, exat=ends_at)
        pipe.lrem(f"sessions:{user}", 0, session)
        pipe.rpush(f"sessions:{user}", session)
        pipe.execute()


def close_session(r, user, session):
    with r.pipeline() as pipe:
        pipe.delete(f"session:{session}")
        pipe.lrem(f"sessions:{user}", 0, session)
        return pipe.execute()[0] == 1


def sessions_of(r, user, now):
    sessions = r.lrange(f"sessions:{user}", 0, -1)
    with r.pipeline(transaction=False) as pipe:
        for session in sessions:
            pipe.expiretime(f"session:{session}")
        ends = pipe.execute()
    return [session for _, session in sorted(zip(ends, sessions))]
