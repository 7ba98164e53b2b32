"""What COMMAND says of each command is what Redis 8.2 says: arity, flags, where keys are, categories, flags of keys."""

from typing import Any

import pytest
from miniredis import commands
from miniredis.commands.categories import categories
from miniredis.commands.key_specs import key_flags
from miniredis.commands.table import COMMANDS, Command

from grader.servers import Binary, standalone

assert commands.__all__


# Commands of Redis 8.2 that this server does not have, and why.
NOT_HERE = {
    **dict.fromkeys(["eval", "evalsha", "eval_ro", "evalsha_ro", "fcall", "fcall_ro", "script", "function"], "scripts"),
    **dict.fromkeys(["psync", "sync", "replconf", "failover", "migrate", "restore-asking"], "replication and cluster"),
    **dict.fromkeys(["module"], "nothing to learn from"),
}


@pytest.fixture(scope="session")
def real_table(redis_8: Binary) -> dict[str, list[Any]]:
    """COMMAND of a real Redis: each command and subcommand by its name."""
    with standalone(binary=redis_8) as server, server.client() as client:
        client.response_callbacks.clear()
        rows = client.execute_command("COMMAND")
    return {each[0]: each for row in rows for each in (row, *row[9])}


def ours() -> dict[str, Command]:
    """The same of the reference."""
    return {each.name: each for entry in COMMANDS.values() for each in (entry, *entry.subcommands.values())}


def test_every_command_has_the_arity_the_flags_and_the_keys_of_the_real_one(real_table: dict[str, list[Any]]) -> None:
    wrong = {}
    for name, entry in ours().items():
        real = real_table.get(name)
        mine = (entry.arity, sorted(entry.flags), list(entry.keys))
        if real is None or mine != (real[1], sorted(real[2]), real[3:6]):
            wrong[name] = (mine, real and (real[1], sorted(real[2]), real[3:6]))
    assert wrong == {}


def test_every_command_is_in_the_categories_of_the_real_one(real_table: dict[str, list[Any]]) -> None:
    found = {name: sorted(categories(entry)) for name, entry in ours().items() if name in real_table}
    assert found == {name: sorted(real_table[name][6]) for name in found}


def test_keys_have_the_flags_of_the_real_ones(real_table: dict[str, list[Any]]) -> None:
    wrong = {}
    for name, entry in ours().items():
        specs = [dict(zip(spec[::2], spec[1::2], strict=True)) for spec in real_table[name][8]]
        if specs and "variable_flags" not in specs[0]["flags"]:
            mine, real = sorted(key_flags(entry, 0, 1)), sorted(specs[0]["flags"])
            if mine != real:
                wrong[name] = (mine, real)
    assert wrong == {}


def test_what_is_missing_is_missing_for_a_reason(real_table: dict[str, list[Any]]) -> None:
    missing = {name for name in real_table if "|" not in name and not name.startswith("V")} - ours().keys()
    assert missing == NOT_HERE.keys()
