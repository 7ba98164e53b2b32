"""A notebook with every face of the wire in it, for the browser tests and for the README's pictures."""

from __future__ import annotations

import json
from pathlib import Path

SETUP = """\
from grader.notebook import connect, faults, race, wire

r = connect()
r.flushall();"""

WIRE = """\
%%wire
r.set("page:home", "<h1>Welcome</h1>", ex=60)
r.hset("user:7", mapping={"name": "Ada", "city": "London"})

pipe = r.pipeline(transaction=False)
for page in ("home", "about", "shop"):
    pipe.incr(f"page:{page}:views")
pipe.hgetall("user:7")
pipe.execute()[-1]"""

COST = """\
with wire.measure() as cost:
    r.mset({f"session:{i}": f"token-{i:08}" for i in range(500)})
    r.zadd("board", {f"player-{i}": i for i in range(200)})
    r.sadd("tags", *range(40))
    r.keys("session:1*")
    r.blpop("jobs", 0.3)
cost"""

RACE = """\
def buy(r):
    if int(r.get("stock:tea")) > 0:
        r.decr("stock:tea")
        return True
    return False

def sold_once(end):
    left = end.redis.get("stock:tea")
    return left == "0" or f"there was one piece, and now the stock is {left}"

race(buy, buy, setup=lambda r: r.set("stock:tea", 1), invariant=sold_once)"""

FAULT = """\
def work_one(r):
    job = r.lpop("jobs")
    mail = job.upper()
    r.rpush("sent", mail)

def nothing_lost(end):
    return end.redis.llen("jobs") + end.redis.llen("sent") > 0 or "the job is in neither list"

faults.everywhere(work_one, setup=lambda r: r.rpush("jobs", "mail ada"), then=nothing_lost)"""

HELD = """\
def buy_at_once(r):
    return r.decr("stock:tea") >= 0

race(buy_at_once, buy_at_once, setup=lambda r: r.set("stock:tea", 1),
     invariant=lambda end: sorted(end.results) == [False, True])"""

BYTES = """\
%%wire --bytes
r.set("greeting", "hello")
r.get("greeting")"""

COLUMNS = """\
A, B = connect(name="A"), connect(name="B")

def both():
    A.set("stock", 1)
    A.get("stock"), B.get("stock")
    A.decr("stock"), B.decr("stock")"""

TWO = """\
%%wire
both()"""

REDIS = """\
%%redis
# line by line, as in redis-cli
MULTI
INCR visits
GET visits
EXEC"""

PICTURES = {"wire": WIRE, "cost": COST, "race": RACE, "fault": FAULT}
"""The cells that the README shows, by the name of their picture."""
CELLS = [SETUP, *PICTURES.values(), HELD, BYTES, COLUMNS, TWO, REDIS]


def write_faces(path: Path) -> None:
    """Write the notebook."""
    cells = [
        {"cell_type": "code", "id": f"face-{n}", "metadata": {}, "outputs": [], "execution_count": None, "source": text}
        for n, text in enumerate(CELLS)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path.write_text(
        json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8"
    )
