"""``python -m grader.cli``: the `course` command where its script is not on PATH."""

from grader.cli import main

main()
