"""Whose is a file that a learning platform let an instructor download, and which attempt is it: read from its name.

Moodle names folders or files ``Ada Lovelace_123_assignsubmission_file_…``, Canvas files
``lovelaceada_123_456_week1.zip`` (``…_LATE_…`` and ``week1-1.zip`` where that was so); much else is
``name_id_file.zip``, or just ``name.zip`` and ``name/``. A pattern of one's own has nbgrader's zip_collect groups.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from grader.cohort.classroom import is_student
from grader.cohort.errors import CohortError

_KNOWN = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<student>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+(?:_(?P<file>.*))?",
        r"(?P<student>.+?)_(?:LATE_)?(?P<id>\d+)_(?:\d+)_(?P<file>.+)",
        r"(?P<student>.+?)_(?:LATE_)?(?P<id>\d+)_(?P<file>.+)",
    )
)
_AGAIN = re.compile(r"(?P<stem>.+?)-(?P<attempt>\d{1,3})(?P<ending>(?:\.tar)?\.\w+)")
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")
SINGLE = (".ipynb", ".py")


@dataclass(frozen=True, slots=True)
class Name:
    """What a name says.

    `student` is as it may be used, `id` the platform's number or empty, `file` the learner's own name for it (empty for
    a folder), `attempt` how often it was handed in before, `timestamp` text or empty.
    """

    student: str
    id: str = ""
    file: str = ""
    attempt: int = 0
    timestamp: str = ""


def read_name(name: str, pattern: re.Pattern[str] | None = None) -> Name | None:
    """What the name of a downloaded file or folder says; None when it is nobody's.

    Args:
        name: without the folder it is in.
        pattern: the instructor's own, with the group ``student_id`` and perhaps ``file_id``, ``timestamp`` and
            ``attempt``.
    """
    if pattern is not None:
        found = pattern.search(name)
        if found is None:
            return None
        groups = {key: value or "" for key, value in found.groupdict().items()}
        attempt = int(groups["attempt"]) if groups.get("attempt", "").isdigit() else 0
        student = as_student(groups["student_id"])
        own = groups.get("file_id") or name
        return Name(student, "", own, attempt, groups.get("timestamp", "")) if student else None
    for known in _KNOWN:
        if found := known.fullmatch(name):
            student = as_student(found["student"])
            file, attempt = _first_attempt(found["file"] or "")
            return Name(student, found["id"], file, attempt) if student else None
    ending = next((e for e in (*ARCHIVES, *SINGLE) if name.lower().endswith(e)), "")
    student = as_student(name[: len(name) - len(ending)])
    return Name(student, "", name if ending else "") if student else None


def own_pattern(text: str) -> re.Pattern[str]:
    """The instructor's pattern.

    Raises:
        CohortError: when it is none, or does not say whose a file is.
    """
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise CohortError(f"{text!r} is no regular expression: {error}.") from None
    if "student_id" not in pattern.groupindex:
        raise CohortError(f"{text!r} has no group (?P<student_id>…), so it does not say whose a file is.")
    return pattern


def as_student(text: str) -> str:
    """`text` as a student's name in folders, addresses and pages; empty when nothing of it is left.

    Letters and digits of any script stay, and ``._@+-'``.
    """
    text = unicodedata.normalize("NFC", text)
    text = re.sub(r"\s+", "-", text.strip())
    text = re.sub(r"[^\w.@+'-]", "", text)
    text = re.sub(r"\.{2,}", ".", text).strip(".-+'")[:80]
    return text if is_student(text) else ""


def _first_attempt(file: str) -> tuple[str, int]:
    """``week1-2.zip`` as ``week1.zip`` and 2."""
    again = _AGAIN.fullmatch(file)
    return (again["stem"] + again["ending"], int(again["attempt"])) if again else (file, 0)
