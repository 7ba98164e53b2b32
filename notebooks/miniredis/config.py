"""The settings of a server: read from redis.conf and the command line, changed by CONFIG SET. `options` lists them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from miniredis import notifications
from miniredis.glob import matches
from miniredis.options import ALIASES, DIRECTIVES, OPTIONS, BadSetting, Option, Setting, not_used
from miniredis.words import split_words

__all__ = ["BadSetting", "Config", "from_arguments"]

_BY_NAME = {option.name: option for option in (*OPTIONS, *not_used())}


class Config(dict[str, Setting]):
    """All settings with their values.

    Attributes:
        file: the redis.conf it was read from, if any.
        ignored: names that were set and have no effect here.
    """

    def __init__(self) -> None:
        super().__init__({option.name: option.default for option in _BY_NAME.values()})
        self.file: Path | None = None
        self.ignored: list[str] = []
        self._given: set[str] = set()

    def put(self, name: str, text: str) -> None:
        """Set one at the start of the server, from redis.conf or the command line.

        Raises:
            BadSetting: there is no such setting, or the value does not fit it.
        """
        option = find(name)
        if name.lower() in DIRECTIVES or (option is not None and not option.used):
            self.ignored.append(name.lower())
        if option is None:
            if name.lower() in DIRECTIVES:
                return
            raise BadSetting(f"'{name}' is not a setting of this server")
        if option.lines and option.name in self._given and text:
            text = f"{self[option.name]} {text}"
        self._given.add(option.name)
        try:
            self[option.name] = option.read(text, self[option.name])
        except BadSetting as error:
            raise BadSetting(f"{name}: {error}") from error

    def begin_command_line(self) -> None:
        """What follows replaces what redis.conf said, also where lines add up."""
        self._given.clear()

    def shown(self, name: str) -> str:
        """Return a setting as CONFIG GET shows it."""
        value = self[name]
        if isinstance(value, bool):
            return "yes" if value else "no"
        if name == "notify-keyspace-events":
            return notifications.written(str(value)) or ""
        if name == "dir":
            return str(Path(str(value)).absolute())
        return str(value)

    def matching(self, patterns: Iterable[bytes]) -> dict[str, str]:
        """Return the settings whose names match one of the patterns, other names of the same included."""
        raise NotImplementedError("mini.config-get")  # course hint mini.config-get

    def change(self, texts: Mapping[str, str]) -> Mapping[str, Setting]:
        """Set several while the server runs, all or none; what they were before, to take it back.

        Raises:
            NotChanged: and then none has been changed.
        """
        raise NotImplementedError("mini.config-set")  # course hint mini.config-set

    def may_change(self, name: str, already: Iterable[str]) -> None:
        """Check that a setting can be changed while the server runs, and is named once only.

        Raises:
            BadSetting: there is no such setting.
            NotChanged: it cannot be changed.
        """
        raise NotImplementedError("mini.config-set")  # course hint mini.config-set

    def rewrite(self) -> None:
        """Write the settings back into redis.conf: its lines stay where they are, new ones come to the end.

        Raises:
            OSError: the file cannot be written.
        """
        assert self.file is not None
        written: set[str] = set()
        lines = []
        for line in self.file.read_text().splitlines():
            option = find(line.split()[0]) if line.split() and not line.lstrip().startswith("#") else None
            if option is None:
                lines.append(line)
            elif option.name not in written:
                written.add(option.name)
                lines.append(self._line(option))
        for option in _BY_NAME.values():
            if option.name not in written and self[option.name] != option.default:
                lines.append(self._line(option))
        whole = self.file.with_name(f"{self.file.name}.tmp")
        whole.write_text("\n".join(lines) + "\n")
        whole.replace(self.file)

    def _line(self, option: Option) -> str:
        text = self.shown(option.name)
        quoted = f'"{text}"' if not text or (" " in text and not option.check) else text
        return f"{option.name} {quoted}"


class NotChanged(Exception):
    """CONFIG SET cannot do that; says which setting is to blame, and why."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name
        self.why = why


def find(name: str) -> Option | None:
    """Return the setting of that name, or None."""
    lower = name.lower()
    return _BY_NAME.get(ALIASES.get(lower, lower))


def from_arguments(arguments: Sequence[str]) -> Config:
    """Read the command line: an optional redis.conf first, then --name value … as redis-server takes them.

    Raises:
        BadSetting: for what does not exist or does not fit, or a file that cannot be read.
    """
    config = Config()
    rest = list(arguments)
    if rest and not rest[0].startswith("--"):
        config.file = Path(rest.pop(0)).absolute()
        _read_file(config, config.file)
        config.begin_command_line()
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
        if name.lower() == "include":
            for value in values:
                _read_file(config, Path(value))
            continue
        try:
            config.put(name, " ".join(values))
        except BadSetting as error:
            raise BadSetting(f"{path}, line {number}: {error}") from error
