"""Every attack of the collection, marked as a stranger's submission is: no points, no harm, nobody else affected.

Values are lost and won as `Attack.expect` says; an `error` never is. Behind those that could reach others an honest
submission is marked. The other half is in `test_attacks_on_machines.py`, so that two processes can share the work.
"""

from __future__ import annotations

import pytest

from grader.checks import catalog
from tests.attacks.attack import ELSEWHERE, HEAVY, Attack, collection
from tests.attacks.conftest import Trial

LIGHT = [a for a in collection().values() if a.family not in HEAVY]


def _as_parameter(attack: Attack) -> object:
    # A hole that was closed has to be struck out of the page, too.
    marks = [pytest.mark.xfail(reason=attack.hole, strict=True)] if attack.hole else []
    return pytest.param(attack, id=attack.name, marks=marks)


@pytest.mark.parametrize("attack", [_as_parameter(a) for a in LIGHT])
def test_an_attack_earns_what_it_deserves_and_reaches_nobody(attack: Attack, trial: Trial) -> None:
    trial(attack)


def test_the_collection_is_what_it_says() -> None:
    found = collection()
    assert len(found) >= 55
    assert {a.family for a in found.values()} >= HEAVY | {"forging", "lying", "peeking", "writing", "gaming"}
    assert ELSEWHERE in catalog().by_slug
