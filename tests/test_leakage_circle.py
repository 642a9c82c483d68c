"""Whether levers leak to the neighbours of their aim on the circle."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from leakage_truths import AIMS, GUARDS, simulate

from causalvalues.errors import DataError, ModelError
from causalvalues.leakage import leakage_by_distance, measure_leakage
from causalvalues.model.circle_order import circle_distances
from causalvalues.prediction.paired_rows import PairedRows
from causalvalues.theories import ValueTheory, theory

FIVE = ValueTheory("five", "Five", tuple("abcde"), circular=True)


def five(seed: int = 0) -> PairedRows:
    random = np.random.default_rng(seed)
    levers, values = tuple("ABCDE"), tuple("abcde")
    units = tuple(f"u{i}" for i in range(6) for _ in levers)
    doses = np.tile(np.eye(5), (6, 1))
    reached = doses + 0.3 * random.normal(size=(30, 5))
    return PairedRows(values, levers, units, np.zeros((30, 5)), doses, reached)


def test_p_is_the_share_of_all_relabellings_by_brute_force() -> None:
    from scipy import stats

    aims = dict(zip("ABCDE", "abcde", strict=True))
    found = measure_leakage(five(), aims)
    told = leakage_by_distance(found, FIVE)
    apart = circle_distances(list("abcde"), FIVE)
    effects = found.effect.to_numpy()
    off = ~np.eye(5, dtype=bool)
    all_rho = [
        stats.spearmanr(effects[off], -apart[np.ix_(order, order)][off]).statistic for order in permutations(range(5))
    ]
    assert told.rho == pytest.approx(all_rho[0])
    assert told.p == pytest.approx(np.mean(np.abs(all_rho) >= abs(all_rho[0]) - 1e-9))


def test_levers_that_leak_to_neighbours_are_found() -> None:
    told = leakage_by_distance(measure_leakage(simulate(12), AIMS, GUARDS), theory("schwartz-10"), seed=1)
    assert told.rho > 0.5
    assert told.p < 0.01
    effects = told.by_distance["effect"]
    assert effects.loc[0] > effects.loc[1] > effects.loc[5]
    assert told.by_distance["cells"].tolist() == [10, 20, 20, 20, 20, 10]
    assert "rho" in repr(told)


def test_noise_is_called_a_circle_about_as_often_as_it_should() -> None:
    aims = dict(zip("ABCDE", "abcde", strict=True))
    p = [leakage_by_distance(measure_leakage(five(seed), aims), FIVE).p for seed in range(100)]
    assert np.mean(np.array(p) <= 0.1) <= 0.2


def test_a_theory_without_a_circle_or_too_few_values_are_refused() -> None:
    found = measure_leakage(five(), {"A": "a"})
    with pytest.raises(ModelError, match="no circle order"):
        leakage_by_distance(found, ValueTheory("five", "Five", tuple("abcde")))
    few = measure_leakage(five(), {"A": "a"}, guardrails=("d", "e"))
    with pytest.raises(DataError, match="3 values"):
        leakage_by_distance(few, FIVE)
