"""The first stages: sockets, and the format of requests and replies.

Scripts of PING and ECHO are sent in every manner there is. What is no command at all (half lines, wrong lengths) is
sent as bytes, to both servers, simplest first, and all that comes back until they hang up is compared.
"""

from __future__ import annotations

import contextlib
import itertools
import select
import socket
import time
from collections.abc import Iterable, Iterator

from hypothesis import strategies as st

from grader.checks.agreement.manners import Manner
from grader.checks.agreement.script import ODD_TEXTS, Scripts, binary, cmd, long_text, many, maybe, plain, scripts, text
from grader.checks.bytes_view import compare, literal, with_view
from grader.checks.stages.busy import share_at_work
from grader.checks.stages.registry import UnderTest, stage, stage_probe
from grader.checks.verdict import Broken
from grader.resp import encode_command
from grader.servers import LocalServer, Server, ServerError

# How long a server may take before it counts as silent, in seconds.
PATIENCE = 2.0
_PING = encode_command("PING")
_PONG = b"+PONG\r\n"
_MANY_CLIENTS = 200
_BIG = 8_000_000  # what is on the way, in the buffers of both sides, is less
_HESITATION = 0.05
_REST = 0.4  # seconds in which a server has nothing to do
_BUSY = 0.5  # of these, a part that none has who waits
_ONE_BY_ONE = frozenset({Manner.ONE_BY_ONE})


# Talking in bytes


def _connect(server: UnderTest | Server, window: int = 0) -> socket.socket:
    """A connection to `server` that is patient for `PATIENCE` seconds.

    `window` is how many bytes may wait here to be read, about; 0 leaves it to the system, which may take it all.
    """
    if server.socket_path is not None:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        address: str | tuple[str, int] = str(server.socket_path)
    else:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        address = ("127.0.0.1", server.port or 0)
    sock.settimeout(PATIENCE)
    if window:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)  # before it connects, or it is agreed already
    try:
        sock.connect(address)
    except OSError as error:
        sock.close()
        if isinstance(server, LocalServer):  # the real one: no fault of a learner's
            raise ServerError(
                f"The Redis to compare with lets no client in: {error.strerror or error}",
                "It should run all the time.",
                "Try again; `course doctor` says what is wrong with it.",
            ) from None
        raise Broken("the server lets a client in", f"it did not: {error.strerror or error}") from None
    return sock


def _all_of(sock: socket.socket) -> tuple[bytes, str]:
    """Everything until the other side hangs up, and how it ended: "closed", "reset" or "silent"."""
    came = bytearray()
    while True:
        try:
            piece = sock.recv(65536)
        except TimeoutError:
            return bytes(came), "silent"
        except OSError:
            return bytes(came), "reset"
        if not piece:
            return bytes(came), "closed"
        came += piece


def _exactly(sock: socket.socket, count: int) -> bytes:
    """`count` bytes, or what came of them before the end or `PATIENCE` seconds of silence."""
    came = bytearray()
    with contextlib.suppress(OSError):
        while len(came) < count and (piece := sock.recv(min(65536, count - len(came)))):
            came += piece
    return bytes(came)


def _answer(server: UnderTest | Server, sent: bytes) -> tuple[bytes, str]:
    """What `server` answers to these bytes when nothing comes behind them, and how the conversation ended.

    The sending side is closed after the bytes: a server that waits for more of a command hangs up then, so nobody has
    to guess how long to wait.
    """
    with _connect(server) as sock:
        with contextlib.suppress(OSError):  # it may hang up on us in the middle: what it said counts
            sock.sendall(sent)
            sock.shutdown(socket.SHUT_WR)
        return _all_of(sock)


