"""A redis.conf of a real Redis starts this server, and what it cannot use is said."""

from pathlib import Path

import pytest
from miniredis.config import from_arguments

from grader.servers import Binary, standalone
from grader.servers.miniredis import miniredis

SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"
# What the two servers were started with differs.
THEIR_OWN = {"port", "dir", "unixsocket", "save", "latency-tracking", "parser"}


@pytest.fixture(scope="session")
def real_settings(redis_8: Binary) -> dict[str, str]:
    with standalone(binary=redis_8) as server, server.client() as client:
        return client.config_get("*")


def test_every_setting_of_redis_is_known_with_its_default(real_settings: dict[str, str]) -> None:
    with miniredis(SOLUTIONS) as server, server.client() as client:
        ours = client.config_get("*")
    names = set(real_settings)
    assert names - ours.keys() == set()
    assert {name: ours[name] for name in names - THEIR_OWN} == {name: real_settings[name] for name in names - THEIR_OWN}


def test_a_whole_redis_conf_is_read_and_what_has_no_effect_is_named(
    real_settings: dict[str, str], tmp_path: Path
) -> None:
    skipped = {"requirepass", "masterauth", "aclfile"}
    lines = [f'{name} "{value}"' for name, value in real_settings.items() if name not in skipped]
    path = tmp_path / "redis.conf"
    path.write_text("\n".join([*lines, "user default on nopass ~* +@all", 'rename-command DEBUG ""', ""]))
    config = from_arguments([str(path), "--port", "6399"])
    assert config["port"] == 6399
    assert {"tcp-keepalive", "user", "rename-command"} <= set(config.ignored)


def test_lines_that_add_up_add_up_and_the_command_line_replaces_them(tmp_path: Path) -> None:
    path = tmp_path / "redis.conf"
    path.write_text("save 900 1\nsave 300 10\nclient-output-buffer-limit replica 1mb 2mb 3\n")
    config = from_arguments([str(path)])
    assert config.shown("save") == "900 1 300 10"
    assert config.shown("client-output-buffer-limit").split()[4:8] == ["slave", "1048576", "2097152", "3"]
    assert from_arguments([str(path), "--save", ""]).shown("save") == ""


def test_config_rewrite_keeps_comments_and_writes_what_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "redis.conf"
    path.write_text("# mine\nmaxmemory 1mb\nappendonly no\n")
    config = from_arguments([str(path)])
    config.change({"maxmemory": "2mb", "timeout": "7"})
    config.rewrite()
    assert path.read_text() == "# mine\nmaxmemory 2097152\nappendonly no\ntimeout 7\n"
