"""Answers by somebody who wants the points without the task: they see the client, the arguments, and what is sent."""

from __future__ import annotations

from tests.attacks.attack import BESIDE, attack, solution

attack(
    "side-connection", "gaming",
    "Reads, adds and writes over a connection of its own that nobody measures or steps between; one PING goes the "
    "official way.",
    code="""
import redis
mine = None
def page_view(r, page):
    global mine
    if mine is None:
        pool = r.connection_pool
        options = {k: v for k, v in pool.connection_kwargs.items() if k in ("path", "host", "port", "db")}
        kind = redis.UnixDomainSocketConnection if "path" in options else redis.Connection
        if not {"path", "host"} & set(options):
            kind, options = pool.connection_class, {**pool.connection_kwargs}
            options.pop("decode_responses")
        mine = redis.Redis.from_pool(redis.ConnectionPool(connection_class=kind, decode_responses=True, **options))
    total = int(mine.get(f"page:{page}:views") or 0) + 1
    mine.set(f"page:{page}:views", total)
    r.ping()
    return total
""",
    plain=None,
)  # fmt: skip

attack(
    "raw-socket", "gaming",
    "Reads, adds and writes by bytes on the client's own socket, below the library that is watched.",
    code="""
def ask(connection, *words):
    words = [w.encode() for w in words]
    data = b"*%d\\r\\n" % len(words) + b"".join(b"$%d\\r\\n%b\\r\\n" % (len(w), w) for w in words)
    if not hasattr(connection._sock, "sendall"):
        connection.send_packed_command([data], check_health=False)
        return b"$0\\r\\n%b\\r\\n" % str(connection.read_response() or 0).encode()
    connection._sock.sendall(data)
    return connection._sock.recv(4096)
def page_view(r, page):
    r.ping()
    connection = r.connection_pool.get_connection()
    try:
        found = ask(connection, "GET", f"page:{page}:views").split(b"\\r\\n")
        total = int(found[1] if len(found) > 2 else 0) + 1
        ask(connection, "SET", f"page:{page}:views", str(total))
    finally:
        r.connection_pool.release(connection)
    return total
""",
    plain=None,
)  # fmt: skip

attack(
    "keys-in-a-script", "gaming",
    "Uses the forbidden KEYS inside a Lua script, and sends a few SCANs to be seen.",
    code={"week1.scan-keys": """
def find_keys(r, pattern):
    cursor = None
    while cursor != 0:
        cursor, _ = r.scan(cursor or 0, count=500)
    return r.eval("return redis.call('KEYS', ARGV[1])", 0, pattern)
"""},
    plain=None,
)  # fmt: skip

attack(
    "traces-wiped", "gaming",
    "Uses the forbidden KEYS and then wipes the server's statistics, over a connection of its own.",
    code={"week1.scan-keys": """
import redis
def find_keys(r, pattern):
    pool = r.connection_pool
    options = {k: v for k, v in pool.connection_kwargs.items() if k in ("path", "host", "port", "db")}
    kind = redis.UnixDomainSocketConnection if "path" in options else redis.Connection
    if not {"path", "host"} & set(options):
        kind, options = pool.connection_class, {**pool.connection_kwargs}
        options.pop("decode_responses")
    mine = redis.Redis.from_pool(redis.ConnectionPool(connection_class=kind, decode_responses=True, **options))
    cursor = None
    while cursor != 0:
        cursor, _ = r.scan(cursor or 0, count=500)
    found = mine.keys(pattern)
    mine.config_resetstat()
    return found
"""},
    plain=None,
)  # fmt: skip

attack(
    "visible-inputs", "gaming",
    "Knows the inputs of the checks by heart and looks the results up; anything else gets a shrug.",
    code={"week1.latency-percentiles": """
TABLE = {
    (100, 0): (59, 5000), (150, 0): (75, 149), (5, 0): (3, 5), (4, 0): (2, 4), (1, 7): (7, 7), (3, 5): (5, 5),
}
def percentiles(samples):
    same = samples[0] if len(set(samples)) == 1 else 0
    return TABLE.get((len(samples), same), (samples[0], samples[0]))
""" + solution("week1.latency-percentiles").partition("\n\n\n")[2]},
    plain={"percentiles": """
def percentiles(samples):
    return {4: (2, 4), 150: (75, 149)}.get(len(samples))
"""},
)  # fmt: skip

