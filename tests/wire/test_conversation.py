"""What a proxy understands of the bytes it passes on, however they are cut."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.resp import Push, SimpleString, encode_command, encode_reply
from grader.wire.conversation import CommandReader, Conversation

Step = tuple[str, bytes]

commands = st.lists(
    st.lists(st.one_of(st.binary(max_size=12), st.just(b"\r\n"), st.just(b"*1\r\n")), min_size=1, max_size=4).map(
        tuple
    ),
    max_size=8,
)


def typed(line: str) -> Step:
    return ">", encode_command(*line.split())


def said(*values: Any, protocol: int = 2) -> Step:
    return "<", b"".join(encode_reply(value, protocol) for value in values)


def talk(*steps: Step) -> tuple[Conversation, list[Any], list[Any]]:
    """The conversation, its exchanges, and the values that answer nothing."""
    conversation, exchanges, messages = Conversation(1), [], []
    for number, (direction, data) in enumerate(steps):
        if direction == ">":
            exchanges += [sent.exchange for sent in conversation.sent(data, float(number))]
        else:
            messages += [each.value for each in conversation.received(data, float(number)) if each.exchange is None]
    return conversation, exchanges, messages


@given(commands, st.data())
def test_commands_are_the_same_however_the_bytes_are_cut(sent: list[tuple[bytes, ...]], data: st.DataObject) -> None:
    stream = b"".join(encode_command(*command) for command in sent)
    reader, found, ends = CommandReader(), [], []
    at = 0
    while at < len(stream):
        size = data.draw(st.integers(1, 9))
        for command, end in reader.feed(stream[at : at + size]):
            found.append(command)
            ends.append(end)
        at += size
    assert found == sent
    assert ends == [len(b"".join(encode_command(*each) for each in sent[: n + 1])) for n in range(len(sent))]


@given(st.lists(st.binary(max_size=30), max_size=10))
def test_any_bytes_are_read_without_an_error_and_the_same_as_in_one_piece(pieces: list[bytes]) -> None:
    reader, whole = CommandReader(), CommandReader()
    found = [each for piece in pieces for each in reader.feed(piece)]
    assert found == whole.feed(b"".join(pieces))
    assert reader.lost == whole.lost


def test_lines_typed_by_hand_are_commands_and_so_is_what_follows_them() -> None:
    reader = CommandReader()
    data = b"PING\r\n\r\n" + encode_command("GET", "a") + b"*0\r\n*-1\r\nset k v\n"
    assert [command for command, _ in reader.feed(data)] == [(b"PING",), (b"GET", b"a"), (b"set", b"k", b"v")]


@pytest.mark.parametrize(
    "refused", [b"*1\r\n+OK\r\n", b"*x\r\n", b"*1\r\n$-1\r\n", b"*1\r\n$536870913\r\n", b"*-2\r\n", b"x" * 70_000]
)
def test_what_redis_would_refuse_ends_the_reading_and_takes_no_memory(refused: bytes) -> None:
    reader = CommandReader()
    assert reader.feed(encode_command("PING") + refused) == [((b"PING",), 14)]
    assert reader.lost
    tracemalloc.start()
    for _ in range(100):
        assert reader.feed(b"y" * 10_000) == []
    assert tracemalloc.get_traced_memory()[0] < 100_000
    tracemalloc.stop()


def test_a_command_without_an_end_is_given_up() -> None:
    reader = CommandReader(most=1 << 20)
    reader.feed(b"*2000000000\r\n")
    tracemalloc.start()
    for _ in range(10_000):
        reader.feed(b"$1\r\nx\r\n" * 10)
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()
    assert reader.lost == "a command of more than 1048576 bytes"


def test_a_large_command_in_small_pieces_takes_time_in_proportion() -> None:
    stream = encode_command("MSET", *(b"x" * 20 for _ in range(40_000)))
    reader = CommandReader()
    found = [each for at in range(0, len(stream), 512) for each in reader.feed(stream[at : at + 512])]
    assert [len(command) for command, _ in found] == [40_001]


def test_replies_answer_commands_in_order_with_their_bytes() -> None:
    _, exchanges, _ = talk(typed("GET a"), typed("GET b"), said(b"1", None), typed("INCR a"), said(2))
    assert [each.value for each in exchanges] == [b"1", None, 2]
    assert [each.received for each in exchanges] == [b"$1\r\n1\r\n", b"$-1\r\n", b":2\r\n"]
    assert [(each.sent_at, each.answered_at) for each in exchanges] == [(0.0, 2.0), (1.0, 2.0), (3.0, 4.0)]


def test_messages_of_resp2_answer_nothing_and_confirmations_answer_their_subscribe() -> None:
    conversation, (subscribe, ping), messages = talk(
        typed("SUBSCRIBE a b"),
        said([b"subscribe", b"a", 1], [b"message", b"a", b"hi"], [b"subscribe", b"b", 2]),
        typed("PING"),
        said([b"message", b"b", b"x"], [b"pong", b""]),
    )
    assert subscribe.value == [b"subscribe", b"a", 1]
    assert ping.value == [b"pong", b""]
    assert messages == [[b"message", b"a", b"hi"], [b"subscribe", b"b", 2], [b"message", b"b", b"x"]]
    assert not conversation.owed


def test_a_list_that_looks_like_a_message_is_a_reply_where_no_message_can_come() -> None:
    fake = [b"message", b"a", b"hi"]
    for steps in (
        (typed("LRANGE l 0 -1"), said(fake)),
        (
            typed("HELLO 3"),
            said({"proto": 3}, protocol=3),
            typed("SUBSCRIBE a"),
            said(Push([b"subscribe", b"a", 1]), protocol=3),
        ),
    ):
        _, exchanges, _ = talk(*steps, typed("LRANGE l 0 -1"), said(fake, protocol=3))
        assert exchanges[-1].value == fake


def test_unsubscribe_from_all_is_over_when_every_channel_was_confirmed() -> None:
    conversation, exchanges, _ = talk(
        typed("SUBSCRIBE a b"),
        said([b"subscribe", b"a", 1], [b"subscribe", b"b", 2]),
        typed("UNSUBSCRIBE"),
        said([b"unsubscribe", b"a", 1], [b"unsubscribe", b"b", 0]),
        typed("UNSUBSCRIBE"),
        said([b"unsubscribe", None, 0]),
        typed("GET a"),
        said(b"1"),
    )
    assert exchanges[-1].value == b"1"
    assert not conversation.owed


def test_pushes_answer_nothing_but_a_subscribe() -> None:
    _, exchanges, messages = talk(
        typed("HELLO 3"),
        said({"proto": 3}, protocol=3),
        typed("GET a"),
        typed("SUBSCRIBE c"),
        said(
            Push([b"invalidate", [b"a"]]),
            b"1",
            Push([b"subscribe", b"c", 1]),
            Push([b"message", b"c", b"x"]),
            protocol=3,
        ),
    )
    assert [each.value for each in exchanges[1:]] == [b"1", [b"subscribe", b"c", 1]]
    assert messages == [[b"invalidate", [b"a"]], [b"message", b"c", b"x"]]


def test_client_reply_off_and_skip_are_not_waited_for() -> None:
    conversation, exchanges, _ = talk(
        typed("CLIENT REPLY SKIP"),
        typed("SET a 1"),
        typed("GET a"),
        said(b"1"),
        typed("CLIENT REPLY OFF"),
        typed("SET a 2"),
        typed("CLIENT REPLY ON"),
        typed("GET a"),
        said(SimpleString("OK"), b"2"),
    )
    assert [each.answered for each in exchanges] == [False, False, True, False, False, True, True]
    assert exchanges[-1].value == b"2"
    assert exchanges[1].text() == "(no reply: CLIENT REPLY is off)"
    assert not conversation.owed


def test_the_lines_of_monitor_answer_nothing_but_its_ok_does() -> None:
    line = SimpleString('1339518083.107412 [0 127.0.0.1:60866] "keys" "*"')
    _, (monitor, ping), messages = talk(
        typed("MONITOR"), said(SimpleString("OK"), line), typed("PING"), said(line, SimpleString("PONG"))
    )
    assert (monitor.value, ping.value) == ("OK", "PONG")
    assert messages == [line, line]


def test_a_client_is_known_by_the_name_it_gives_itself() -> None:
    _, exchanges, _ = talk(
        typed("GET a"), typed("CLIENT SETNAME ann"), typed("GET b"), typed("HELLO 2 SETNAME bob"), typed("GET c")
    )
    assert [each.client for each in exchanges] == ["1", "ann", "ann", "bob", "bob"]


def test_the_commands_that_set_a_connection_up_are_hidden_until_the_first_other_one() -> None:
    conversation = Conversation(1)
    lines = ["HELLO 3 AUTH u p", "CLIENT SETINFO LIB-NAME x", "SELECT 2", "GET a", "SELECT 3", "CLIENT SETNAME y"]
    sent = [each for line in lines for each in conversation.sent(typed(line)[1], 0.0)]
    assert [each.hidden for each in sent] == [True, True, True, False, False, False]


def test_a_replication_stream_is_no_conversation() -> None:
    conversation, _, messages = talk(typed("PSYNC ? -1"), ("<", b"+FULLRESYNC x 0\r\n$5\r\nREDIS"))
    assert conversation.lost == "a replication stream from here"
    assert messages == []


def test_what_the_end_left_unanswered_says_why() -> None:
    conversation, exchanges, _ = talk(typed("GET a"), said(b"1"), typed("BLPOP q 0"))
    conversation.closed("the client closed it")
    assert [each.text() for each in exchanges] == ['"1"', "(no reply: the client closed it)"]


@settings(max_examples=60)
@given(st.data())
def test_a_conversation_is_understood_the_same_however_its_bytes_are_cut(data: st.DataObject) -> None:
    steps = [
        typed("GET a"),
        said(b"1\r\n$1"),
        typed("SUBSCRIBE a b"),
        said([b"subscribe", b"a", 1], [b"message", b"a", b"\r\n"], [b"subscribe", b"b", 2]),
        typed("RESET"),
        said(SimpleString("RESET")),
        typed("LRANGE l 0 -1"),
        said([b"message", [], [None, 1]]),
    ]
    _, whole, messages = talk(*steps)
    cut: list[Step] = []
    for direction, stream in steps:
        while stream:
            size = data.draw(st.integers(1, len(stream)))
            cut.append((direction, stream[:size]))
            stream = stream[size:]
    _, exchanges, heard = talk(*cut)
    assert [(each.command, each.value, each.received) for each in exchanges] == [
        (each.command, each.value, each.received) for each in whole
    ]
    assert heard == messages
