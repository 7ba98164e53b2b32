"""The cards of the wire, from what they are given: words, numbers, and nothing of a learner's data read as HTML."""

from __future__ import annotations

import subprocess
import sys

import pytest

from grader.notebook.cost_card import CostCard, duration
from grader.notebook.fault_card import FaultCard
from grader.notebook.timeline_card import RaceCard
from grader.notebook.transcript_card import TranscriptCard, size
from grader.wire.meter import Bill, Held, Walk, Work
from grader.wire.race import ActorFailed, NotReproducible, Outcome, RaceFound, Row, Timeline
from grader.wire.transcript import Cost, Exchange

EVIL = '<img src=x onerror="alert(1)">'


def exchange(*words: str, reply: object = b"OK", client: str = "", trip: int = 0) -> Exchange:
    return Exchange(tuple(word.encode() for word in words), client, trip, reply=reply, answered=True)


def timeline(**changes: object) -> Timeline:
    rows = [
        Row(0, ["GET stock"], ['"1"'], {}),
        Row(1, ["DECR stock"], ["(integer) 0"], {"stock": "0"}),
        Row(0, ["DEL stock"], ["(integer) 1"], {"stock": None}),
    ]
    given = {"start": {"stock": "1"}, "results": ["True", "None"], "why": "sold twice", "schedule": "ABA"} | changes
    return Timeline(["A", "B"], rows, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "card",
    [
        TranscriptCard(Cost(None, [exchange("SET", EVIL, EVIL, reply=EVIL.encode())])),
        TranscriptCard(Cost(None, [exchange("GET", EVIL, client=EVIL), exchange("GET", "b", client="B", trip=1)])),
        TranscriptCard(Cost(None, [exchange("SET", EVIL, EVIL)]), show_bytes=True),
        RaceCard(RaceFound(timeline(start={EVIL: EVIL}, results=[EVIL, EVIL], why=EVIL)), [EVIL]),
        RaceCard(RaceFound(Timeline(["A", "B"], [Row(0, [f"GET {EVIL}"], [EVIL], {EVIL: EVIL})], why="x"))),
        RaceCard(ActorFailed("A", ValueError(EVIL), timeline())),
        FaultCard(Cost(None, [exchange("GET", EVIL)]), [EVIL], why=EVIL, left={EVIL: EVIL}),
        CostCard(Cost(), work=[Work(EVIL, 1, 1)], others={EVIL: 1}, held=[Held(b"k", EVIL, EVIL, 1)], unknown=[EVIL]),
    ],
    ids=lambda card: type(card).__name__,
)
def test_what_a_learner_stores_is_never_html(card: TranscriptCard | RaceCard | FaultCard | CostCard) -> None:
    assert "&lt;img" in card._repr_html_()
    assert "<img" not in card._repr_html_()
    assert "<img" in repr(card)


def test_a_race_found_shows_each_step_its_changes_and_how_to_see_it_again() -> None:
    card = RaceCard(RaceFound(timeline(), schedules=7, seconds=0.012), ["buy", "sell"])
    html = card._repr_html_()
    assert card.held is False
    assert "found after 7 orders tried · 12 ms" in html
    assert "<code>buy</code>" in html
    assert "stock = 0" in html
    assert "stock is gone" in html
    assert "replay=&quot;ABA&quot;" in html or 'replay="ABA"' in html
    assert repr(card).splitlines()[0] == "✘ This order breaks it  (found after 7 orders tried · 12 ms)"


def test_an_order_that_broke_only_once_is_shown_as_such() -> None:
    card = RaceCard(RaceFound(timeline(reproduced=False)))
    assert card.held is None
    assert "! An order broke it once, and not again" in repr(card)
    assert "when the same order was run again, it held" in repr(card)
    assert "--rc:var(--rc-odd)" in card._repr_html_()


def test_a_race_that_cannot_be_repeated_proves_nothing() -> None:
    card = RaceCard(NotReproducible("3 of the schedules went another way"))
    assert card.held is None
    assert "! Nothing could be proved" in repr(card)
    assert "3 of the schedules went another way" in repr(card)


def test_an_actor_that_failed_is_named() -> None:
    card = RaceCard(ActorFailed("B", KeyError("price"), timeline()))
    assert card.held is False
    assert "✘ B did not get to its end" in repr(card)
    assert "KeyError" in repr(card)
    assert "replay" not in repr(card)


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        (Outcome(12, True, 0.05, 2000), "✔ Held in every order that matters  (12 orders tried · 50 ms)"),
        (Outcome(2000, False, 1.0, 2000), "The bound of 2,000 was reached before every order had been tried"),
        (Outcome(300, False, 10.0, 2000), "The time limit was reached before every order had been tried"),
        (Outcome(1, False, 0.0, 1), "✔ Held in this order"),
    ],
)
def test_a_race_that_held_says_how_much_that_means(outcome: Outcome, says: str) -> None:
    assert says in repr(RaceCard(outcome))
    assert RaceCard(outcome).held is True


