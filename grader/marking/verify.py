"""Make a receipt again: mark the same submission with the same seed, and say where the two differ.

`course verify` comes here, for one receipt or a folder of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from grader.checks import Catalog
from grader.checks.stages.catalog import stages
from grader.marking.marker import Marker
from grader.marking.marks import Marks
from grader.marking.receipts import (
    KeyProblemError,
    ReceiptError,
    are_stages,
    check_receipt,
    decimal,
    read_receipt,
)
from grader.marking.sandbox import Sandbox, SandboxMissing
from grader.marking.stage_marks import grade_stages
from grader.marking.submission import Submission
from grader.marking.untrusted import UntrustedError

AGREES, DIFFERS, REFUSED, UNCHECKED, GRADER_ERROR = "agrees", "differs", "refused", "unchecked", "error"


@dataclass(slots=True)
class Verdict:
    """What became of one receipt.

    `outcome` is ``agrees`` (marked again, all the same), ``differs`` (`differences` says where), ``refused`` (it cannot
    be believed), ``unchecked`` (it cannot be made again here) or ``error`` (marking it again, the grader failed).
    `sentence` says it in words.
    """

    outcome: str
    sentence: str
    differences: list[str] = field(default_factory=list)
    learner: str = ""


class FindSubmissions(Protocol):
    """What a learner may have handed in: the one that was marked is among them, or none is there."""

    def __call__(self, learner: str, slugs: list[str]) -> Iterable[Submission]: ...


class Verifier:
    """Verifies receipts one after another; close it.

    Args:
        exercises: the course's.
        key: the course key, or empty.
        find: gives what a learner handed in, from the exercises that were marked.
        sandbox: what holds the learner's code; the best there is if None.
        release: the course's own ``notebooks/``, as for `Marker`.
    """

    def __init__(
        self,
        exercises: Catalog,
        key: bytes,
        find: FindSubmissions,
        sandbox: Sandbox | None = None,
        release: Path | None = None,
    ) -> None:
        self._exercises = exercises
        self._key = key
        self._find = find
        self._sandbox = sandbox
        self._release = release
        self._marker: Marker | None = None
        self._made_for = (b"", False)

    def verify(self, source: Path | bytes) -> Verdict:
        """Look whether a receipt (its file or its bytes) can be believed, and make it again.

        It never raises for anything in the receipt.
        """
        try:
            receipt = read_receipt(source)
            other = check_receipt(receipt, self._key, self._exercises)
        except (UntrustedError, ReceiptError) as refused:
            return Verdict(REFUSED, str(refused))
        except KeyProblemError as no_key:
            return Verdict(UNCHECKED, str(no_key))
        learner, believed = str(receipt["learner"]), _believed(receipt)
        if other is not None:
            return Verdict(UNCHECKED, f"{believed} {other.sentence}", learner=learner)
        slugs = [r["slug"] for r in receipt["results"]]
        found = [Submission(learner, each.files, each.notes) for each in self._find(learner, slugs)]
        if not found:
            sentence = f"{believed} To mark it again its submission is needed: --submission."
            return Verdict(UNCHECKED, sentence, learner=learner)
        submission = next((each for each in found if each.digest() == receipt["submission"]["digest"]), None)
        if submission is None:
            return Verdict(
                REFUSED, "The submission is not the one that was marked: its digest differs.", learner=learner
            )
        try:
            marks = self._again(receipt, submission, slugs)
        except SandboxMissing as missing:
            return Verdict(UNCHECKED, f"{believed} {missing}", learner=learner)
        differences, failed = compare(receipt, marks)
        if differences:
            outcome = GRADER_ERROR if failed == len(differences) else DIFFERS
            return Verdict(outcome, f"{believed} Marked again, it differs.", differences, learner)
        count = f"{len(slugs)} {'stage' if are_stages(slugs) else 'exercise'}{'s' * (len(slugs) != 1)}"
        points = f"{receipt['earned']} of {receipt['possible']} points in {count}"
        points += ", with partial credit" * receipt["partial"]
        return Verdict(AGREES, f"{believed} Marked again, it agrees: {points}.", learner=learner)

    def _again(self, receipt: Mapping[str, Any], submission: Submission, slugs: list[str]) -> Marks:
        """The marks of the same with the same seeds. Those of an unsigned receipt came from no key, and do again."""
        key = self._key if receipt["signature"] else b""
        if are_stages(slugs):
            return grade_stages(submission, [stages()[slug] for slug in slugs], self._sandbox, key=key)
        return self._marker_for(key, receipt["partial"]).mark(submission, [self._exercises[slug] for slug in slugs])

    def _marker_for(self, key: bytes, partial: bool) -> Marker:
        if self._marker is None or self._made_for != (key, partial):
            self.close()
            self._made_for = key, partial
            self._marker = Marker(
                self._exercises, key=key, sandbox=self._sandbox, release=self._release, partial_credit=partial
            )
        return self._marker

    def close(self) -> None:
        """End what it started."""
        if self._marker is not None:
            self._marker.close()
            self._marker = None

    def __enter__(self) -> Verifier:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def compare(receipt: Mapping[str, Any], marks: Marks) -> tuple[list[str], int]:
    """Where a receipt and new marks differ, a line each, by exercise and promise; how many are new grader errors."""
    lines: list[str] = []
    failed = 0
    again = {r.slug: r for r in marks.results}
    for before in receipt["results"]:
        slug, now = before["slug"], again.get(before["slug"])
        if now is None:
            lines.append(f"{slug}: it was marked then, and is not now")
            continue
        if now.status == "error" and before["status"] != "error":
            failed += 1
            lines.append(f"{slug}: it was {before['status']}; now the grader failed: {now.note}")
            continue
        then_earned, now_earned = before["earned"], decimal(now.earned)
        if (before["status"], then_earned) != (now.status, now_earned):
            lines.append(
                f"{slug}: it was {before['status']} with {then_earned} of {before['points']} points, "
                f"now it is {now.status} with {now_earned}"
            )
        then_promises = {p["name"]: p for p in before["promises"]}
        now_promises = {p.name: p for p in now.promises}
        for name in dict.fromkeys([*then_promises, *now_promises]):
            then, found = then_promises.get(name), now_promises.get(name)
            told_then = "not there" if then is None else _told(then["status"], then["misconception"])
            told_now = "not there" if found is None else _told(found.status, found.misconception)
            if told_then != told_now:
                lines.append(f"{slug}, {name}: it was {told_then}, now it is {told_now}")
    if marks.seed and marks.seed != receipt["seed"]:
        lines.append("the seed of the hidden checks: another one was used now")
    return lines, failed


def _told(status: str, misconception: str | None) -> str:
    return f"{status} ({misconception})" if misconception else status


def _believed(receipt: Mapping[str, Any]) -> str:
    if receipt["signature"] is None:
        return "It is not signed, so anybody may have written it."
    if receipt["advisory"]:
        return "Its signature is right. It is advisory: the answers ran without a sandbox, so they could cheat."
    return "Its signature is right."
