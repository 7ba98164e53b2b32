"""`course reset mini.append` and `course catchup week3`: regions of the learner's server put back, or filled in.

Nothing a learner wrote is lost: what is replaced goes to ``.course/kept/`` first, and before a catch-up the whole of
``notebooks/miniredis/`` does.
"""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from grader.checks.stages.catalog import Stage
from grader.checks.stages.reference import PACKAGE, Reference
from grader.checks.stages.regions import parsed
from grader.marking.own_server import NotFoundError, OwnServer, fill, put
from grader.notebook.consequences import rests_on_borrowed
from grader.notebook.progress import Progress
from grader.notebook.reset import Reset, ResetError, free_path, write_whole


@dataclass(slots=True)
class CaughtUp:
    """What a catch-up did.

    `borrowed` are the stages that were filled in or follow from such, `own` those the learner has written themselves;
    `lost` the ones whose place was not to be found, with a sentence each; `kept` is the copy of the files as they were.
    `without_code` are those of `own` that have no place in the starter.
    """

    kept: Path
    borrowed: list[str] = field(default_factory=list)
    own: list[str] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    without_code: list[str] = field(default_factory=list)


def reset_stage(root: Path, stage: Stage, now: datetime.datetime | None = None) -> Reset:
    """Put the stubs of `stage` back into the learner's server in the course folder `root`.

    Raises:
        ResetError: when their place is not to be found; nothing has been changed then.
        NoReferenceError: when there is nothing to take the starter from.
    """
    files, kept = _put(root, stage, "stub", now)
    return Reset(kept, f"{stage.slug} in {files} is the starter again")


def replace_stage(root: Path, stage: Stage, now: datetime.datetime | None = None) -> Reset:
    """Put the reference's code for `stage` in the place of the learner's, who keeps theirs in ``.course/kept/``.

    Raises:
        ResetError: when its place is not to be found; nothing has been changed then.
        NoReferenceError: when there is nothing to take it from.
    """
    files, kept = _put(root, stage, "body", now)
    return Reset(kept, f"{stage.slug} in {files} is the reference's now")


def reset_file(root: Path, path: str, now: datetime.datetime | None = None) -> Reset:
    """Bring a whole file of the learner's server back to its starter: `path` is below ``notebooks/miniredis/``.

    Raises:
        ResetError: when the starter has no such file.
        NoReferenceError: when there is nothing to take it from.
    """
    reference = Reference.read(root)
    if path not in reference.texts:
        raise ResetError(f"The starter of miniredis has no file {path}.")
    mine = root / "notebooks" / PACKAGE / path
    kept = _kept_file(root, path.replace("/", "-").removesuffix(".py"), now)
    if mine.is_file():
        shutil.copyfile(mine, kept)
    else:
        kept.write_text("", encoding="utf-8")
    write_whole(mine, reference.starter(path).encode())
    return Reset(kept, f"notebooks/{PACKAGE}/{path} is the starter again")


def catch_up(root: Path, wanted: Iterable[Stage], known: Progress, now: datetime.datetime | None = None) -> CaughtUp:
    """Fill every stub of the stages `wanted` from the reference, and remember them as borrowed, with what follows.

    What a learner has written in place of a stub stays as it is.

    Raises:
        NoReferenceError: when there is nothing to take it from.
    """
    reference = Reference.read(root)
    own = OwnServer(root)
    caught = CaughtUp(_keep_tree(root, own, now))
    texts = _with_missing_files(own.texts, reference)
    following: list[Stage] = []
    for stage in wanted:
        if stage.locked:
            continue
        try:
            new = fill(texts, reference, stage.slug)
        except NotFoundError as error:
            caught.lost[stage.slug] = str(error)
            continue
        if not new and stage.slug not in reference.placed:
            following.append(stage)
        elif spoilt := [path for path, text in new.items() if _is_python(texts[path]) and not _is_python(text)]:
            caught.lost[stage.slug] = f"The reference's code does not fit into {', '.join(spoilt)} as it is now."
        elif new:
            texts |= new
            caught.borrowed.append(stage.slug)
        else:
            caught.own.append(stage.slug)
    for path, text in texts.items():
        if own.texts.get(path) != text:
            write_whole(own.folder / path, text.encode("utf-8", "surrogateescape"))
            caught.files.append(f"notebooks/{PACKAGE}/{path}")
    for slug in caught.borrowed:
        known.borrowed(slug)
    entries = known.read()
    for stage in following:
        if rests_on_borrowed(stage, entries):
            known.borrowed(stage.slug)
            caught.borrowed.append(stage.slug)
        else:
            caught.own.append(stage.slug)
            caught.without_code.append(stage.slug)
    return caught


def _with_missing_files(texts: dict[str, str], reference: Reference) -> dict[str, str]:
    """`texts` and the starters of files that are not there: a later release of the course may have brought them."""
    return {path: reference.starter(path) for path in reference.texts if path not in texts} | texts


def _put(root: Path, stage: Stage, what: str, now: datetime.datetime | None) -> tuple[str, Path]:
    reference = Reference.read(root)
    own = OwnServer(root)
    wanted = list(dict.fromkeys(path for path, _ in reference.regions.get(stage.slug, [])))
    if not wanted:
        raise ResetError(f"{stage.slug} has no place in the starter: there is nothing to put back.")
    made, old = {}, []
    try:
        for path in wanted:
            name = f"{PACKAGE}/{path}"
            if path not in own.texts:
                raise ResetError(f"{name} is missing. `course reset {name}` brings the whole file back.")
            made[path], pieces = put(
                own.texts[path],
                reference.texts[path],
                name,
                stage.slug,
                lambda region: region.stub if what == "stub" else region.body,
            )
            old += [f"# notebooks/{name}\n", *reversed(pieces), "\n"]
    except NotFoundError as error:
        raise ResetError(
            f'{error} Nothing was changed. Put `raise NotImplementedError("{stage.slug}")` where it belongs, or '
            f"bring the whole file back with `course reset {PACKAGE}/{wanted[0]}` (yours is kept)."
        ) from None
    kept = _kept_file(root, stage.slug, now)
    kept.write_text("".join(old), encoding="utf-8", errors="surrogateescape")
    for path, text in made.items():
        write_whole(own.folder / path, text.encode("utf-8", "surrogateescape"))
    return ", ".join(f"notebooks/{PACKAGE}/{path}" for path in wanted), kept


def _kept_file(root: Path, name: str, now: datetime.datetime | None) -> Path:
    stamp = (now or datetime.datetime.now()).strftime("%Y%m%d-%H%M%S")
    kept = root / ".course" / "kept"
    kept.mkdir(parents=True, exist_ok=True)
    return free_path(kept / f"{stamp}-{name}.py")


def _keep_tree(root: Path, own: OwnServer, now: datetime.datetime | None) -> Path:
    stamp = (now or datetime.datetime.now()).strftime("%Y%m%d-%H%M%S")
    kept = free_path(root / ".course" / "kept" / f"{stamp}-{PACKAGE}")
    if own.folder.is_dir():
        shutil.copytree(own.folder, kept, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
    else:
        kept.mkdir(parents=True)
    return kept


def _is_python(text: str) -> bool:
    try:
        parsed(text)
    except (SyntaxError, ValueError):
        return False
    return True
