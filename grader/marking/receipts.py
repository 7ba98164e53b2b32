"""Receipts: what marking gave, signed, so that anyone with the course key can see that it was and get it again.

A receipt is plain JSON (`grader/marking/schema/receipt-1.json`). `receipt_of` makes one from `Marks`, `read_receipt`
and `check_receipt` look whether one can be believed, `grader.marking.verify` marks the submission again. The seeds of
hidden checks come from the same key (`seed_of`).
"""

from __future__ import annotations

import hashlib
import hmac
import importlib.metadata
import json
import os
import secrets
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import grader
import grader.checks
from grader.checks import Catalog
from grader.checks.stages.catalog import SLUG as STAGE
from grader.checks.stages.catalog import stages
from grader.marking.marks import Marks
from grader.marking.printable import one_line, shortened
from grader.marking.result import ExerciseResult
from grader.marking.untrusted import parse, read_document

KIND = "course-receipt-1"
SCHEMA = "receipt-1"
STAGE_POINTS = 1
"""What a stage of a server counts: as much as any other."""
_LEAST_KEY = 16
_MOST_KEY = 4096
# What COURSE_KEY was, if it was.
_taken: list[bytes] = []


class KeyProblemError(ValueError):
    """The course key cannot be used; the message says why and what to do."""


class ReceiptError(ValueError):
    """The receipt is refused; the message says why."""


@dataclass(frozen=True, slots=True)
class OtherCourse:
    """A receipt that is genuine, but of another version of the course, so it cannot be made again here."""

    sentence: str


# The key


def course_key(file: Path | None = None) -> bytes:
    """The course's secret: of `file`, else COURSE_KEY, else the file COURSE_KEY_FILE names, else `key_file()`; or none.

    COURSE_KEY is taken out of this process's environment, so that no process it starts inherits it; asked again, it is
    still known.

    Returns:
        The key; empty where there is none.

    Raises:
        KeyProblemError: for a file that cannot be read, that others can read, or that holds too short a key.
    """
    named = os.environ.pop("COURSE_KEY", "").strip().encode("utf-8", "surrogateescape")
    if named:
        _taken[:] = [named]
    by_environment = os.environ.get("COURSE_KEY_FILE", "")
    if file is None and _taken:
        return _long_enough(_taken[0], "COURSE_KEY")
    if file is None and not by_environment and not key_file().exists():
        return b""
    return _read_key(file or (Path(by_environment) if by_environment else key_file()))


def key_file() -> Path:
    """Where `course key` puts the key: ``redis-course/course.key`` in the user's configuration folder."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "redis-course" / "course.key"


def make_key(file: Path) -> None:
    """Write a new key of 256 random bits to `file`, for nobody else to read.

    Raises:
        KeyProblemError: when the file is there already: receipts and seeds would lose their key.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise KeyProblemError(
            f"{one_line(str(file))} exists already. Receipts made with its key could not be verified with another one; "
            "move it away first if that is what you want."
        ) from None
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        out.write(secrets.token_hex(32) + "\n")


def fingerprint(key: bytes) -> str:
    """16 hexadecimal digits that tell keys apart and tell nothing about them."""
    return hmac.new(key, b"course-key-1", hashlib.sha256).hexdigest()[:16]


def seed_of(key: bytes, learner: str, digest: str) -> str:
    """The seed of a submission's hidden checks: HMAC-SHA256 of `learner` and the submission's `digest`, hexadecimal.

    Without the key nobody can tell it beforehand; with it everybody gets the same again.
    """
    said = hmac.new(key, b"course-seed-1", hashlib.sha256)
    for part in (learner.encode("utf-8", "surrogatepass"), digest.encode("ascii", "backslashreplace")):
        said.update(len(part).to_bytes(8, "big"))
        said.update(part)
    return said.hexdigest()


def seed_of_stage(seed: str, slug: str) -> int:
    """What the scripts of a stage are drawn from, given the submission's `seed`: an unsigned number of 32 bits."""
    return int.from_bytes(hashlib.sha256(f"{seed} {slug}".encode()).digest()[:4])


def are_stages(slugs: Iterable[str]) -> bool:
    """Whether `slugs` name stages of a server, and not exercises."""
    return any(STAGE.fullmatch(slug) for slug in slugs)


