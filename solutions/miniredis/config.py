"""Settings: their names and defaults as redis-server has them, from redis.conf, the command line and CONFIG SET."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from miniredis.values.packing import LIMITS
from miniredis.words import split_words

Setting: TypeAlias = str | int | bool

_UNITS = {"": 1, "b": 1, "k": 1000, "kb": 1024, "m": 1000**2, "mb": 1024**2, "g": 1000**3, "gb": 1024**3}


class BadSetting(ValueError):
    """A setting that does not exist, or a value it cannot have; the text says which."""


@dataclass(frozen=True, slots=True)
class Option:
    """One setting.

    Attributes:
        name: as in redis.conf.
        default: its type is the setting's type.
        memory: the value may be written as "2mb".
        choices: the only values there are, if there are only some.
        fixed: it cannot be changed while the server runs.
    """

    name: str
    default: Setting
    memory: bool = False
    choices: tuple[str, ...] = ()
    fixed: bool = False


OPTIONS = (
    Option("port", 6379, fixed=True),
    Option("bind", "127.0.0.1", fixed=True),
    Option("unixsocket", "", fixed=True),
    Option("databases", 16, fixed=True),
    Option("dir", "."),
    Option("dbfilename", "dump.rdb"),
    Option("save", ""),
    Option("appendonly", False),
    Option("appendfsync", "everysec", choices=("always", "everysec", "no")),
    Option("appendfilename", "appendonly.aof", fixed=True),
    Option("appenddirname", "appendonlydir", fixed=True),
    Option("maxmemory", 0, memory=True),
    Option("requirepass", ""),
    Option("timeout", 0),
    Option("hz", 10),
    Option("notify-keyspace-events", ""),
    Option("slowlog-log-slower-than", 10_000),
    Option("slowlog-max-len", 128),
    Option("latency-monitor-threshold", 0),
    Option("latency-tracking", False),
)
_BY_NAME = {option.name: option for option in OPTIONS}


class Config(dict[str, Setting]):
    """All settings with their values."""

    def __init__(self) -> None:
        super().__init__({option.name: option.default for option in OPTIONS})

    def put(self, name: str, text: str) -> None:
        """Set one from text.

        Raises:
            BadSetting: there is no such setting, or the value does not fit it.
        """
        option = _BY_NAME.get(name.lower())
        if option is None:
            raise BadSetting(f"'{name}' is not a setting of this server")
        value = self[option.name] = _read(option, text)
        if option.name in LIMITS:
            LIMITS[option.name] = int(value)


def _read(option: Option, text: str) -> Setting:
    if option.choices and text.lower() not in option.choices:
        raise BadSetting(f"'{option.name}' is one of {', '.join(option.choices)}, not '{text}'")
    if isinstance(option.default, bool):
        if text.lower() not in ("yes", "no"):
            raise BadSetting(f"'{option.name}' is yes or no, not '{text}'")
        return text.lower() == "yes"
    if isinstance(option.default, int):
        return _number(option, text)
    return text


def _number(option: Option, text: str) -> int:
    digits = text.rstrip("bkmgBKMG") if option.memory else text
    unit = _UNITS.get(text[len(digits) :].lower())
    if unit is None or not digits.removeprefix("-").isdigit():
        raise BadSetting(f"'{option.name}' is a number, not '{text}'")
    return int(digits) * unit


def from_arguments(arguments: Sequence[str]) -> Config:
    """Read the command line: an optional redis.conf first, then --name value … as redis-server takes them.

    Raises:
        BadSetting: for what does not exist or does not fit, or a file that cannot be read.
    """
    config = Config()
    rest = list(arguments)
    if rest and not rest[0].startswith("--"):
        _read_file(config, Path(rest.pop(0)))
    while rest:
        name = rest.pop(0)
        if not name.startswith("--"):
            raise BadSetting(f"'{name}' stands where an option such as --port should")
        values = []
        while rest and not rest[0].startswith("--"):
            values.append(rest.pop(0))
        config.put(name[2:], " ".join(values))
    return config


def _read_file(config: Config, path: Path) -> None:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise BadSetting(f"{path} cannot be read: {error.strerror}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith(b"#"):
            continue
        words = split_words(line)
        if words is None:
            raise BadSetting(f"{path}, line {number}: the quotes do not balance")
        name, *values = (word.decode() for word in words)
        try:
            config.put(name, " ".join(values))
        except BadSetting as error:
            raise BadSetting(f"{path}, line {number}: {error}") from error