def _same_answers(theirs: UnderTest, real: Server, conversations: Iterable[bytes], promise: str) -> None:
    for sent in conversations:
        wanted, _ = _answer(real, sent)
        got, end = _answer(theirs, sent)
        if got == wanted and end != "silent":
            continue
        said = f"to {literal(sent)}"
        if end == "silent" and got == wanted:
            raise Broken(f"{promise}: {said} the same as Redis, which then hangs up", "yours leaves the line open")
        if not got:
            how = {
                "silent": "sent nothing",
                "reset": "broke the line off",
                "closed": "sent nothing, and hung up when the sender had closed its side",
            }[end]
            raise Broken(f"{promise}: {said} Redis answers {literal(wanted)}", f"yours {how}")
        view = compare(wanted, got, ("Redis", "yours"))
        raise Broken(f"{promise}: {said} the same bytes as Redis", with_view("yours differ:", view))


# Sockets


@stage_probe("mini.accept")
def a_client_is_let_in_and_its_end_is_noticed(theirs: UnderTest, real: Server) -> None:
    """Several clients at once; when one closes its side, the server closes its own."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(_connect(theirs)) for _ in range(3)]
        for number, client in reversed(list(enumerate(clients, 1))):
            client.shutdown(socket.SHUT_WR)
            came, end = _all_of(client)
            if b"not built yet" in came:
                raise Broken("a client is let in", f"the server says {literal(came)}")
            if end == "silent":
                raise _not_let_go(clients, number)
            if end == "reset":
                raise Broken("the server closes the connection in order", "it was reset")


def _not_let_go(clients: list[socket.socket], number: int) -> Broken:
    """What to say of a server that has not noticed the end of client `number`, while those before it are silent."""
    silent = clients[: number - 1]
    promise = (
        "a client that has said all it wants to say is let go: `recv` returns no bytes, and the server closes its side"
    )
    for client in silent:
        client.sendall(b"\r\n")  # a line without a word: no command
    if silent and _all_of(clients[number - 1])[1] == "closed" and all(map(_is_open, silent)):
        return Broken(
            f"{promise}, whatever others do",
            f"client {number} of {len(clients)} closed its side, and the server noticed when those before it, silent "
            "until then, had said something: it waited for them",
            "waits-for-the-first-word",
        )
    return Broken(
        promise, f"client {number} of {len(clients)} closed its side, and after {PATIENCE:g} s the server had not"
    )


def _is_open(sock: socket.socket) -> bool:
    """Whether the other side has said nothing and has not hung up."""
    sock.setblocking(False)
    try:
        sock.recv(1)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


@stage("mini.ping", manners=_ONE_BY_ONE)
def ping() -> Scripts:
    """PING, one by one."""
    return scripts(cmd("PING"), wrong_arity=False)


@stage("mini.echo", manners=_ONE_BY_ONE)
def echo() -> Scripts:
    """PING and ECHO with plain words."""
    return scripts(cmd("ECHO", plain), cmd("PING", maybe(plain)), wrong_arity=False)


@stage("mini.case", teaches=Manner.MIXED_CASE)
def names_in_any_case() -> Scripts:
    """The names of commands in small, capital and mixed letters."""
    return scripts(cmd("ECHO", plain), cmd("PING", maybe(plain)), cmd(b"ping"), cmd(b"Echo", plain), wrong_arity=False)


@stage("mini.unknown-command", manners=_ONE_BY_ONE)
def unknown_commands() -> Scripts:
    """Names nobody knows, with few, many, long and odd arguments, and a command that is known after them."""
    odd_name = st.sampled_from([b"FOO", b"ping ", b"GETT", b"x" * 200, b"it's", b"caf\xc3\xa9"])
    # Redis shows an argument up to its first zero byte: an accident of C, not to be imitated. Line ends come later.
    shown = st.one_of(plain, text, long_text).filter(
        lambda value: len(value) < 2000 and b"\0" not in value and b"\r\n" not in value
    )
    return scripts(cmd(odd_name, many(shown, min=0, max=4)), cmd("PING"), wrong_arity=False)


@stage("mini.arity", manners=_ONE_BY_ONE)
def too_few_and_too_many() -> Scripts:
    """Every number of arguments."""
    return scripts(cmd("ECHO", many(plain, min=0, max=3)), cmd("PING", many(plain, min=0, max=3)))


@stage("mini.binary", manners=_ONE_BY_ONE)
def bytes_of_any_value() -> Scripts:
    """Line ends, zero bytes, bytes that are no UTF-8, nothing at all, and long values."""
    value = st.one_of(st.sampled_from(ODD_TEXTS), binary, long_text)
    return scripts(cmd("ECHO", value), cmd("PING", value))


@stage("mini.pipeline", teaches=Manner.TOGETHER, manners=_ONE_BY_ONE)
def many_in_one_piece() -> Scripts:
    """Several commands in one piece."""
    return scripts(cmd("ECHO", text), cmd("PING", maybe(plain)), cmd("FOO", maybe(plain)), size=20)


@stage("mini.split", teaches=(Manner.CUT, Manner.BYTE_BY_BYTE))
def cut_at_every_place() -> Scripts:
    """The same commands in two pieces, cut everywhere, and in pieces of one byte."""
    return scripts(cmd("ECHO", text), cmd("PING", maybe(plain)), cmd("FOO", maybe(plain)), size=4)


@stage_probe("mini.split")
def who_stops_in_the_middle_holds_up_nobody(theirs: UnderTest, real: Server) -> None:
    """One client stops in the middle of a word; others are answered meanwhile, and it is when it goes on."""
    word = encode_command("ECHO", "hello")
    first, rest = word[:-4], word[-4:]
    wanted = b"$5\r\nhello\r\n"
    with _connect(theirs) as halting, _connect(theirs) as other:
        halting.sendall(first)
        # When the first is answered the half word is there; whether anybody waits for its end, the next ones show.
        for _ in range(3):
            other.sendall(_PING)
            came = _exactly(other, len(_PONG))
            if came == _PONG:
                continue
            halting.sendall(rest)
            waited = not came and _exactly(other, len(_PONG)) == _PONG
            raise Broken(
                f"one client has sent {literal(first)} and stops there; the PING of another gets {literal(_PONG)}",
                f"nothing came for {PATIENCE:g} s, until the first one had sent the rest"
                if waited
                else f"{literal(came) if came else 'nothing'} came",
                "waits-for-the-rest" if waited else None,
            )
        halting.sendall(rest)
        if (came := _exactly(halting, len(wanted))) != wanted:
            raise Broken(
                f"one client sends {literal(first)}, others send PING, then it sends {literal(rest)}: "
                f"it gets {literal(wanted)}",
                f"it got {literal(came) if came else 'nothing'}",
            )


@stage("mini.inline", teaches=Manner.INLINE)
def lines_between() -> Scripts:
    """Inline commands between the others."""
    return scripts(cmd("ECHO", plain), cmd("PING", maybe(plain)), size=4)


@stage_probe("mini.inline")
def words_are_split_as_redis_splits_them(theirs: UnderTest, real: Server) -> None:
    """Quotes and escapes, right and wrong."""
    words = [
        b"word", b'"two words"', b"'single'", rb'"\x41\n\t\"\\"', rb"'it\'s'", rb'"\xZZ"', b'""', b"''", b'a"b"',
        b'"open', b"'open", b'"a"b', b"'a'b", rb'"\q"', b"\\", b"a\\ b", b"\xff",
    ]  # fmt: skip
    lines = [b"ECHO %b\n" % word for word in words]
    lines += [b"PING\n", b"PING\r\n", b"  PING  \r\n", b"PING\r\r\n", b"PING", b"\tPING\n", b"ping one two\n"]
    _same_answers(theirs, real, (line + _PING for line in lines), "a typed line is split into words as Redis does it")


@stage_probe("mini.nothing")
def no_words_no_reply(theirs: UnderTest, real: Server) -> None:
    """Empty commands of all kinds, before, between and behind others."""
    nothing = [b"*0\r\n", b"*-1\r\n", b"\r\n", b"\n", b" \r\n", b"*-5\r\n"]
    some = [*nothing, *(a + b for a, b in itertools.product(nothing, repeat=2))]
    _same_answers(theirs, real, (n + _PING for n in some), "a command of no words has no reply")
    _same_answers(theirs, real, (_PING + n + _PING + n for n in some), "a command of no words has no reply")


@stage("mini.nothing")
def words_among_nothing() -> Scripts:
    """Commands in every manner, once more."""
    return scripts(cmd("ECHO", text), cmd("PING"), size=4)


def _nonsense() -> Iterator[bytes]:
    for count in (b"abc", b"", b" 1", b"+1", b"01", b"1.0", b"1 ", b"9" * 30, b"-", b"*", b"\xff"):
        yield b"*%b\r\n" % count
    for header in (b"PING", b":4", b"+4", b"*1", b"", b" $4", b"\xff"):
        yield b"*1\r\n%b\r\nPING\r\n" % header
    for length in (b"abc", b"", b"-1", b"-2", b"+4", b" 4", b"04", b"4.0", b"9" * 30):
        yield b"*1\r\n$%b\r\nPING\r\n" % length
    yield b"*2\r\n$4\r\nECHO\r\n:5\r\n"
    yield b"*2\r\n$4\r\nECHO\r\n$x\r\n"
    yield b'ECHO "open\r\n'


@stage_probe("mini.protocol-errors")
def nonsense_ends_the_connection(theirs: UnderTest, real: Server) -> None:
    """Wrong counts, marks and lengths: the same words as Redis, after the replies that were due, and an end."""
    promise = "bytes that make no sense get an error, and then an end"
    _same_answers(theirs, real, _nonsense(), promise)
    _same_answers(theirs, real, (_PING + wrong for wrong in _nonsense()), promise)
    _same_answers(theirs, real, (wrong + _PING for wrong in _nonsense()), promise)
    for wrong in _nonsense():
        with _connect(theirs) as sock:
            sock.sendall(wrong)
            if _all_of(sock)[1] == "silent":
                raise Broken(
                    f"after {literal(wrong)} the server hangs up, since it cannot know where the next command begins",
                    f"after {PATIENCE:g} s the connection was still open",
                )


@stage_probe("mini.limits")
def what_never_ends_is_given_up(theirs: UnderTest, real: Server) -> None:
    """Lines without an end, and announcements of more than anybody has."""
    long = b"1" * 70_000
    endless = [b"*" + long, b"*1\r\n$" + long, b"PING " + long]
    announced = [
        b"*2147483648\r\n", b"*9223372036854775807\r\n", b"*1\r\n$536870913\r\n", b"*1\r\n$9223372036854775807\r\n",
        b"*2147483647\r\n", b"*1\r\n$536870912\r\nPI", b"*1000000\r\n$4\r\nPING\r\n",
    ]  # fmt: skip
    _same_answers(theirs, real, [*announced, *endless], "what has no end within the limits is refused")
    for sent in endless:
        with _connect(theirs) as sock:
            with contextlib.suppress(OSError):
                sock.sendall(sent)
            came, end = _all_of(sock)
            if end == "silent" and not came:
                raise Broken(
                    "a line that has not ended after 64 KiB is refused",
                    f"after {len(sent)} bytes that begin {literal(sent[:12])} the server still waits for the end",
                )


@stage_probe("mini.many-clients")
def half_words_do_not_mix(theirs: UnderTest, real: Server) -> None:
    """Many clients, each in the middle of a command of its own; some vanish there."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(_connect(theirs)) for _ in range(_MANY_CLIENTS)]
        words = [b"client %d" % number for number in range(_MANY_CLIENTS)]
        sent = [encode_command("ECHO", word) for word in words]
        for place, (client, command) in enumerate(zip(clients, sent, strict=True)):
            client.sendall(command[: 3 + place % (len(command) - 4)])
        for client in clients[::5]:
            # Gone without a word: a reset, in the middle of a command.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            client.close()
        for place in reversed(range(_MANY_CLIENTS)):
            if place % 5 == 0:
                continue
            clients[place].sendall(sent[place][3 + place % (len(sent[place]) - 4) :])
            wanted = b"$%d\r\n%b\r\n" % (len(words[place]), words[place])
            came = _exactly(clients[place], len(wanted))
            if came != wanted:
                raise Broken(
                    f"each of {_MANY_CLIENTS} clients gets its own word back, though all of them were in the middle "
                    "of a command and every fifth has vanished there",
                    with_view(f"client {place + 1}:", compare(wanted, came, ("wanted", "came"))),
                )
    _still_there(theirs, "after many clients")