def test_commands_that_went_past_a_race_are_counted() -> None:
    assert "3 commands went through a client of connect()" in repr(RaceCard(Outcome(1, True, 0, 9), astray=3))


def test_a_fault_that_no_run_minded_says_how_many_there_were() -> None:
    card = FaultCard(Cost(), [], runs=5)
    assert card.held
    assert repr(card).splitlines()[0] == "✔ Wherever it dies, it holds"
    assert "4 times with the connection cut" in repr(card)


def test_a_fault_the_transcript_does_not_show_is_said() -> None:
    card = FaultCard(Cost(None, [exchange("GET", "a")]), ["the connection hung from GET a (command 1) on"], left={})
    assert "the connection hung" in repr(card)
    assert repr(card).splitlines()[-2:] == ["  In Redis afterwards:", "    nothing"]


def test_a_cut_is_said_once_where_it_fell() -> None:
    cut = Exchange((b"GET", b"a"), lost="cut here: it never arrived")
    card = FaultCard(Cost(None, [cut]), ["the connection was cut before GET a: it never reached the server"])
    assert "✂ cut here: it never arrived" in repr(card)
    assert "never reached" not in repr(card)
    assert "rw-torn" in card._repr_html_()


def test_the_notes_of_a_cost_say_what_numbers_do_not() -> None:
    card = CostCard(
        Cost(),
        work=[Work("EXEC", 1, 50, 50), Work("SET", 3, 12, 8), Work("GET", 2, 2)],
        others={"GET": 2},
        walks=[Walk("KEYS", 2, 50_000), Walk("SCAN", 4, 40)],
        memory=(1_000_000, 1_150_000),
        aside=50_000,
        gone=1,
        unasked=7,
        unknown=["INFO: NOPERM"],
    )
    text = repr(card)
    assert "50 µs server time, +100 kB memory" in text
    assert "KEYS looked at 50,000 keys in 2 calls (all keys each time). Nobody else is served while KEYS runs." in text
    assert "SCAN looked at 40 keys in 4 calls (a few a call)." in text
    assert "used_memory went from 1 MB to 1.15 MB; +50 kB of that is no data" in text
    assert "1 of the named keys is not there" in text
    assert "7 more keys were touched" in text
    assert "from other clients: GET × 2" in text
    assert "would not tell everything: INFO: NOPERM" in text
    rows = [line.split() for line in text.splitlines()]
    assert ["SET", "3", "12", "µs", "4", "µs", "≤", "8", "µs"] in rows
    assert ["GET", "2", "2", "µs", "1", "µs"] in rows


def test_a_bill_is_a_line_when_printed() -> None:
    assert str(Bill(Cost(None, [exchange("GET", "a")], 22, 5))) == "1 command in 1 round trip, 22 bytes out, 5 bytes in"


def test_two_pipelines_from_two_clients_stand_in_two_columns() -> None:
    said = [
        exchange("GET", "a", client="A", trip=0),
        exchange("GET", "b", client="A", trip=0),
        exchange("GET", "c", client="B", trip=1),
    ]
    html = TranscriptCard(Cost(None, said))._repr_html_()
    assert html.count('class="rw-row"') == 2
    assert html.count("rw-on") - html.count(".rw-on") == 2


def test_a_transcript_without_replies_says_so() -> None:
    waiting = Exchange((b"BLPOP", b"q", b"0"))
    assert "(no reply yet)" in repr(TranscriptCard(Cost(None, [waiting])))


def test_a_command_that_was_made_to_wait_says_how_long() -> None:
    slow, quick = exchange("BLPOP", "q", "1", reply=None), exchange("GET", "a", reply=None, trip=1)
    slow.sent_at, slow.answered_at = 10.0, 10.25
    quick.sent_at, quick.answered_at = 10.25, 10.2501
    text = repr(TranscriptCard(Cost(None, [slow, quick])))
    assert "BLPOP q 1  (nil)   (0.25 s)\n" in text
    assert text.endswith("(nil)")


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (12_345, "12.3 kB"), (999_600, "1 MB"), (2_500_000_000, "2.5 GB")],
)
def test_bytes_are_said_with_three_figures(count: int, said: str) -> None:
    assert size(count) == said


@pytest.mark.parametrize(
    ("microseconds", "said"),
    [(0, "0 µs"), (1.25, "1.2 µs"), (3, "3 µs"), (999, "999 µs"), (1_900, "1.9 ms"), (2_050_000, "2.05 s")],
)
def test_times_are_said_in_their_unit(microseconds: float, said: str) -> None:
    assert duration(microseconds) == said


def test_importing_check_loads_none_of_the_cards() -> None:
    cards = ["transcript_card", "cost_card", "timeline_card", "fault_card", "races", "faults", "redis_cell"]
    code = f"import sys, grader.notebook; print([n for n in {cards} if 'grader.notebook.' + n in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
