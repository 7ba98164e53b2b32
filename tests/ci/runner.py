"""As much of a GitHub runner as the workflow for students' repositories needs: its very commands, run by bash.

Actions of others are stood in for: `checkout` links the course, `setup-python` does nothing, artifacts go through a
folder. Installing is left out, for the course under test is installed already; everything else runs as it is written.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "docs" / "student-repository"
_INSTALLING = {"install", "sandbox"}
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")


@dataclass
class Step:
    """What a step with a script did."""

    status: int
    log: str


@dataclass
class Runner:
    """Runs a job of the workflow on a machine of its own (a folder); `posted` is what `gh` was given."""

    folder: Path
    github: dict[str, str]
    wanted: str
    environment: dict[str, str] = field(default_factory=dict)
    artifacts: dict[str, Path] = field(default_factory=dict)
    posted: list[dict[str, Any]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    summary: str = ""

    def job(self, name: str) -> bool:
        """Run the job called `name`; whether every step of it succeeded."""
        workflow = yaml.safe_load((TEMPLATES / "grade.yml").read_text())
        machine = self.folder / name
        (machine / "workspace").mkdir(parents=True)
        temporary = machine / "temporary"
        (temporary / "course-venv" / "bin").mkdir(parents=True)
        self._program(
            temporary / "course-venv" / "bin" / "course",
            sys.executable,
            "-I",
            "-c",
            "from grader.cli import main; main()",
        )
        (machine / "bin").mkdir()
        posted = machine / "posted"
        self._program(machine / "bin" / "gh", sys.executable, "-I", str(Path(__file__).with_name("gh.py")), str(posted))
        context = {f"github.{key}": value for key, value in self.github.items()}
        context |= {f"env.{key}": str(value) for key, value in workflow["env"].items()}
        context |= {"env.WANTED": self.wanted, "runner.temp": str(temporary), "github.token": "a-token"}
        ended_well = all(self._step(step, context, machine) for step in workflow["jobs"][name]["steps"])
        self.summary = text(machine / "summary")
        if posted.exists():
            self.posted.append(json.loads(posted.read_text()))
        return ended_well

    def _step(self, step: dict[str, Any], context: dict[str, str], machine: Path) -> bool:
        given = {key: evaluated(str(value), context) for key, value in step.get("with", {}).items()}
        if "run" in step:
            return step.get("id") in _INSTALLING or self._run(step, context, machine)
        action = step["uses"].partition("@")[0]
        match action:
            case "actions/checkout":
                assert given["repository"] == context["env.COURSE"], "only the course is ever checked out"
                (machine / "workspace" / given["path"]).symlink_to(ROOT)
            case "actions/setup-python":
                pass
            case "actions/upload-artifact":
                self.artifacts[given["name"]] = Path(given["path"])
            case "actions/download-artifact":
                Path(given["path"]).mkdir()
                shutil.copy(self.artifacts[given["name"]], given["path"])
            case _:
                assert action.startswith("./course/"), action
                folder = machine / "workspace" / action
                composite = yaml.safe_load((folder / "action.yml").read_text())
                inputs = {f"inputs.{key}": spec.get("default", "") for key, spec in composite["inputs"].items()}
                inputs |= {f"inputs.{key}": value for key, value in given.items()}
                inner = {**context, **inputs, "github.action_path": str(folder)}
                chosen = [s for s in composite["runs"]["steps"] if true(s.get("if"), inner)]
                return all(self._step(s, inner, machine) for s in chosen)
        return True

    def _run(self, step: dict[str, Any], context: dict[str, str], machine: Path) -> bool:
        script = machine / "step.sh"
        script.write_text(step["run"])
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=machine / "workspace",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={
                "PATH": f"{machine / 'bin'}:{os.environ['PATH']}",
                "HOME": str(machine),
                "GITHUB_ACTIONS": "true",
                "GITHUB_REPOSITORY": self.github["repository"],
                "GITHUB_STEP_SUMMARY": str(machine / "summary"),
                "RUNNER_TEMP": context["runner.temp"],
                **self.environment,
                **{key: evaluated(str(value), context) for key, value in step.get("env", {}).items()},
            },
        )
        self.steps.append(Step(done.returncode, done.stdout + done.stderr))
        return done.returncode == 0

    @staticmethod
    def _program(path: Path, *command: str) -> None:
        path.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
        path.chmod(0o755)


def evaluated(value: str, context: dict[str, str]) -> str:
    """`value` with its expressions: names, and `||` between them. Anything else is a KeyError."""

    def one(match: re.Match[str]) -> str:
        return next((found for name in match[1].split("||") if (found := context[name.strip()])), "")

    return _EXPRESSION.sub(one, value)


def true(condition: str | None, context: dict[str, str]) -> bool:
    """What an `if:` of the action says."""
    if condition is None:
        return True
    match = re.fullmatch(r"([\w.-]+) (==|!=) ''", condition)
    assert match is not None, condition
    return (context[match[1]] == "") == (match[2] == "==")


def text(path: Path) -> str:
    """What is in a file that may not be there."""
    return path.read_text() if path.exists() else ""