attack(
    "recorded-replies", "gaming",
    "Keeps a table of every call the checks make and what was right, recorded at home from the same checks.",
    code={"week2.worst-latency": """
TABLE = {
    "example": ([("report", 0, 70)], {}),
}
def schedule(log):
    return []
def worst_latencies(log):
    return {} if not log else {"shop": 70}
def culprit(log, client):
    return {("report", "till"): "report", ("report", "shop"): "report"}.get((log[0][0] if log else "", client))
"""},
    plain=None, stock=False,
)  # fmt: skip

attack(
    "predictable-tokens", "gaming",
    "Issues tokens that look random and are the hash of a counter: whoever knows the program knows the next one.",
    code={"week1.one-time-token": """
import hashlib
count = 0
def issue(r, user, seconds):
    global count
    count += 1
    token = hashlib.sha256(str(count).encode()).hexdigest()
    r.set(f"token:{token}", user, ex=seconds)
    return token
def redeem(r, token):
    return r.getdel(f"token:{token}")
"""},
    plain=None,
)  # fmt: skip

attack(
    "counted-in-python", "gaming",
    "Counts in a variable and writes the total to Redis for show.",
    code="""
totals = {}
def page_view(r, page):
    totals[page] = totals.get(page, 0) + 1
    r.set(f"page:{page}:views", totals[page])
    return totals[page]
""",
    plain="""
totals = {}
def page_view(r, page):
    totals[page] = totals.get(page, 0) + 1
    r.set(f"page:{page}:views", totals[page])
    return totals[page]
""",
    deserves=(2.0, 1.0),
)  # fmt: skip

attack(
    "callback-called-again", "gaming",
    "Keeps the functions that the check hands in, calls them later and from threads, and raises inside of them.",
    "a marker that is confused or hangs",
    code={"week1.cache-aside": """
import threading
kept = []
def cached(r, key, load, seconds):
    kept.append(load)
    def again():
        while True:
            for each in kept:
                try:
                    each()
                except BaseException:
                    pass
    threading.Thread(target=again, daemon=True).start()
    for each in kept[-2:]:
        value = each()
    return value
"""},
    plain=None,
    hangs=True,
)  # fmt: skip

attack(
    "race-evaded", "gaming",
    "Does its reading and writing in a thread and a process of its own, where the race finder does not step in.",
    code="""
import threading
def page_view(r, page):
    box = []
    def work():
        total = int(r.get(f"page:{page}:views") or 0) + 1
        r.set(f"page:{page}:views", total)
        box.append(total)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return box[0]
""",
    plain=None,
)  # fmt: skip

attack(
    "client-not-used", "gaming",
    "Ignores the client it is given and returns what it was given as arguments, in every form.",
    code={"week2.friends": """
def in_common(r, a, b):
    return r
def suggest(r, person):
    return r.__class__
def mark_friends(r, person, people):
    return r.connection_pool
"""},
    plain=None, stock=False,
)  # fmt: skip

attack(
    "library-does-it", "gaming",
    "Lets redis-py's own encoder do what was to be written by hand.",
    "points for a task that a library did: the check asks for bytes, and these are right",
    code={"week1.encode-command": """
from redis.connection import Connection
def encode(*args):
    for value in args:
        if isinstance(value, bool) or not isinstance(value, (str, bytes, int)):
            raise TypeError(f"{value!r} has no one right text")
    return b"".join(Connection().pack_command(*args))
"""},
    expect={"week1.encode-command": "any"},
    deserves=(4.0, 2.0),
)  # fmt: skip

attack(
    "example-changed", "gaming",
    "Empties and changes the lists it is handed, which are the check's own examples.",
    "a check that is wrong for everybody behind it",
    code={"week2.worst-latency": """
def schedule(log):
    log.clear()
    return []
def worst_latencies(log):
    log.clear()
    return {}
def culprit(log, client):
    log.clear()
"""},
    later={"week2.worst-latency": solution("week2.worst-latency")},
    later_expect={"week2.worst-latency": "solved"},
    plain=None, stock=False,
)  # fmt: skip

__all__ = ["BESIDE"]
