"""A true transcript passes, a false one is caught, and `rewrite` makes the false one true."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from available import binary_of

from grader.authoring.transcripts import Run, check_lessons, escape, main, rewrite, run_lessons, unescape
from grader.servers import Binary

Check = Callable[..., Run]

needs_redis_cli = pytest.mark.skipif(shutil.which("redis-cli") is None, reason="redis-cli is not installed")


@pytest.fixture
def lesson(tmp_path: Path) -> Path:
    return tmp_path / "1.9-lesson.md"


@pytest.fixture
def check(lesson: Path, newest_binary: Binary) -> Check:
    """`check(line, …)` runs a lesson of these lines on the newest Redis."""

    def run(*lines: str, deadline: float = 20.0) -> Run:
        lesson.write_text("\n".join(lines) + "\n")
        return run_lessons([lesson], [newest_binary], deadline=deadline)

    return run


TRUE = {
    "redis": ("```redis", "# count", "> INCR hits", "(integer) 1", "", "> LRANGE l 0 -1", "(empty array)", "```"),
    "python": ("```python", ">>> r.incr('hits')", "1", ">>> r.get('none')", "```"),
    "wire": ("```wire", r"C: *1\r\n$4\r\nPI", r"C: NG\r\n", r"S: +PONG\r\n", r"C: GET x\r\n", r"S: $-1\r\n", "```"),
    "console": ("```console", "$ cd / && x=5", "$ pwd; echo $x", "/", "5", "$ false || printf hi", "hi", "```"),
}
FALSE = {
    "redis": ("```redis", "> PING", "PONG", "> INCR hits", "(integer) 2", "```"),
    "python": ("```python", ">>> r.ping()", "True", ">>> r.incr('hits')", "2", "```"),
    "wire": ("```wire", r"C: PING\r\n", r"S: +PONG\r\n", r"C: INCR x\r\n", r"S: :2\r\n", "```"),
    "console": ("```console", "$ echo a", "a", "$ echo 1", "2", "```"),
}


@pytest.mark.parametrize("kind", TRUE)
def test_a_true_transcript_passes(kind: str, check: Check) -> None:
    run = check(*TRUE[kind])
    assert run.problems == []
    assert sum(run.blocks.values()) == 1 and sum(run.commands.values()) >= 2


@pytest.mark.parametrize("kind", FALSE)
def test_a_false_transcript_is_caught_at_its_line(kind: str, check: Check) -> None:
    (problem,) = check(*FALSE[kind]).problems
    assert (problem.line, problem.kind) == (4, kind)
    assert "2" in problem.message and "1" in problem.message


@pytest.mark.parametrize("kind", TRUE)
def test_a_missing_line_and_a_line_too_many_are_caught(kind: str, check: Check) -> None:
    block = TRUE[kind]
    at = {"redis": 3, "python": 2, "wire": 3, "console": 3}[kind]
    assert check(*block[:at], *block[at + 1 :]).problems
    assert check(*block[: at + 1], block[at], *block[at + 1 :]).problems


def test_the_message_shows_place_command_and_difference(check: Check, newest_binary: Binary) -> None:
    (problem,) = check(
        "# T", "```redis", "> RPUSH l a b", "(integer) 2", "> LRANGE l 0 -1", '1) "a"', '2) "c"', "```"
    ).problems
    version = ".".join(map(str, newest_binary.version))
    text = str(problem)
    assert text.startswith(f"{problem.path}:5: redis: `LRANGE l 0 -1` on Redis {version}")
    assert text.splitlines()[1:] == ['      1) "a"', '    - 2) "c"', '    + 2) "b"']


def test_state_carries_over_between_blocks_of_every_kind(check: Check) -> None:
    run = check(
        *("```redis", "> SET a 1", "OK", "```"),
        *("```python", ">>> x = r.get('a')", "```"),
        *("```wire", r"C: INCR a\r\n", r"S: :2\r\n", "```"),
        *("```python", ">>> x, r.get('a')", "('1', '2')", "```"),
        *("```console", "$ mkdir here && cd here", "```", "```console", "$ basename $PWD", "here", "```"),
    )
    assert run.problems == []


def test_a_lesson_starts_on_an_empty_server(lesson: Path, newest_binary: Binary) -> None:
    lesson.write_text("```redis\n> INCR hits\n(integer) 1\n```\n")
    assert check_lessons([lesson, lesson], [newest_binary]) == []


def test_fresh_empties_the_server_and_renews_connections(check: Check) -> None:
    run = check(
        *("```redis", "> SET a 1", "OK", "> SELECT 1", "OK", "> SET b 1", "OK", "```"),
        *("<!-- fresh -->", "```redis", "> DBSIZE", "(integer) 0", "> SET c 1", "OK", "> SELECT 0", "OK"),
        *("> DBSIZE", "(integer) 1", "```"),
    )
    assert run.problems == []


def test_a_block_may_have_a_server_of_its_own(check: Check) -> None:
    run = check(
        *("```redis", "> SET a 1", "OK", "```"),
        *("<!-- server: maxmemory 2mb, maxmemory-policy allkeys-lru -->", "```redis", "> GET a", "(nil)"),
        *("> CONFIG GET maxmemory*policy", '1) "maxmemory-policy"', '2) "allkeys-lru"', "```"),
        *("```redis", "> GET a", '"1"', "> CONFIG GET maxmemory", '1) "maxmemory"', '2) "0"', "```"),
    )
    assert run.problems == []


def test_an_option_that_redis_refuses_is_a_problem(check: Check) -> None:
    (problem,) = check("<!-- server: maxmemori 2mb -->", "```redis", "> PING", "PONG", "```").problems
    assert problem.kind == "server" and "maxmemori" in problem.message


def test_a_server_that_a_lesson_stops_is_there_for_the_next_block_with_its_data(check: Check) -> None:
    stop = ("```redis", "> SET a 1", "OK", "> SAVE", "OK", "> SHUTDOWN NOSAVE", "```")
    assert check(*stop, "```redis", "> GET a", '"1"', "```").problems == []


def test_hello_3_switches_the_display(check: Check) -> None:
    hello = (r"<!-- varies: \d#.* -->", r"<!-- varies: \s+\d.* -->")
    run = check(*hello, "```redis", "> HELLO 3", *["1# x"] * 7, "> HGETALL h", "(empty hash)", "```")
    assert all("HGETALL" not in problem.message for problem in run.problems)
    run = check("```redis", "> HELLO 2", "> HGETALL h", "(empty hash)", "```")
    assert any("HGETALL" in problem.message for problem in run.problems)


def test_info_is_shown_raw_and_its_headings_are_no_comments(check: Check) -> None:
    assert check("```redis", "> INFO keyspace", "# Keyspace", "", "# then", "> PING", "PONG", "```").problems == []
    assert check("```redis", "> INFO keyspace", "# then", "> PING", "PONG", "```").problems


def test_a_comment_before_a_command_is_not_its_neighbours_reply(check: Check) -> None:
    assert check("```redis", "> PING", "PONG", "# again", "> PING", "PONG", "```").problems == []


@pytest.mark.parametrize("command", ["SUBSCRIBE news", "MONITOR"])
def test_a_command_that_listens_is_refused_with_advice(command: str, check: Check) -> None:
    (problem,) = check("```redis", f"> {command}", "> PING", "PONG", "```").problems
    assert problem.line == 2 and "python or console" in problem.message


def test_a_prompt_with_a_port_is_told(check: Check) -> None:
    (problem,) = check("```redis", "127.0.0.1:6379> PING", "PONG", "```").problems
    assert problem.line == 2 and "without host and port" in problem.message


def test_a_line_redis_cli_cannot_read_is_told(check: Check) -> None:
    (problem,) = check("```redis", '> SET a "b', "OK", "```").problems
    assert problem.line == 2 and "quote" in problem.message


def test_the_time_line_of_a_slow_command_is_compared_by_its_form(check: Check) -> None:
    assert check("```redis", "> BLPOP q 0.6", "(nil)", "(9.99s)", "```").problems == []
    assert check("```redis", "> BLPOP q 0.01", "(nil)", "(9.99s)", "```").problems


@pytest.mark.parametrize(
    "block",
    [
        ("```redis", "> BLPOP none 0", "(nil)", "```"),
        ("```python", ">>> while True: pass", "```"),
        ("```console", "$ sleep 60", "```"),
        ("```wire", r"C: BLPOP none 0\r\n", r"S: $-1\r\n", "```"),
    ],
)
def test_a_block_that_hangs_is_a_problem_and_the_next_block_runs(block: tuple[str, ...], check: Check) -> None:
    began = time.monotonic()
    kind = block[0].removeprefix("```")
    after = {**TRUE, "python": ("```python", ">>> r.ping()", "True", "```")}[kind]
    (problem,) = check(*block, *after, deadline=2.5).problems
    assert (problem.line, problem.kind) == (2, kind)
    assert time.monotonic() - began < 10


def test_varies_compares_a_line_by_its_form(check: Check) -> None:
    block = ("```python", ">>> print(time.time())", "1700000000.5", ">>> 1", "1", "```")
    assert check(r"<!-- varies: \d+\.\d+ -->", *block).problems == []
    assert check(*block).problems
    assert check(r"<!-- varies: 17\d+\.\d -->", *block[:2], "1700000000.5", "```").problems


def test_varies_compares_part_of_what_comes_over_the_wire(check: Check) -> None:
    reply = (r"C: TIME\r\n", r"S: *2\r\n", r"S: $10\r\n1700000000\r\n", r"S: $6\r\n123456\r\n")
    marker = r"<!-- varies: \$\d+\\r\\n\d+\\r\\n -->"
    assert check(marker, "```wire", *reply, "```").problems == []
    assert check("```wire", *reply, "```").problems


def test_a_varies_that_matches_nothing_is_told(check: Check) -> None:
    (problem,) = check("<!-- varies: x+ -->", "```redis", "> PING", "PONG", "```").problems
    assert problem.kind == "marker" and "x+" in problem.message


def test_a_version_marker_chooses_where_a_block_runs(lesson: Path, binary: Binary) -> None:
    major, minor, _ = binary.version
    other = "8.2" if (major, minor) == (7, 0) else "7.0"
    lesson.write_text(
        f"<!-- redis: {major}.{minor} -->\n```redis\n> PING\nPONG\n```\n"
        f"<!-- redis: {other} -->\n```redis\n> PING\nno\n```\n"
    )
    run = run_lessons([lesson], [binary])
    assert run.problems == []
    assert sum(run.blocks.values()) == 1
    assert [(line, reason) for _, line, reason in run.not_run] == [(7, f"no Redis {other} here")]


def test_a_difference_of_one_version_names_it_and_advises(lesson: Path) -> None:
    old, new = binary_of("7.0"), binary_of("8.2")
    error = "(error) ERR wrong number of arguments for 'hsetex' command"
    lesson.write_text(f"```redis\n> PING\nno\n> HSETEX\n{error}\n```\n")
    both, only_old = run_lessons([lesson], [old, new]).problems
    assert both.line == 2 and "on purpose" not in both.message
    assert all(".".join(map(str, each.version)) in both.message for each in (old, new))
    assert only_old.line == 4 and "on purpose" in only_old.message
    assert ".".join(map(str, new.version)) not in only_old.message


def test_doctest_options_and_expected_errors_work_as_in_doctest(check: Check) -> None:
    run = check(
        "```python",
        ">>> list(range(9))  # doctest: +ELLIPSIS",
        "[0, ..., 8]",
        ">>> r.lpush('l', 1)",
        "1",
        ">>> r.incr('l')",
        "Traceback (most recent call last):",
        "  ...",
        "redis.exceptions.ResponseError: WRONGTYPE Operation against a key holding the wrong kind of value",
        ">>> print()",
        "<BLANKLINE>",
        "```",
    )
    assert run.problems == []


@pytest.mark.parametrize(
    "lines",
    [
        (">>> list(range(9))", "[0, ..., 8]"),
        (">>> r.nothing", "Traceback (most recent call last):", "  ...", "ValueError: no"),
        (">>> 1/0",),
        (">>> 1", "1", "", "'prose nothing compares'"),
        (">>> 1  # doctest: +SKIP", "2"),
        ("x = = 1",),
        ("raise ValueError('no')",),
    ],
)
def test_what_doctest_would_let_pass_or_break_on_is_told(lines: tuple[str, ...], check: Check) -> None:
    assert len(check("```python", *lines, "```").problems) == 1


def test_a_block_without_prompts_is_executed(check: Check) -> None:
    run = check("```python", "def twice(n):", "    return 2 * n", "```", "```python", ">>> twice(4)", "8", "```")
    assert run.problems == []


def test_a_block_marked_not_run_is_compiled_but_not_run(check: Check) -> None:
    marker = "<!-- not run: an illustration -->"
    run = check(marker, "```python", "raise ValueError", "```")
    assert run.problems == [] and not run.blocks and len(run.not_run) == 1
    assert check(marker, "```python", "x = = 1", "```").problems


def test_bytes_after_the_shown_ones_are_caught(check: Check) -> None:
    (problem,) = check("```wire", r"C: PING\r\nPING\r\n", r"S: +PONG\r\n", "```").problems
    assert problem.message.endswith(r"+ +PONG\r\n")


def test_half_a_command_gets_no_answer(check: Check) -> None:
    assert check("```wire", r"C: *1\r\n$4\r\nPI", "```").problems == []


@needs_redis_cli
def test_redis_cli_in_a_console_reaches_the_lessons_server_as_on_a_terminal(check: Check) -> None:
    run = check(
        *("```redis", "> SET a 1", "OK", "```"),
        *(
            "```console",
            "$ redis-cli GET a",
            '"1"',
            "$ redis-cli GET a | cat",
            "1",
            "$ echo PING | redis-cli",
            "PONG",
            "```",
        ),
    )
    assert run.problems == []


@needs_redis_cli
def test_a_server_started_in_a_console_is_ended_with_the_lesson(check: Check, until: Callable[..., None]) -> None:
    start = "redis-server --port 0 --save '' --unixsocket $PWD"
    run = check(
        "```console",
        f"$ {start}/own.sock --daemonize yes",
        f"$ {start}/other.sock > log &",
        "$ for i in $(seq 500); do [ -S other.sock -a -S own.sock ] && break; sleep 0.01; done",
        "$ ask() { redis-cli -s $1.sock INFO server | tr -d '\\r' | sed -n 's/^process_id:/pid /p'; }",
        "$ ask own; ask other",
        "```",
    )
    assert len(run.problems) == 1, run.problems
    pids = [int(line.split()[-1]) for line in run.problems[0].message.splitlines() if "+ pid " in line]
    assert len(pids) == 2
    until(lambda: not any(_runs(pid) for pid in pids))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        # One that is dead and that nobody has waited for yet still takes signals.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_redis_server_in_a_console_is_the_binary_of_the_version(lesson: Path, binary: Binary) -> None:
    version = ".".join(map(str, binary.version))
    lesson.write_text(f"```console\n$ redis-server --version | grep -o 'v=[0-9.]*'\nv={version}\n```\n")
    assert check_lessons([lesson], [binary]) == []


def test_without_redis_cli_the_console_says_so(check: Check, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    (tmp_path / "bash").symlink_to(bash)
    monkeypatch.setenv("PATH", str(tmp_path))
    (problem,) = check("```console", "$ redis-cli PING", "PONG", "```").problems
    assert "redis-cli is not installed" in problem.message


def test_a_heredoc_is_continued_behind_the_second_prompt(check: Check) -> None:
    assert check("```console", "$ cat <<END", "> one", "> END", "one", "```").problems == []


def test_a_configuration_must_be_one_redis_takes(check: Check) -> None:
    good = ("<!-- redis.conf -->", "```ini", "maxmemory 2mb", "dir /var/lib/redis", "requirepass x", "```")
    assert check(*good).problems == []
    (problem,) = check("<!-- redis.conf -->", "```ini", "maxmemori 2mb", "```").problems
    assert problem.kind == "ini" and "maxmemori" in problem.message
    assert check("```ini", "maxmemori 2mb", "```").problems == []


def test_rewrite_fills_in_what_redis_answers_and_then_changes_nothing(lesson: Path, newest_binary: Binary) -> None:
    blocks = [
        (
            "# T",
            "",
            "Text > stays.",
            "",
            "```redis",
            "> INCR a",
            "wrong",
            "# why",
            "> LRANGE l 0 -1",
            "",
            "> ECHO x",
            "```",
        ),
        ("- in a list", "", "  ```redis", "  > KEYS *", "  ```"),
        ("```wire", r"C: PING\r\nECHO a\r\n", "S: ", r"C: GET a\r\n", "```"),
        (
            r"<!-- varies: \d{10} -->",
            "```python",
            ">>> int(time.time())",
            "1700000000",
            ">>> r.get('a')",
            ">>> r.lpush('a', 1)",
        ),
        (">>> print('x\\n\\ny')", "```"),
        ("```console", "$ printf 'a\\nb\\n'", "z", "$ true", "gone", "```", "end"),
    ]
    lesson.write_text("\n".join(line for block in blocks for line in block) + "\n")
    assert rewrite(lesson, newest_binary) == []
    assert check_lessons([lesson], [newest_binary]) == []
    text = lesson.read_text()
    rewrite(lesson, newest_binary)
    assert lesson.read_text() == text
    lines = text.split("\n")
    assert lines[:13] == [
        *("# T", "", "Text > stays.", "", "```redis", "> INCR a", "(integer) 1", "# why"),
        *("> LRANGE l 0 -1", "(empty array)", "", "> ECHO x", '"x"'),
    ]
    assert '  1) "a"' in lines and r"S: +PONG\r\n" in lines and r"S: $1\r\na\r\n" in lines
    assert "1700000000" in lines and "<BLANKLINE>" in lines and "Traceback (most recent call last):" in lines
    assert "gone" not in lines and lines[-2:] == ["end", ""]


def test_rewrite_leaves_a_true_lesson_as_it_is(lesson: Path, newest_binary: Binary) -> None:
    lesson.write_text("\n".join(line for kind in TRUE for line in ("<!-- fresh -->", *TRUE[kind], "")))
    text = lesson.read_text()
    assert rewrite(lesson, newest_binary) == []
    assert lesson.read_text() == text


def test_the_command_line_writes_and_then_finds_no_problem(
    lesson: Path, newest_binary: Binary, capsys: pytest.CaptureFixture[str]
) -> None:
    lesson.write_text("```redis\n> PING\n```\n")
    assert main([str(lesson)]) == 1
    assert "+ PONG" in capsys.readouterr().out
    assert main(["--write", str(lesson)]) == 0
    assert "0 problems" in capsys.readouterr().out
    assert lesson.read_text() == "```redis\n> PING\nPONG\n```\n"


def test_progress_is_told_for_each_lesson_and_version(lesson: Path, newest_binary: Binary) -> None:
    lesson.write_text("# nothing to run\n")
    seen: list[object] = []
    assert check_lessons([lesson], [newest_binary], lambda *what: seen.append(what)) == []
    assert seen == [(lesson, newest_binary.version)]


@pytest.mark.parametrize("data", [b"*1\r\n$4\r\nPING\r\n", bytes(range(256)), "é\\x".encode()])
def test_escaped_bytes_read_back_the_same(data: bytes) -> None:
    assert unescape(escape(data)) == data


def test_an_unknown_escape_is_told(check: Check) -> None:
    (problem,) = check("```wire", r"C: PING\q", "```").problems
    assert problem.line == 2 and r"\q" in problem.message
