"""Races are found in every order that matters, and in no more: checked against running every order there is."""

from __future__ import annotations

import gc
import random
import secrets
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from math import comb
from types import ModuleType
from typing import Any

import pytest
import redis

from grader.servers import Binary, Server, standalone
from grader.wire.race import (
    ActorFailed,
    End,
    InvariantFailed,
    NeverEnds,
    NotReproducible,
    RaceFound,
    StuckError,
    Timeline,
    race,
)
from grader.wire.race.explore import Explorer
from grader.wire.race.footprint import EVERYTHING, NOTHING, Footprint, Footprints, Session, steps_of
from grader.wire.race.stage import Choose, Run, Step
from grader.wire.race.timeline import schedule_numbers

Actor = Callable[[redis.Redis], Any]


@pytest.fixture(scope="module")
def server(binary: Binary) -> Iterator[Server]:
    with standalone(binary=binary) as running:
        yield running


def buy_naively(r: redis.Redis) -> bool:
    """Look, then act."""
    left = int(r.get("stock") or 0)
    if left > 0:
        r.set("stock", left - 1)
        return True
    return False


def buy_watching(r: redis.Redis) -> bool:
    with r.pipeline() as pipe:
        while True:
            try:
                pipe.watch("stock")
                left = int(pipe.get("stock") or 0)
                if left <= 0:
                    return False
                pipe.multi()
                pipe.set("stock", left - 1)
                pipe.execute()
                return True
            except redis.WatchError:
                continue


def buy_by_script(r: redis.Redis) -> bool:
    script = "if tonumber(redis.call('GET', KEYS[1])) > 0 then redis.call('DECR', KEYS[1]) return 1 end return 0"
    return bool(r.eval(script, 1, "stock"))


def one_piece(r: redis.Redis) -> None:
    r.set("stock", 1)


def one_sold(end: End) -> str | None:
    sold = end.results.count(True)
    return None if sold == 1 else f"{sold} of {len(end.results)} bought the only piece"


def test_check_then_act_is_found_and_shown(server: Server) -> None:
    with pytest.raises(RaceFound) as found:
        race(server.url, buy_naively, buy_naively, setup=one_piece, invariant=one_sold)
    timeline = found.value.timeline
    assert timeline.why == "2 of 2 bought the only piece"
    assert timeline.reproduced
    assert found.value.schedules <= 3
    assert timeline.start == {"stock": "1"}
    assert sorted(timeline.results) == ["True", "True"]
    reads = [row.actor for row in timeline.rows if row.commands == ["GET stock"]]
    writes = [at for at, row in enumerate(timeline.rows) if row.commands == ["SET stock 0"]]
    assert sorted(reads) == [0, 1]
    assert len(timeline.rows) == 4
    assert max(at for at, row in enumerate(timeline.rows) if row.commands == ["GET stock"]) < max(writes)
    assert timeline.rows[writes[0]].changes == {"stock": "0"}
    text = "\n".join(timeline.lines())
    assert 'GET stock → "1"' in text
    assert "in Redis afterwards" in text


@pytest.mark.parametrize("buy", [buy_watching, buy_by_script])
@pytest.mark.parametrize("copies", [2, 3])
def test_a_right_answer_is_proven_in_every_order(server: Server, buy: Actor, copies: int) -> None:
    outcome = race(server.url, *[buy] * copies, setup=one_piece, invariant=one_sold)
    assert outcome.complete
    assert outcome.schedules >= copies
    assert outcome.cut == 0


def counting(key: str, times: int) -> Actor:
    def count(r: redis.Redis) -> None:
        for _ in range(times):
            r.incr(key)

    return count


@pytest.mark.parametrize("reduce", [True, False])
def test_two_actors_of_four_commands_on_one_key_have_seventy_schedules(server: Server, reduce: bool) -> None:
    started = time.perf_counter()
    outcome = race(server.url, counting("n", 4), counting("n", 4), reduce=reduce)
    assert outcome.schedules == comb(8, 4) == 70
    assert outcome.complete
    assert time.perf_counter() - started < 5, "a bound against a hang; the bench measures"


