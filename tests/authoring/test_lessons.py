"""How a lesson is read: what is a block, what a marker, and what is told rather than skipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.authoring.lessons import Lesson, parse_lesson, parse_versions

HERE = Path("1.9-lesson.md")


def read(*lines: str) -> Lesson:
    return parse_lesson(HERE, "\n".join(lines) + "\n")


def told(lesson: Lesson) -> list[tuple[int, str]]:
    return [(problem.line, problem.kind) for problem in lesson.problems]


def test_a_block_knows_its_line_and_its_markers() -> None:
    lesson = read("# T", "", "<!-- fresh -->", r"<!-- varies: \d+ -->", "```redis", "> PING", "PONG", "```")
    (block,) = lesson.blocks
    assert (block.kind, block.line, block.lines) == ("redis", 5, ("> PING", "PONG"))
    assert block.markers.fresh and [p.pattern for p in block.markers.varies] == [r"\d+"]
    assert lesson.problems == ()


def test_two_markers_may_share_a_line() -> None:
    (block,) = read("<!-- fresh --> <!-- redis: >=7.4 -->", "```redis", "> PING", "```").blocks
    assert block.markers.fresh and not block.runs_on((7, 0, 15)) and block.runs_on((8, 2, 3))


def test_own_server_options_are_read_in_order() -> None:
    (block,) = read("<!-- server: maxmemory 2mb, save 60 1 -->", "```redis", "> PING", "```").blocks
    assert block.markers.server == (("maxmemory", "2mb"), ("save", "60 1"))


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("7.0", (7, 0, 15), (7, 2, 0)),
        (">=7.4", (8, 2, 3), (7, 2, 9)),
        ("<8", (7, 0, 15), (8, 0, 0)),
        (">=7.2, <8", (7, 4, 0), (8, 0, 0)),
        ("8.2.3", (8, 2, 3), (8, 2, 2)),
        ("<=7.0", (7, 0, 15), (7, 2, 0)),
    ],
)
def test_a_version_range_admits_what_it_says(text: str, inside: tuple[int, ...], outside: tuple[int, ...]) -> None:
    assert inside in parse_versions(text)
    assert outside not in parse_versions(text)


@pytest.mark.parametrize("fence", ["redis-cli", "pycon", "bash", "", "redis title=x", "Redis"])
def test_an_unknown_fence_is_told_not_skipped(fence: str) -> None:
    lesson = read("# T", f"```{fence}", "> PING", "```")
    assert told(lesson) == [(2, "fence")]
    assert lesson.blocks == ()


def test_a_likely_fence_typo_names_the_right_word() -> None:
    assert "use ```redis" in read("```redis-cli", "> PING", "```").problems[0].message


def test_another_language_may_be_shown_with_a_reason() -> None:
    assert read("<!-- not run: an excerpt of redis.c -->", "```c", "int x;", "```").problems == ()


@pytest.mark.parametrize(
    "marker",
    ["vary: x", "varies", "varies: [", "fresh: yes", "redis: new", "redis: ~7", "server: maxmemory", "not run", "todo"],
)
def test_an_unknown_or_malformed_marker_is_told(marker: str) -> None:
    assert told(read("# T", f"<!-- {marker} -->", "```redis", "> PING", "```")) == [(2, "marker")]


def test_a_marker_that_touches_no_fence_is_told() -> None:
    assert told(read("<!-- fresh -->", "", "```redis", "> PING", "```")) == [(1, "marker")]


def test_a_marker_in_code_is_text() -> None:
    assert read("Write ```` `<!-- fresh -->` ```` or `<!-- redis.conf -->`.").problems == ()


def test_a_marker_for_another_kind_of_block_is_told() -> None:
    assert told(read("<!-- redis.conf -->", "```text", "x", "```")) == [(2, "marker")]
    assert told(read("<!-- varies: x -->", "```sh", "x", "```")) == [(2, "marker")]


def test_a_version_range_outside_the_course_is_told() -> None:
    assert told(read("<!-- redis: 6.2 -->", "```redis", "> PING", "```")) == [(2, "marker")]


def test_a_fence_swallowed_by_html_is_told() -> None:
    lesson = read("<details><summary>Answer</summary>", "```redis", "> PING", "```", "</details>")
    assert (2, "fence") in told(lesson) and lesson.blocks == ()


def test_a_fence_after_a_blank_line_in_details_is_a_block() -> None:
    lesson = read("<details><summary>Answer</summary>", "", "```redis", "> PING", "PONG", "```", "", "</details>")
    assert [block.line for block in lesson.blocks] == [3] and lesson.problems == ()


def test_an_open_fence_and_an_indented_block_are_told() -> None:
    assert told(read("# T", "", "```redis", "> PING")) == [(3, "fence")]
    assert told(read("Text.", "", "    > PING", "    PONG")) == [(3, "fence")]


def test_a_block_in_a_list_keeps_its_indentation_apart() -> None:
    (block,) = read("1. First", "", "   ```redis", "   > PING", "   PONG", "   ```").blocks
    assert (block.prefix, block.lines) == ("   ", ("> PING", "PONG"))
