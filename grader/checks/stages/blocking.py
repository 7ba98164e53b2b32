"""Clients that wait for lists: when they do, who is served first, what they get, and when they give up.

Scripts run over several connections. The engine sees that a client waits by asking the server over a further one, so
no time passes for it.
"""

from __future__ import annotations

import contextlib
import socket

from hypothesis import strategies as st

from grader.checks.agreement.play import Player
from grader.checks.agreement.script import (
    Key,
    Script,
    Scripts,
    Step,
    anywhere,
    cmd,
    counted,
    many,
    maybe,
    often,
    on,
    one_of,
    scripts,
    small,
    some,
    text,
    then,
    word,
)
from grader.checks.stages.lists import any_key
from grader.checks.stages.registry import UnderTest, stage, stage_probe
from grader.checks.verdict import Broken
from grader.resp import encode_command
from grader.servers import Server

_CLIENTS = 4
_K = Key(b"k")
_bpop = one_of("BLPOP", "BRPOP")
_side = one_of("LEFT", "RIGHT")
_element = st.one_of(word, word, text)
_push = cmd(one_of("RPUSH", "LPUSH"), any_key, many(_element, max=3))
# No script takes so long: these clients wait until they are served, or for good.
_patient = st.sampled_from([b"0", b"0", b"1000", b"100.5"])
_short = st.sampled_from([b"0.01", b"0.001", b"0.02", b"1e-3", b".01"])
# The number, what reads like one, and what is too large.
_timeout = st.one_of(
    st.sampled_from([b"0", b"1", b"0.5", b"100", b"1e3", b"0x10", b"0.0001", b"-0", b"1e-400", b"9223372036854775"]),
    st.sampled_from([b"-1", b"-0.0001", b"-inf", b"inf", b"nan", b"x", b"", b" 1", b"1 "]),
    st.sampled_from([b"9223372036854775807", b"9223372036854776", b"1e400"]),
)
_look = one_of(("LRANGE", any_key, "0 -1"), ("LLEN", any_key), ("EXISTS", any_key))
_filled = then(some(cmd("RPUSH", any_key, many(_element)), max=2), cmd("RPUSH", _K, many(_element)))


@stage("mini.blpop")
def nothing_to_wait_for() -> Scripts:
    """The list is there: BLPOP is a pop that also says which key it was, and looks at its timeout first."""
    both = then(cmd("RPUSH", Key(b"l"), many(_element)), cmd("RPUSH", _K, many(_element)))
    return scripts(
        then(both, cmd(_bpop, one_of((Key(b"l"), _K), (_K, Key(b"l"))), _patient)),
        then(_filled, cmd(_bpop, many(any_key, min=0, max=2), _K, _patient)),
        then(_filled, cmd(_bpop, many(any_key, min=0, max=2), _K, _timeout)),
        cmd("LRANGE", any_key, 0, -1),
        cmd("RPUSH", any_key, many(_element)),
        cmd(_bpop, maybe(any_key)),
        size=6,
        wrong_arity=False,
    )


@stage("mini.blocking-exec")
def nobody_waits_in_a_transaction() -> Scripts:
    """Within EXEC a waiting command answers at once, with an element or without."""
    return scripts(
        then(
            cmd("MULTI"),
            some(cmd(_bpop, many(any_key, max=2), _patient), cmd(_bpop, any_key, _timeout), _push, min=1),
            cmd("EXEC"),
        ),
        _push,
        cmd(_look),
        size=4,
        wrong_arity=False,
    )


@stage("mini.blocking-timeout", examples=40)
def nobody_comes() -> Scripts:
    """A client waits, the others do not; when its time is over it hears a null array and can go on."""
    return scripts(
        anywhere(3, cmd(_bpop, many(any_key, max=2), _short)),
        on(0, cmd(_look)),
        anywhere(3, cmd("ECHO", word)),
        size=5,
        wrong_arity=False,
    )


@stage("mini.blocking-timeout", examples=30)
def somebody_comes_too_late() -> Scripts:
    """Who has given up is out of the line: the element stays."""
    return scripts(
        then(on(1, cmd(_bpop, many(any_key, max=2), _short)), on(0, _push)),
        on(1, cmd(_look)),
        size=3,
        wrong_arity=False,
    )


@stage("mini.blocking-serve", examples=30)
def a_line_of_three() -> Scripts:
    """Three clients wait for the same key, and elements come one by one or together."""
    line = st.permutations([1, 2, 3]).flatmap(
        lambda order: then(*(on(number, cmd(_bpop, many(any_key, min=0, max=1), _K, 0)) for number in order))
    )
    come = some(on(0, cmd(one_of("RPUSH", "LPUSH"), _K, many(_element, max=4))), min=1, max=3)
    return scripts(then(line, come), size=1, wrong_arity=False, wrong_type=False)


@stage("mini.blocking-serve")
def who_waits_longest_is_served_first() -> Scripts:
    """Several clients in line for the same keys, and pushes of one element and of many."""
    return scripts(
        often(3, anywhere(_CLIENTS, cmd(_bpop, many(any_key, max=3), _patient))),
        often(2, anywhere(_CLIENTS, _push)),
        anywhere(_CLIENTS, cmd(_look)),
        size=10,
    )


@stage("mini.blocking-serve")
def what_comes_and_goes() -> Scripts:
    """Keys of other types, keys that are gone before anybody is served, keys that arrive under another name."""
    return scripts(
        often(3, anywhere(_CLIENTS, cmd(_bpop, many(any_key, max=3), _patient))),
        anywhere(_CLIENTS, _push),
        on(0, cmd(one_of("DEL", "LPOP", "RPOP"), any_key)),
        on(0, cmd("SET", any_key, text)),
        on(0, cmd("LINSERT", any_key, "BEFORE", word, word)),
        on(0, cmd("LPUSHX", any_key, _element)),
        on(0, cmd("RPOPLPUSH", any_key, any_key)),
        on(0, cmd("RENAME", any_key, any_key)),
        size=10,
    )