def test_steps_on_different_keys_are_run_in_one_order_only(server: Server) -> None:
    outcome = race(server.url, counting("one", 4), counting("other", 4))
    assert outcome.schedules == 1
    assert outcome.complete


def test_reads_of_the_same_key_are_run_in_one_order_only(server: Server) -> None:
    def read(r: redis.Redis) -> None:
        r.get("k")
        r.strlen("k")
        r.exists("k")

    assert race(server.url, read, read, read).schedules == 1


COMMANDS: list[tuple[Any, ...]] = [
    ("GET", "a"),
    ("INCR", "a"),
    ("APPEND", "a", "1"),
    ("GETDEL", "a"),
    ("SET", "b", "{actor}"),
    ("GET", "b"),
    ("LPUSH", "l", "{actor}"),
    ("RPOPLPUSH", "l", "m"),
    ("LLEN", "m"),
    ("COPY", "a", "b", "REPLACE"),
    ("RENAMENX", "b", "c"),
    ("EXISTS", "c"),
    ("DBSIZE",),
    ("EVAL", "return redis.call('APPEND', 'a', '2')", "0"),
    ("BLPOP", "l", "0.5"),
]


def program(rng: random.Random, number: int, length: int) -> Actor:
    """A random actor: plain commands, a transaction, a pipeline, or WATCH around a write."""
    plan = [
        ("{}", [tuple(str(w).format(actor=number) if w != "return" else w for w in rng.choice(COMMANDS))])
        if rng.random() < 0.8
        else (rng.choice(["multi", "pipe", "watch"]), [("GET", "a"), ("APPEND", "a", str(number))])
        for _ in range(length)
    ]

    def act(r: redis.Redis) -> list[Any]:
        said: list[Any] = []
        for kind, commands in plan:
            try:
                if kind == "{}":
                    said.append(r.execute_command(*commands[0]))
                elif kind == "watch":
                    with r.pipeline() as pipe:
                        pipe.watch("a")
                        seen = pipe.get("a")
                        pipe.multi()
                        pipe.set("b", f"{seen}{number}")
                        said.append(pipe.execute())
                else:
                    with r.pipeline(transaction=kind == "multi") as pipe:
                        for command in commands:
                            pipe.execute_command(*command)
                        said.append(pipe.execute())
            except redis.RedisError as error:
                said.append(type(error).__name__)
        return said

    return act


@pytest.mark.parametrize("seed", range(60))
def test_the_reduced_orders_end_in_every_way_that_all_orders_end(server: Server, seed: int) -> None:
    rng = random.Random(seed)
    copies = rng.choice([2, 2, 3])
    actors = [program(rng, n, rng.randint(1, 3 if copies == 2 else 2)) for n in range(copies)]

    def endings(reduce: bool) -> tuple[set[str], int]:
        seen: set[str] = set()

        def look(end: End) -> None:
            held = {}
            for key in sorted(end.redis.keys("*")):
                kind = end.redis.type(key)
                held[key] = end.redis.get(key) if kind == "string" else end.redis.lrange(key, 0, -1)
            seen.add(repr((held, end.results)))

        outcome = race(server.url, *actors, setup=lambda r: r.rpush("l", "x"), invariant=look, reduce=reduce)
        assert outcome.complete
        return seen, outcome.schedules

    reduced, few = endings(True)
    everything, many = endings(False)
    assert reduced == everything
    assert few <= many


def play_in_memory(programs: list[list[tuple[str, str]]]) -> Callable[[Choose], Run]:
    """Actors that read and write keys of a dict: the explorer alone, without Redis."""

    def play(choose: Choose) -> Run:
        run = Run()
        at = [0] * len(programs)
        memory: dict[str, str] = {}
        read: list[list[str | None]] = [[] for _ in programs]
        while True:
            pending = {}
            for actor, todo in enumerate(programs):
                if at[actor] < len(todo):
                    kind, key = todo[at[actor]]
                    keys = frozenset({key.encode()})
                    pending[actor] = Footprint(read=keys) if kind == "read" else Footprint(written=keys)
            if not pending:
                run.results = [read, sorted(memory.items())]
                return run
            chosen = choose(len(run.steps), pending)
            if chosen is None:
                run.ending = "abandoned"
                return run
            kind, key = programs[chosen][at[chosen]]
            if kind == "read":
                read[chosen].append(memory.get(key))
            else:
                memory[key] = memory.get(key, "") + f"{chosen}{at[chosen]}."
            at[chosen] += 1
            run.steps.append(Step(chosen, footprint=pending[chosen]))
            run.enabled.append(pending)

    return play


