"""The solved notebooks of every week, made from their one source, beside what was released."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from intake.solved import Solved

from grader.authoring.build import expand_sources, flatten_start
from grader.checks import catalog

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def solved_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``notebooks/`` as somebody hands it in who solved everything: the release, with the solutions written into it."""
    folder = tmp_path_factory.mktemp("solved") / "notebooks"
    expand_sources(ROOT, folder, catalog(), with_start=True)
    flatten_start(folder)
    for path in folder.rglob("*.ipynb"):
        solution = {c["id"]: c["source"] for c in json.loads(path.read_text(encoding="utf-8"))["cells"]}
        handed_out = json.loads((ROOT / "notebooks" / path.relative_to(folder)).read_text(encoding="utf-8"))
        for cell in handed_out["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("solution"):
                cell["source"] = solution[cell["id"]]
        path.write_text(json.dumps(handed_out, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def solved(solved_folder: Path) -> list[Solved]:
    found = []
    for path in sorted(solved_folder.rglob("*.ipynb")):
        name = path.relative_to(solved_folder).as_posix()
        exercises = tuple(catalog().of_notebook(name.removesuffix(".ipynb")))
        notebook = json.loads(path.read_text(encoding="utf-8"))
        found.append(Solved(name, notebook, (ROOT / "notebooks" / name).read_bytes(), exercises))
    assert sum(len(each.cells) for each in found) > 60
    return found
