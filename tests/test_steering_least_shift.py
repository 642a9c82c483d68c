"""Is the shift that lets a probe reach a probability right, and the least there is?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from causalvalues.errors import SteeringError
from causalvalues.steering.acts import Act
from causalvalues.steering.least_shift import least_shift, least_shift_lever, logit
from causalvalues.steering.probes import ValueProbes

PROBABILITIES = st.floats(0.01, 0.99)
SEEDS = st.integers(0, 10_000)


def problem(seed: int, d: int = 6, m: int = 8) -> tuple[np.ndarray, np.ndarray, float]:
    draw = np.random.default_rng(seed)
    return 3 * draw.normal(size=(m, d)), draw.normal(size=d) + 0.1, float(draw.normal())


def said(states: np.ndarray, weights: np.ndarray, intercept: float) -> np.ndarray:
    return 1 / (1 + np.exp(-(states @ weights + intercept)))


@given(SEEDS, PROBABILITIES)
def test_after_the_shift_the_probe_says_at_least_the_probability_and_exactly_that_where_it_said_less(
    seed: int, probability: float
) -> None:
    states, weights, intercept = problem(seed)
    before = said(states, weights, intercept)
    shift = least_shift(states, weights, intercept, probability)
    after = said(states + shift[:, None] * weights / np.linalg.norm(weights), weights, intercept)
    low = before < probability
    np.testing.assert_allclose(after[low], probability, rtol=1e-9)
    assert (shift[~low] == 0).all()
    np.testing.assert_array_equal(after[~low], before[~low])


@settings(max_examples=15)
@given(SEEDS, PROBABILITIES)
def test_no_shift_in_any_direction_is_shorter(seed: int, probability: float) -> None:
    states, weights, intercept = problem(seed, m=1)
    (shift,) = least_shift(states, weights, intercept, probability)
    needed = logit(probability)
    found = minimize(
        lambda move: float(move @ move),
        np.random.default_rng(seed).normal(size=6),
        jac=lambda move: 2 * move,
        constraints={
            "type": "ineq",
            "fun": lambda move: (states[0] + move) @ weights + intercept - needed,
            "jac": lambda _: weights,
        },
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 200},
    )
    assert np.linalg.norm(found.x) == pytest.approx(shift, abs=1e-5)


@given(SEEDS, st.floats(0.1, 10))
def test_weights_and_intercept_count_only_up_to_the_unit_in_which_odds_are_measured(seed: int, factor: float) -> None:
    states, weights, intercept = problem(seed)
    one = least_shift(states, weights, intercept, 0.5)
    np.testing.assert_allclose(least_shift(states, factor * weights, factor * intercept, 0.5), one, atol=1e-9)


def test_a_worked_example_comes_out() -> None:
    # |w| = 5; w.e + b = 3 - 1 = 2; logit(.99) = 4.5951; (4.5951 - 2) / 5
    shift = least_shift([[1.0, 0.0]], [3.0, 4.0], -1.0, 0.99)
    np.testing.assert_allclose(shift, [(np.log(99) - 2) / 5])


@pytest.mark.parametrize(
    ("states", "weights", "intercept", "probability", "message"),
    [
        (np.zeros((2, 3)), [1.0, 2.0], 0.0, 0.5, r"\(2, 3\). The probe reads \(m, 2\)"),
        (np.zeros(2), [1.0, 2.0], 0.0, 0.5, "shape"),
        (np.zeros((1, 2)), [0.0, 0.0], 0.0, 0.5, "zero everywhere"),
        (np.zeros((1, 2)), [1.0, np.nan], 0.0, 0.5, "not finite"),
        (np.full((1, 2), np.inf), [1.0, 1.0], 0.0, 0.5, "not finite"),
        (np.zeros((1, 2)), [1.0, 1.0], np.nan, 0.5, "not finite"),
        (np.zeros((1, 2)), [1.0, 1.0], 0.0, 1.0, "between 0 and 1"),
        (np.zeros((1, 2)), [1.0, 1.0], 0.0, np.nan, "between 0 and 1"),
    ],
)
def test_what_cannot_be_shifted_is_refused(
    states: np.ndarray, weights: list[float], intercept: float, probability: float, message: str
) -> None:
    with pytest.raises(SteeringError, match=message):
        least_shift(states, weights, intercept, probability)


def probes(d: int = 4) -> ValueProbes:
    draw = np.random.default_rng(0)
    ones = np.ones((2, 3))
    return ValueProbes(
        ("power", "security"), (2, 5, 7), draw.normal(size=(2, 3, d)), draw.normal(size=(2, 3)), *[ones] * 6
    )


def test_the_lever_carries_the_probe_of_each_layer_and_asks_for_the_logit() -> None:
    known = probes()
    lever = least_shift_lever("up", known, "security", (7, 2), 0.95)
    assert [act.layer for act in lever.acts] == [2, 7]
    assert (lever.name, lever.value, lever.method) == ("up", "security", "least_shift")
    for act in lever.acts:
        weights, intercept = known.probe("security", act.layer)
        expected = Act(act.layer, weights, np.log(19), "least_shift", intercept)
        np.testing.assert_array_equal(act.direction, expected.direction)
        assert (act.action, act.intercept) == ("least_shift", intercept)
        assert act.coefficient == pytest.approx(expected.coefficient)


def test_a_lever_without_probe_or_with_half_a_probability_is_refused() -> None:
    with pytest.raises(SteeringError, match="Did you mean 'power'"):
        least_shift_lever("x", probes(), "powr", (2,))
    with pytest.raises(SteeringError, match="nothing at layer 3"):
        least_shift_lever("x", probes(), "power", (3,))
    with pytest.raises(SteeringError, match="more than one half"):
        least_shift_lever("x", probes(), "power", (2,), 0.5)