def test_the_explorer_misses_no_ending_of_two_to_four_actors() -> None:
    rng = random.Random(1)
    fewer = 0
    for _ in range(300):
        copies = rng.choice([2, 3, 3, 3, 4])
        length = {2: 4, 3: 3, 4: 2}[copies]
        programs = [
            [(rng.choice(["read", "write"]), rng.choice("abc")) for _ in range(rng.randint(1, length))]
            for _ in range(copies)
        ]
        reduced, everything = (
            [run for run in Explorer(reduce).runs(play_in_memory(programs)) if run.ending == "done"]
            for reduce in (True, False)
        )
        assert {repr(run.results) for run in reduced} == {repr(run.results) for run in everything}, programs
        fewer += len(everything) - len(reduced)
    assert fewer > 10_000


def test_an_order_of_three_that_only_one_of_thirty_schedules_shows(server: Server) -> None:
    """B must see A's write and C must not: C's read comes first, although nobody races with C's first step."""

    def b(r: redis.Redis) -> Any:
        r.get("k")
        return r.get("a")

    def c(r: redis.Redis) -> Any:
        r.incr("b")
        return r.get("a")

    with pytest.raises(RaceFound):
        race(
            server.url,
            lambda r: r.append("a", "1"),
            b,
            c,
            invariant=lambda end: not (end.results[1] == "1" and end.results[2] is None),
        )


def test_the_same_schedule_gives_the_same_timeline_every_time(server: Server) -> None:
    def buy(r: redis.Redis) -> bool:
        r.set(f"order:{uuid.uuid4()}", random.randint(1, 10**9))
        r.set("token", secrets.token_hex(8))
        return buy_naively(r)

    seen = []
    for _ in range(10):
        with pytest.raises(RaceFound) as found:
            race(server.url, buy, buy, setup=one_piece, invariant=one_sold, seed=7)
        seen.append(found.value.timeline.to_dict())
    assert all(each == seen[0] for each in seen)


def test_chance_in_the_preparation_is_the_same_in_every_schedule(server: Server) -> None:
    kept: list[str] = []

    def prepare(r: redis.Redis) -> None:
        kept[:] = [f"session:{uuid.uuid4()}:{random.random()}:{secrets.token_hex(4)}"]
        r.set(kept[0], 1)

    seen: set[str] = set()

    def count(r: redis.Redis) -> str:
        r.incr(kept[0])
        return f"session:{uuid.uuid4()}"

    outcome = race(
        server.url,
        count,
        count,
        setup=prepare,
        invariant=lambda end: seen.update(end.redis.keys("session:*")) or not kept[0].startswith(tuple(end.results)),
    )
    assert (outcome.complete, outcome.schedules) == (True, 2)
    assert len(seen) == 1


def test_a_timeline_is_replayed_by_its_schedule(server: Server) -> None:
    with pytest.raises(RaceFound) as found:
        race(server.url, buy_naively, buy_naively, setup=one_piece, invariant=one_sold)
    schedule = found.value.timeline.schedule
    with pytest.raises(RaceFound) as again:
        race(server.url, buy_naively, buy_naively, setup=one_piece, invariant=one_sold, replay=schedule)
    assert again.value.timeline.lines() == found.value.timeline.lines()
    harmless = race(server.url, buy_naively, buy_naively, setup=one_piece, invariant=one_sold, replay="AABB")
    assert harmless.schedules == 1


