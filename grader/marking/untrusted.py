"""Read a JSON document that a stranger may have written: a report from a job that ran their code, or a receipt.

Nothing is unpacked, followed or believed: a regular file or one member of a zip, of a bounded size and depth, strict
JSON, and exactly what the schema in `grader/marking/schema/` allows. `course grade --validate` and `course verify`
come here.
"""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

from grader.marking.printable import one_line

MOST_BYTES = 4_000_000
_DEEPEST = 12
_MOST_MEMBERS = 20


class UntrustedError(ValueError):
    """The document is refused; the message says why, and holds nothing that could harm a terminal."""


def read_document(path: Path, schema: str, member: str = "") -> dict[str, Any]:
    """The JSON object in `path`, which fulfils the schema.

    Args:
        path: a file; a zip (an artifact as it is downloaded) when `member` is given and the name ends so.
        schema: the name of a schema, for example ``receipt-1``.
        member: the one member of a zip that is read, into memory.

    Raises:
        UntrustedError: for anything else than that.
    """
    data = _bytes(path)
    if member and path.name.lower().endswith(".zip"):
        data = _member(data, member)
    return parse(data, schema)


def parse(data: bytes, schema: str) -> dict[str, Any]:
    """The JSON object in `data`, which fulfils the schema called `schema`.

    Raises:
        UntrustedError: for anything else than that.
    """
    if _depth(data) > _DEEPEST:
        raise UntrustedError("It is refused: its JSON is nested too deeply.")
    try:
        found = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_no_key_twice,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=_no_fraction if schema.startswith("receipt") else float,
        )
    except UnicodeDecodeError:
        raise UntrustedError("It is refused: it is not UTF-8 text.") from None
    except UntrustedError:
        raise
    except ValueError as error:
        raise UntrustedError(f"It is refused: it is not JSON ({one_line(str(error), 200)}).") from None
    worst = next(iter(_validator(schema).iter_errors(found)), None)
    if worst is not None:
        where = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in worst.absolute_path).lstrip(".")
        at = f" at {one_line(where, 120)}" if where else ""
        said = worst.message if len(worst.message) <= 200 else f"{worst.validator} {worst.validator_value}"
        raise UntrustedError(f"It is refused: it does not fit the schema {schema}{at}: {one_line(said, 200)}.")
    assert isinstance(found, dict)
    return found


def schema_text(name: str) -> str:
    """The text of the schema called `name`."""
    return (Path(__file__).with_name("schema") / f"{name}.json").read_text(encoding="utf-8")


@lru_cache(maxsize=4)
def _validator(schema: str) -> Any:
    # A second of imports that most commands do not need.
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(schema_text(schema)))


def _bytes(path: Path) -> bytes:
    """At most `MOST_BYTES` of a regular file; a link, which may lead anywhere, or a FIFO, which never ends, is none."""
    name = one_line(path.name, 80)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise UntrustedError(f"{name} cannot be read: {error.strerror}. It has to be a plain file.") from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UntrustedError(f"{name} is refused: it is not a plain file.")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(MOST_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(data) > MOST_BYTES:
        raise UntrustedError(f"{name} is refused: it is larger than {MOST_BYTES // 1_000_000} MB.")
    return data


def _member(data: bytes, name: str) -> bytes:
    """The member called exactly `name`. No other is touched, and no name from the archive becomes a path of ours."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if len(infos) > _MOST_MEMBERS:
                raise UntrustedError(f"The archive is refused: it has {len(infos)} members, not one.")
            wanted = [i for i in infos if i.filename == name]
            if len(wanted) != 1:
                raise UntrustedError(f"The archive is refused: it has {len(wanted)} members called {name}, not one.")
            with archive.open(wanted[0]) as member:
                # What the header says about the size is a claim: the reading itself is bounded.
                found = member.read(MOST_BYTES + 1)
    except UntrustedError:
        raise
    except Exception as error:  # zipfile and zlib raise many kinds for archives that are none
        raise UntrustedError(f"The archive is refused: {one_line(str(error), 120)}.") from None
    if len(found) > MOST_BYTES:
        raise UntrustedError(f"The archive is refused: {name} is larger than {MOST_BYTES // 1_000_000} MB.")
    return found


def _depth(data: bytes) -> int:
    """How deeply brackets are nested, those in strings left out; read before a parser that recurses is."""
    deep = deepest = 0
    quoted = escaped = False
    for c in data:
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = c == 0x5C, c != 0x22
        elif c == 0x22:
            quoted = True
        elif c in b"[{":
            deep += 1
            deepest = max(deep, deepest)
        elif c in b"]}":
            deep -= 1
    return deepest


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UntrustedError("It is refused: an object in it has the same key twice.")
    return found


def _no_constant(name: str) -> NoReturn:
    raise UntrustedError(f"It is refused: {name} is not JSON.")


def _no_fraction(text: str) -> NoReturn:
    # 1.0 and 1 are one number and two texts: what is signed holds neither.
    raise UntrustedError("It is refused: a receipt holds no fractions.")


def _integer(text: str) -> int:
    if len(text) > 18:
        raise UntrustedError("It is refused: a number in it has too many digits.")
    return int(text)
