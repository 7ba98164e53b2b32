"""Solution regions of the reference, the stubs they become, and markers that make no sense."""

from __future__ import annotations

import ast
import textwrap

import pytest

from grader.checks.stages.regions import RegionError, clear, filled, regions, stubs

REFERENCE = textwrap.dedent('''\
    """Strings."""

    from miniredis.resp import OK


    ### BEGIN SOLUTION mini.append
    def _room(old: bytes, more: bytes) -> int:
        return len(old) + len(more)


    ### END SOLUTION
    class Strings:
        """What strings can do."""

        ### BEGIN SOLUTION mini.ping
        def ping(self) -> bytes:
            return b"PONG"
        ### END SOLUTION

        def append(self, key: bytes, more: bytes) -> int:
            """The new length."""
            old = self.get(key)
            ### BEGIN SOLUTION mini.append
            if not old:
                old = b""
            self[key] = old + more
            return _room(old, more)
            ### END SOLUTION
        ### BEGIN SOLUTION mini.echo
        PLACE = 1
        ### END SOLUTION
    ''')


def test_a_region_in_a_function_becomes_a_statement_and_any_other_a_comment() -> None:
    starter = clear(REFERENCE, "strings.py")
    lines = starter.splitlines()
    assert '        raise NotImplementedError("mini.append")  # course hint mini.append' in lines
    assert "# mini.append: yours to build (course hint mini.append)" in lines
    assert "    # mini.ping: yours to build (course hint mini.ping)" in lines
    assert "    # mini.echo: yours to build (course hint mini.echo)" in lines
    assert "SOLUTION" not in starter
    assert "_room" not in starter and "PLACE" not in starter
    assert ast.parse(starter)


def test_what_stands_outside_the_regions_stays_as_it_is() -> None:
    starter = clear(REFERENCE, "strings.py")
    for kept in ('"""The new length."""', "old = self.get(key)", "class Strings:", "from miniredis.resp import OK"):
        assert kept in starter


def test_regions_know_their_stage_and_their_scope() -> None:
    found = [(r.stage, r.scope, r.raises) for r in regions(REFERENCE, "strings.py")]
    assert found == [
        ("mini.append", "", False),
        ("mini.ping", "Strings", False),
        ("mini.append", "Strings.append", True),
        ("mini.echo", "Strings", False),
    ]


def test_the_stubs_of_a_starter_are_where_its_regions_were() -> None:
    found = [(s.stage, s.scope, s.raises) for s in stubs(clear(REFERENCE, "strings.py"))]
    assert found == [(r.stage, r.scope, r.raises) for r in regions(REFERENCE, "strings.py")]


def test_stubs_are_found_in_a_file_that_is_no_python_and_whatever_was_added_to_their_line() -> None:
    text = "def no(:\n    raise NotImplementedError('mini.append')   # later\n\traise NotImplementedError(\"mini.x\")\n"
    assert [(s.stage, s.line) for s in stubs(text)] == [("mini.append", 1), ("mini.x", 2)]


def test_an_error_of_the_learners_own_is_no_stub() -> None:
    assert stubs('raise NotImplementedError\nraise NotImplementedError("some day")\n# mini.append is hard\n') == []


def test_filled_is_the_reference_without_its_markers() -> None:
    text = filled(REFERENCE, "strings.py")
    assert "SOLUTION" not in text
    assert text.splitlines() == [line for line in REFERENCE.splitlines() if "SOLUTION" not in line]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("### BEGIN SOLUTION mini.a\nx = 1\n", "x.py:1: the solution of mini.a begins here and never ends"),
        ("x = 1\n### END SOLUTION\n", "x.py:2: END SOLUTION without a BEGIN"),
        ("### BEGIN SOLUTION mini.a\n### BEGIN SOLUTION mini.b\n", "begins inside the one that began in line 1"),
        ("### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n", "has to name a stage"),
        ("### BEGIN SOLUTION week1.a\nx = 1\n### END SOLUTION\n", "has to name a stage"),
        ("### BEGIN SOLUTION mini.a\n### END SOLUTION\n", "is empty"),
        ("def f():\n    ### BEGIN SOLUTION mini.a\n    return 1\n### END SOLUTION\n", "another indentation"),
        (
            "if x:\n    y()\n### BEGIN SOLUTION mini.a\nelse:\n    z()\n### END SOLUTION\n",
            "not made of whole statements",
        ),
        ("def f():\n    ### BEGIN SOLUTION mini.a\n    x = 1\n  # left\n    ### END SOLUTION\n", "further left"),
        ("x = 1  ### BEGIN SOLUTION mini.a\n", "stands alone on its line"),
        ("x = = 1\n", "x.py:1: invalid syntax"),
    ],
)  # fmt: skip
def test_markers_that_make_no_sense_are_told_in_a_sentence(text: str, told: str) -> None:
    with pytest.raises(RegionError) as error:
        regions(text, "x.py")
    assert told in str(error.value)


def test_a_decorator_outside_its_region_is_told() -> None:
    text = "@known\n### BEGIN SOLUTION mini.a\ndef f():\n    return 1\n### END SOLUTION\n"
    with pytest.raises(RegionError, match="decorators included"):
        clear(text, "x.py")


ADDITIONS = textwrap.dedent('''\
    def process(self, args) -> Reply:
        """Run it."""
        command = lookup(args)
        ### BEGIN SOLUTION mini.arity
        if not command.fits(args):
            return "arity"
        ### END SOLUTION
        ### BEGIN SOLUTION mini.named
        name = command.name
        ### END SOLUTION
        if command.waits:
            ### BEGIN SOLUTION mini.wait
            return self.wait(name)
            ### END SOLUTION
        if command.fails:
            self.stats += 1
            ### BEGIN SOLUTION mini.fails
            return "failed"
            ### END SOLUTION
        ### BEGIN SOLUTION mini.call
        return self.call(command)
        ### END SOLUTION


    def tend(self) -> None:
        self.count()
        ### BEGIN SOLUTION mini.tend
        self.sweep()
        ### END SOLUTION
    ''')


def test_a_region_that_only_adds_a_step_is_a_comment_so_that_earlier_stages_work_without_it() -> None:
    found = {r.stage: r.raises for r in regions(ADDITIONS, "x.py")}
    assert found == {
        "mini.arity": False,
        "mini.named": True,  # its name is used behind it
        "mini.wait": True,  # all that its block has
        "mini.fails": True,  # ends its block
        "mini.call": True,  # nothing follows, and a reply is expected
        "mini.tend": False,
    }
    assert all(r.function for r in regions(ADDITIONS, "x.py"))
    assert ast.parse(clear(ADDITIONS, "x.py"))