def test_a_schedule_that_cannot_be_followed_is_said_to_be_so(server: Server) -> None:
    with pytest.raises(NotReproducible, match="After 2 steps"):
        race(server.url, buy_naively, buy_naively, setup=one_piece, invariant=one_sold, replay="AAAA")
    with pytest.raises(ValueError, match="a word of the actors' letters A, B"):
        schedule_numbers("A-B", ["A", "B"])


def test_code_that_decides_by_what_earlier_calls_left_is_never_called_proven(server: Server) -> None:
    calls = iter(range(10**6))

    def moody(r: redis.Redis) -> None:
        for _ in range(1 + next(calls) % 3):
            r.incr("n")

    with pytest.raises(NotReproducible, match="went another way"):
        race(server.url, moody, moody)


def test_a_break_that_does_not_happen_again_is_shown_as_such(server: Server) -> None:
    answers = iter([False] + [True] * 1000)
    with pytest.raises(RaceFound) as found:
        race(server.url, counting("n", 1), counting("n", 1), invariant=lambda end: next(answers))
    assert not found.value.timeline.reproduced


def test_a_blocking_pop_is_served_by_another_actor(server: Server) -> None:
    def take(r: redis.Redis) -> Any:
        return r.blpop("q", timeout=30)

    def give(r: redis.Redis) -> None:
        r.rpush("q", "job")

    outcome = race(server.url, take, give, invariant=lambda end: end.results[0] == ("q", "job"))
    assert outcome.complete
    assert outcome.schedules == 2


def test_waiting_for_nothing_takes_no_time(server: Server) -> None:
    started = time.perf_counter()
    outcome = race(
        server.url,
        lambda r: r.blpop("q", timeout=30),
        lambda r: r.brpop("q", timeout=60),
        lambda r: time.sleep(90),
        invariant=lambda end: end.results == [None, None, None],
    )
    assert outcome.complete
    assert time.perf_counter() - started < 10


def test_who_waits_for_ever_is_found(server: Server) -> None:
    def take(r: redis.Redis) -> Any:
        return r.blpop("q", timeout=0)

    with pytest.raises(RaceFound, match="would wait for ever"):
        race(server.url, take, take, lambda r: r.rpush("q", "only one"))
    server.client().ping()


def lock_and_buy(wait: Callable[[], object]) -> Actor:
    def buy(r: redis.Redis) -> bool:
        while not r.set("lock", "mine", nx=True, px=60_000):
            wait()
        try:
            return buy_naively(r)
        finally:
            r.delete("lock")

    return buy


@pytest.mark.parametrize("wait", [lambda: time.sleep(5), lambda: None], ids=["sleeping", "spinning"])
def test_actors_that_sleep_or_spin_until_they_may_are_run_to_their_end(server: Server, wait: Any) -> None:
    started = time.perf_counter()
    outcome = race(server.url, *[lock_and_buy(wait)] * 2, setup=one_piece, invariant=one_sold)
    assert outcome.complete
    assert time.perf_counter() - started < 10, "sleeping for 5 s costs nothing"


def test_a_lock_that_ends_while_its_owner_works_is_found(server: Server) -> None:
    """The owner sleeps longer than its lock lives, and its release deletes the lock of the other."""

    def work(seconds: float) -> Actor:
        def act(r: redis.Redis) -> None:
            if r.set("lock", "A", nx=True, ex=10):
                time.sleep(seconds)
                r.delete("lock")

        return act

    def take(r: redis.Redis) -> str:
        if not r.set("lock", "B", nx=True, ex=10):
            return "busy"
        return str(r.get("lock"))

    def mine_or_busy(end: End) -> bool:
        return end.results[1] in {"B", "busy"}

    assert race(server.url, work(9), take, invariant=mine_or_busy).complete
    with pytest.raises(RaceFound) as found:
        race(server.url, work(11), take, invariant=mine_or_busy)
    timeline = found.value.timeline
    assert timeline.reproduced
    slept = next(row for row in timeline.rows if row.commands == ["(sleeps 11 s)"])
    assert slept.changes == {"lock": None}
    assert timeline.rows[0].changes == {"lock": "A (ends in 10 s)"}


