"""How scripts are sent and what is made of the answers: pieces, several clients, walks, chance, and words for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from agreement.tiny import KNOWN, Tiny, running
from available import binary_of
from hypothesis import HealthCheck, find, settings

from grader.checks.agreement.agree import compare_servers
from grader.checks.agreement.compare import compare, describe
from grader.checks.agreement.duel import Duel, NeedsFlush
from grader.checks.agreement.manners import Manner
from grader.checks.agreement.play import Frame, Play, Player
from grader.checks.agreement.script import Key, Script, Step, Word, cmd, inline, key, mixed_case, scripts, some, then
from grader.checks.agreement.sweep import sweep
from grader.checks.agreement.tolerances import TOLERANCES, judge, of, quotes_whole, table
from grader.resp import ErrorReply, SimpleString, encode_reply
from grader.servers import LocalServer, standalone
from grader.wire.redis_cli import split_line


@pytest.fixture(scope="module")
def real() -> Iterator[LocalServer]:
    with standalone(binary=binary_of("8.2")) as server:
        yield server


def typed(*lines: str) -> Script:
    """A script from lines such as "2> BLPOP k 0": the client's number, then what it types."""
    steps = []
    for line in lines:
        client, _, words = line.rpartition("> ")
        args = tuple(Key(word) if word in (b"k", b"l") else word for word in split_line(words))
        steps.append(Step(args, connection=int(client or 1) - 1))
    return Script(tuple(steps))


def values(play: Play) -> list[object]:
    """The first reply to each step; None where there was none."""
    return [answer.frames[0].value if answer.frames else None for answer in play.answers]


def test_each_step_gets_its_own_reply_in_whatever_pieces_it_is_sent(real: LocalServer) -> None:
    script = typed("SET k a", "APPEND k bc", "GET k")
    wanted: list[object] = [SimpleString("OK"), 3, b"abc"]
    with Player(real) as player:
        assert values(player.play(script, flush=True)) == wanted
        assert values(player.play(script, together=False, flush=True)) == wanted
        assert values(player.play(script, byte_by_byte=True, flush=True)) == wanted
        for cut in (1, 20, 40, 60):
            assert values(player.play(script, cut=cut, flush=True)) == wanted


def test_the_first_piece_is_read_before_the_second_is_sent() -> None:
    pieces: list[bytes] = []

    class Noting(Tiny):
        def received(self, client: int, data: bytes) -> bytes:
            pieces.append(data)
            return super().received(client, data)

    with running(Noting()) as path, Player(path) as player:
        script = typed("SET k a")
        data = script.steps[0].encoded()
        for cut in range(1, len(data)):
            player.play(script, cut=cut)
            assert data[:cut] in pieces
            pieces.clear()
        player.play(script, byte_by_byte=True)
    alone = [piece for piece in pieces if piece != b"*1\r\n$4\r\nPING\r\n"]
    assert alone == [data[place : place + 1] for place in range(len(data))]


def test_who_was_served_when_is_seen_on_every_connection(real: LocalServer) -> None:
    with Player(real) as player:
        play = player.play(typed("2> BLPOP k 0", "3> BLPOP k 0", "RPUSH k a b"), flush=True)
    waiting, also_waiting, push = play.answers
    assert not waiting.frames
    assert not also_waiting.frames
    assert [frame.value for frame in push.elsewhere[1]] == [[b"k", b"a"]]
    assert [frame.value for frame in push.elsewhere[2]] == [[b"k", b"b"]]


def test_a_client_that_waited_in_vain_is_answered(real: LocalServer) -> None:
    with Player(real) as player:
        play = player.play(typed("BLPOP k 0.01", "GET k"), flush=True)
    assert [len(answer.frames) for answer in play.answers] == [1, 1]


def test_a_closed_connection_ends_what_is_sent_over_it(real: LocalServer) -> None:
    with Player(real) as player:
        play = player.play(Script((Step((), raw=b"*1\r\n$x\r\n"), Step((b"PING",)))))
    assert [answer.end for answer in play.answers] == ["closed", "closed"]
    assert isinstance(values(play)[0], ErrorReply)


