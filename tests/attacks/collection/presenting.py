"""Attacks on whoever reads the result: terminals, CI logs, web pages, spreadsheets."""

from __future__ import annotations

from tests.attacks.attack import TARGET, attack

_REPORT = "something that runs, hides or misleads where the result is shown"
ESCAPES = "\\x1b]0;owned\\x07\\x1b[2J\\x1b[31m\\x1b]52;c;b3duZWQ=\\x07\\x9b31m\\x08\\x08\\r"
COMMANDS = (
    "\\n::error file=a.py::owned\\n::set-output name=score::100\\n::add-mask::a\\n::stop-commands::x\\n##[group]x\\n"
)
MARKUP = "<script>owned()</script><img src=x onerror=owned()>]]><!--"

# Wrong answers, so that what they return and raise is shown.
attack(
    "terminal-escapes", "presenting", "Prints, returns and raises terminal escapes.", _REPORT,
    code=f"""
def page_view(r, page):
    print("{ESCAPES}")
    raise ValueError("{ESCAPES}")
""",
)  # fmt: skip

attack(
    "workflow-commands", "presenting", "Prints and raises GitHub workflow commands on lines of their own.", _REPORT,
    code=f"""
def page_view(r, page):
    print("{COMMANDS}")
    raise ValueError("{COMMANDS}")
""",
)  # fmt: skip

attack(
    "markup", "presenting", "Puts HTML, scripts and CDATA ends into values, messages, prints, names and its own name.",
    _REPORT,
    code=f"""
def page_view(r, page):
    print("{MARKUP}")
    raise type("{MARKUP}", (Exception,), {{}})("{MARKUP}")
""",
    learner="<script>owned()</script>",
)  # fmt: skip

attack(
    "formulas", "presenting", "Puts spreadsheet formulas into its name and values.", _REPORT,
    code="""
def page_view(r, page):
    raise ValueError("=HYPERLINK(\\"http://evil\\")")
""",
    learner='=cmd|" /C calc"!A0',
)  # fmt: skip

attack(
    "invisible-characters", "presenting",
    "Writes values that read otherwise than they are: bidi controls, zero-width characters, half surrogate pairs.",
    _REPORT,
    code="""
def page_view(r, page):
    print("\\u202e detrac \\u2066\\u200b\\ufeff\\ud800\\x00")
    raise ValueError("\\u202e\\u200b\\ud800\\x00\\U000e0041")
""",
    learner="mal\u202elory\u200b",
)  # fmt: skip

attack(
    "markdown", "presenting",
    "Breaks out of tables and code fences of a summary in Markdown.",
    _REPORT,
    code="""
def page_view(r, page):
    raise ValueError("` ``` | a | b |\\n\\n```\\n# 100 %\\n| x | y |\\n<details>\\n"
                     "[click](javascript:owned()) @everybody")
""",
)  # fmt: skip

attack(
    "names-that-leave", "presenting",
    "Hands in as a learner whose name is a path out of every folder.",
    "a file written where it should not be",
    code="def page_view(r, page):\n    return None\n",
    learner="../../../../tmp/planted-by-an-attack",
    stock=False,
)  # fmt: skip

__all__ = ["TARGET"]