def test_time_that_passes_does_not_disturb_who_watches(server: Server) -> None:
    def watch(r: redis.Redis) -> Any:
        with r.pipeline() as pipe:
            pipe.watch("k")  # type: ignore[no-untyped-call]
            time.sleep(1)
            pipe.multi()
            pipe.get("k")
            return pipe.execute()

    outcome = race(
        server.url,
        watch,
        counting("n", 1),
        setup=lambda r: r.set("k", "v", ex=100),
        invariant=lambda end: end.results[0] == ["v"],
    )
    assert outcome.complete


def test_a_loop_of_two_commands_waits_for_its_turn(server: Server) -> None:
    def lose_an_update(r: redis.Redis) -> None:
        r.set("n", int(r.get("n") or 0) + 1)

    def patient(r: redis.Redis) -> None:
        while not r.exists("go"):
            r.get("other")
        lose_an_update(r)

    def leading(r: redis.Redis) -> None:
        r.set("go", 1)
        lose_an_update(r)

    with pytest.raises(RaceFound):
        race(server.url, patient, leading, invariant=lambda end: end.redis.get("n") == "2")


def test_doing_the_same_again_with_effect_is_no_spinning(server: Server) -> None:
    script = "redis.call('INCR', 'n') return 1"

    def five_times(r: redis.Redis) -> None:
        for _ in range(5):
            r.eval(script, 0)

    seen: set[Any] = set()
    race(server.url, five_times, lambda r: r.get("n"), invariant=lambda end: seen.add(end.results[1]))
    assert seen == {None, "1", "2", "3", "4", "5"}


def test_two_who_sleep_let_no_time_pass_for_a_third_who_does_not(server: Server) -> None:
    def work(r: redis.Redis) -> None:
        me = secrets.token_hex(4)
        while not r.set("lock", me, nx=True, ex=60):
            time.sleep(5)
        r.set("n", int(r.get("n") or 0) + 1)
        if r.get("lock") == me:
            r.delete("lock")

    outcome = race(server.url, work, work, work, invariant=lambda end: end.redis.get("n") == "3", seconds=3)
    assert outcome.schedules > 3


def test_a_wait_ends_when_its_time_is_over_and_not_when_somebody_wakes_later(server: Server) -> None:
    def late(r: redis.Redis) -> None:
        time.sleep(5)
        r.rpush("q", "x")

    outcome = race(server.url, lambda r: r.blpop("q", timeout=1), late, invariant=lambda end: end.results[0] is None)
    assert outcome.complete


def test_who_renews_its_lock_in_time_keeps_it(server: Server) -> None:
    def renew(r: redis.Redis) -> Any:
        r.set("lock", "me", ex=10)
        for _ in range(5):
            time.sleep(9)
            r.expire("lock", 10)
        return r.get("lock")

    for _ in range(5):
        race(server.url, renew, counting("n", 1), invariant=lambda end: end.results[0] == "me")


def test_an_end_computed_with_the_clock_comes_at_that_moment(server: Server) -> None:
    def act(r: redis.Redis) -> Any:
        time.sleep(100)
        r.set("k", "v", exat=int(time.time()) + 10)
        time.sleep(50)
        return r.get("k")

    race(server.url, act, counting("n", 1), invariant=lambda end: end.results[0] is None)


