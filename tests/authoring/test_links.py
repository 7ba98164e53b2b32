"""A link that leads nowhere and an exercise that does not exist are told, with their line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.authoring.links import check_links, github_slugs, linked_pages, named_slugs

SLUGS = {"week1.page-views"}


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A small course: two lessons, a notebook with its source, a folder and a page at the root."""
    files = {
        "README.md": "# Course\n",
        "modules/week1-fundamentals/1.1-first.md": "# 1.1 First\n\n## What it costs\n\n## What it costs\n\n"
        "<a id='here'></a>\n",
        "modules/week1-fundamentals/1.2 spaced.md": "# 1.2 `GET` & *friends*\n",
        "solutions/week1/02-strings.md": "---\nkernelspec: {name: python3}\n---\n\n# Strings and counters\n",
        "notebooks/week1/02-strings.ipynb": json.dumps(
            {"cells": [{"cell_type": "markdown", "source": ["# Strings and counters"]}]}
        ),
        "notebooks/week1/extra.ipynb": json.dumps({"cells": [{"cell_type": "markdown", "source": ["## Part One"]}]}),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def lesson(course: Path, *lines: str) -> Path:
    page = course / "modules/week1-fundamentals/1.9-page.md"
    page.write_text("\n".join(lines) + "\n")
    return page


@pytest.mark.parametrize(
    "link",
    [
        "[a](1.1-first.md)",
        "[a](1.1-first.md#what-it-costs)",
        "[a](1.1-first.md#what-it-costs-1)",
        "[a](1.1-first.md#here)",
        "[a](<1.2 spaced.md#12-get--friends>)",
        "[a](1.2%20spaced.md)",
        "[a](../../README.md)",
        "[a](../../notebooks/)",
        "[a](../../notebooks/week1/02-strings.ipynb)",
        "[a](../../notebooks/week1/extra.ipynb#Part-One)",
        "[a](../../notebooks/week1/02-strings.ipynb#Strings-and-counters)",
        "[a][b]\n\n[b]: 1.1-first.md",
        "# T\n\n[up](#t)",
        "[a](https://redis.io/docs/latest/) <https://redis.io>",
        "[a](http://localhost:8888/lab) [m](mailto:a@example.org)",
        "```text\n[a](nowhere.md)\n```\nand `[a](nowhere.md)`",
        "[week1.page-views](1.1-first.md) `course hint week1.page-views`",
    ],
)
def test_a_link_that_leads_somewhere_passes(course: Path, link: str) -> None:
    assert check_links(course, SLUGS, [lesson(course, link)]) == []


@pytest.mark.parametrize(
    ("link", "kind"),
    [
        ("[a](1.3-third.md)", "link"),
        ("[a](1.1-first.md#what-it-cost)", "link"),
        ("[a](1.1-first.md#what-it-costs-2)", "link"),
        ("[a](1.1-first.md#What-it-costs)", "link"),
        ("[a](#nothing)", "link"),
        ("[a](../../../outside.md)", "link"),
        ("[a](/modules/week1-fundamentals/1.1-first.md)", "link"),
        ("[a](../../notebooks/week1/09-none.ipynb)", "link"),
        ("[a](../../notebooks/week1/02-strings.ipynb#none)", "link"),
        ("![a](picture.png)", "link"),
        ('<a href="none.md">a</a>', "link"),
        ('text <img src="none.png"> text', "link"),
        ("[a]()", "link"),
        ("[a](http://redis.io)", "link"),
        ("[a](https://redis)", "link"),
        ("[a](ftp://redis.io)", "link"),
        ("[a](https://[redis.io)", "link"),
        ("[a][nowhere]", "link"),
        ("| a |\n| --- |\n| [a](none.md) |", "link"),
        ("[week1.page-view](1.1-first.md)", "slug"),
        ("`week1.pageviews`", "slug"),
        ("```sh\ncourse check week2.none\n```", "slug"),
    ],
)
def test_a_link_that_leads_nowhere_is_told(course: Path, link: str, kind: str) -> None:
    (problem,) = check_links(course, SLUGS, [lesson(course, link)])
    assert problem.kind == kind


def test_the_line_is_the_links_own(course: Path) -> None:
    page = lesson(course, "# T", "", "Text", "and [a](1.1-first.md)", "and [b](none.md)", "", "- x", "- [c](none.md)")
    assert [problem.line for problem in check_links(course, SLUGS, [page])] == [5, 8]


def test_the_links_of_a_source_notebook_start_at_the_notebook(course: Path) -> None:
    source = course / "solutions/week1/02-strings.md"
    source.write_text(
        "---\nkernelspec: {name: python3}\n---\n\n[next](extra.ipynb) [self](02-strings.ipynb)\n"
        "[lesson](../../modules/week1-fundamentals/1.1-first.md)\n[source](02-strings.md)\n"
    )
    (problem,) = check_links(course, SLUGS, [source])
    assert problem.line == 7 and "notebooks/week1/02-strings.md" in problem.message


def test_a_notebook_not_generated_yet_counts_by_its_source(course: Path) -> None:
    (course / "notebooks/week1/02-strings.ipynb").unlink()
    assert check_links(course, SLUGS, [lesson(course, "[a](../../notebooks/week1/02-strings.ipynb)")]) == []


def test_all_pages_of_the_course_are_read_unless_named(course: Path) -> None:
    lesson(course, "[a](none.md)")
    (course / "syllabus.md").write_text("[a](none.md)\n")
    (course / "elsewhere.md").write_text("[a](none.md)\n")
    pages = {path.relative_to(course.resolve()).as_posix() for path in linked_pages(course.resolve())}
    assert pages == {
        "README.md",
        "syllabus.md",
        "modules/week1-fundamentals/1.1-first.md",
        "modules/week1-fundamentals/1.2 spaced.md",
        "modules/week1-fundamentals/1.9-page.md",
        "solutions/week1/02-strings.md",
    }
    assert {problem.path.name for problem in check_links(course, SLUGS)} == {"syllabus.md", "1.9-page.md"}


def test_slugs_are_told_from_file_names_and_longer_words() -> None:
    assert named_slugs("course check week1.page-views week2.own-get.") == ["week1.page-views", "week2.own-get"]
    assert named_slugs("week1.py week1.yml checks/week1.page week1.page_views week1.call() myweek1.x") == []


def test_anchors_follow_githubs_rules() -> None:
    headings = ["1.4 Strings & counters", "What's `SET … EX`?", "A-b_c", "Größe", "Again", "Again", "Again-1"]
    assert github_slugs(headings) == [
        *("14-strings--counters", "whats-set--ex", "a-b_c", "größe", "again", "again-1", "again-1-1"),
    ]
