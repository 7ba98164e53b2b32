def perform(r, doc, action):
    with r.pipeline(transaction=True) as pipe:
        pipe.rpush(f"{doc}:done", action)
        pipe.delete(f"{doc}:undone")
        pipe.execute()


def undo(r, doc):
    action = r.rpop(f"{doc}:done")
    if action is not None:
        r.rpush(f"{doc}:undone", action)
    return action


def redo(r, doc):
    action = r.rpop(f"{doc}:undone")
    if action is not None:
        r.rpush(f"{doc}:done", action)
    return action


def history(r, doc):
    return r.lrange(f"{doc}:done", 0, -1)