def test_a_walk_is_the_whole_of_what_the_cursor_leads_to(real: LocalServer) -> None:
    filled = [Step((b"SADD", Key(b"k"), *(b"%d" % n for n in range(600))))]
    walked = Step((b"SSCAN", Key(b"k"), b"0", b"COUNT", b"7"), walk=True)
    with Player(real) as player:
        play = player.play(Script((*filled, walked)), flush=True)
    reply = values(play)[1]
    assert isinstance(reply, list)
    assert reply[0] == b"0"
    assert len(reply[1]) == 600


def test_keys_of_different_scripts_do_not_meet(real: LocalServer) -> None:
    with Duel(real, real, known={"GET", "SET"}) as duel:
        first = duel.meet(typed("SET k a"), Manner.ONE_BY_ONE)
        second = duel.meet(typed("GET k"), Manner.ONE_BY_ONE)
    assert first.script.keys() != second.script.keys()


def test_a_script_that_sees_all_keys_waits_for_flushall(real: LocalServer) -> None:
    with Duel(real, real, known={"SET", "KEYS"}) as duel, pytest.raises(NeedsFlush):
        duel.meet(typed("KEYS *"), Manner.ONE_BY_ONE)


def test_what_was_left_behind_is_read_with_known_commands_only(real: LocalServer) -> None:
    with running(Tiny()) as path, Duel(path, real, known=KNOWN) as duel:
        meeting = duel.meet(typed("SET k a", "DEL l"), Manner.ONE_BY_ONE)
    assert meeting.difference is None
    assert {step.name for step in meeting.readback} <= KNOWN
    assert len(meeting.readback) == 3


def test_names_that_the_clock_chooses_are_the_same_by_another_name(real: LocalServer) -> None:
    script = typed("XADD k * f v", "XADD l * f v", "XRANGE k - +")
    with Player(real) as player:
        one = player.play(script, flush=True)
        while values(other := player.play(script, flush=True))[0] == values(one)[0]:
            pass  # still the same millisecond
    compared = compare(one, other)
    assert compared.difference is None
    assert compared.tolerated == 3


def test_a_random_reply_has_to_be_made_of_what_is_there(real: LocalServer) -> None:
    script = typed("SADD k a b c", "SRANDMEMBER k 2")
    step = script.steps[1]
    tolerance = of(step)
    assert tolerance is not None
    there = [b"a", b"b", b"c"]
    assert judge(step, tolerance, [b"a", b"b"], [b"c", b"a"], there) == ""
    assert "not there" in judge(step, tolerance, [b"a", b"b"], [b"c", b"x"], there)
    assert "twice" in judge(step, tolerance, [b"a", b"b"], [b"c", b"c"], there)
    assert "instead of" in judge(step, tolerance, [b"a", b"b"], [b"c"], there)


def test_queued_commands_are_compared_by_their_own_tolerance(real: LocalServer) -> None:
    script = typed("MULTI", "SMEMBERS k", "LRANGE l 0 -1", "EXEC")
    with Player(real) as player:
        one = player.play(script, flush=True)
        other = player.play(script, flush=True)
    one.answers[3].frames[0] = _frame([[b"a", b"b"], [b"x", b"y"]])
    other.answers[3].frames[0] = _frame([[b"b", b"a"], [b"x", b"y"]])
    assert compare(one, other).difference is None
    other.answers[3].frames[0] = _frame([[b"b", b"a"], [b"y", b"x"]])
    difference = compare(one, other).difference
    assert difference is not None
    assert difference.sentence == "reply 2 of the transaction: the same elements in another order"


def _frame(value: list[object]) -> Frame:
    return Frame(encode_reply(value), value)


def test_every_tolerance_has_a_reason_that_is_a_sentence() -> None:
    assert len(table()) >= len(TOLERANCES)
    assert all(reason[0].isupper() and reason.endswith(".") for _, _, reason in table())


