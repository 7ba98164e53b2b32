"""A mind by itself: what it expects, what it does after a wrong reply, and that a seed repeats it."""

from __future__ import annotations

import random

import hiredis
import pytest
import redis

from grader.checks.soak.families import FAMILIES
from grader.checks.soak.families.strings import Strings
from grader.checks.soak.line import as_resp2
from grader.checks.soak.mind import Mind, steps_of
from grader.checks.soak.tally import Lacking, shown, typed
from grader.checks.soak.work import Rule, anything, between, error_text, half, lacks, mapping, refused, step, unordered


def a_mind(seed: int = 1, lacking: Lacking | None = None) -> Mind:
    return Mind(b"test", [Strings], random.Random(seed), lacking or Lacking())


def test_the_same_seed_draws_the_same_work() -> None:
    def drawn(seed: int) -> list[object]:
        mind = Mind(b"test", FAMILIES, random.Random(seed), Lacking())
        return [each.args for each in steps_of(mind.draw(500))]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_a_wrong_reply_is_counted_once_and_the_keys_are_begun_anew() -> None:
    mind = a_mind()
    drawn = mind.draw(50)
    assert mind.judge(drawn, ["nonsense" for _ in steps_of(drawn)])
    assert mind.tally.wrong == 1, "what follows from a wrong belief is no second fault"
    assert steps_of(mind.draw(1))[0].args[0] == "DEL"


def test_a_command_that_is_not_there_is_no_fault_and_not_tried_again() -> None:
    lacking = Lacking()
    mind = a_mind(lacking=lacking)
    while not lacking.by_family():
        drawn = [each for each in mind.draw(50) if each.name == "append"]
        replies = [hiredis.ReplyError("ERR not built yet: mini.append") for _ in steps_of(drawn)]
        assert mind.judge(drawn, replies) == (not drawn)
    assert mind.tally.wrong == 0
    assert lacking.by_family() == {"strings": ["APPEND (mini.append)"]}
    assert "append" not in {each.name for each in mind.draw(500)}


@pytest.mark.parametrize(
    ("rule", "right", "wrong"),
    [
        (refused(), hiredis.ReplyError("ERR no"), b"ERR no"),
        (refused("WRONGTYPE"), redis.ResponseError("WRONGTYPE no"), redis.ResponseError("no")),
        (refused("EXECABORT"), redis.exceptions.ExecAbortError("no"), hiredis.ReplyError("ERR no")),
        (refused(), redis.ResponseError("EXEC without MULTI"), None),
        (refused(), hiredis.ReplyError("ERR x"), hiredis.ReplyError("ERR not built yet: mini.x")),
        (anything(), None, hiredis.ReplyError("ERR no")),
        (unordered([b"a", b"b"]), [b"b", b"a"], [b"a"]),
        (unordered([b"a"]), [b"a"], None),
        (mapping({b"a": b"1", b"b": b"2"}), [b"b", b"2", b"a", b"1"], [b"a", b"1", b"a", b"1"]),
        (between(1, 2), b"1.5", b"many"),
    ],
)
def test_a_rule_holds_for_what_is_right_and_for_nothing_else(rule: Rule, right: object, wrong: object) -> None:
    assert step("X", gives=rule).fits(right)
    assert not step("X", gives=rule).fits(wrong)


def test_a_server_without_a_command_is_told_from_one_that_refuses() -> None:
    assert lacks(hiredis.ReplyError("ERR unknown command 'X', with args beginning with: ")) == "unknown"
    assert lacks(redis.ResponseError("unknown subcommand 'X'. Try CLIENT HELP.")) == "unknown"
    assert lacks(hiredis.ReplyError("ERR not built yet: mini.x")) == "mini.x"
    assert lacks(hiredis.ReplyError("ERR syntax error")) == ""
    assert error_text(b"ERR no error") == ""


def test_replies_of_resp3_are_told_as_resp2_would() -> None:
    assert as_resp2({b"a": 1.5, b"b": [2.0, None]}) == [b"a", b"1.5", b"b", [b"2", None]]
    assert [half(n) for n in (-1, 0, 3, 4)] == [b"-0.5", b"0", b"1.5", b"2"]


def test_a_command_is_shown_as_it_would_be_typed() -> None:
    assert typed(("SET", b"key", b"two words", b"\x00", 3)) == "SET key 'two words' '\\x00' 3"
    assert shown(b"x" * 5000).endswith("… (5003 characters)")
