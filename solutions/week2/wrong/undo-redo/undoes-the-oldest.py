def perform(r, doc, action):
    with r.pipeline(transaction=True) as pipe:
        pipe.rpush(f"{doc}:done", action)
        pipe.delete(f"{doc}:undone")
        pipe.execute()


def undo(r, doc):
    return r.lmove(f"{doc}:done", f"{doc}:undone")


def redo(r, doc):
    return r.lmove(f"{doc}:undone", f"{doc}:done")


def history(r, doc):
    return r.lrange(f"{doc}:done", 0, -1)
