"""The attacks on the machine and on Redis, which take longest; see `test_attacks.py`."""

from __future__ import annotations

import pytest

from tests.attacks.attack import HEAVY, Attack, collection
from tests.attacks.conftest import Trial


@pytest.mark.parametrize("attack", [pytest.param(a, id=a.name) for a in collection().values() if a.family in HEAVY])
def test_an_attack_on_the_machine_harms_nobody(attack: Attack, trial: Trial) -> None:
    trial(attack)
