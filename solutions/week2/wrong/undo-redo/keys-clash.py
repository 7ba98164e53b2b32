def perform(r, doc, action):
    with r.pipeline(transaction=True) as pipe:
        pipe.rpush(doc, action)
        pipe.delete(f"{doc}:undone")
        pipe.execute()


def undo(r, doc):
    return r.lmove(doc, f"{doc}:undone", src="RIGHT", dest="RIGHT")


def redo(r, doc):
    return r.lmove(f"{doc}:undone", doc, src="RIGHT", dest="RIGHT")


def history(r, doc):
    return r.lrange(doc, 0, -1)
