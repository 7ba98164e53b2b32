"""What an instructor looks at after marking: one HTML page, a summary for the terminal, plain rows for a spreadsheet.

`course cohort report` and `export` call these four; everything below them is pure: marks in, text out.
"""

from grader.cohort.report.files import read_marks, write_report
from grader.cohort.report.page import report
from grader.cohort.report.rows import as_rows
from grader.cohort.report.terminal import summary

__all__ = ["as_rows", "read_marks", "report", "summary", "write_report"]
