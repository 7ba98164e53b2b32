def perform(r, doc, action):
    with r.pipeline(transaction=True) as pipe:
        pipe.rpush(f"{doc}:done", action)
        pipe.delete(f"{doc}:undone")
        pipe.execute()


def undo(r, doc):
    action = r.lindex(f"{doc}:done", -1)
    if action is None:
        return None
    with r.pipeline(transaction=True) as pipe:
        pipe.rpop(f"{doc}:done")
        pipe.rpush(f"{doc}:undone", action)
        pipe.execute()
    return action


def redo(r, doc):
    action = r.lindex(f"{doc}:undone", -1)
    if action is None:
        return None
    with r.pipeline(transaction=True) as pipe:
        pipe.rpop(f"{doc}:undone")
        pipe.rpush(f"{doc}:done", action)
        pipe.execute()
    return action


def history(r, doc):
    return r.lrange(f"{doc}:done", 0, -1)
