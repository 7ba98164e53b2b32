"""The stages of the connection: what a client says about itself, and asks about the server."""

from __future__ import annotations

import socket

from hypothesis import strategies as st

from grader.checks.agreement.script import (
    Scripts,
    Step,
    cmd,
    keys,
    many,
    maybe,
    often,
    one_of,
    scripts,
    some,
    text,
    then,
    word,
)
from grader.checks.bytes_view import literal
from grader.checks.stages.dialogue import PATIENCE, connected, same_dialogue
from grader.checks.stages.registry import UnderTest, stage, stage_probe
from grader.checks.verdict import Broken
from grader.resp import encode_command
from grader.servers import Server

_name = st.sampled_from(
    [b"worker", b"worker", b"", b"two words", b"a\nb", b"a\r\n", b"caf\xc3\xa9", b"\x00", b"\x7f", b"~!", b"x" * 100]
)
_version = st.sampled_from(
    [b"2", b"3", b"2", b"3", b"4", b"1", b"0", b"-1", b"x", b"", b"3.0", b" 3", b"03", b"9" * 20]
)
_hello_option = one_of(("SETNAME", _name), "SETNAME", "NONSENSE", "AUTH default", "AUTH", ("SETNAME", _name))
_ping = cmd("PING")


@stage("mini.quit", state=False)
def goodbye() -> Scripts:
    """QUIT with and without words behind it, and commands that come too late."""
    return scripts(_ping, cmd("QUIT", maybe(word)), cmd("ECHO", text), size=4)


@stage_probe("mini.quit")
def nothing_behind_the_goodbye(theirs: UnderTest, real: Server) -> None:
    """Commands that came in one packet with QUIT, and behind it, are neither run nor answered."""
    packet = encode_command("DEL", "quit:k") + encode_command("QUIT") + encode_command("SET", "quit:k", "late")
    for server in (real, theirs):
        with connected(server) as sock:
            sock.settimeout(PATIENCE)
            sock.sendall(packet)
            said = b""
            while data := _some(sock):
                said += data
        if not said.endswith(b"+OK\r\n") or said.count(b"+OK") != 1:
            raise Broken("QUIT is answered with OK, and then the server hangs up", f"it sent {literal(said)}")
    same_dialogue(theirs, real, [(1, ("EXISTS", "quit:k"))])


def _some(sock: socket.socket) -> bytes:
    try:
        return sock.recv(1024)
    except OSError:
        return b""


@stage("mini.client-name", state=False)
def names() -> Scripts:
    """Names of all kinds, set and asked for, and what a library says about itself."""
    return scripts(
        cmd("CLIENT SETNAME", _name),
        cmd("CLIENT GETNAME"),
        cmd("CLIENT ID"),
        cmd("CLIENT SETINFO", one_of("LIB-NAME", "LIB-VER", "lib-Name", "COLOUR"), _name),
        cmd("CLIENT NONSENSE", maybe(word)),
        cmd("CLIENT"),
        wrong_type=False,
    )


@stage_probe("mini.client-name")
def numbers_differ(theirs: UnderTest, real: Server) -> None:
    """A name belongs to one connection."""
    same_dialogue(
        theirs,
        real,
        [(1, ("CLIENT", "SETNAME", "one")), (2, ("CLIENT", "GETNAME")), (1, ("client", "getname"))],
    )


@stage("mini.hello", state=False)
def greetings() -> Scripts:
    """HELLO with every version and option, and replies whose form depends on it."""
    return scripts(
        cmd("HELLO 3"),
        cmd("HELLO 2"),
        cmd("HELLO", _version, maybe(_hello_option), maybe(_hello_option)),
        cmd("HELLO"),
        often(2, cmd("CLIENT GETNAME")),
        cmd("CONFIG GET", one_of("maxmemory", "nonsense")),
        _ping,
        wrong_type=False,
    )


@stage("mini.time", state=False)
def clock() -> Scripts:
    """The form of TIME."""
    return scripts(cmd("TIME"), _ping, size=3, wrong_type=False)


_setting = st.sampled_from(
    [
        *(b"maxmemory", b"maxmemory-policy", b"MAXMEMORY", b"hash-max-*", b"hash-max-ziplist-value", b"*-value"),
        *(
            b"appendfsync",
            b"timeout",
            b"slowlog-*",
            b"Slowlog-Max-Len",
            b"[m]axmemory",
            b"maxmemory-polic?",
            b"",
            b"no",
        ),
    ]
)