@stage("mini.blocking-serve")
def served_when_the_transaction_is_over() -> Scripts:
    """Not within it: what is pushed and taken away again in one transaction, nobody has seen."""
    within = some(_push, _push, cmd(one_of("DEL", "LPOP"), any_key), cmd(_bpop, any_key, _patient), min=1, max=4)
    return scripts(
        often(2, anywhere(_CLIENTS, cmd(_bpop, many(any_key, max=3), _patient))),
        often(2, on(0, then(cmd("MULTI"), within, cmd("EXEC")))),
        anywhere(_CLIENTS, cmd(_look)),
        size=7,
        wrong_arity=False,
    )


@stage_probe("mini.blocking-serve")
def who_has_gone_is_not_served(theirs: UnderTest, real: Server) -> None:
    """Of two clients that wait the first closes its connection: the element is for the second."""
    name = b"queue:of:those:who:left"
    with contextlib.ExitStack() as stack:
        control = stack.enter_context(Player(theirs))
        control.play(Script((Step((b"DEL", name)),)))
        first, second = (stack.enter_context(_connected(theirs)) for _ in range(2))
        for waiting in (first, second):
            waiting.sendall(encode_command(b"BLPOP", name, b"0"))
            _settled(control)
        first.close()
        _settled(control)
        control.play(Script((Step((b"RPUSH", name, b"job")),)))
        expected = b"*2\r\n" + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in (name, b"job"))
        got = _some_bytes(second, len(expected))
        if got != expected:
            raise Broken(
                f"two clients wait with BLPOP, the first hangs up, and RPUSH brings one element: "
                f"the second receives {expected!r}",
                f"it received {got!r}" if got else "it received nothing: was the element given to the one who left?",
            )


def _connected(server: UnderTest) -> socket.socket:
    if server.socket_path is not None:
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(str(server.socket_path))
    else:
        sock = socket.create_connection(("127.0.0.1", server.port or 0))
    sock.settimeout(1.0)
    return sock


def _settled(control: Player) -> None:
    """What was sent before has been read when the server answers the second of two PINGs."""
    for _ in range(2):
        control.play(Script((Step((b"PING",)),)))


def _some_bytes(sock: socket.socket, count: int) -> bytes:
    """`count` bytes, or what has come when nothing more comes for a second."""
    came = b""
    with contextlib.suppress(OSError):
        while len(came) < count and (piece := sock.recv(count - len(came))):
            came += piece
    return came


@stage("mini.blmove", examples=20)
def a_chain() -> Scripts:
    """One client waits for what the next one moves, and they came in any order."""
    links = (
        cmd("BLMOVE", _K, Key(b"l"), _side, _side, 0),
        cmd("BRPOPLPUSH", Key(b"l"), Key(b"m"), 0),
        cmd(_bpop, Key(b"m"), 0),
    )
    chain = st.permutations([0, 1, 2]).flatmap(lambda order: then(*(on(link + 1, links[link]) for link in order)))
    return scripts(then(chain, on(0, cmd("RPUSH", _K, many(_element)))), size=1, wrong_arity=False, wrong_type=False)


@stage("mini.blmove", examples=120)
def moved_as_soon_as_there_is_something() -> Scripts:
    """One client's move is the next one's element, along chains and round in circles."""
    return scripts(
        often(2, anywhere(_CLIENTS, cmd("BLMOVE", any_key, any_key, _side, _side, _patient))),
        often(2, anywhere(_CLIENTS, cmd(_bpop, many(any_key, max=3), _patient))),
        anywhere(_CLIENTS, cmd("BRPOPLPUSH", any_key, any_key, _patient)),
        often(2, anywhere(_CLIENTS, _push)),
        anywhere(_CLIENTS, cmd(_look)),
        on(0, cmd("SET", any_key, text)),
        on(0, cmd("DEL", any_key)),
        size=10,
    )


@stage("mini.blmove")
def moves_that_do_not_wait() -> Scripts:
    """Their arguments, their timeouts, and in a transaction."""
    moves = one_of(("BLMOVE", any_key, any_key, _side, one_of(_side, "MIDDLE")), ("BRPOPLPUSH", any_key, any_key))
    return scripts(
        cmd(moves, one_of(_short, st.sampled_from([b"-1", b"x", b"inf", b""]))),
        then(cmd("MULTI"), some(cmd(moves, _patient), _push, min=1), cmd("EXEC")),
        _push,
        size=5,
        wrong_arity=False,
    )


@stage("mini.blmpop")
def popped_as_soon_as_there_is_something() -> Scripts:
    """LMPOP that waits, beside others that wait."""
    options = maybe("COUNT", small)
    return scripts(
        often(2, anywhere(_CLIENTS, cmd("BLMPOP", _patient, counted(any_key, honest=True), _side, options))),
        anywhere(_CLIENTS, cmd(_bpop, many(any_key, max=2), _patient)),
        often(2, anywhere(_CLIENTS, _push)),
        on(0, cmd("BLMPOP", one_of(_short, "x", "-1"), counted(any_key), one_of(_side, "MIDDLE"), options)),
        on(0, then(cmd("MULTI"), some(cmd("BLMPOP", 0, counted(any_key), _side, options), min=1), cmd("EXEC"))),
        anywhere(_CLIENTS, cmd(_look)),
        size=8,
        wrong_arity=False,
    )