def _read_key(file: Path) -> bytes:
    name = one_line(str(file))
    try:
        with file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            data = opened.read(_MOST_KEY)
    except OSError as error:
        raise KeyProblemError(f"The course key {name} cannot be read: {error.strerror}.") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyProblemError(f"Others may read or change the course key {name}. Say `chmod 600 {name}`.")
    return _long_enough(data.strip(), name)


def _long_enough(key: bytes, name: str) -> bytes:
    if len(key) < _LEAST_KEY:
        raise KeyProblemError(
            f"The key in {name} is shorter than {_LEAST_KEY} characters, so it can be guessed. `course key` makes one."
        )
    return key


# The course


@lru_cache(maxsize=1)
def course_digest() -> str:
    """SHA-256 of every check file, catalog and fixture: what has to be the same for marks to be the same."""
    folder = Path(grader.checks.__file__).parent
    found = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in {".py", ".yml"}):
        for part in (path.relative_to(folder).as_posix().encode(), path.read_bytes()):
            found.update(len(part).to_bytes(8, "big"))
            found.update(part)
    return found.hexdigest()


# Receipts


def receipt_of(marks: Marks, *, key: bytes, files: int) -> dict[str, Any]:
    """The receipt of `marks`, signed where there is a key, else unsigned and advisory.

    Args:
        marks: what `Marker.mark` gave.
        key: the course key, or empty.
        files: how many files the submission had.
    """
    receipt: dict[str, Any] = {
        "kind": KIND,
        "learner": shortened(_encodable(marks.learner), 200) or "?",
        "submission": {"digest": marks.digest, "files": files},
        "course": {"version": marks.course or grader.__version__, "digest": course_digest()},
        "versions": {
            "grader": grader.__version__,
            "python": marks.python,
            "redis": marks.redis,
            "redis_py": importlib.metadata.version("redis"),
        },
        "sandbox": marks.sandbox,
        "advisory": marks.advisory or not key,
        "partial": marks.partial,
        "seed": marks.seed or seed_of(key, marks.learner, marks.digest),
        "marked": datetime.now(UTC).isoformat(timespec="seconds"),
        "milliseconds": round(marks.seconds * 1000),
        "earned": decimal(marks.earned),
        "possible": marks.possible,
        "uncertain": marks.uncertain,
        "notes": [shortened(_encodable(n), 1000) for n in marks.notes[:200]],
        "results": [_result(r, marks.repairs.get(r.slug, [])) for r in marks.results],
    }
    for result in receipt["results"]:
        if STAGE.fullmatch(result["slug"]):
            result["seed"] = seed_of_stage(receipt["seed"], result["slug"])
    receipt["signature"] = _signature(receipt, key) if key else None
    return receipt


