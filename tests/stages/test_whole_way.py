"""The way: a stage is red before its code is there and green behind it, with only the stages before it.

Here the first two dozen; `course walk` goes the whole way.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.authoring.walk import walk
from grader.checks.stages.catalog import stages


@pytest.mark.timeout(900)
def test_a_stage_is_red_before_it_is_built_and_green_with_the_stages_up_to_it(sources: Path) -> None:
    troubles = [step.trouble for step in walk(sources, stages().open[:24]) if step.trouble]
    assert not troubles, "\n\n".join(troubles)
