"""Marking: an answer in, a result out. Loads answers from notebooks and files, runs their checks, scores them."""

from grader.marking.result import ExerciseResult
from grader.marking.run import run_exercise

__all__ = ["ExerciseResult", "run_exercise"]
