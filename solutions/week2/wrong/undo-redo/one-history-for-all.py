def perform(r, doc, action):
    with r.pipeline(transaction=True) as pipe:
        pipe.rpush("done", action)
        pipe.delete("undone")
        pipe.execute()


def undo(r, doc):
    return r.lmove("done", "undone", src="RIGHT", dest="RIGHT")


def redo(r, doc):
    return r.lmove("undone", "done", src="RIGHT", dest="RIGHT")


def history(r, doc):
    return r.lrange("done", 0, -1)