def test_sleep_under_another_name_takes_no_time_either(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("__answers__")
    exec("from time import sleep\n\ndef nap(r):\n    sleep(3600)\n    return r.incr('n')", vars(module))
    monkeypatch.setitem(sys.modules, "__answers__", module)
    bound = vars(module)["sleep"]
    started = time.perf_counter()
    race(server.url, vars(module)["nap"], counting("n", 1))
    assert time.perf_counter() - started < 10
    assert vars(module)["sleep"] is bound


def test_a_client_of_its_own_and_a_thread_of_its_own_are_said_to_be_too_much(server: Server) -> None:
    def own_client(r: redis.Redis) -> None:
        own = server.client()
        own.set("n", int(str(own.get("n") or 0)) + 1)

    with pytest.raises(NotReproducible, match="client of its own"):
        race(server.url, own_client, own_client)

    def own_thread(r: redis.Redis) -> None:
        raised: list[BaseException] = []

        def work() -> None:
            try:
                r.incr("n")
            except BaseException as error:
                raised.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        raise raised[0]

    with pytest.raises(ActorFailed, match="may not use threads"):
        race(server.url, own_thread, counting("n", 1))


def test_a_client_that_the_other_actor_kept_stops_at_the_gate_of_who_uses_it(server: Server) -> None:
    kept: dict[str, Any] = {}

    def cached(r: redis.Redis) -> Any:
        if "script" not in kept:
            kept["script"] = r.register_script("return redis.call('INCR', KEYS[1])")
        return kept["script"](keys=["n"])

    outcome = race(
        server.url,
        cached,
        cached,
        setup=lambda r: kept.clear(),
        invariant=lambda end: sorted(end.results) == [1, 2],
    )
    assert outcome.complete


def test_another_database_is_left_when_the_run_is_over(server: Server) -> None:
    def elsewhere(r: redis.Redis) -> Any:
        before = r.get("k")
        r.execute_command("SELECT", 5)
        return before

    outcome = race(
        server.url,
        elsewhere,
        elsewhere,
        setup=lambda r: r.set("k", "v"),
        invariant=lambda end: end.results == ["v"] * 2,
    )
    assert outcome.complete


def test_a_connection_by_another_name_is_found_when_its_time_is_over(server: Server) -> None:
    def renamed(r: redis.Redis) -> Any:
        r.client_setname("worker")
        return r.blpop("q", timeout=600)

    started = time.perf_counter()
    assert race(server.url, renamed, counting("n", 1), invariant=lambda end: end.results[0] is None).complete
    assert time.perf_counter() - started < 10


def test_names_that_are_letters_are_the_letters_of_the_schedule(server: Server) -> None:
    with pytest.raises(RaceFound) as found:
        race(server.url, buy_naively, buy_naively, setup=one_piece, invariant=one_sold, names=["P", "C"])
    schedule = found.value.timeline.schedule
    assert set(schedule) == {"P", "C"}
    with pytest.raises(RaceFound):
        race(
            server.url, buy_naively, buy_naively, setup=one_piece, invariant=one_sold, names=["P", "C"], replay=schedule
        )


def test_keys_that_are_no_text_are_shown_all_the_same(server: Server) -> None:
    def binary(r: redis.Redis) -> None:
        r.append(b"\xff\xfe", b"\x80")

    with pytest.raises(RaceFound) as found:
        race(server.url, binary, binary, invariant=lambda end: "always broken")
    assert "\\xff\\xfe" in "\n".join(found.value.timeline.lines())


def test_an_actor_that_waits_for_what_never_comes_is_cut_and_nothing_is_proven(server: Server) -> None:
    def wait_for_godot(r: redis.Redis) -> None:
        while r.get("godot") is None:
            time.sleep(1)

    with pytest.raises(NeverEnds, match="within 200 commands"):
        race(server.url, wait_for_godot, counting("n", 1), bound=3)


def test_commands_of_a_pipeline_can_be_separated_and_those_of_a_transaction_cannot(server: Server) -> None:
    def twice(transaction: bool) -> Actor:
        def act(r: redis.Redis) -> Any:
            with r.pipeline(transaction=transaction) as pipe:
                pipe.get("n")
                pipe.incr("n")
                return pipe.execute()

        return act

    def each_saw_its_own(end: End) -> bool:
        return all(int(before or 0) + 1 == after for before, after in end.results)

    with pytest.raises(RaceFound):
        race(server.url, twice(False), twice(False), invariant=each_saw_its_own)
    assert race(server.url, twice(True), twice(True), invariant=each_saw_its_own).complete


def test_an_invariant_that_must_always_hold_is_asked_after_every_step(server: Server) -> None:
    def move(r: redis.Redis) -> None:
        r.decr("left")
        r.incr("right")

    def prepare(r: redis.Redis) -> None:
        r.mset({"left": 1, "right": 0})

    def nothing_missing(end: End) -> bool:
        return int(end.redis.get("left") or 0) + int(end.redis.get("right") or 0) == 1

    assert race(server.url, move, setup=prepare, invariant=nothing_missing).complete
    with pytest.raises(RaceFound) as found:
        race(server.url, move, setup=prepare, always=nothing_missing)
    assert len(found.value.timeline.rows) == 1
    assert found.value.timeline.reproduced


def test_an_invariant_that_cannot_be_asked_says_so(server: Server) -> None:
    with pytest.raises(InvariantFailed, match="itself raised TypeError"):
        race(server.url, counting("n", 1), counting("n", 1), invariant=lambda end: int(end.redis.get("stock")) >= 0)


def test_who_had_not_ended_when_the_invariant_broke_is_not_blamed_for_being_stopped(server: Server) -> None:
    def move(r: redis.Redis) -> None:
        try:
            r.decr("left")
            r.incr("right")
        except BaseException as error:
            raise ValueError("wrapped") from error

    with pytest.raises(RaceFound) as found:
        race(server.url, move, move, always=lambda end: len(end.redis.keys("*")) != 1)
    assert found.value.timeline.results == ["had not ended"] * 2
    assert "A had not ended" in "\n".join(found.value.timeline.lines())


def test_what_an_actor_raises_is_raised_with_the_schedule(server: Server) -> None:
    def brittle(r: redis.Redis) -> None:
        if r.incr("n") == 2:
            raise KeyError("second")

    with pytest.raises(ActorFailed) as failed:
        race(server.url, brittle, brittle)
    assert isinstance(failed.value.error, KeyError)
    assert failed.value.name == "B"
    assert [row.actor for row in failed.value.timeline.rows] == [0, 1]


def test_an_actor_that_computes_for_ever_is_stopped_and_named(server: Server) -> None:
    def busy(r: redis.Redis) -> None:
        r.get("k")
        while True:
            pass

    before = threading.active_count()
    with pytest.raises(ActorFailed) as failed:
        race(server.url, busy, counting("n", 1), patience=0.2)
    assert isinstance(failed.value.error, StuckError)
    assert threading.active_count() == before


def test_an_actor_that_catches_everything_is_stopped_too(server: Server) -> None:
    def stubborn(r: redis.Redis) -> None:
        for _ in range(5):
            try:
                r.incr("n")
            except BaseException:
                r.incr("n")

    before = threading.active_count()
    race(server.url, stubborn, counting("n", 3), bound=50)
    assert threading.active_count() == before


def test_pipelines_of_stopped_actors_go_quietly(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    hook = sys.unraisablehook
    assert race(server.url, *[buy_watching] * 3, setup=one_piece, invariant=one_sold).complete
    gc.collect()
    assert capfd.readouterr().err == ""
    assert sys.unraisablehook is hook


def test_clocks_and_chance_are_as_before_afterwards(server: Server) -> None:
    random.seed(1)
    expected = random.random()
    random.seed(1)
    functions = time.sleep, time.time, time.monotonic
    race(server.url, lambda r: (random.random(), r.incr("n")), counting("n", 1))
    assert (time.sleep, time.time, time.monotonic) == functions
    assert random.random() == expected


def test_an_actors_clock_moves_when_it_sleeps(server: Server) -> None:
    def nap(r: redis.Redis) -> float:
        started = time.monotonic()
        time.sleep(3600)
        return time.monotonic() - started

    started = time.perf_counter()
    race(server.url, nap, counting("n", 1), invariant=lambda end: 3600 <= end.results[0] < 3700)
    assert time.perf_counter() - started < 10


def test_the_bound_is_kept_and_said(server: Server) -> None:
    outcome = race(server.url, counting("n", 6), counting("n", 6), bound=25)
    assert (outcome.schedules, outcome.complete) == (25, False)
    assert "bound" in str(outcome)


def test_the_time_is_kept_and_said(server: Server) -> None:
    outcome = race(server.url, counting("n", 9), counting("n", 9), seconds=0.2)
    assert not outcome.complete
    assert 0 < outcome.schedules < outcome.bound
    assert "time limit" in str(outcome)


def test_only_the_database_of_the_address_is_emptied(server: Server) -> None:
    other = server.client(db=5)
    other.set("precious", "kept")
    race(server.url, counting("n", 1), counting("n", 1))
    assert other.get("precious") == "kept"


def test_three_actors_that_watch_and_retry_are_proven_within_a_few_hundred_schedules(server: Server) -> None:
    outcome = race(server.url, *[buy_watching] * 3, setup=one_piece, invariant=one_sold)
    assert outcome.complete
    assert outcome.schedules < 500


@pytest.fixture
def footprints(server: Server) -> Iterator[Footprints]:
    client = server.client()
    yield Footprints(client)
    client.close()


def words(text: str) -> tuple[bytes, ...]:
    return tuple(text.encode().split())


@pytest.mark.parametrize(
    ("command", "read", "written"),
    [
        ("GET a", "a", ""),
        ("SET a 1", "", "a"),
        ("LMOVE a b LEFT RIGHT", "", "a b"),
        ("SINTERSTORE d a b", "a b", "d"),
        ("BLPOP a b 0", "", "a b"),
        ("WATCH a b", "a b", ""),
        ("PING", "", ""),
        ("SET a", "", ""),
        ("BOGUS a", "", ""),
        ("XREADGROUP GROUP g c STREAMS s >", "s", "s"),
        ("CLIENT SETNAME x", "", ""),
        ("XREAD BLOCK 1 STREAMS s $", "s", ""),
    ],
)
def test_the_server_tells_what_a_command_touches(footprints: Footprints, command: str, read: str, written: str) -> None:
    expected = Footprint(frozenset(words(read)), frozenset(words(written)))
    assert Session(footprints).step([words(command)]) == expected


def test_what_cannot_be_told_touches_everything(footprints: Footprints) -> None:
    assert footprints.of(words("EVAL x 1 a")) == EVERYTHING
    assert footprints.of(words("FLUSHALL")) == EVERYTHING
    assert footprints.of(words("SCAN 0")) == Footprint(all_read=True)
    assert footprints.of(words("EVAL x 1 a")).conflicts(Footprint(read=frozenset({b"z"})))
    assert not EVERYTHING.conflicts(NOTHING)


def test_a_transaction_touches_what_was_queued_and_watched_when_it_is_executed(footprints: Footprints) -> None:
    session = Session(footprints)
    assert session.step([words("WATCH w")]) == Footprint(read=frozenset({b"w"}))
    assert session.step([words("MULTI")]) == NOTHING
    assert session.step([words("SET a 1")]) == NOTHING
    assert session.step([words("EXEC")]) == Footprint(frozenset({b"w"}), frozenset({b"a"}))
    assert session.clean
    session.step([words("WATCH w"), words("MULTI"), words("SET a 1")])
    assert not session.clean
    assert session.step([words("DISCARD")]) == NOTHING
    assert session.clean


def test_only_a_whole_transaction_is_one_step() -> None:
    def cut(text: str) -> list[str]:
        return [" ".join(c[0].decode() for c in step) for step in steps_of([words(c) for c in text.split(",")])]

    assert cut("GET a,MULTI,SET a 1,EXEC,GET a") == ["GET", "MULTI SET EXEC", "GET"]
    assert cut("MULTI,SET a 1") == ["MULTI", "SET"]
    assert cut("SET a 1,EXEC") == ["SET", "EXEC"]
    assert cut("MULTI,SET a 1,DISCARD,MULTI,EXEC") == ["MULTI SET DISCARD", "MULTI EXEC"]


def test_a_timeline_travels_as_plain_data(server: Server) -> None:
    with pytest.raises(RaceFound) as found:
        race(server.url, buy_naively, buy_naively, setup=one_piece, invariant=one_sold)
    timeline = found.value.timeline
    assert Timeline.from_dict(timeline.to_dict()) == timeline
