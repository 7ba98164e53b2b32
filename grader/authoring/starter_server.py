"""The learner's server as it is handed out: ``solutions/miniredis/`` with its regions cleared, and its stories.

`course build` puts what `starter_files` gives into ``notebooks/miniredis/``. The text notebooks beside the package
(``week1.md`` …) have no graded cells, so nbgrader has no part in them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from grader.authoring.expand import expand, serialise
from grader.checks import Catalog
from grader.checks.stages.reference import PACKAGE, NoReferenceError, Reference

_DATA = {".json", ".txt", ".typed"}
_CHECK = re.compile(r"check\(['\"]mini\.[^)]*\)\s*")


def starter_files(root: Path, exercises: Catalog) -> dict[str, bytes]:
    """All files of ``notebooks/miniredis/``, path below ``notebooks/`` -> bytes; none where there is no reference.

    Raises:
        RegionError: for markers that make no sense.
        SourceError: for a text notebook that cannot be expanded.
    """
    try:
        reference = Reference.read(root)
    except NoReferenceError:
        return {}
    folder = root / "solutions" / PACKAGE
    made = {f"{PACKAGE}/{path}": reference.starter(path).encode() for path in reference.texts}
    for path in sorted(p for p in folder.rglob("*") if p.suffix in _DATA and "__pycache__" not in p.parts):
        made[f"{PACKAGE}/{path.relative_to(folder).as_posix()}"] = path.read_bytes()
    for source in sorted(folder.glob("week*.md")):
        made[f"{PACKAGE}/{source.stem}.ipynb"] = serialise(_story(source, exercises)).encode()
    return made


def _story(source: Path, exercises: Catalog) -> Any:
    notebook = expand(source, exercises, f"{PACKAGE}/{source.stem}")
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)
        if cell.cell_type == "code" and _CHECK.fullmatch(cell.source):
            # Red until the stage is built; "run all" goes on behind it.
            cell.metadata["tags"] = ["raises-exception"]
    return notebook