def to_text(receipt: dict[str, Any]) -> str:
    """The receipt as a file holds it: for people to read, for programs the same as its canonical form."""
    return json.dumps(receipt, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def canonical(receipt: dict[str, Any]) -> bytes:
    """What is signed: the receipt without its signature as JSON, keys sorted, no white space, ASCII, no fractions."""
    plain = {name: value for name, value in receipt.items() if name != "signature"}
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def decimal(points: float) -> str:
    """Points as text, to six places, without zeros at the end: ``2``, ``1.5``, ``0.333333``."""
    text = f"{points:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def read_receipt(source: Path | bytes) -> dict[str, Any]:
    """The receipt in a file, or in its bytes; its form is checked, not yet its signature.

    Raises:
        grader.marking.untrusted.UntrustedError: when it is none.
    """
    return parse(source, SCHEMA) if isinstance(source, bytes) else read_document(source, SCHEMA)


def check_receipt(receipt: dict[str, Any], key: bytes, exercises: Catalog) -> OtherCourse | None:
    """Look whether the receipt is as it was made, and can be made again by this course.

    Returns:
        None, or what keeps it from being made again here.

    Raises:
        ReceiptError: when it was changed, contradicts itself, or was signed with another key.
        KeyProblemError: when it is signed and there is no key to check that with.
    """
    if receipt["signature"] is not None:
        _check_signature(receipt, key)
    course = receipt["course"]
    if course["digest"] != course_digest():
        return OtherCourse(
            f"It is of another version of the course: {one_line(course['version'])} with the checks "
            f"{course['digest'][:12]}…; this is {grader.__version__} with {course_digest()[:12]}…. "
            "Verify it with that version."
        )
    _check_sums(receipt, exercises)
    if receipt["seed"] != seed_of(key if receipt["signature"] else b"", receipt["learner"], _digest(receipt)):
        raise ReceiptError("Its seed is not the one that this learner, submission and key give.")
    return None


def _check_signature(receipt: dict[str, Any], key: bytes) -> None:
    if not key:
        raise KeyProblemError(
            "It is signed, and there is no course key to check that with: neither COURSE_KEY nor one of `course key`, "
            "and the receipt lies in no cohort's folder with a .course/course.key. Say which: --key FILE."
        )
    signature = receipt["signature"]
    # Both comparisons take as long for a nearly right one as for a wrong one.
    if not hmac.compare_digest(signature["key"], fingerprint(key)):
        raise ReceiptError(f"It was signed with another course key ({signature['key']}, this is {fingerprint(key)}).")
    if not hmac.compare_digest(signature["value"], _signature(receipt, key)["value"]):
        raise ReceiptError("Its signature does not fit: something in it was changed after it was signed.")


def _check_sums(receipt: dict[str, Any], exercises: Catalog) -> None:
    """What an unsigned receipt could contradict itself in."""
    slugs = [r["slug"] for r in receipt["results"]]
    if len(set(slugs)) != len(slugs):
        raise ReceiptError("It holds an exercise twice.")
    if len({bool(STAGE.fullmatch(slug)) for slug in slugs}) > 1:
        raise ReceiptError("It holds exercises and stages together, which are marked apart.")
    for r in receipt["results"]:
        if r.get("seed") != (seed_of_stage(receipt["seed"], r["slug"]) if STAGE.fullmatch(r["slug"]) else None):
            raise ReceiptError(f"The seed of {r['slug']} is not the one that the receipt's gives.")
        if _worth(r["slug"], exercises) != r["points"]:
            raise ReceiptError(f"{r['slug']} with {r['points']} points is no exercise of this course.")
        if float(r["earned"]) > (r["points"] if r["status"] in {"solved", "wrong"} else 0):
            raise ReceiptError(f"{r['slug']} earns more than it can.")
        if r["status"] == "wrong" and r["earned"] != "0" and not receipt["partial"]:
            raise ReceiptError(f"{r['slug']} is wrong and earns points, and there was no partial credit.")
    earned = decimal(sum(float(r["earned"]) for r in receipt["results"]))
    possible = sum(r["points"] for r in receipt["results"] if r["status"] not in {"skipped", "error"})
    uncertain = sum(r["points"] for r in receipt["results"] if r["status"] == "error")
    # Each was rounded to six places before it was added up here.
    if abs(float(earned) - float(receipt["earned"])) > 1e-6 * len(slugs) or (possible, uncertain) != (
        receipt["possible"],
        receipt["uncertain"],
    ):
        raise ReceiptError("Its sums are not those of its exercises.")


def _worth(slug: str, exercises: Catalog) -> int | None:
    """The points of an exercise or a stage of this course; None for what is neither."""
    if slug in stages().by_slug:
        return STAGE_POINTS
    return exercises.by_slug[slug].points if slug in exercises.by_slug else None


def _signature(receipt: dict[str, Any], key: bytes) -> dict[str, str]:
    value = hmac.new(key, b"course-receipt-1\n" + canonical(receipt), hashlib.sha256).hexdigest()
    return {"algorithm": "HMAC-SHA256", "key": fingerprint(key), "value": value}


def _result(result: ExerciseResult, repairs: list[str]) -> dict[str, Any]:
    return {
        "slug": result.slug,
        "status": result.status,
        "earned": decimal(result.earned),
        "points": result.points,
        "milliseconds": round(result.seconds * 1000),
        "repairs": [shortened(_encodable(r), 1000) for r in repairs[:50]],
        "promises": [
            {"name": shortened(p.name, 200), "status": p.status, "kind": p.kind, "misconception": p.misconception}
            for p in result.promises
        ],
    }


def _digest(receipt: dict[str, Any]) -> str:
    return str(receipt["submission"]["digest"])


def _encodable(text: str) -> str:
    """`text` without halves of surrogate pairs, which JSON in ASCII could hold and other readers refuse."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