@stage("mini.config-get", state=False)
def settings() -> Scripts:
    """Names, patterns, several at once, one that two of them match."""
    return scripts(cmd("CONFIG GET", many(_setting)), cmd("CONFIG NONSENSE"), cmd("CONFIG"), size=4, wrong_type=False)


_change = one_of(
    ("maxmemory", one_of("1mb", "100k", "0", "x", "-1", "1gb", "1.5mb", "")),
    ("maxmemory-policy", one_of("allkeys-lru", "noeviction", "ALLKEYS-LFU", "x")),
    ("timeout", one_of("0", "100", "-1", "x", "")),
    ("appendfsync", one_of("always", "no", "never")),
    ("slowlog-max-len", one_of("10", "-1", "x")),
    ("lfu-decay-time", one_of("1", "2", "x")),
    "databases 4",
    "nonsense 1",
    "maxmemory",
)


@stage("mini.config-set", state=False)
def changes() -> Scripts:
    """Right and wrong values, several at once, and what holds afterwards."""
    look = cmd("CONFIG GET maxmemory maxmemory-policy timeout appendfsync slowlog-max-len")
    good = one_of(("maxmemory", "1mb"), ("timeout", "100"), ("maxmemory-policy", "allkeys-lru"))
    bad = one_of(("slowlog-max-len", "x"), ("appendfsync", "never"), ("nonsense", "1"), ("databases", "4"))
    # What is changed here would hold for the next script, and for other stages, too.
    back = "CONFIG SET maxmemory 0 maxmemory-policy noeviction timeout 0 slowlog-max-len 128 appendfsync everysec"
    return scripts(
        then(some(cmd("CONFIG SET", many(_change, max=3)), min=1, max=3), look, cmd("CONFIG SET lfu-decay-time 1")),
        then(cmd("CONFIG SET", good, bad), look),
        cmd("CONFIG SET timeout"),
        size=2,
        wrong_arity=False,
        wrong_type=False,
        back=[Step(tuple(word.encode() for word in back.split()))],
    )


@stage("mini.info", state=False)
def pages() -> Scripts:
    """INFO and its sections; only their form is compared where they tell about the process."""
    section = one_of("server", "clients", "keyspace", "Keyspace", "nonsense", "default", "all", "replication")
    return scripts(cmd("INFO", maybe(section), maybe(section)), cmd("SET", keys("k"), text), size=4)


@stage_probe("mini.info")
def the_keyspace_is_told_exactly(theirs: UnderTest, real: Server) -> None:
    """The section Keyspace is the same page as Redis's."""
    same_dialogue(
        theirs,
        real,
        [
            (1, ("FLUSHALL",)),
            (1, ("INFO", "keyspace")),
            (1, ("MSET", "a", "1", "b", "2")),
            (1, ("info", "KEYSPACE")),
            (1, ("INFO", "keyspace", "nonsense")),
            (1, ("INFO", "nonsense")),
        ],
    )


@stage("mini.command", state=False)
def the_table() -> Scripts:
    """Which arguments of a command are keys, and what is no command."""
    whole = one_of(
        "GET k", "SET k v", "MSET a 1 b 2", "DEL a b c", "PING", "GET", "NONSENSE a", "CONFIG GET x", "ECHO a",
        "EXISTS a b", "get k", "MGET", "KEYS *", "CLIENT ID", "CONFIG", "CONFIG NONSENSE",
    )  # fmt: skip
    return scripts(
        cmd("COMMAND GETKEYS", whole),
        cmd("COMMAND COUNT"),
        cmd("COMMAND INFO nonsense"),
        cmd("COMMAND LIST FILTERBY PATTERN", one_of("pin*", "Ech?", "nonsense")),
        cmd("COMMAND NONSENSE"),
        wrong_arity=False,
        wrong_type=False,
    )


@stage("mini.reset")
def as_if_new() -> Scripts:
    """Whatever has been said about the connection, RESET takes it back."""
    said = some(
        cmd("SELECT", one_of("3", "0", "15")),
        cmd("CLIENT SETNAME", word),
        cmd("HELLO 3"),
        cmd("WATCH", keys("k")),
        cmd("MULTI"),
        cmd("SET", keys("k"), text),
        max=5,
    )
    looked = some(
        cmd("EXEC"),
        cmd("CLIENT GETNAME"),
        cmd("GET", keys("k")),
        cmd("CONFIG GET maxmemory"),
        cmd("DISCARD"),
        min=1,
    )
    return scripts(then(said, cmd("RESET"), looked), size=3, wrong_type=False)
