"""Measures of predicted changes against hand calculation, scipy and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from causalvalues.prediction import Prediction
from causalvalues.prediction.left_out import macro_r2, micro_r2
from causalvalues.skill import measures
from causalvalues.skill.associations import descendants
from causalvalues.skill.foreseen import Foreseen
from causalvalues.skill.resampling import resampled
from causalvalues.skill.spread import Spread
from causalvalues.skill.verdict import judged


def test_interval_score_by_hand() -> None:
    change = np.array([[0.0, 2.0, -1.0, np.nan]])
    lower, upper = np.array([[-1.0, 0.0, 0.0, 0.0]]), np.array([[1.0, 1.0, 0.5, 1.0]])
    # widths 2, 1, 0.5; 2 lies 1 above: 20 x 1; -1 lies 1 below: 20 x 1
    assert measures.interval_score(change, lower, upper) == pytest.approx((2 + 21 + 20.5) / 3)
    assert measures.coverage(change, lower, upper) == pytest.approx(1 / 3)


def test_r2_by_hand() -> None:
    change = np.array([[0.0, 1.0], [2.0, 5.0]])
    predicted = np.array([[0.0, 1.0], [1.0, 3.0]])
    # squared errors 1 and 4; about the means 1 and 3: 2 and 8
    assert micro_r2(change, predicted) == pytest.approx(1 - 5 / 10)
    assert macro_r2(change, predicted) == pytest.approx((0.5 + 0.5) / 2)


@given(st.integers(0, 1000))
def test_rank_correlations_are_those_of_scipy(seed: int) -> None:
    random = np.random.default_rng(seed)
    change, predicted = random.integers(0, 5, (2, 6, 5)).astype(float)
    change[random.random((6, 5)) < 0.2] = np.nan
    known = np.isfinite(change)
    if known.sum() > 2 and np.ptp(change[known]) and np.ptp(predicted[known]):
        expected = spearmanr(change[known], predicted[known]).statistic
        assert measures.rank_correlation(change, predicted) == pytest.approx(expected)
    rows = [
        spearmanr(y[k], f[k]).statistic
        for y, f, k in zip(change, predicted, known, strict=True)
        if k.sum() >= 3 and np.ptp(y[k]) and np.ptp(f[k])
    ]
    found = measures.row_rank_correlation(change, predicted)
    assert found == pytest.approx(np.mean(rows)) if rows else np.isnan(found)


def test_a_constant_prediction_has_no_rank_correlation() -> None:
    change = np.arange(6.0).reshape(2, 3)
    assert np.isnan(measures.rank_correlation(change, np.zeros((2, 3))))
    assert np.isnan(measures.row_rank_correlation(change, np.zeros((2, 3))))


def test_cell_means_leave_unknown_answers_out() -> None:
    found = measures.cell_means(np.array([[1.0, np.nan], [3.0, np.nan], [5.0, 2.0]]), ("b", "b", "a"))
    np.testing.assert_array_equal(found, [[5.0, 2.0], [2.0, np.nan]])


def test_the_bootstrap_draws_whole_groups_and_takes_r2_anew() -> None:
    random = np.random.default_rng(3)
    observed, mean = random.normal(size=(2, 12, 3))
    groups = tuple(f"g{i // 3}" for i in range(12))
    told = Foreseen("s", ("a", "b", "c"), groups, groups, observed, {"p": Prediction(mean, mean, mean)}, {})
    found = resampled(told, 50, 0)
    place = {tuple(np.round(x, 12)): None for x in found.r2}
    assert len(place) > 5
    from causalvalues.randomness import stream

    counts = stream(0, "skill bootstrap", "s", "groups").multinomial(4, np.full(4, 0.25), 50)
    for number in (0, 17, 49):
        rows = [3 * g + i for g in range(4) for _ in range(counts[number, g]) for i in range(3)]
        assert found.r2[number, 0] == pytest.approx(micro_r2(observed[rows], mean[rows]))
        assert found.error[number, 0] == pytest.approx(np.abs(observed - mean)[rows].mean())


def test_intervals_hold_nine_of_ten_errors_of_each_kind() -> None:
    random = np.random.default_rng(0)
    kinds = np.repeat([1, 2], 500)
    errors = random.normal(size=(1000, 2)) * kinds[:, None]
    spread = Spread.of(errors, kinds)
    lower, upper = spread.about(np.zeros((1000, 2)), kinds)
    inside = (errors > lower) & (errors < upper)
    for kind in (1, 2):
        assert inside[kinds == kind].mean() == pytest.approx(0.9, abs=0.01)
    assert (upper - lower)[-1] == pytest.approx(2 * (upper - lower)[0], rel=0.15)


def test_a_kind_of_row_that_was_never_seen_takes_the_errors_of_all() -> None:
    errors = np.random.default_rng(0).normal(size=(100, 1))
    spread = Spread.of(errors, np.ones(100, dtype=int))
    lower, upper = spread.about(np.zeros((1, 1)), np.array([3]))
    assert lower[0, 0] == pytest.approx(np.quantile(errors, 0.05))
    assert upper[0, 0] == pytest.approx(np.quantile(errors, 0.95))


@given(st.integers(0, 2**10 - 1))
def test_descendants_are_those_of_networkx(code: int) -> None:
    import networkx as nx

    graph = np.zeros((5, 5), dtype=bool)
    graph[np.triu_indices(5, 1)] = [code >> bit & 1 for bit in range(10)]
    drawn = nx.from_numpy_array(graph, create_using=nx.DiGraph)
    expected = [[float(j in nx.descendants(drawn, i)) for j in range(5)] for i in range(5)]
    np.testing.assert_array_equal(descendants(graph[None])[0], expected)


@pytest.mark.parametrize(
    ("ends", "word"),
    [((0.1, 0.2), "better"), ((-0.2, -0.1), "worse"), ((-0.1, 0.2), "equal"), ((np.nan, np.nan), "unknown")],
)
def test_a_difference_is_judged_by_whether_its_interval_holds_zero(ends: tuple[float, float], word: str) -> None:
    assert judged(*ends) == word
