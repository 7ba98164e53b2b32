"""The learner's files: stubs found wherever they went, regions filled in and put back, other stages' text untouched."""

from __future__ import annotations

import textwrap

import pytest

from grader.checks.stages.reference import Reference
from grader.checks.stages.regions import Region, clear
from grader.marking.own_server import NotFoundError, extent, fill, put

STRINGS = textwrap.dedent('''\
    """Strings."""

    import itertools
    from miniredis.resp import OK


    ### BEGIN SOLUTION mini.append
    def room(old, more):
        return len(old) + len(list(itertools.chain(more)))


    ### END SOLUTION
    @command("APPEND")
    def append(client, args):
        """The new length."""
        ### BEGIN SOLUTION mini.append
        old = client.db.get(args[1])
        client.db[args[1]] = old + args[2]
        return room(old, args[2])
        ### END SOLUTION


    class Loop:
        def process(self, args):
            """Run it."""
            command = lookup(args)
            ### BEGIN SOLUTION mini.arity
            if not command.fits(args):
                return "arity"
            ### END SOLUTION
            reply = self.call(command)
            ### BEGIN SOLUTION mini.stats
            self.stats += 1
            ### END SOLUTION
            return reply
    ''')
REFERENCE = Reference({"strings.py": STRINGS, "other.py": "x = 1\n"})
STARTER = clear(STRINGS, "strings.py")
FILLED = "".join(line for line in STRINGS.splitlines(keepends=True) if "SOLUTION" not in line)


def stub(region: Region) -> str:
    return region.stub


def body(region: Region) -> str:
    return region.body


def test_filling_every_stage_of_a_starter_gives_the_reference() -> None:
    texts = {"strings.py": STARTER}
    for stage in ("mini.append", "mini.arity", "mini.stats"):
        texts |= fill(texts, REFERENCE, stage)
    assert texts["strings.py"] == FILLED


def test_filling_one_stage_leaves_every_other_line_as_it_was() -> None:
    mine = STARTER.replace("reply = self.call(command)", "reply = self.call(command)  # mine")
    new = fill({"strings.py": mine}, REFERENCE, "mini.arity")["strings.py"]
    assert "reply = self.call(command)  # mine" in new
    assert "# mini.stats: yours to build (course hint mini.stats)" in new
    assert 'return "arity"' in new


def test_a_stub_that_moved_to_another_file_and_depth_is_filled_there() -> None:
    moved = 'class A:\n    class B:\n        def append(self):\n            raise NotImplementedError("mini.append")\n'
    helper = "# mini.append: yours to build (course hint mini.append)\n"
    new = fill({"own.py": moved, "strings.py": helper}, REFERENCE, "mini.append")
    assert "            old = client.db.get(args[1])\n" in new["own.py"]
    assert new["strings.py"].startswith("import itertools\n")
    assert "def room(old, more):\n" in new["strings.py"]


def test_an_import_that_was_tidied_away_comes_back_with_the_code_that_uses_it() -> None:
    mine = STARTER.replace("import itertools\n", "")
    new = fill({"strings.py": mine}, REFERENCE, "mini.append")["strings.py"]
    assert "from miniredis.resp import OK\nimport itertools\n" in new


def test_a_stage_without_stubs_is_not_filled() -> None:
    mine = STARTER.replace('raise NotImplementedError("mini.append")  # course hint mini.append', "return 1")
    mine = mine.replace("# mini.append: yours to build (course hint mini.append)\n", "")
    assert fill({"strings.py": mine}, REFERENCE, "mini.append") == {}


@pytest.mark.parametrize("where", ["above", "below"])
def test_a_comment_beside_which_something_was_written_is_not_filled(where: str) -> None:
    comment = "        # mini.arity: yours to build (course hint mini.arity)\n"
    mine = "        if len(args) < 2:\n            return 'my arity'\n"
    text = STARTER.replace(comment, mine + comment if where == "above" else comment + mine)
    assert fill({"strings.py": text}, REFERENCE, "mini.arity") == {}
    helper = "# mini.append: yours to build (course hint mini.append)\n"
    text = STARTER.replace(helper, f"{helper}def room(old, more):\n    return 1\n\n\n")
    new = fill({"strings.py": text}, REFERENCE, "mini.append")["strings.py"]
    assert new.count("def room(") == 1 and "return 1" in new and "old = client.db.get(args[1])" in new


def test_one_stub_too_many_is_told() -> None:
    twice = STARTER + '\n\ndef again():\n    raise NotImplementedError("mini.append")\n'
    with pytest.raises(NotFoundError, match="stands for nothing"):
        fill({"strings.py": twice}, REFERENCE, "mini.append")


def test_putting_the_stubs_back_makes_the_starter_of_the_solution() -> None:
    text = FILLED
    for stage in ("mini.append", "mini.arity", "mini.stats"):
        text, old = put(text, STRINGS, "strings.py", stage, stub)
        assert old
    assert [line for line in text.splitlines() if line] == [line for line in STARTER.splitlines() if line]


def test_what_was_written_is_handed_back_and_what_another_stage_has_stays() -> None:
    mine = (
        FILLED.replace('return "arity"', 'return "my arity"')
        .replace("self.stats += 1", "self.stats = 2 * self.stats")
    )  # fmt: skip
    text, old = put(mine, STRINGS, "strings.py", "mini.arity", stub)
    assert 'return "my arity"' in "".join(old)
    assert "self.stats = 2 * self.stats" in text
    assert "# mini.arity: yours to build" in text
    assert "my arity" not in text


def test_the_reference_may_take_the_place_of_what_was_written() -> None:
    mine = FILLED.replace("return room(old, args[2])", "return 0").replace("len(old) +", "0 *")
    text, old = put(mine, STRINGS, "strings.py", "mini.append", body)
    assert [line for line in text.splitlines() if line] == [line for line in FILLED.splitlines() if line]
    assert "return 0" in "".join(old) and "0 *" in "".join(old)


def test_a_file_that_is_no_python_can_be_brought_back() -> None:
    mine = FILLED.replace("old = client.db.get(args[1])", "old = = client.db.get(")
    text, old = put(mine, STRINGS, "strings.py", "mini.append", stub)
    assert "old = = " in "".join(old)
    assert [line for line in text.splitlines() if "mini.append" in line] == [
        "# mini.append: yours to build (course hint mini.append)",
        '    raise NotImplementedError("mini.append")  # course hint mini.append',
    ]


def test_two_stages_whose_border_was_changed_are_not_guessed_at() -> None:
    mine = FILLED.replace("reply = self.call(command)", "reply = self.run(command)")
    with pytest.raises(NotFoundError, match=r"mini\.arity cannot be told from mini\.stats"):
        put(mine, STRINGS, "strings.py", "mini.arity", stub)


def test_a_function_that_is_gone_is_told() -> None:
    with pytest.raises(NotFoundError, match=r"no append\(\) any more"):
        put(FILLED.replace("def append", "def add"), STRINGS, "strings.py", "mini.append", stub)


def test_a_definition_is_found_with_its_decorators_in_python_and_in_what_is_none() -> None:
    text = "x = 1\n\n\n@a\n@b(\n    1\n)\ndef f(\n    y,\n):\n    return y\n\n\ndef g():\n    pass\n"
    assert extent(text, "f") == (3, 11)
    assert extent(text, "h") is None
    broken = "@a\ndef f(\n    y,\n):\n    return = y\n\n\ndef g():\n    pass\n"
    assert extent(broken, "f") == (0, 5)
