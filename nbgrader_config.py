"""nbgrader's configuration of this course: used by every `nbgrader …` command run in this folder, and by formgrader.

The instructor's notebooks are made from the text sources in solutions/ when they are missing or older than those.
"""

from pathlib import Path

from grader.authoring.release import config, ensure_source

root = Path(__file__).resolve().parent
ensure_source(root)
c = get_config()  # noqa: F821 - nbgrader's loader provides it
c.merge(config(root))
