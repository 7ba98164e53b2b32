"""The reader, value by value and error by error."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import pytest

from grader.resp import (
    INCOMPLETE,
    NULL_ARRAY,
    BigNumber,
    Double,
    ErrorReply,
    Limits,
    Map,
    ProtocolError,
    Push,
    Reader,
    SetReply,
    SimpleString,
    Verbatim,
    encode_reply,
)

VALUES: list[tuple[bytes, object]] = [
    (b"+OK\r\n", SimpleString("OK")),
    (b"+\r\n", SimpleString("")),
    (b"-ERR unknown command\r\n", ErrorReply("ERR unknown command")),
    (b":0\r\n", 0),
    (b":-42\r\n", -42),
    (b":+7\r\n", 7),
    (b":9223372036854775807\r\n", 2**63 - 1),
    (b":-9223372036854775808\r\n", -(2**63)),
    (b"$0\r\n\r\n", b""),
    (b"$-1\r\n", None),
    (b"$4\r\n\r\n\x00\xff\r\n", b"\r\n\x00\xff"),
    (b"*0\r\n", []),
    (b"*-1\r\n", None),
    (b"*2\r\n$1\r\na\r\n*1\r\n:1\r\n", [b"a", [1]]),
    (b"*3\r\n*0\r\n*-1\r\n$-1\r\n", [[], None, None]),
    (b"_\r\n", None),
    (b"#t\r\n", True),
    (b"#f\r\n", False),
    (b",1.5\r\n", Double("1.5")),
    (b",10\r\n", Double("10")),
    (b",1e+20\r\n", Double("1e+20")),
    (b",inf\r\n", Double("inf")),
    (b",-inf\r\n", Double("-inf")),
    (b",nan\r\n", Double("nan")),
    (b",-nan\r\n", Double("-nan")),
    (b"(3492890328409238509324850943850943825024385\r\n", BigNumber(3492890328409238509324850943850943825024385)),
    (b"!21\r\nSYNTAX invalid syntax\r\n", ErrorReply("SYNTAX invalid syntax")),
    (b"!7\r\nERR a\r\n\r\n", ErrorReply("ERR a\r\n")),
    (b"=15\r\ntxt:Some string\r\n", Verbatim("txt", b"Some string")),
    (b"%2\r\n+a\r\n:1\r\n*1\r\n:2\r\n#t\r\n", Map([(SimpleString("a"), 1), ([2], True)])),
    (b"%0\r\n", Map()),
    (b"~2\r\n:1\r\n:1\r\n", SetReply([1, 1])),
    (b"~1\r\n~0\r\n", SetReply([SetReply()])),
    (b">2\r\n+message\r\n%1\r\n:1\r\n:2\r\n", Push([SimpleString("message"), Map([(1, 2)])])),
    (b">0\r\n", Push()),
    (b"|1\r\n+ttl\r\n:3600\r\n:7\r\n", 7),
    (b"*2\r\n|1\r\n+a\r\n*1\r\n:0\r\n:1\r\n|0\r\n:2\r\n", [1, 2]),
]


def same(left: object, right: object) -> bool:
    """Equality that tells True from 1, a status from a string, a map from an array, and knows NaN."""
    return repr(left) == repr(right)


@pytest.mark.parametrize(("frame", "value"), VALUES, ids=lambda part: repr(part)[:40])
def test_every_type_is_read_as_its_value(frame: bytes, value: object) -> None:
    reader = Reader()
    reader.feed(frame)
    assert same(reader.read(), value)
    assert reader.read() is INCOMPLETE
    assert (reader.offset, reader.buffered) == (len(frame), 0)


@pytest.mark.parametrize(("frame", "value"), VALUES, ids=lambda part: repr(part)[:40])
def test_every_proper_beginning_is_incomplete_and_no_error(frame: bytes, value: object) -> None:
    for length in range(len(frame)):
        reader = Reader()
        reader.feed(frame[:length])
        assert reader.read() is INCOMPLETE, frame[:length]
        assert reader.read() is INCOMPLETE, "asking twice is harmless"
        assert reader.buffered == length


@pytest.mark.parametrize("step", [1, 2, 3, 7])
def test_a_stream_gives_the_same_values_however_it_is_cut(step: int) -> None:
    stream = b"".join(frame for frame, _ in VALUES)
    whole, cut = Reader(), Reader()
    whole.feed(stream)
    expected = list(whole)
    values = []
    for at in range(0, len(stream), step):
        cut.feed(stream[at : at + step])
        values += cut
    assert same(values, expected)
    assert len(values) == len(VALUES)
    assert cut.offset == whole.offset == len(stream)


def test_the_caller_may_reuse_the_memory_it_fed() -> None:
    reader = Reader()
    memory = bytearray(b"$5\r\nhel")
    reader.feed(memory)
    memory[:] = b"lo\r\nXXX"
    reader.feed(memoryview(memory)[:4])
    assert reader.read() == b"hello"


def test_values_may_be_read_one_at_a_time_while_more_is_fed() -> None:
    reader = Reader()
    reader.feed(b"$1000\r\n")
    assert reader.read() is INCOMPLETE
    reader.feed(b"x" * 1000 + b"\r\n")
    assert reader.read() == b"x" * 1000
    reader.feed(b":1\r\n:2")
    assert reader.read() == 1
    reader.feed(b"\r\n+OK")
    assert reader.read() == 2
    assert reader.read() is INCOMPLETE
    reader.feed(b"\r\n:3\r\n")
    assert [reader.read(), reader.read(), reader.read()] == ["OK", 3, INCOMPLETE]


def test_a_null_array_can_be_told_from_a_null_string() -> None:
    reader = Reader(null_array=NULL_ARRAY)
    reader.feed(b"*2\r\n*-1\r\n$-1\r\n")
    assert reader.read() == [NULL_ARRAY, None]


INVALID: list[tuple[bytes, int, str]] = [
    (b"hello\r\n", 0, "cannot begin with 'h'"),
    (b"\r\n", 0, "cannot begin with"),
    (b"+OK\r\n\r\n", 5, "cannot begin with"),
    (b"$x\r\n", 0, "'x' is not the length of a bulk string"),
    (b"$\r\n", 0, "not the length of a bulk string"),
    (b"$-2\r\n", 0, "not the length"),
    (b"$+3\r\nabc\r\n", 0, "not the length"),
    (b"$03\r\nabc\r\n", 0, "not the length"),
    (b"$ 3\r\nabc\r\n", 0, "not the length"),
    (b"$1_0\r\n", 0, "not the length"),
    (b"$99999999999999999999\r\n", 0, "not the length"),
    (b"$3\r\nabcd\r\n", 7, "no CRLF behind the 3 bytes"),
    (b"$3\r\nab\r\n\r\n", 7, "no CRLF behind the 3 bytes"),
    (b"*-2\r\n", 0, "not the length of an array"),
    (b"*2\r\n:1\r\n?\r\n", 8, "cannot begin with '?'"),
    (b":\r\n", 0, "not a 64-bit integer"),
    (b":1.5\r\n", 0, "not a 64-bit integer"),
    (b":9223372036854775808\r\n", 0, "not a 64-bit integer"),
    (b":1 \r\n", 0, "not a 64-bit integer"),
    (b"+a\nb\r\n", 0, "CR or LF"),
    (b"+a\rb\r\n", 0, "CR or LF"),
    (b"+OK\n", 3, "LF alone"),
    (b":1\n:2\n", 2, "LF alone"),
    (b"_x\r\n", 0, "null"),
    (b"#true\r\n", 0, "boolean"),
    (b",1.5x\r\n", 0, "not a double"),
    (b",.5\r\n", 0, "not a double"),
    (b",\r\n", 0, "not a double"),
    (b"(12a\r\n", 0, "not a big number"),
    (b"(" + b"1" * 5000 + b"\r\n", 0, "not a big number"),
    (b"=3\r\ntxt\r\n", 4, "three letters and a colon"),
    (b"=6\r\ntxt;ab\r\n", 4, "three letters and a colon"),
    (b"!-1\r\n", 0, "not the length of a bulk error"),
    (b"%-1\r\n", 0, "not the length of a map"),
    (b"~-1\r\n", 0, "not the length of a set"),
    (b"*1\r\n>1\r\n:1\r\n", 4, "push cannot be inside"),
    (b"*1\r\n>0\r\n", 4, "push cannot be inside"),
    (b"$?\r\n", 0, "not the length"),
]


@pytest.mark.parametrize(("data", "offset", "message"), INVALID, ids=lambda part: repr(part)[:40])
def test_invalid_bytes_are_an_error_that_names_the_place(data: bytes, offset: int, message: str) -> None:
    reader = Reader()
    reader.feed(b"+before\r\n" + data)
    assert reader.read() == "before"
    with pytest.raises(ProtocolError, match=f"(?s){_literal(message)}") as caught:
        list(reader)
    # Values that were whole before the error are handed out first; the offset counts from the first byte.
    assert caught.value.offset == len(b"+before\r\n") + offset
    assert str(caught.value).endswith(f"(at byte {caught.value.offset})")


@pytest.mark.parametrize(("data", "offset", "message"), INVALID, ids=lambda part: repr(part)[:40])
def test_invalid_bytes_are_an_error_fed_one_by_one_too(data: bytes, offset: int, message: str) -> None:
    reader = Reader()
    with pytest.raises(ProtocolError):
        for at in range(len(data)):
            reader.feed(data[at : at + 1])
            list(reader)


def _literal(text: str) -> str:
    return "".join("\\" + char if char in "?()." else char for char in text)


def test_a_failed_reader_stays_failed() -> None:
    reader = Reader()
    reader.feed(b"$x\r\n")
    with pytest.raises(ProtocolError) as first:
        reader.read()
    reader.feed(b"+OK\r\n")
    with pytest.raises(ProtocolError) as second:
        reader.read()
    assert second.value is first.value


def test_a_wrong_first_byte_is_refused_before_its_line_is_whole() -> None:
    reader = Reader()
    reader.feed(b"HTTP/1.1 200")
    with pytest.raises(ProtocolError, match="'H'"):
        reader.read()


def test_resp2_refuses_the_types_of_resp3_and_says_so() -> None:
    for frame, _ in VALUES:
        reader = Reader(protocol=2)
        reader.feed(frame)
        if frame[:1] in b"$*+-:" and b"|" not in frame:
            assert reader.read() is not INCOMPLETE
        else:
            with pytest.raises(ProtocolError, match="RESP3, but this connection speaks RESP2"):
                reader.read()


def failure(limits: Limits, data: bytes, step: int | None = None) -> ProtocolError | None:
    reader = Reader(limits=limits)
    try:
        for at in range(0, len(data), step or len(data)):
            reader.feed(data[at : at + (step or len(data))])
            list(reader)
    except ProtocolError as error:
        return error
    return None


@pytest.mark.parametrize("step", [None, 1])
@pytest.mark.parametrize(
    ("limits", "allowed", "refused"),
    [
        (Limits(bulk=3), b"$3\r\nabc\r\n", b"$4\r\n"),
        (Limits(bulk=5), b"=5\r\ntxt:a\r\n", b"=6\r\n"),
        (Limits(elements=2), b"*2\r\n:1\r\n:2\r\n", b"*3\r\n"),
        (Limits(elements=1), b"%1\r\n:1\r\n:2\r\n", b"%2\r\n"),
        (Limits(depth=2), b"*1\r\n*1\r\n:1\r\n", b"*1\r\n*1\r\n*1\r\n"),
        (Limits(depth=0), b":1\r\n", b"*1\r\n"),
        (Limits(line=8), b"+12345\r\n", b"+123456\r\n"),
        (Limits(line=8), b"+12345\r\n", b"+1234567"),
        (Limits(total=12), b"$6\r\nabcdef\r\n", b"$7\r\n"),
        (Limits(total=12), b"*2\r\n:1\r\n:2\r\n", b"*2\r\n:1\r\n:22\r\n"),
    ],
)
def test_limits_hold_at_the_first_byte_too_many(
    limits: Limits, allowed: bytes, refused: bytes, step: int | None
) -> None:
    assert failure(limits, allowed, step) is None
    assert failure(limits, allowed * 20, step) is None, "a limit is for one value, not for the stream"
    error = failure(limits, refused, step)
    assert error is not None
    assert error.offset <= len(refused)


def test_an_announced_length_over_the_limit_is_refused_before_its_bytes_come() -> None:
    error = failure(Limits(), b"$1073741824\r\n")
    assert error is not None
    assert "at most 536870912" in str(error)


def test_announced_elements_take_no_memory_before_they_come() -> None:
    reader = Reader()
    reader.feed(b"*16000000\r\n" * 100)
    assert reader.read() is INCOMPLETE


def test_a_hundred_thousand_levels_are_read_without_recursion() -> None:
    depth = 100_000
    reader = Reader(limits=Limits(depth=depth))
    reader.feed(b"*1\r\n" * depth + b":1\r\n")
    value = reader.read()
    for _ in range(depth):
        (value,) = value
    assert value == 1


def growth(work: Callable[[int], object], small: int, factor: int) -> float:
    """How many times longer `work` takes on `factor` times as much; the best of three of each."""

    def best(size: int) -> float:
        times = []
        for _ in range(3):
            start = time.process_time()
            work(size)
            times.append(time.process_time() - start)
        return min(times)

    return best(small * factor) / max(best(small), 1e-4)


def feed_in_pieces(frame: bytes, step: int) -> None:
    reader = Reader()
    value: object = INCOMPLETE
    for at in range(0, len(frame), step):
        reader.feed(frame[at : at + step])
        value = reader.read()
    assert value is not INCOMPLETE


@pytest.mark.parametrize(
    ("work", "small"),
    [
        pytest.param(lambda n: feed_in_pieces(b"$%d\r\n%b\r\n" % (n, b"x" * n), 16), 100_000, id="big bulk"),
        pytest.param(lambda n: feed_in_pieces(b"+%b\r\n" % (b"x" * n), 1), 4_000, id="long line"),
        pytest.param(lambda n: feed_in_pieces(b"*%d\r\n" % n + b":1\r\n" * n, 3), 4_000, id="many elements"),
        pytest.param(lambda n: feed_in_pieces(b"*%d\r\n" % n + b"$2\r\n\r\n\r\n" * n, 10**9), 10_000, id="one feed"),
    ],
)
def test_the_work_grows_with_the_bytes_and_not_with_their_square(work: Callable[[int], object], small: int) -> None:
    # Linear is 10, quadratic 100.
    assert growth(work, small, 10) < 40


def test_many_values_in_one_feed_are_linear() -> None:
    def work(count: int) -> None:
        reader = Reader()
        reader.feed(b"$3\r\nabc\r\n" * count)
        assert sum(1 for _ in reader) == count

    assert growth(work, 5_000, 10) < 40


def test_doubles_keep_their_digits_and_compare_as_numbers() -> None:
    reader = Reader()
    reader.feed(b",0.10000000000000001\r\n")
    value = reader.read()
    assert value == 0.1
    assert encode_reply(value, 3) == b",0.10000000000000001\r\n"
    assert math.isnan(Double("-nan"))
