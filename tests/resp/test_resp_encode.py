"""What is sent: commands, and the replies of test servers."""

from __future__ import annotations

import pytest

from grader.resp import (
    NULL_ARRAY,
    BigNumber,
    Double,
    ErrorReply,
    Map,
    Push,
    SetReply,
    SimpleString,
    Verbatim,
    encode_command,
    encode_reply,
)


def test_a_command_is_an_array_of_bulk_strings() -> None:
    assert encode_command("SET", b"\x00\r\n", 1, -1.5) == (
        b"*4\r\n$3\r\nSET\r\n$3\r\n\x00\r\n\r\n$1\r\n1\r\n$4\r\n-1.5\r\n"
    )


def test_text_is_utf_8_and_counted_in_bytes() -> None:
    assert encode_command("é", bytearray(b"a"), memoryview(b"b"), "") == (
        b"*4\r\n$2\r\n\xc3\xa9\r\n$1\r\na\r\n$1\r\nb\r\n$0\r\n\r\n"
    )


def test_a_command_has_a_name() -> None:
    with pytest.raises(ValueError, match="at least one word"):
        encode_command()


@pytest.mark.parametrize("argument", [None, True, ["a"], {}])
def test_an_argument_of_another_type_is_refused_by_name(argument: object) -> None:
    with pytest.raises(TypeError, match=type(argument).__name__):
        encode_command("SET", "key", argument)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "resp2", "resp3"),
    [
        (SimpleString("OK"), b"+OK\r\n", b"+OK\r\n"),
        ("é", b"$2\r\n\xc3\xa9\r\n", b"$2\r\n\xc3\xa9\r\n"),
        (None, b"$-1\r\n", b"_\r\n"),
        (NULL_ARRAY, b"*-1\r\n", b"_\r\n"),
        (True, b":1\r\n", b"#t\r\n"),
        (False, b":0\r\n", b"#f\r\n"),
        (2**63, b"$19\r\n9223372036854775808\r\n", b"(9223372036854775808\r\n"),
        (BigNumber(5), b"$1\r\n5\r\n", b"(5\r\n"),
        (Double("1.50"), b"$4\r\n1.50\r\n", b",1.50\r\n"),
        (0.1, b"$3\r\n0.1\r\n", b",0.1\r\n"),
        (Verbatim("txt", b"hi"), b"$2\r\nhi\r\n", b"=6\r\ntxt:hi\r\n"),
        (Map([(b"a", 1)]), b"*2\r\n$1\r\na\r\n:1\r\n", b"%1\r\n$1\r\na\r\n:1\r\n"),
        ({b"a": [None]}, b"*2\r\n$1\r\na\r\n*1\r\n$-1\r\n", b"%1\r\n$1\r\na\r\n*1\r\n_\r\n"),
        (SetReply([1, 2]), b"*2\r\n:1\r\n:2\r\n", b"~2\r\n:1\r\n:2\r\n"),
        ({7}, b"*1\r\n:7\r\n", b"~1\r\n:7\r\n"),
        (Push([1]), b"*1\r\n:1\r\n", b">1\r\n:1\r\n"),
        ((1, []), b"*2\r\n:1\r\n*0\r\n", b"*2\r\n:1\r\n*0\r\n"),
        (ErrorReply("ERR no"), b"-ERR no\r\n", b"-ERR no\r\n"),
    ],
    ids=lambda part: repr(part)[:30],
)
def test_a_reply_takes_the_form_of_its_protocol(value: object, resp2: bytes, resp3: bytes) -> None:
    assert encode_reply(value) == resp2
    assert encode_reply(value, 3) == resp3


def test_an_error_of_two_lines_needs_resp3() -> None:
    error = ErrorReply("ERR two\r\nlines")
    assert encode_reply(error, 3) == b"!14\r\nERR two\r\nlines\r\n"
    with pytest.raises(ValueError, match="one line"):
        encode_reply(error, 2)


@pytest.mark.parametrize("protocol", [2, 3])
def test_a_status_cannot_smuggle_a_second_reply(protocol: int) -> None:
    with pytest.raises(ValueError, match="one line"):
        encode_reply(SimpleString("OK\r\n+OK"), protocol)


def test_a_value_that_is_no_reply_is_refused_wherever_it_hides() -> None:
    with pytest.raises(TypeError, match="object"):
        encode_reply([1, [object()]])


def test_deep_replies_are_written_without_recursion() -> None:
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    assert encode_reply(value) == b"*1\r\n" * 100_000 + b"*0\r\n"


def test_an_error_knows_its_code() -> None:
    assert ErrorReply("WRONGTYPE Operation against a key").code == "WRONGTYPE"
