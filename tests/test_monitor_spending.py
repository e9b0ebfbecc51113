"""How chance is spent over releases and shared among alarms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.errors import InputError
from outcross.mixture.monitor.spending import LIFETIME, alpha, holm

CHANCES = st.lists(st.floats(0, 1), min_size=1, max_size=30).map(np.array)


def test_all_releases_together_spend_no_more_than_the_lifetime_chance() -> None:
    spent = sum(alpha(number) for number in range(1, 100_000))
    assert spent <= LIFETIME
    assert spent == pytest.approx(LIFETIME, rel=1e-4)


def test_later_releases_spend_less() -> None:
    assert [round(alpha(number), 4) for number in (1, 2, 3, 4)] == [0.0304, 0.0076, 0.0034, 0.0019]


@pytest.mark.parametrize("number", [0, -1])
def test_releases_are_counted_from_one(number: int) -> None:
    with pytest.raises(InputError, match=f"number is {number}"):
        alpha(number)


def test_holm_rejects_as_in_a_worked_example() -> None:
    rejected, levels = holm(np.array([0.01, 0.04, 0.03, 0.005]), 0.05)
    assert rejected.tolist() == [True, False, False, True]
    assert levels == pytest.approx([0.05 / 3, 0.05 / 2, 0.05 / 2, 0.05 / 4])


@given(CHANCES, st.floats(0.001, 0.2))
def test_holm_rejects_all_that_bonferroni_does_and_none_above_the_level(chances: np.ndarray, level: float) -> None:
    rejected, levels = holm(chances, level)
    assert (rejected >= (chances <= level / len(chances))).all()
    assert not rejected[chances > level].any()
    assert ((levels >= level / len(chances)) & (levels <= level)).all()


@given(CHANCES, st.floats(0.001, 0.2))
def test_holm_never_rejects_a_chance_and_keeps_a_smaller_one(chances: np.ndarray, level: float) -> None:
    rejected, levels = holm(chances, level)
    assert (rejected == (chances <= levels)).all()
    if rejected.any() and not rejected.all():
        assert chances[rejected].max() <= chances[~rejected].min()


def test_no_alarm_shares_nothing() -> None:
    assert [len(part) for part in holm(np.zeros(0), 0.05)] == [0, 0]
