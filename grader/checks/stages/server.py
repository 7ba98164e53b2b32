"""The stages of running a server: what it writes down, whom it lets in, and whom it sends away."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from grader.checks.agreement.script import Scripts, cmd, keys, maybe, one_of, scripts, some, then, word
from grader.checks.stages.dialogue import PATIENCE, Line, Table, connected, same_dialogue
from grader.checks.stages.registry import UnderTest, stage, stage_probe
from grader.checks.verdict import Broken
from grader.resp import encode_command
from grader.servers import Server, binaries, standalone

_key = keys("k")
_DEBUG = ("--enable-debug-command", "yes")
_MEGABYTE = 1 << 20


def _another(real: Server, password: str | None = None, debug: bool = False) -> AbstractContextManager[Server]:
    """A second real Redis of the same version, with a password or with DEBUG."""
    same = next(binary for binary in binaries() if binary.version == real.version)
    return standalone(binary=same, port=0, password=password, enable_debug_command=debug)


@stage("mini.role", state=False)
def which_role() -> Scripts:
    """ROLE of a master without replicas."""
    return scripts(cmd("ROLE"), size=2, wrong_type=False)


@stage_probe("mini.debug-sleep")
def everybody_sleeps(theirs: UnderTest, real: Server) -> None:
    """While one client lets the server sleep, the others wait; and keys end meanwhile."""
    with theirs.sibling(*_DEBUG) as sibling, _another(real, debug=True) as awake:
        same_dialogue(
            sibling,
            awake,
            [
                (1, ("SET", "k", "v", "PX", "60")),
                (1, ("DEBUG", "SLEEP", "0.1")),
                (1, ("GET", "k")),
                (1, ("DEBUG", "SLEEP", "x")),
                (1, ("DEBUG", "NONSENSE")),
                (1, ("DEBUG", "SLEEP")),
            ],
        )
        with Table(sibling) as table:
            table.say(1, ("PING",))
            table.say(2, ("PING",))
            table.hear({1: b"+PONG\r\n", 2: b"+PONG\r\n"})
            began = time.monotonic()
            table.say(1, ("DEBUG", "SLEEP", "0.2"))
            table.say(2, ("PING",))
            table.hear({1: b"+OK\r\n", 2: b"+PONG\r\n"})
            if (took := time.monotonic() - began) < 0.2:
                raise Broken("PING waits while DEBUG SLEEP 0.2 runs", f"both were answered after {took:.2f} seconds")


@stage("mini.slowlog", state=False)
def the_log_itself() -> Scripts:
    """What SLOWLOG takes as arguments."""
    return scripts(
        cmd("SLOWLOG GET", one_of("0", "-2", "x", "1 2", "")),
        cmd("SLOWLOG RESET"),
        cmd("SLOWLOG NONSENSE"),
        size=4,
        wrong_type=False,
    )


@stage_probe("mini.slowlog")
def slow_commands_are_kept(theirs: UnderTest, real: Server) -> None:
    """With a threshold of 0 everything is slow: newest first, shortened, without passwords, no more than asked for."""
    on_and_off = ("CONFIG", "SET", "slowlog-log-slower-than")
    lines: list[Line] = [
        (1, (*on_and_off, "-1")),
        (1, ("SLOWLOG", "RESET")),
        (1, ("CLIENT", "SETNAME", "worker")),
        (1, (*on_and_off, "0")),
        (1, ("SET", "k", "v" * 200)),
        (1, ("MSET", *(str(number) for number in range(40)))),
        (1, ("AUTH", "default", "secret")),
        (1, ("HELLO", "2", "AUTH", "default", "secret")),
        (1, ("MULTI",)),
        (1, ("PING",)),
        (1, ("EXEC",)),
        (1, ("NONSENSE",)),
        (1, (*on_and_off, "-1")),
        (1, ("SLOWLOG", "LEN")),
        (1, ("CONFIG", "SET", "slowlog-max-len", "3")),
        (1, (*on_and_off, "0")),
        (1, ("PING",)),
        (1, (*on_and_off, "10000")),
        (1, ("SLOWLOG", "LEN")),
        (1, ("SLOWLOG", "RESET")),
        (1, ("CONFIG", "SET", "slowlog-max-len", "128")),
    ]
    same_dialogue(theirs, real, lines)
    same_log(theirs, real, lines[:13])


def same_log(theirs: UnderTest, real: Server, lines: Sequence[Line]) -> None:
    """Play the lines and compare what the log holds then: arguments and names, without numbers and times."""
    logs = []
    for server in (real, theirs):
        with Table(server) as table:
            for who, words in lines:
                table.say(who, words)
                table.hear()
            table.say(1, ("SLOWLOG", "GET", "-1"))
            logs.append([line for line in table.hear()[1].split(b"\r\n") if line[:1] not in (b":", b"$", b"*")])
            table.say(1, ("CONFIG", "SET", "slowlog-log-slower-than", "10000"))
            table.hear()
    wanted, got = ([line for line in log if b"127.0.0.1:" not in line and b".sock" not in line] for log in logs)
    if wanted != got:
        place = next((at for at, pair in enumerate(zip(wanted, got, strict=False)) if pair[0] != pair[1]), len(got))
        right = wanted[place] if place < len(wanted) else "nothing more"
        wrong = got[place] if place < len(got) else "nothing more"
        raise Broken(f"SLOWLOG GET -1 shows {right!r} at its place {place + 1}", f"it shows {wrong!r}")


@stage_probe("mini.latency")
def long_moments_are_kept(theirs: UnderTest, real: Server) -> None:
    """A sleep is a long moment of the kind "command"."""
    lines: list[Line] = [
        (1, ("LATENCY", "LATEST")),
        (1, ("CONFIG", "SET", "latency-monitor-threshold", "50")),
        (1, ("DEBUG", "SLEEP", "0.01")),
        (1, ("LATENCY", "LATEST")),
        (1, ("LATENCY", "RESET", "command")),
        (1, ("LATENCY", "HISTORY", "nothing")),
    ]
    with theirs.sibling(*_DEBUG) as sibling, _another(real, debug=True) as other:
        same_dialogue(sibling, other, lines)
        with Table(sibling) as table:
            table.say(1, ("DEBUG", "SLEEP", "0.06"))
            table.hear({1: b"+OK\r\n"})
            table.say(1, ("LATENCY", "LATEST"))
            said = table.hear()[1]
            if not said.startswith(b"*1\r\n*4\r\n$7\r\ncommand\r\n:"):
                raise Broken("after a command of 60 ms LATENCY LATEST names the event command", f"it said {said!r}")
            table.say(1, ("LATENCY", "RESET"))
            if (said := table.hear()[1]) != b":1\r\n":
                raise Broken("LATENCY RESET forgets one kind of event", f"it said {said!r}")
            _the_longest_is_kept(table)


def _the_longest_is_kept(table: Table) -> None:
    """A long moment and a shorter one, both within one second by the clock: there is one sample, the long one."""
    while time.time() % 1 > 0.4:
        time.sleep(0.02)  # until a new second begins
    for seconds in ("0.15", "0.06"):
        table.say(1, ("DEBUG", "SLEEP", seconds))
        table.hear({1: b"+OK\r\n"})
    table.say(1, ("LATENCY", "HISTORY", "command"))
    numbers = [int(line[1:]) for line in table.hear()[1].split(b"\r\n") if line[:1] == b":"]
    moments = dict(zip(numbers[::2], numbers[1::2], strict=False))
    longest = max(moments.values(), default=0)
    if longest < 150:
        raise Broken(
            "of two commands within one second, of 150 ms and of 60 ms, LATENCY HISTORY command keeps the longer one",
            f"it keeps {moments}",
            "the-last-moment-counts" if 60 <= longest < 120 else None,
        )


@stage_probe("mini.monitor")
def every_command_is_shown(theirs: UnderTest, real: Server) -> None:
    """What a client that monitors sees, of others and of itself."""
    same_dialogue(
        theirs,
        real,
        [
            (1, ("MONITOR",)),
            (2, ("SET", "k", b'a "b"\r\n\x00\xff\\')),
            (2, ("get", "k")),
            (2, ("NONSENSE",)),
            (2, ("AUTH", "default", "secret")),
            (2, ("MULTI",)),
            (2, ("INCR", "n")),
            (2, ("EXEC",)),
            (2, ("CONFIG", "GET", "databases")),
            (2, ("SELECT", "3")),
            (2, ("ECHO", "")),
            (1, ("PING",)),
            (1, ("GET", "k")),
            (1, ("RESET",)),
            (2, ("PING",)),
        ],
    )


@stage("mini.info-stats", state=False)
def counted_errors() -> Scripts:
    """Errors of several kinds since the counters were set back."""
    return scripts(
        then(
            cmd("CONFIG RESETSTAT"),
            some(cmd(one_of("NONSENSE", "GET", "EXEC")), cmd("SET", _key, "v"), cmd("INCR", _key), max=6),
            cmd("INFO errorstats"),
        ),
        size=1,
        wrong_arity=False,
        wrong_type=False,
    )


@stage_probe("mini.info-stats")
def counted_commands(theirs: UnderTest, real: Server) -> None:
    """Calls, failures and refusals of each command; the times are its own."""
    commands = [("GET",), ("GET", "k"), ("get", "k"), ("SET", "k", "v"), ("INCR", "k"), ("CONFIG", "GET", "hz")]
    pages = []
    for server in (real, theirs):
        with Table(server) as table:
            for words in (("CONFIG", "RESETSTAT"), *commands, ("INFO", "commandstats")):
                table.say(1, words)
                page = table.hear()[1]
        lines = [line for line in page.decode().split("\r\n") if line.startswith("cmdstat_")]
        counts = {line.split(":")[0]: [part for part in line.split(",") if "usec" not in part] for line in lines}
        pages.append({name: counts[name] for name in sorted(counts) if name != "cmdstat_info"})
    if pages[0] != pages[1]:
        raise Broken(f"INFO commandstats counts {pages[0]}", f"it counts {pages[1]}")


@stage("mini.client-list", state=False)
def lists() -> Scripts:
    """Which clients are meant, and what is no kind of client."""
    return scripts(
        cmd("CLIENT LIST", one_of("TYPE pubsub", "TYPE nonsense", "TYPE", "ID", "ID x", "ID 999999", "NONSENSE")),
        cmd("CLIENT LIST", one_of("TYPE normal", "type MASTER", "TYPE slave", "ID 999999 999998")),
        size=3,
        wrong_type=False,
    )


@stage_probe("mini.client-list")
def lines_tell_what_clients_do(theirs: UnderTest, real: Server) -> None:
    """The fields that do not belong to the process: name, flags, database, subscriptions, transaction, protocol."""
    told = ("name", "flags", "db", "sub", "psub", "ssub", "multi", "watch", "cmd", "user", "redir", "resp", "lib-name")
    lines: list[Line] = [
        (1, ("CLIENT", "SETNAME", "one")),
        (2, ("CLIENT", "SETNAME", "two")),
        (2, ("SELECT", "3")),
        (2, ("WATCH", "k")),
        (2, ("MULTI",)),
        (2, ("GET", "k")),
        (3, ("CLIENT", "SETNAME", "three")),
        (3, ("HELLO", "3")),
        (3, ("SUBSCRIBE", "a", "b")),
        (4, ("CLIENT", "SETNAME", "four")),
        (4, ("CLIENT", "NO-TOUCH", "on")),
        (5, ("CLIENT", "SETNAME", "five")),
        (5, ("MONITOR",)),
        (1, ("CLIENT", "LIST")),
    ]
    pages = []
    for server in (real, theirs):
        with Table(server) as table:
            for who, words in lines:
                table.say(who, words)
                page = table.hear()[1]
        found = {}
        for line in page.decode().splitlines():
            fields = dict(field.split("=", 1) for field in line.split(" ") if "=" in field)
            if fields.get("name"):
                found[fields["name"]] = {name: fields.get(name, "missing").replace("U", "") for name in told}
        pages.append(found)
    for name, wanted in pages[0].items():
        got = pages[1].get(name)
        wanted["flags"], other = wanted["flags"] or "N", {**(got or {})}
        other["flags"] = other.get("flags") or "N"
        if wanted != other:
            raise Broken(f"CLIENT LIST says of the client {name} {wanted}", f"it says {got}")


def _closed_within(server: UnderTest, seconds: float, meanwhile: Callable[[], None]) -> bool:
    """Whether a new, silent connection is closed by the server within so many seconds; `meanwhile` five times each."""
    limit = time.monotonic() + seconds
    with connected(server) as sock:
        sock.settimeout(0.2)
        while time.monotonic() < limit:
            meanwhile()
            try:
                return sock.recv(1) == b""
            except TimeoutError:
                continue
            except OSError:
                return True
    return False


@stage_probe("mini.client-timeout")
def the_silent_are_closed(theirs: UnderTest, real: Server) -> None:
    """A silent connection is closed, one that waits in BLPOP or has subscribed is not."""
    with theirs.sibling("--timeout", "1") as sibling, Table(sibling) as table:
        table.say(1, ("SUBSCRIBE", "news"))
        table.say(2, ("BLPOP", "jobs", "0"))
        table.say(3, ("PING",))
        table.hear()

        def talk() -> None:
            table.say(3, ("PING",))

        if not _closed_within(sibling, 1.0 + PATIENCE, meanwhile=talk):
            raise Broken("a silent connection is closed after the second of `timeout 1`", "it was still open")
        heard = table.hear()
        for who, name in ((1, "has subscribed"), (2, "waits in BLPOP"), (3, "says PING five times a second")):
            if b"<closed>" in heard[who]:
                raise Broken(f"a client that {name} is spared", "it was closed as well")


@stage_probe("mini.maxclients")
def the_last_one_is_told(theirs: UnderTest, real: Server) -> None:
    """With maxclients 3 the fourth is told, and there is room again when one has gone."""
    with theirs.sibling("--maxclients", "3") as sibling, Table(sibling) as table:
        for who in (1, 2, 3):
            table.say(who, ("PING",))
            table.hear({each: b"+PONG\r\n" if each == who else b"" for each in range(1, who + 1)})
        table.say(4, ("PING",))
        said = table.hear()[4]
        if not said.startswith(b"-ERR max number of clients reached\r\n"):
            raise Broken("the fourth client hears -ERR max number of clients reached", f"it heard {said!r}")
        table.say(1, ("QUIT",))
        table.hear()
        table.say(5, ("PING",))
        if (said := table.hear()[5]) != b"+PONG\r\n":
            raise Broken("when a client has gone there is room for another", f"it heard {said!r}")


@stage_probe("mini.output-limits")
def a_reader_that_does_not_read_is_closed(theirs: UnderTest, real: Server) -> None:
    """Messages for a subscriber that does not read pile up to the hard limit, and not beyond."""
    limit = "pubsub 2mb 0 0"
    with theirs.sibling("--client-output-buffer-limit", *limit.split()) as sibling, Table(sibling) as table:
        with connected(sibling) as reader:
            reader.sendall(encode_command("SUBSCRIBE", "news"))
            reader.settimeout(PATIENCE)
            reader.recv(1024)
            until = time.monotonic() + 5 * PATIENCE
            listens = True
            while listens and time.monotonic() < until:
                table.say(1, ("PUBLISH", "news", b"x" * (_MEGABYTE // 2)))
                listens = table.hear({1: b":1\r\n"})[1] == b":1\r\n"
            if listens:
                raise Broken(f"a subscriber that does not read is closed at {limit}", "it still listens")
        table.say(1, ("PING",))
        if table.hear({1: b"+PONG\r\n"})[1] != b"+PONG\r\n":
            raise Broken("the others are served as before", "PING was not answered")


@stage_probe("mini.query-limit")
def a_request_without_end_is_closed(theirs: UnderTest, real: Server) -> None:
    """Two megabytes of one request are too many where one is allowed."""
    with theirs.sibling("--client-query-buffer-limit", "1mb") as sibling, connected(sibling) as sock:
        sock.settimeout(PATIENCE)
        try:
            sock.sendall(b"*2\r\n$4\r\nECHO\r\n$%d\r\n" % (8 * _MEGABYTE) + b"x" * (2 * _MEGABYTE))
            closed = sock.recv(1) == b""
        except TimeoutError:
            closed = False
        except OSError:
            closed = True
        if not closed:
            raise Broken("a request of more than client-query-buffer-limit ends the connection", "it is still open")


@stage("mini.client-kill", state=False)
def who_has_to_go() -> Scripts:
    """Options of CLIENT KILL that fit nobody, and those that are wrong."""
    option = one_of(
        "ID 999999", "ID 0", "ID x", "ADDR 1.2.3.4:5", "LADDR 1.2.3.4:5", "TYPE pubsub", "TYPE nonsense", "USER nobody",
        "MAXAGE 100000", "MAXAGE x", "SKIPME yes", "SKIPME maybe", "NONSENSE 1",
    )  # fmt: skip
    return scripts(
        cmd("CLIENT KILL ID 999999", maybe(option), maybe(option)),
        cmd("CLIENT KILL 1.2.3.4:5"),
        cmd("CLIENT KILL", option),
        size=4,
        wrong_type=False,
    )


@stage_probe("mini.client-kill")
def others_are_hung_up_on(theirs: UnderTest, real: Server) -> None:
    """Subscribers are sent away, and oneself only when one says so."""
    same_dialogue(
        theirs,
        real,
        [
            (1, ("PING",)),
            (2, ("SUBSCRIBE", "news")),
            (3, ("SUBSCRIBE", "news")),
            (1, ("CLIENT", "KILL", "TYPE", "pubsub")),
            (1, ("PUBLISH", "news", "x")),
            (4, ("SUBSCRIBE", "news")),
            (1, ("CLIENT", "KILL", "TYPE", "pubsub", "USER", "default", "SKIPME", "no")),
            (1, ("PING",)),
        ],
    )


@stage("mini.client-pause", state=False)
def pauses() -> Scripts:
    """What CLIENT PAUSE takes; none of these lasts."""
    return scripts(
        cmd("CLIENT PAUSE", one_of("0", "-1", "x", "1 WRITE", "1 NONSENSE", "1 all", "1.5", "")),
        cmd("CLIENT UNPAUSE"),
        cmd("PING"),
        size=4,
        wrong_type=False,
    )


@stage_probe("mini.client-pause")
def writes_wait(theirs: UnderTest, real: Server) -> None:
    """While writes are paused reads go on; then the writes go on in their order."""
    same_dialogue(
        theirs,
        real,
        [
            (1, ("FLUSHALL",)),
            (1, ("CLIENT", "PAUSE", "60000", "WRITE")),
            (2, ("GET", "k")),
            (2, ("SET", "k", "1")),
            (3, ("MULTI",)),
            (3, ("GET", "k")),
            (3, ("EXEC",)),
            (4, ("PUBLISH", "news", "x")),
            (1, ("GET", "k")),
            (2, ("GET", "k")),
            (1, ("CLIENT", "UNPAUSE")),
            (2, ("APPEND", "k", "2")),
        ],
    )


@stage("mini.client-unblock", state=False)
def nobody_to_wake() -> Scripts:
    """Numbers of clients that do not wait."""
    return scripts(
        cmd("CLIENT UNBLOCK", one_of("999999", "x", "0", "-1"), maybe(one_of("TIMEOUT", "ERROR", "SOON"))),
        size=3,
        wrong_type=False,
    )


@stage_probe("mini.client-unblock")
def a_waiting_client_goes_on(theirs: UnderTest, real: Server) -> None:
    """It is answered as if its time were over, or with an error; and takes nothing afterwards."""
    for how, answer in (("TIMEOUT", b"*-1\r\n"), ("ERROR", b"-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n")):
        with Table(theirs) as table:
            table.say(1, ("DEL", "jobs"))
            table.hear()
            table.say(2, ("CLIENT", "ID"))
            number = table.hear()[2][1:-2]
            table.say(2, ("BLPOP", "jobs", "0"))
            table.hear()
            table.say(1, ("CLIENT", "UNBLOCK", number, how))
            said = table.hear({1: b":1\r\n", 2: answer})
            if said != {1: b":1\r\n", 2: answer}:
                raise Broken(f"CLIENT UNBLOCK … {how} counts 1, and the client hears {answer!r}", f"they heard {said}")
            table.say(1, ("RPUSH", "jobs", "x"))
            if (said := table.hear())[2]:
                raise Broken("who waits no longer takes nothing", f"it heard {said[2]!r}")


@stage_probe("mini.client-reply")
def silence_on_request(theirs: UnderTest, real: Server) -> None:
    """ON, OFF and SKIP, and messages, which are no replies."""
    same_dialogue(
        theirs,
        real,
        [
            (1, ("CLIENT", "REPLY", "SKIP")),
            (1, ("SET", "k", "1")),
            (1, ("GET", "k")),
            (1, ("CLIENT", "REPLY", "OFF")),
            (1, ("INCR", "k")),
            (1, ("NONSENSE",)),
            (1, ("CLIENT", "REPLY", "SKIP")),
            (1, ("PING",)),
            (1, ("PING",)),
            (1, ("SUBSCRIBE", "news")),
            (2, ("PUBLISH", "news", "x")),
            (1, ("UNSUBSCRIBE",)),
            (1, ("CLIENT", "REPLY", "ON")),
            (1, ("GET", "k")),
            (1, ("CLIENT", "REPLY", "SOMETIMES")),
            (1, ("CLIENT", "REPLY", "SKIP")),
            (1, ("CLIENT", "REPLY", "SKIP")),
            (1, ("PING",)),
            (1, ("PING",)),
        ],
    )


# Users that do not exist are for the probe below: behind another command of the same packet Redis 8.2.3 does not answer
# a failed AUTH at all.
@stage("mini.auth", state=False)
def without_a_password() -> Scripts:
    """AUTH where nobody has set a password."""
    return scripts(
        cmd("AUTH", one_of(("default", word), word, "a b c")), cmd("PING"), size=4, wrong_arity=False, wrong_type=False
    )


@stage_probe("mini.auth")
def strangers_are_kept_out(theirs: UnderTest, real: Server) -> None:
    """With requirepass: what a stranger may say, and what is said to a wrong password."""
    lines: list[Line] = [
        (1, ("GET", "k")),
        (1, ("NONSENSE",)),
        (1, ("GET",)),
        (1, ("CONFIG", "NONSENSE")),
        (1, ("PING",)),
        (1, ("MULTI",)),
        (1, ("EXEC",)),
        (1, ("SUBSCRIBE", "news")),
        (1, ("HELLO", "3")),
        (1, ("HELLO", "3", "AUTH", "default", "wrong")),
        (1, ("AUTH", "wrong")),
        (1, ("AUTH", "nobody", "sesame")),
        (1, ("AUTH", "sesame")),
        (1, ("PING",)),
        (1, ("AUTH", "wrong")),
        (1, ("PING",)),
        (1, ("RESET",)),
        (1, ("PING",)),
        (2, ("AUTH", "default", "sesame")),
        (2, ("CLIENT", "GETNAME")),
        (2, ("CONFIG", "SET", "requirepass", "other")),
        (2, ("PING",)),
        (3, ("AUTH", "sesame")),
        (3, ("AUTH", "other")),
        (1, ("QUIT",)),
    ]
    with theirs.sibling("--requirepass", "sesame") as sibling, _another(real, password="sesame") as locked:
        same_dialogue(sibling, locked, lines)