def test_an_error_may_quote_an_argument_beyond_its_nul_byte(real: LocalServer) -> None:
    step = Step((b"XREADGROUP", b"GROUP", b"g\0h", b"c", b"STREAMS", b"k", b">"))
    said = "NOGROUP No such key 'k' or consumer group '{}' in XREADGROUP with GROUP option"
    with Player(real) as player:
        play = player.play(Script((step,)), flush=True)
    (found,) = values(play)
    assert found == ErrorReply(said.format("g"))
    assert quotes_whole(step, found, ErrorReply(said.format("g\0h")))
    assert not quotes_whole(step, found, ErrorReply(said.format("g\0i")))
    assert not quotes_whole(step, found, ErrorReply(said.format("k")))
    assert not quotes_whole(step, found, b"g\0h")
    for quoted, is_the_same in (("g\0h", True), ("h", False)):
        error = ErrorReply(said.format(quoted))
        other = Play(play.script, [replace(play.answers[0], frames=[Frame(encode_reply(error), error)])])
        assert (compare(play, other).difference is None) == is_the_same


def test_only_the_words_of_redis_change_their_case() -> None:
    step = Step((Word(b"SET"), Key(b"k"), b"EX", Word(b"EX")))
    assert mixed_case(step).args == (b"sEt", b"k", b"EX", b"eX")


def test_a_script_shrinks_to_the_first_words_of_its_vocabulary() -> None:
    made = scripts(then(cmd("MULTI"), some(inline(cmd("GET", key))), cmd("EXEC")), cmd("DEL", key))
    shortest = find(
        made.strategy(frozenset()),
        lambda script: any(step.inline for step in script),
        settings=settings(database=None, suppress_health_check=list(HealthCheck)),
    )
    assert str(shortest) == "> MULTI\n> GET k (as a line of text)\n> EXEC"


def test_a_sweep_counts_every_disagreement_and_keeps_the_shortest(real: LocalServer) -> None:
    class Wrong(Tiny):
        def strlen(self, key: bytes) -> bytes:
            return b":7\r\n"

    made = scripts(cmd("STRLEN", key), cmd("GET", key), wrong_arity=False)
    with running(Wrong()) as path, Duel(path, real, known=KNOWN) as duel:
        swept = sweep(duel, made.strategy(KNOWN), 60)
    assert swept.tally.different > 10
    assert {command for command, _ in swept.examples} == {"STRLEN"}
    assert {str(example.script) for example in swept.examples.values()} == {"> STRLEN k"}


@pytest.mark.parametrize("command", ["SLOWLOG GET x", "LATENCY HISTOGRAM", "TTL k", "SMEMBERS k"])
def test_where_redis_sends_an_error_nothing_else_is_tolerated(command: str) -> None:
    step = typed(command).steps[0]
    tolerance = of(step)
    assert tolerance is not None
    error = ErrorReply("ERR value is not an integer or out of range")
    assert judge(step, tolerance, error, ErrorReply(error.text)) == ""
    assert judge(step, tolerance, error, ErrorReply("ERR syntax error")) != ""
    assert judge(step, tolerance, error, []) != ""


def test_an_error_is_told_from_another_one_and_from_a_mistake_of_the_server() -> None:
    right = ErrorReply("ERR wrong number of arguments for 'get' command")
    assert "other words" in describe(right, ErrorReply("ERR Wrong number of arguments for 'GET' command"))
    assert "another error" in describe(right, ErrorReply("ERR syntax error"))
    assert "another error" in describe(right, ErrorReply("ERR value is not an integer or out of range"))
    bug = ErrorReply("ERR internal error: KeyError: b'k'")
    assert describe(right, bug) == "yours met an error of its own: KeyError: b'k'"
    assert describe(1, bug) == "yours met an error of its own: KeyError: b'k'"


def test_a_search_leaves_nothing_in_the_working_directory(
    real: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with running(Tiny()) as path:
        compare_servers(path, real, scripts(cmd("GET", key)), known=KNOWN, examples=5)
    assert list(tmp_path.iterdir()) == []
