def perform(r, doc, action):
    r.rpush(f"{doc}:done", action)
    r.delete(f"{doc}:undone")


def undo(r, doc):
    return r.lmove(f"{doc}:done", f"{doc}:undone", src="RIGHT", dest="RIGHT")


def redo(r, doc):
    return r.lmove(f"{doc}:undone", f"{doc}:done", src="RIGHT", dest="RIGHT")


def history(r, doc):
    return r.lrange(f"{doc}:done", 0, -1)
