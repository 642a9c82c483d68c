"""What units keep of themselves, the error of asking again, and bounds where no unit answered both ways."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.errors import ModelError
from causalvalues.prediction import (
    counterfactual_bounds,
    retest_error,
    share_bounds,
)
from causalvalues.prediction.persistence import persistence
from causalvalues.responses.matrix import ResponseMatrix
from tests.prediction_worlds import World, drawn

ROWS = drawn(World(units=300, pull=0.2, noise=0.3, unit=0.1), 1)


def test_without_error_it_is_the_regression_within_lever_sets() -> None:
    found = persistence(ROWS, None, 1, draws=20)
    for g, total in enumerate((1.0, 2.0)):
        here = ROWS.used == total
        cells = np.array(ROWS.cells)[here]
        dummies = (cells[:, None] == np.unique(cells)[None]) * 1.0
        design = np.column_stack([ROWS.start[here], dummies])
        slopes = np.linalg.lstsq(design, ROWS.reached[here], rcond=None)[0][:3]
        assert found.matrix[g] == pytest.approx(slopes, abs=1e-9)
        own = [np.linalg.lstsq(design[:, [j, *range(3, design.shape[1])]], ROWS.reached[here, j], rcond=None)[0][0]
               for j in range(3)]  # fmt: skip
        assert found.own[g] == pytest.approx(np.array(own), abs=1e-9)


def test_it_is_one_at_zero_change_and_runs_straight_between() -> None:
    found = persistence(ROWS, None, 1, draws=20)
    assert np.array_equal(found.at(0), np.eye(3))
    assert found.at(0.5) == pytest.approx((np.eye(3) + found.matrix[0]) / 2)
    assert np.array_equal(found.at(1.0), found.matrix[0])
    assert np.array_equal(found.at(7.0), found.matrix[1])


def test_an_error_of_the_start_is_taken_out() -> None:
    error = np.array([0.3, 0.1, 0.2])
    noisy = {u: np.random.default_rng(i).normal(size=3) * np.sqrt(error) for i, u in enumerate(sorted(set(ROWS.units)))}
    rows = replace(ROWS, start=ROWS.start + np.array([noisy[u] for u in ROWS.units]))
    raw, corrected = persistence(rows, None, 1, draws=100), persistence(rows, error, 1, draws=100)
    truth = 0.8
    assert raw.own[0, 0] < 0.7
    assert (corrected.own_lower[0] < truth).all()
    assert (truth < corrected.own_upper[0]).all()
    assert np.diag(corrected.matrix[0]) == pytest.approx(truth, abs=0.08)
    assert not corrected.capped


def test_an_error_that_cannot_be_is_scaled_down_and_said() -> None:
    found = persistence(ROWS, np.full(3, 50.0), 1, draws=5)
    assert found.capped
    assert np.isfinite(found.matrix).all()


def test_nine_of_ten_intervals_hold_the_truth() -> None:
    hits = [
        (found.own_lower < 0.75) & (found.own_upper > 0.75)
        for found in (
            persistence(drawn(World(units=60, pull=0.25), seed).on(np.arange(0, 360, 2)), None, 1, draws=60)
            for seed in range(25)
        )
    ]
    assert 0.8 < np.mean(hits) < 0.97


def test_the_order_of_rows_and_the_seed_decide_as_they_should() -> None:
    one, again = persistence(ROWS, None, 4, draws=30), persistence(ROWS, None, 4, draws=30)
    assert one.lower.tobytes() == again.lower.tobytes()
    assert persistence(ROWS, None, 5, draws=30).lower.tobytes() != one.lower.tobytes()
    assert one.table.shape == (6, 3)


def asked_again(error: float) -> ResponseMatrix:
    g = np.random.default_rng(1)
    true = np.repeat(g.normal(size=(400, 2)), 3, axis=0)
    scores = true + np.sqrt(error) * g.normal(size=true.shape)
    scores[0, 0] = np.nan
    return ResponseMatrix(
        scores=scores,
        names=("a", "b"),
        unit_ids=tuple(f"r{i}" for i in range(1200)),
        cluster_by="who",
        levers=("l",),
        doses=np.zeros((1200, 1)),
        labels={
            "repeat": tuple(str(i % 3) for i in range(1200)),
            "place": tuple("x" for _ in range(1200)),
            "who": tuple(f"u{i // 3}" for i in range(1200)),
        },
    )


def test_the_error_of_asking_again_is_the_variance_within_units() -> None:
    matrix = asked_again(0.4)
    found = retest_error(matrix, "repeat")
    assert found.to_numpy() == pytest.approx([0.4, 0.4], rel=0.1)
    assert found["b"] == pytest.approx(matrix.scores[:, 1].reshape(400, 3).var(axis=1, ddof=1).mean())
    assert found.attrs == {"groups": 400, "rows": 1200}


@settings(max_examples=80)
@given(
    st.lists(st.integers(0, 5), min_size=5, max_size=5),
    st.lists(st.integers(0, 6), min_size=5, max_size=5),
    st.integers(-3, 4),
)
def test_share_bounds_are_those_of_all_ways_to_join_two_groups(x: list[int], y: list[int], change: int) -> None:
    a, b = np.array(x, dtype=float), np.array(y, dtype=float)
    shares = [float(np.mean(b[list(order)] - a <= change)) for order in itertools.permutations(range(5))]
    assert share_bounds(a, b, change) == pytest.approx((min(shares), max(shares)))


@settings(max_examples=40)
@given(st.floats(-3, 3), st.floats(-1, 1), st.floats(-1, 1))
def test_normal_bounds_are_those_of_all_correlations(start: float, one: float, two: float) -> None:
    g = np.random.default_rng(1)
    without, under = g.normal(1, 2, (50, 1)), g.normal(3, 0.7, (40, 1))
    low, high = sorted((one, two))
    found = counterfactual_bounds(without, under, np.array([[start]]), (low, high))
    rho = np.linspace(low, high, 4001)
    b, spread = (start - without.mean()) / without.std(ddof=1), under.std(ddof=1)
    mean, half = under.mean() + rho * b * spread, 1.6448536269514722 * spread * np.sqrt(1 - rho**2)
    assert found.mean_lower[0, 0] == pytest.approx(mean.min(), abs=1e-9)
    assert found.mean_upper[0, 0] == pytest.approx(mean.max(), abs=1e-9)
    assert found.lower[0, 0] == pytest.approx((mean - half).min(), abs=1e-4)
    assert found.upper[0, 0] == pytest.approx((mean + half).max(), abs=1e-4)


def test_the_truth_lies_inside_the_bounds_whatever_the_correlation() -> None:
    g = np.random.default_rng(2)
    for rho in (-0.9, 0.0, 0.9):
        pair = g.multivariate_normal([0, 1], [[1, rho], [rho, 1]], size=4000)
        found = counterfactual_bounds(pair[:2000, :1], pair[2000:, 1:], pair[:, :1])
        inside = (found.lower[:, 0] <= pair[:, 1]) & (pair[:, 1] <= found.upper[:, 0])
        assert inside.mean() > 0.9


def refusals() -> list[tuple[str, object]]:
    two = np.array([[0.0], [1.0]])
    return [
        ("`error` must hold 3", lambda: persistence(ROWS, np.array([-1.0, 0, 0]), 1)),
        ("Too few units", lambda: persistence(ROWS.on(np.arange(12)), None, 1)),
        ("Did you mean 'repeat'", lambda: retest_error(asked_again(0.1), "repeats")),
        ("differ in 'place' alone", lambda: retest_error(asked_again(0.1), "place")),
        (r"range inside \[-1, 1\]", lambda: counterfactual_bounds(two, two, two, (0.5, -0.5))),
        ("at least two answers without", lambda: counterfactual_bounds(two[:1], two, two)),
        ("different numbers of values", lambda: counterfactual_bounds(two, two, np.zeros((1, 2)))),
        ("one finite answer", lambda: share_bounds(np.array([]), np.array([1.0]), 0)),
        ("total dose is -1", lambda: persistence(ROWS, None, 1, draws=2).at(-1)),
    ]


@pytest.mark.parametrize(("words", "call"), refusals(), ids=[words for words, _ in refusals()])
def test_bad_input_is_named(words: str, call: object) -> None:
    with pytest.raises(ModelError, match=words):
        call()  # type: ignore[operator]
