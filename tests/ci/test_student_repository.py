"""The workflow for students' repositories, run on repositories made on the spot, honest and not."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from available import lacking

from grader.checks import catalog
from grader.marking.sandbox import choose
from tests.ci.runner import ROOT, TEMPLATES, Runner

WANTED = ["week1.page-views", "week1.bulk-read"]
NOTEBOOK = f"notebooks/{catalog()[WANTED[0]].notebook}.ipynb"
RIGHT = {
    "week1-page-views": 'def page_view(r, page):\n    return r.incr(f"page:{page}:views")',
    "week1-bulk-read": "def read_many(r, keys):\n    return r.mget(keys) if keys else []",
}
WRONG = {
    **RIGHT,
    "week1-page-views": 'def page_view(r, page):\n    views = int(r.get(f"page:{page}:views") or 0) + 1\n'
    '    r.set(f"page:{page}:views", views)\n    return views',
}
Submit = Callable[..., Runner]


def notebook(answers: dict[str, str]) -> str:
    """The released notebook with some answers in it."""
    data = json.loads((ROOT / NOTEBOOK).read_text())
    for cell in data["cells"]:
        if cell["id"] in answers:
            cell["source"] = answers[cell["id"]].splitlines(keepends=True)
    return json.dumps(data, indent=1)


@pytest.fixture(scope="module", autouse=True)
def sandbox() -> None:
    """The workflow runs nothing without one."""
    if not (held := choose()).trusted:
        lacking("sandbox", held.words)


@pytest.fixture
def submit(tmp_path: Path) -> Submit:
    """Push a repository with these files; returns the machine that grades its last commit."""

    def push(
        answers: dict[str, str], files: dict[str, str] | None = None, links: dict[str, str] | None = None
    ) -> Runner:
        repository = tmp_path / "students" / "ada"
        written = {NOTEBOOK: notebook(answers), **(files or {})}
        for name in links or {}:
            written = {path: text for path, text in written.items() if not path.startswith(f"{name}/")}
        for name, text in written.items():
            path = repository / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for name, target in (links or {}).items():
            (repository / name).parent.mkdir(parents=True, exist_ok=True)
            (repository / name).symlink_to(target)

        def git(*words: str) -> str:
            done = subprocess.run(
                ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *words],
                cwd=repository, check=True, capture_output=True, text=True,
                env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"},
            )  # fmt: skip
            return done.stdout.strip()

        repository.mkdir(parents=True, exist_ok=True)
        git("init", "--quiet", "--initial-branch=main")
        git("config", "uploadpack.allowAnySHA1InWant", "true")
        git("add", "--all", "--force")
        git("commit", "--quiet", "--message", "My answers")
        github = {
            "server_url": f"file://{tmp_path}",
            "repository": "students/ada",
            "sha": git("rev-parse", "HEAD"),
            "event.pull_request.head.sha": "",
            "event.pull_request.user.login": "",
        }
        return Runner(tmp_path / "machines", github, " ".join(WANTED))

    return push


def conclusion(runner: Runner) -> str:
    assert runner.job("mark"), runner.steps[-1].log
    assert runner.job("post"), runner.steps[-1].log
    (posted,) = runner.posted
    assert posted["to"] == "repos/students/ada/check-runs"
    assert posted["body"]["head_sha"] == runner.github["sha"]
    found: dict[str, Any] = posted["body"]
    return f"{found['conclusion']}: {found['output']['title']}"


def test_right_answers_give_a_green_check(submit: Submit) -> None:
    runner = submit(RIGHT)
    assert conclusion(runner) == "success: 4 of 4 points, 2 of 2 exercises solved"
    assert runner.posted[0]["body"]["output"]["annotations"] == []


def test_a_wrong_answer_is_annotated_on_its_line_with_its_misconception(submit: Submit) -> None:
    runner = submit(WRONG)
    assert conclusion(runner) == "failure: 2 of 4 points, 1 of 2 exercises solved"
    body = runner.posted[0]["body"]
    (annotation,) = body["output"]["annotations"]
    assert annotation["title"] == "week1.page-views: read-modify-write"
    assert annotation["path"] == NOTEBOOK
    assert "def page_view(r, page)" in notebook(WRONG).splitlines()[annotation["start_line"] - 1]
    assert "**read-modify-write**" in body["output"]["summary"]
    assert "read-modify-write" in runner.summary


def test_whatever_else_its_author_edited_the_score_comes_from_the_pinned_course(submit: Submit, tmp_path: Path) -> None:
    trace = tmp_path / "executed"
    spy = f"open({str(trace)!r}, 'a').write(__file__ + '\\n')\n"
    forged = {"kind": "course-grade-1", "earned": 4, "possible": 4}
    workflow = {"name": "grade", "on": "push", "jobs": {"mark": {"steps": [{"run": f"touch {trace}"}]}}}
    checks = "grader/checks/week1"
    files = {
        **dict.fromkeys(
            ("conftest.py", "sitecustomize.py", "usercustomize.py", "redis.py", "pytest.py", "json.py", "setup.py"), spy
        ),
        "notebooks/conftest.py": spy,
        "notebooks/week1/conftest.py": spy,
        "notebooks/sitecustomize.py": spy,
        "grader/__init__.py": spy,
        "grader/cli.py": f"{spy}def main():\n    print('4 of 4 points')\n",
        f"{checks}/test_strings_and_counters.py": f"{spy}def test_all():\n    pass\n",
        f"{checks}/strings_and_counters.yml": "exercises: {}\n",
        "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-p conftest"\n',
        "pytest.ini": "[pytest]\npython_files = nothing.py\n",
        ".github/workflows/grade.yml": yaml.safe_dump(workflow),
        "action.yml": "runs: {using: composite, steps: []}\n",
        "docs/student-repository/action.yml": "runs: {using: composite, steps: []}\n",
        "requirements.lock": "./evil\n",
        "graded/grade.json": json.dumps(forged),
        "grade.json": json.dumps(forged),
        ".gitattributes": "* filter=evil diff=evil export-ignore\n",
        ".gitmodules": f'[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "touch {trace}"\n\tupdate = !touch {trace}\n',
        ".env": "COURSE_KEY=0123456789abcdef0123456789abcdef\n",
    }
    runner = submit(WRONG, files)
    assert conclusion(runner) == "failure: 2 of 4 points, 1 of 2 exercises solved"
    assert not trace.exists(), trace.read_text()


@pytest.mark.parametrize("target", [str(ROOT / "notebooks"), "notebooks"])
def test_notebooks_that_are_a_link_are_not_followed(submit: Submit, target: str) -> None:
    runner = submit(RIGHT, links={"notebooks": target})
    assert not runner.job("mark")
    assert runner.steps[-1].status != 0
    assert "There is no notebook of the course" in runner.steps[-1].log
    assert runner.artifacts == {}


def test_hooks_and_configuration_of_a_repository_do_not_run(submit: Submit, tmp_path: Path) -> None:
    """A folder with its `.git`, as an instructor may be handed it, graded by commit."""
    runner = submit(RIGHT)
    repository, trace = tmp_path / "students" / "ada", tmp_path / "executed"
    script = f"#!/bin/sh\ntouch {trace}\n"
    for name in ("post-checkout", "pre-commit", "fsmonitor-watchman", "post-index-change", "reference-transaction"):
        (repository / ".git" / "hooks" / name).write_text(script)
        (repository / ".git" / "hooks" / name).chmod(0o755)
    spy = repository / ".git" / "spy"
    spy.write_text(script)
    spy.chmod(0o755)
    with (repository / ".git" / "config").open("a") as config:
        config.write(
            f"[core]\n\tfsmonitor = {spy}\n\tpager = {spy}\n\tsshCommand = {spy}\n\tgitProxy = {spy}\n"
            f'[filter "evil"]\n\tsmudge = {spy}\n\tclean = {spy}\n[diff]\n\texternal = {spy}\n'
            f"[alias]\n\tls-tree = !{spy}\n\tcat-file = !{spy}\n[credential]\n\thelper = !{spy}\n"
            f'[extensions]\n\tpartialClone = origin\n[remote "origin"]\n\turl = ext::{spy}\n\tpromisor = true\n'
            f"\tuploadpack = {spy}\n[protocol]\n\tallow = always\n"
        )
    out = tmp_path / "graded"
    course = tmp_path / "course"
    Runner._program(course, sys.executable, "-I", "-c", "from grader.cli import main; main()")
    done = subprocess.run(
        [course, "grade", f"--out={out}", f"--commit={runner.github['sha']}", "--", repository, *WANTED],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads((out / "grade.json").read_text())["earned"] == 4
    assert not trace.exists()


def test_what_an_answer_prints_is_no_command_to_the_runner(submit: Submit) -> None:
    loud = "::add-mask::4\\n::set-output name=earned::99\\n##[error]x\\n::stop-commands::x\\n\\x1b[2J"
    answers = {
        "week1-page-views": f"def page_view(r, page):\n    print('{loud}')\n    raise ValueError('{loud}')",
        "week1-bulk-read": RIGHT["week1-bulk-read"],
    }
    runner = submit(answers)
    assert runner.job("mark")
    log = runner.steps[-1].log
    commands = [line for line in log.splitlines() if line.lstrip().startswith("::") or "##[" in line]
    word = re.fullmatch(r"::stop-commands::([0-9a-f]{64})", commands[0])
    assert word is not None
    assert commands[1] == f"::{word[1]}::"
    assert len(commands) == 3
    assert commands[2].startswith(f"::error file={NOTEBOOK},line=")


# The trusted job


@pytest.mark.parametrize(
    ("forge", "sentence"),
    [
        (lambda c: c["results"][0].update(status="solved", earned=2), "promises that were not kept"),
        (lambda c: c.update(learner="somebody else"), "another learner"),
        (lambda c: c["results"][0].update(note="x" * 5_000_000), "larger than 4 MB"),
    ],
)
def test_a_forged_claim_is_refused_and_nothing_is_posted(
    submit: Submit, forge: Callable[[dict[str, Any]], object], sentence: str, graded: dict[str, Any]
) -> None:
    runner = submit(WRONG)
    claim = json.loads(json.dumps(graded).replace(graded["submission"]["commit"], runner.github["sha"]))
    forge(claim)
    path = runner.folder.parent / "grade.json"
    path.write_text(json.dumps(claim))
    runner.artifacts["grade"] = path
    assert not runner.job("post")
    assert sentence in runner.steps[-1].log
    assert runner.posted == []


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """An honest claim about the wrong answers."""
    from grader.marking.grade import grade
    from grader.marking.reports import as_json

    folder = tmp_path_factory.mktemp("graded")
    path = folder / NOTEBOOK
    path.parent.mkdir(parents=True)
    path.write_text(notebook(WRONG))
    report = grade(folder, catalog(), catalog().select(WANTED), learner="students/ada")
    report.commit = "a" * 40
    found: dict[str, Any] = json.loads(as_json(report))
    return found


# The files themselves


def workflows() -> list[dict[str, Any]]:
    return [yaml.safe_load(path.read_text()) for path in sorted(TEMPLATES.glob("*.yml"))]


def steps() -> list[dict[str, Any]]:
    action, workflow = workflows()
    return [*action["runs"]["steps"], *(s for job in workflow["jobs"].values() for s in job["steps"])]


def test_no_script_holds_an_expression_and_every_action_is_pinned_to_a_commit() -> None:
    assert not [s for s in steps() if "${{" in s.get("run", "")]
    used = [s["uses"] for s in steps() if "uses" in s and not s["uses"].startswith("./course/")]
    assert used
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", each) for each in used)
    checkouts = [s for s in steps() if s.get("uses", "").startswith("actions/checkout")]
    assert all(s["with"]["persist-credentials"] is False for s in checkouts)


def test_the_job_that_runs_strangers_code_has_no_secret_and_writes_nothing() -> None:
    workflow = workflows()[1]
    assert workflow["permissions"] == {}
    assert workflow["jobs"]["mark"]["permissions"] == {"contents": "read"}
    assert workflow["jobs"]["post"]["permissions"] == {"checks": "write"}
    assert set(workflow[True]) == {"push", "pull_request_target"}
    assert "secrets." not in (TEMPLATES / "grade.yml").read_text() + (TEMPLATES / "action.yml").read_text()
    assert not any("cache" in s.get("with", {}) or "actions/cache" in s.get("uses", "") for s in steps())
