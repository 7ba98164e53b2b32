"""The text forms are redis-cli's own: compared with it, reply by reply and line by line."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from available import lacking
from fake_server import answering, relaying
from hypothesis import given, settings
from hypothesis import strategies as st
from real_commands import COMMANDS

from grader.resp import (
    BigNumber,
    Double,
    ErrorReply,
    Map,
    Push,
    Reader,
    SetReply,
    SimpleString,
    Verbatim,
    encode_reply,
)
from grader.servers import Binary, standalone
from grader.wire import format_command, format_reply, split_line


@pytest.fixture(scope="session")
def redis_cli() -> str:
    path = shutil.which("redis-cli")
    if path is None:
        lacking("redis-cli", "no redis-cli on PATH to compare with")
    return path


def run(redis_cli: str, *options: str, typed: str = "") -> bytes:
    return subprocess.run(
        [redis_cli, "--no-raw", *options], input=typed.encode(), capture_output=True, timeout=60, check=False
    ).stdout


@pytest.mark.parametrize("protocol", [2, 3])
def test_every_reply_of_redis_is_printed_as_redis_cli_prints_it(binary: Binary, redis_cli: str, protocol: int) -> None:
    heard: list[bytes] = []
    typed = ["ECHO begin", *(line for line in COMMANDS if not (protocol == 3 and "big" in line))]
    with (
        standalone(binary=binary, enable_debug_command=True) as server,
        relaying(str(server.socket_path), heard) as path,
    ):
        printed = run(redis_cli, "-s", path, f"-{protocol}", typed="\n".join(typed) + "\n")
    reader = Reader()
    reader.feed(b"".join(heard))
    values = list(reader)
    # redis-cli says HELLO and asks for the commands' documentation before it reads what is typed.
    values = values[values.index(b"begin") :]
    printed = printed[printed.index(b'"begin"\n') :]
    assert len(values) == len(typed)
    for line, value in zip(typed, values, strict=True):
        expected = format_reply(value, split_line(line)).encode()
        # INFO and its like are written as they are, and end a line only if they brought its end.
        expected += b"\n" if printed[len(expected) :].startswith(b"\n") else b""
        assert printed[: len(expected)] == expected, line
        printed = printed[len(expected) :]
    assert printed.strip() == b""


text = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=8)
scalars = st.one_of(
    st.binary(max_size=8),
    text.map(SimpleString),
    text.map(lambda words: ErrorReply(f"ERR {words}")),
    st.integers(-(2**63), 2**63 - 1),
    st.none(),
    st.booleans(),
    st.floats(allow_nan=False).map(Double.of),
    st.text(max_size=8).map(lambda words: Verbatim("txt", words.encode())),
)


def aggregates(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    members = st.one_of(st.lists(inner, max_size=3), st.lists(inner, min_size=9, max_size=12))
    pairs = st.lists(st.tuples(inner, inner), max_size=3)
    return st.one_of(members, members.map(SetReply), pairs.map(Map))


@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.recursive(scalars, aggregates, max_leaves=20), min_size=1, max_size=12))
def test_any_reply_is_printed_as_redis_cli_prints_it(redis_cli: str, values: list[object]) -> None:
    frames = iter([encode_reply(value, 3) for value in values])

    def answer(command: list[bytes]) -> bytes:
        return b"%1\r\n+proto\r\n:3\r\n" if command[0] == b"HELLO" else next(frames)

    with answering(answer) as path:
        printed = run(redis_cli, "-s", path, "-3", "-r", str(len(values)), "NEXT")
    assert printed == b"".join(format_reply(value).encode() + b"\n" for value in values)


def as_redis_cli_splits(redis_cli: str, lines: list[str]) -> list[list[bytes] | None]:
    """The arguments redis-cli sends for each line, which begins with ECHO; None where it refuses the line."""
    sent: list[list[bytes]] = []

    def answer(command: list[bytes]) -> bytes:
        if command[0] == b"ECHO":
            sent.append(command)
            return b"+sent\r\n"
        return b"-ERR unknown command\r\n"

    with answering(answer) as path:
        printed = run(redis_cli, "-s", path, typed="\n".join(lines) + "\n").splitlines()
    results: list[list[bytes] | None] = []
    for answered in printed:
        if answered in (b"sent", b"Invalid argument(s)"):
            results.append(sent.pop(0) if answered == b"sent" else None)
    return results


def as_we_split(line: str) -> list[bytes] | None:
    try:
        return split_line(line)
    except ValueError as error:
        assert str(error).startswith("Invalid argument(s): ")
        return None


LINES = [
    "ECHO",
    "  ECHO   a  b ",
    "ECHO \"a b\" 'c d'",
    "ECHO \"\" ''",
    r'ECHO "\x00\xff\xFf\x1" "\n\r\t\a\b\q\\\""',
    r"ECHO '\n\'' \x41 a\b",
    'ECHO a"b c"',
    'ECHO a"b"c',
    "ECHO 'a'b",
    'ECHO "a',
    "ECHO 'a",
    'ECHO "a\\',
    'ECHO "a\\"',
    "ECHO 'a\\'",
    "ECHO \tx\ty",
    "ECHO a\vb a\fb",
    'ECHO "a"\vb',
    "ECHO é 'é' \"é\" 日本",
    "ECHO # no comment",
]


def test_lines_are_split_as_redis_cli_splits_them(redis_cli: str) -> None:
    assert as_redis_cli_splits(redis_cli, LINES) == [as_we_split(line) for line in LINES]


@settings(max_examples=40, deadline=None)
@given(
    rests=st.lists(
        st.one_of(
            st.text(st.sampled_from("ab\"'\\x01nrt \t\v\fé"), max_size=12),
            st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=8),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_any_line_is_split_as_redis_cli_splits_it(redis_cli: str, rests: list[str]) -> None:
    lines = [f"ECHO {rest}" for rest in rests]
    assert as_redis_cli_splits(redis_cli, lines) == [as_we_split(line) for line in lines]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.one_of(st.binary(max_size=10), st.text(max_size=6).map(str.encode))), max_size=10))
def test_a_command_typed_as_it_is_shown_is_sent_as_it_was(redis_cli: str, commands: list[list[bytes]]) -> None:
    commands = [[b"ECHO", *args] for args in commands]
    lines = [format_command(command) for command in commands]
    assert [split_line(line) for line in lines] == commands
    assert as_redis_cli_splits(redis_cli, lines) == commands


def test_nothing_behind_a_nul_is_read_as_in_redis_cli_which_hands_on_a_c_string() -> None:
    assert split_line("\0ECHO") == []
    assert split_line("ECHO a\0b") == [b"ECHO", b"a"]
    with pytest.raises(ValueError, match="double quote at column 6 is never closed"):
        split_line('ECHO "a\0"')


def test_a_line_that_is_refused_says_where_and_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"closing single quote at column 8 is followed by 'c'; put a space"):
        split_line("ECHO 'a'c")


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        (["SET", "page:home", 1, 1.5], "SET page:home 1 1.5"),
        (["SET", "", "two words"], 'SET "" "two words"'),
        (["SET", 'a"b', "it's", "back\\slash"], 'SET "a\\"b" "it\'s" back\\slash'),
        (["SET", b"\x00\xff", "tab\there"], r'SET "\x00\xff" "tab\there"'),
        (["SET", "é", "é ü"], 'SET é "é ü"'),
    ],
)
def test_arguments_are_quoted_only_where_they_have_to_be(args: list[bytes | str], shown: str) -> None:
    assert format_command(args) == shown
    assert [arg.decode("utf-8", "surrogateescape") for arg in split_line(shown)] == [
        arg.decode("utf-8", "surrogateescape") if isinstance(arg, bytes) else str(arg) for arg in args
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"a": [1, 2], "b": {}}, '1# "a" => \n   1) (integer) 1\n   2) (integer) 2\n2# "b" => (empty hash)'),
        ({7}, "1~ (integer) 7"),
        (set(), "(empty set)"),
        ((True, None, 1.0), "1) (true)\n2) (nil)\n3) (double) 1"),
        (Push(), "(empty push)"),
        (BigNumber(10**20), "(big number) 100000000000000000000"),
        (ValueError("ERR from redis-py"), "(error) ERR from redis-py"),
    ],
)
def test_what_redis_py_makes_of_a_reply_can_be_shown_too(value: object, shown: str) -> None:
    assert format_reply(value) == shown


def test_a_value_that_is_no_reply_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        format_reply([object()])


def test_a_thousand_levels_are_shown_without_recursion() -> None:
    value: list[object] = []
    for _ in range(1_000):
        value = [value]
    assert format_reply(value) == "1) " * 1_000 + "(empty array)"