@stage_probe("mini.big-value")
def eight_megabytes_there_and_back(theirs: UnderTest, real: Server) -> None:
    """A value larger than any buffer between, read slowly."""
    value = bytes(range(256)) * (_BIG // 256)
    sent = encode_command("ECHO", value)
    wanted = b"$%d\r\n" % len(value) + value + b"\r\n"
    with _connect(theirs, window=65536) as sock:
        try:
            sock.sendall(sent)
        except OSError as error:
            raise Broken(f"the server takes a command of {len(sent):,} bytes", f"it did not: {error}") from None
        coming = select.poll()
        coming.register(sock, select.POLLIN)
        coming.poll(PATIENCE * 1000)
        time.sleep(_HESITATION)  # the reader takes its time: meanwhile all buffers fill up
        came = _exactly(sock, len(wanted))
        if came == wanted:
            _rests(theirs)
    if came != wanted:
        at = next((i for i, (a, b) in enumerate(zip(wanted, came, strict=False)) if a != b), len(came))
        raise Broken(
            f"all {len(wanted):,} bytes of the reply arrive",
            f"{len(came):,} came, and the first {at:,} of them are right",
        )
    _still_there(theirs, "after a large value")


def _rests(theirs: UnderTest) -> None:
    """Nobody says anything: the process has nothing to do. By chance it may have, so it is looked at three times."""
    share = 0.0
    for _ in range(3):
        share = share_at_work(theirs, _REST)
        if share < _BUSY:
            return
    raise Broken(
        "when a large reply has been sent and nobody says anything, the server waits for the next bytes",
        f"in {_REST:g} s of silence it was at work for {share:.0%} of the time: something wakes it up again and again",
        "looks-for-room-for-ever",
    )


@stage_probe("mini.slow-reader")
def one_who_does_not_read(theirs: UnderTest, real: Server) -> None:
    """A client asks for sixty megabytes and reads none of them; the others are answered meanwhile."""
    command = memoryview(encode_command("ECHO", b"x" * 1_000_000))
    with _connect(theirs) as deaf, _connect(theirs) as other:
        sent = turned_away = 0
        room = select.poll()
        room.register(deaf, select.POLLOUT)
        while sent < 60 * len(command) and turned_away < 3:
            # A server may stop reading from a client that takes nothing; then there is nothing more to send.
            if room.poll(100):
                sent += deaf.send(command[sent % len(command) :][:65536])
            else:
                turned_away += 1
            if sent % len(command) < 65536 or turned_away:
                other.sendall(_PING)
                if (came := _exactly(other, len(_PONG))) != _PONG:
                    raise Broken(
                        "while one client does not read its replies, another one gets its PONG",
                        f"it got {literal(came) if came else 'nothing'} within {PATIENCE:g} s",
                    )
    _still_there(theirs, "after a client that did not read")


def _still_there(theirs: UnderTest, when: str) -> None:
    """The server answers a new client."""
    with _connect(theirs) as sock:
        sock.sendall(_PING)
        came = _exactly(sock, len(_PONG))
    if came != _PONG:
        raise Broken(f"the server is there {when}", f"PING got {literal(came) if came else 'nothing'}")
