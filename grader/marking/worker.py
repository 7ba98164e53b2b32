"""The process that runs a learner's code for the terminal: ``python -m grader.marking.worker``.

It reads one JSON request on standard input (`notebook`, `slugs`), loads the notebook, writes an empty line on its real
standard output and then one JSON line for each result. Whoever started it keeps the deadline and reads the lines;
what the learner's code prints goes elsewhere.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from redis import RedisError

from grader.checks import catalog
from grader.inside.answer import AnswerProblem
from grader.inside.load import LoadedAnswers, load_notebook
from grader.marking.extract import NotebookError, read_notebook
from grader.marking.result import ExerciseResult
from grader.marking.run import run_exercise
from grader.servers import ServerError


def main() -> None:
    """Serve one request."""
    request = json.load(sys.stdin)
    # Learner code may print, or close or replace standard output: results go through a descriptor of their own.
    results = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    path = Path(request["notebook"])
    exercises = [catalog()[slug] for slug in request["slugs"]]
    try:
        all_here = catalog().of_notebook(exercises[0].notebook)
        loaded = load_notebook(read_notebook(path, all_here), all_here)
    except NotebookError as error:
        loaded = LoadedAnswers()
        for e in exercises:
            loaded.trouble[e.cell_id] = AnswerProblem("missing", str(error))
    results.write("\n")
    results.flush()
    for e in exercises:
        try:
            result = run_exercise(e, loaded.answer(e))
        except (ServerError, RedisError, OSError) as error:
            # No Redis, or no room for one (a full disk, no temporary folder): not the answer's fault.
            note = f"The check has no Redis to run on: {error}"
            result = ExerciseResult(e.slug, e.title, "error", 0.0, e.points, note=note)
        results.write(json.dumps(result.to_dict()) + "\n")
        results.flush()


if __name__ == "__main__":
    main()
