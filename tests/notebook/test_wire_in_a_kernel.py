"""%%wire, %%redis, cost cards, races and faults as a learner meets them: in a real kernel."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from redis import Redis

from grader.servers import Binary, standalone
from tests.notebook.conftest import Cell, Shown

SETUP = "from grader.notebook import check, connect, faults, hint, race, wire\nr = connect()\nr.flushall()"
BUY = """
def buy(r):
    if int(r.get("stock")) > 0:
        r.decr("stock")
        return True
    return False
"""
RACE = 'race(buy, buy, setup=lambda r: r.set("stock", 1), invariant=lambda end: end.redis.get("stock") != "-1")'


@pytest.fixture
def wire(cell: Cell) -> Iterator[Cell]:
    """Run cells with everything imported and an empty Redis."""
    shown = cell(SETUP)
    assert shown.error == []
    yield cell


def lines(shown: Shown) -> list[str]:
    return [" ".join(line.split()) for line in shown.text.splitlines()]


def test_a_wire_cell_shows_each_command_with_its_reply(wire: Cell) -> None:
    shown = wire("%%wire\nr.set('a', 1)\nr.get('a')")
    assert "On the wire: 2 commands in 2 round trips" in shown.text
    assert "1 ─ SET a 1 OK" in lines(shown)
    assert '2 ─ GET a "1"' in lines(shown)
    assert "rw-bracket" in shown.html


def test_a_wire_cell_still_shows_its_last_value(wire: Cell) -> None:
    assert lines(wire("%%wire\nr.incr('n')"))[0] == "1"


def test_a_pipeline_is_one_bracket(wire: Cell) -> None:
    shown = wire("%%wire\np = r.pipeline(transaction=False)\np.set('a', 1); p.get('a'); p.get('b')\np.execute();")
    assert lines(shown)[-3:] == ["1 ┌ SET a 1 OK", '│ GET a "1"', "└ GET b (nil)"]
    assert shown.html.count("rw-bracket") - shown.html.count(".rw-bracket") == 1


def test_an_error_in_a_wire_cell_is_shown_at_its_own_line_and_what_was_sent_too(wire: Cell) -> None:
    shown = wire("%%wire\nr.set('a', 'x')\nr.incr('a')\nr.get('never')")
    assert any("line 3" in line for line in shown.error)
    assert "(error) ERR value is not an integer or out of range" in shown.text
    assert "never" not in shown.text


def test_a_wire_cell_may_await(wire: Cell) -> None:
    shown = wire(
        "%%wire\nimport redis.asyncio\nasync with redis.asyncio.from_url(wire.url, decode_responses=True) as own:\n"
        "    print(await own.incr('n'))"
    )
    assert shown.error == []
    assert shown.printed == "1\n"
    assert "1 ─ INCRBY n 1 (integer) 1" in lines(shown)


def test_a_raw_socket_is_seen_through_the_address(wire: Cell) -> None:
    shown = wire(
        "%%wire --bytes\nimport socket\nwith socket.create_connection(wire.address) as s:\n"
        "    s.sendall(b'*2\\r\\n$4\\r\\nECHO\\r\\n$2\\r\\nhi\\r\\n')\n    print(s.recv(100))"
    )
    assert shown.printed == "b'$2\\r\\nhi\\r\\n'\n"
    assert '1 ─ ECHO hi "hi"' in lines(shown)
    assert r"→ *2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n" in lines(shown)
    assert r"← $2\r\nhi\r\n" in lines(shown)
    again = wire("%%wire\nr.get('a')")
    assert "1 command in 1 round trip" in again.text, "what was shown is not shown twice"


def test_clients_with_names_get_a_column_each(wire: Cell) -> None:
    shown = wire("A, B = connect(name='A'), connect(name='B')")
    shown = wire("%%wire\nA.set('x', 1)\nB.get('x')")
    assert lines(shown)[-2:] == ["1 ─ A> SET x 1 OK", '2 ─ B> GET x "1"']
    assert "rw-names" in shown.html
    assert wire("[each['name'] for each in r.client_list() if each['name']]").text.strip() == "['A', 'B']"


def test_a_long_cell_is_cut_in_the_middle(wire: Cell) -> None:
    shown = wire("%%wire\nfor i in range(5000):\n    r.get(i)\nr.set('long', 'x' * 10_000)")
    assert "5,001 commands in 5,001 round trips" in shown.text
    assert "more commands" in shown.text
    assert "(10000 bytes)" in shown.text
    assert len(shown.html) < 40_000


def test_nothing_sent_says_how_to_be_seen(wire: Cell) -> None:
    assert "wire.address" in wire("%%wire\n1 + 1").text


def test_an_unknown_option_is_one_sentence(wire: Cell) -> None:
    shown = wire("%%wire --raw\nr.set('a', 1)")
    assert "".join(shown.error) == "%%wire does not know --raw. There is %%wire and %%wire --bytes."
    assert wire("r.exists('a')").text.strip() == "0"


def test_a_wire_cell_with_a_syntax_error_is_an_ordinary_syntax_error(wire: Cell) -> None:
    assert "SyntaxError" in "".join(wire("%%wire\nr.get('a'").error)
    assert "1 command in" in wire("%%wire\nr.get('a')").text


def test_a_wire_cell_above_another_magic_works(wire: Cell) -> None:
    shown = wire("%%wire\n%%redis\nSET a 1\nGET a")
    assert '> GET a\n"1"\n' in shown.printed
    assert '2 ─ GET a "1"' in lines(shown)


def test_an_answer_below_wire_is_checked_as_ever(wire: Cell) -> None:
    wire('%%wire\ndef page_view(r, page):\n    return r.incr(f"page:{page}:views")')
    assert "2 of 2 points" in wire("check()").text


def test_outside_a_measure_nothing_is_kept(wire: Cell) -> None:
    wire("for i in range(2000):\n    r.set('a', 'x' * 1000)")
    shown = wire(
        "import gc\nfrom grader.wire import Exchange\ngc.collect()\n"
        "sum(isinstance(each, Exchange) for each in gc.get_objects())"
    )
    assert int(shown.text) < 100


def test_a_cost_card_says_what_the_block_cost(wire: Cell) -> None:
    shown = wire(
        "with wire.measure() as cost:\n    r.mset({f'key:{i}': i for i in range(50)})\n    r.keys('*')\n"
        "    r.sadd('tags', 'a', 'b')\ncost"
    )
    assert "Cost: 3 round trips, 3 commands" in shown.text
    assert "KEYS looked at 51 keys in 1 call" in shown.text
    assert any(line.startswith("string int 50 2.4 kB 48 B") for line in lines(shown))
    assert "rw-facts" in shown.html
    assert wire("cost.round_trips, cost.names").text.strip() == "(3, ['MSET', 'KEYS', 'SADD'])"


def test_a_measure_can_be_asked_for_one_client(wire: Cell) -> None:
    wire("A = connect(name='A')")
    assert wire("with wire.measure('A') as cost:\n    A.get('a')\n    r.get('b')\ncost.names").text.strip() == "['GET']"


def test_a_measure_is_alive_inside_its_block(wire: Cell) -> None:
    shown = wire("with wire.measure() as cost:\n    r.get('a')\n    print(cost.round_trips)\n    r.get('b')")
    assert shown.printed == "1\n"


def test_redis_lines_answer_as_redis_cli_does(wire: Cell) -> None:
    shown = wire(
        '%%redis\n# strings\nSET greeting "hello \\"redis\\""\nGET greeting\n\nINCR greeting\n2 INCR n\n'
        "MULTI\nINCR n\nEXEC\nGET 'open"
    )
    assert shown.printed == (
        '# strings\n> SET greeting "hello \\"redis\\""\nOK\n> GET greeting\n"hello \\"redis\\""\n\n'
        "> INCR greeting\n(error) ERR value is not an integer or out of range\n"
        "> 2 INCR n\n(integer) 1\n(integer) 2\n"
        "> MULTI\nOK\n(TX)> INCR n\nQUEUED\n(TX)> EXEC\n1) (integer) 3\n"
        "> GET 'open\nInvalid argument(s)\n(the single quote at column 5 is never closed.)\n"
    )
    assert shown.error == []


def test_two_redis_connections_take_turns(wire: Cell) -> None:
    wire("%%redis A\nWATCH stock\nMULTI\nDECR stock")
    wire("%%redis B\nSET stock 0")
    assert "A(TX)> EXEC\n(nil)" in wire("%%redis A\nEXEC").printed


def test_a_transaction_left_open_is_said(wire: Cell) -> None:
    assert "drops what was queued" in wire("%%redis\nMULTI\nINCR n").printed
    assert wire("r.exists('n')").text.strip() == "0"


@pytest.mark.parametrize("line", ["SUBSCRIBE news", "MONITOR", "psubscribe n*"])
def test_what_never_ends_is_not_begun(wire: Cell, line: str) -> None:
    shown = wire(f"%%redis\n{line}\nPING")
    assert "never ends" in shown.printed
    assert shown.printed.endswith("> PING\nPONG\n")


def test_a_wait_without_end_is_ended(wire: Cell) -> None:
    shown = wire("%%redis\nBLPOP nothing 0\nPING")
    assert "would wait for ever" in "".join(shown.error)
    assert "PONG" not in shown.printed
    assert wire("%%redis\nBLPOP nothing 0.1\nPING").printed.endswith("(nil)\n> PING\nPONG\n")


def test_a_race_shows_the_order_that_breaks_it(wire: Cell) -> None:
    wire("r.set('stock', 'mine')")
    wire(BUY)
    shown = wire(RACE)
    assert "✘ This order breaks it" in shown.text
    assert shown.html.count('class="rw-row"') >= 5
    replay = wire(f"found = {RACE}\nfound.held, found.schedule").text.strip()
    assert replay.startswith("(False, ")
    word = replay.split("'")[1]
    assert "✘ This order breaks it" in wire(RACE[:-1] + f", replay={word!r})").text
    assert wire("r.get('stock')").text.strip() == "'mine'", "the learner's own Redis is not touched"


def test_a_race_that_holds_says_how_far_it_looked(wire: Cell) -> None:
    wire("def buy(r):\n    return r.decr('stock') >= 0")
    invariant = "invariant=lambda end: sorted(end.results) == [False, True]"
    setup = "setup=lambda r: r.set('stock', 1)"
    assert "✔ Held in every order that matters" in wire(f"race(buy, buy, {setup}, {invariant})").text
    wire("def buy(r):\n    for _ in range(4): left = r.decr('stock')\n    return left >= 0")
    many = wire(f"race(buy, buy, {setup}, invariant=lambda end: True, bound=5)")
    assert "✔ Held in the first 5 orders" in many.text


def test_an_actor_that_raises_is_shown_with_its_steps(wire: Cell) -> None:
    wire("def buy(r):\n    r.incr('n')\n    raise RuntimeError('out of tea')")
    shown = wire("race(buy, buy)")
    assert "did not get to its end" in shown.text
    assert "RuntimeError: out of tea" in shown.text


@pytest.mark.parametrize("call", ["race()", "race(lambda r: 1)", "race(lambda r: 1, 'x')"])
def test_a_race_that_cannot_be_run_is_one_sentence(wire: Cell, call: str) -> None:
    error = "".join(wire(call).error)
    assert "race() takes two or three functions" in error
    assert "\n" not in error


def test_an_error_of_the_learners_in_setup_is_theirs(wire: Cell) -> None:
    wire(BUY)
    assert "ZeroDivisionError" in "".join(wire("race(buy, buy, setup=lambda r: 1 / 0)").error)


WORK = 'def work(r):\n    job = r.lpop("queue")\n    if job:\n        r.rpush("done", job)'
NOTHING_LOST = 'then=lambda end: end.redis.llen("queue") + end.redis.llen("done") == 1 or "the job is in neither list")'


def test_a_fault_that_breaks_a_promise_shows_where(wire: Cell) -> None:
    wire(WORK)
    shown = wire(f'faults.everywhere(work, setup=lambda r: r.rpush("queue", "a"), {NOTHING_LOST}')
    assert "✘ Dying here breaks it" in shown.text
    assert "it ran, but its reply never came" in shown.text
    assert "the job is in neither list" in shown.text
    assert "In Redis afterwards: nothing" in " ".join(lines(shown))


def test_code_that_survives_every_fault_says_in_how_many_runs(wire: Cell) -> None:
    wire('def work(r):\n    r.lmove("queue", "done", "LEFT", "RIGHT")')
    shown = wire(f'faults.everywhere(work, setup=lambda r: r.rpush("queue", "a"), {NOTHING_LOST}')
    assert "✔ Wherever it dies, it holds" in shown.text
    assert "2 times" in shown.text


def test_a_single_cut_is_marked_in_the_transcript(wire: Cell) -> None:
    wire("r.set('a', 'mine')")
    wire("broken = faults.client()\nfaults.cut(match='GET', when='after')\nbroken.set('a', 1)")
    assert "ConnectionError" in "".join(wire("broken.get('a')").error)
    shown = wire("faults.show()")
    assert "2 ─ GET a ✂ cut here: it ran, but its reply never came" in lines(shown)
    assert lines(shown)[-2:] == ["In Redis afterwards:", "a = 1"]
    assert "rw-cut" in shown.html
    assert wire("r.get('a')").text.strip() == "'mine'"


def test_the_same_words_twice_in_a_kernel_do_no_harm(wire: Cell) -> None:
    shown = wire("import importlib, grader.notebook\nimportlib.reload(grader.notebook)\n" + SETUP)
    assert shown.error == []
    assert wire("%%wire\nr.get('a')").text.count("On the wire") == 1


def test_a_client_that_comes_back_after_a_cut_has_a_second_connection(wire: Cell) -> None:
    wire("from redis.exceptions import ConnectionError\nbroken = faults.client()\nfaults.cut(match='INCRBY')")
    wire("try:\n    broken.incr('n')\nexcept ConnectionError:\n    broken.incr('n')")
    assert lines(wire("faults.show()"))[1:3] == [
        "1 ─ connection 1> INCRBY n 1 ✂ cut here: it never arrived",
        "2 ─ connection 2> INCRBY n 1 (integer) 1",
    ]


def test_commands_that_go_past_a_race_are_said(wire: Cell) -> None:
    wire("def buy(own):\n    own.incr('n')\n    r.incr('mine')")
    assert "through a client of connect() to your own Redis" in wire("race(buy, buy)").text
    wire("def buy(own):\n    own.incr('n')")
    assert "your own Redis" not in wire("race(buy, buy)").text


def test_an_endless_reply_is_cut(wire: Cell) -> None:
    wire("r.rpush('long', *range(3000))")
    shown = wire("%%redis\nLRANGE long 0 -1\nPING")
    assert "(… 2,500 more lines)\n> PING\nPONG\n" in shown.printed


def test_a_client_that_wants_no_replies_gets_a_sentence(wire: Cell) -> None:
    assert wire("%%redis\nCLIENT REPLY OFF\nPING").printed.endswith("would wait for ever.)\n> PING\nPONG\n")


def test_a_waiting_redis_cell_can_be_interrupted(
    wire: Cell, kernel: tuple[KernelManager, BlockingKernelClient], until: Callable[..., None]
) -> None:
    url = wire("from grader.notebook.wire import kernel_wire\nkernel_wire().target()").text.strip().strip("'")

    def press_stop() -> None:
        with Redis.from_url(url) as redis:
            until(lambda: redis.info("clients")["blocked_clients"] == 1)
        kernel[0].interrupt_kernel()

    threading.Thread(target=press_stop, daemon=True).start()
    shown = wire("%%redis\nBLPOP nothing 50")
    assert "KeyboardInterrupt" in "".join(shown.error)
    assert wire("%%redis\nPING").printed == "> PING\nPONG\n"


def test_without_a_redis_a_measure_is_one_sentence(wire: Cell) -> None:
    wire("import grader.notebook.wire as w\nkept = w.kernel_wire().server_url")
    wire("w.kernel_wire().server_url = 'redis://127.0.0.1:1'")
    error = "".join(wire("with wire.measure() as cost:\n    pass").error)
    wire("w.kernel_wire().server_url = kept")
    assert error.startswith("No Redis to ask what the block costs")


def test_the_blocks_own_error_comes_out_of_a_measure_as_it_is(wire: Cell) -> None:
    error = "".join(wire("with wire.measure() as cost:\n    r.execute_command('NOSUCH')").error)
    assert "unknown command" in error
    assert wire("cost.names").text.strip() == "['NOSUCH']"


def test_a_sleep_is_a_step_of_the_timeline(wire: Cell) -> None:
    wire("import time\ndef hold(r):\n    r.set('lock', 'a', ex=5)\n    time.sleep(10)\n    return r.get('lock')")
    shown = wire("race(hold, hold, invariant=lambda end: end.results[0] == 'a')")
    assert "✘ This order breaks it" in shown.text
    assert "(sleeps 10 s)</div>" in shown.html


def test_a_measure_looks_into_the_database_of_its_client(wire: Cell) -> None:
    wire("third = connect(db=3, name='third')")
    shown = wire("with wire.measure('third') as cost:\n    third.set('only-there', 1)\ncost.encodings")
    assert "('string', 'int', 1," in shown.text
    wire("r = connect()")


def test_an_encrypted_connection_works_and_is_said_to_be_unseen(wire: Cell) -> None:
    wire("import redis\nfrom grader.notebook.wire import kernel_wire, learners_server")
    wire("kernel_wire().watch(redis.Redis(ssl=True), '', learners_server())")
    assert "encrypted" in wire("%%wire\n1 + 1").text
    wire("kernel_wire().unseen = 0")


def test_what_the_wire_offers_is_offered_by_completion(wire: Cell) -> None:
    assert wire("dir(wire)").text.strip() == "['address', 'measure', 'url']"


def test_the_address_leads_to_the_redis_that_was_connected_to_last(wire: Cell, newest_binary: Binary) -> None:
    first = wire("wire.url").text
    with standalone(binary=newest_binary, port=0) as other:
        wire(f"elsewhere = connect({other.url!r})\nelsewhere.set('where', 'elsewhere')")
        shown = wire("import redis\nredis.Redis.from_url(wire.url, decode_responses=True).get('where')")
        assert shown.text.strip() == "'elsewhere'"
        assert wire("wire.url").text != first
    wire("r = connect()")
