"""What an instructor can mend: a sentence that says what is wrong and what to do."""

from __future__ import annotations

import errno
import re
import sqlite3

_LOCKED = (
    "The gradebook {name} is locked by another program (formgrader that is saving, or an nbgrader command). Close it "
    "and run the same command again: what is marked is kept and is not marked twice."
)
_READ_ONLY = "The gradebook {name} cannot be written. Give this user the right to write it and its folder."
_FULL = (
    "The disk that holds {name} is full. Make room and run the same command again: what is marked is kept and is not "
    "marked twice."
)


class CohortError(ValueError):
    """A cohort's command cannot go on; the message says why and what to do. Nothing that was marked is lost."""


class LockedError(CohortError):
    """Another program holds the gradebook; a moment later it may be free."""


def of_database(error: Exception, name: str) -> CohortError | None:
    """The sentence for what SQLite refused; None for what is a bug of ours.

    Args:
        error: SQLAlchemy's or sqlite3's.
        name: the gradebook as the instructor knows it.
    """
    cause = getattr(error, "orig", error)
    text = str(cause)
    # nbgrader wraps some of them in an error of its own, of which only the text tells.
    if not isinstance(cause, sqlite3.Error) and not re.match(r"\(sqlite3\.\w+\)", text):
        return None
    if "locked" in text or "busy" in text:
        return LockedError(_LOCKED.format(name=name))
    if "readonly" in text or "unable to open" in text:
        return CohortError(_READ_ONLY.format(name=name))
    if "full" in text:
        return CohortError(_FULL.format(name=name))
    if "malformed" in text or "not a database" in text:
        return CohortError(
            f"{name} is damaged ({text}). Put a backup in its place, or move it away and run `course cohort release` "
            "and this command again: points come back from the kept marks, what was typed in formgrader does not."
        )
    return None


def of_disk(error: OSError, name: str) -> CohortError | None:
    """The sentence for a full or read-only disk; None for any other error."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return CohortError(_FULL.format(name=name))
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return CohortError(f"{name} cannot be written ({error.strerror}). Give this user the right to write there.")
    return None
