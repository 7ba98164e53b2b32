"""Many submissions at once, over nbgrader's own folders and gradebook; `course cohort …` is its face.

What happens to one submission on its way: `collect` puts it into ``submitted/`` as data, `tasks` has it marked (in job
processes or on a dask cluster), `kept` keeps its marks as JSON, `gradebook` writes the points, and `autograded` the
notebook that formgrader shows. No notebook is run anywhere: nbgrader's kernels are never started.
"""

from grader.cohort.errors import CohortError

__all__ = ["CohortError"]
