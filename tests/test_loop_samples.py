"""Predictive samples of a loop: as wide as foretold, the same for any order of columns; and what its test counts."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from causalvalues.loop.comparing import ratio_of
from causalvalues.loop.outcomes import Outcome
from causalvalues.loop.sampling import sampled_profiles
from causalvalues.loop.steering import Aim, Planned, Steered, Step
from causalvalues.loop.swap import SwapTarget
from causalvalues.loop.testing import SCALE, Grid, _coverage, _predicted_over_achieved, _ways
from causalvalues.prediction import LeverResponse, Mechanism, PairedRows, ScaleAndStart
from tests.prediction_worlds import World, drawn

ALL = drawn(World(units=80, w=0.8, pull=0.2, interactions=0.3, unit=0.6), 3)
ROWS = ALL.on(~((ALL.doses[:, 0] != 0) & (ALL.doses[:, 1] != 0)))
VALUES, LEVERS = [2, 0, 1], [4, 1, 0, 3, 2]
DOSES = np.array([[1.0, 0, 0, 0, 0], [1.0, 1.0, 0, 0, 0], [0, 1.0, 0, 1.0, 0]])


def mixed(rows: PairedRows) -> PairedRows:
    names = tuple(rows.values[i] for i in VALUES), tuple(rows.levers[i] for i in LEVERS)
    parts = rows.start[:, VALUES], rows.doses[:, LEVERS], rows.reached[:, VALUES], rows.weights
    return PairedRows(*names, rows.units, *parts)


ONE = Mechanism(draws=60).fit(ROWS, 1)
TWO = Mechanism(draws=60).fit(mixed(ROWS), 1)


def both(response: LeverResponse, start: np.ndarray, doses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Draws of profiles and samples of answers."""
    starts = np.repeat(start[None], len(doses), axis=0)
    return response.profiles(starts, doses), sampled_profiles(response, start, doses, 300, 2)


def test_the_order_of_columns_changes_neither_samples_nor_what_a_unit_teaches() -> None:
    start, asked, heard = ROWS.start[0], DOSES[:2], ROWS.reached[:2]
    assert frozenset(ROWS.levers[:2]) not in ONE.tried
    told = ONE.updated(start, asked, heard), TWO.updated(start[VALUES], asked[:, LEVERS], heard[:, VALUES])
    for one, two in ((ONE, TWO), told):
        for a, b in zip(both(one, start, DOSES), both(two, start[VALUES], DOSES[:, LEVERS]), strict=True):
            assert np.allclose(a[..., VALUES], b, atol=1e-9)


def test_samples_are_as_wide_as_the_foretold_intervals_whatever_the_size_of_a_levers_errors() -> None:
    scale = np.array([0.7, -0.5, 0.0, 0.3, 0.0, 0.4])
    response = replace(ONE, components=replace(ONE.components, scale=scale), draws=np.repeat(ONE.draws[:1], 60, axis=0))
    samples = sampled_profiles(response, ROWS.start[0], DOSES[[0, 2]], 60_000, 1)
    wanted = [np.sqrt(np.diag(response.answer_covariance(row))) for row in DOSES[[0, 2]]]
    assert np.allclose(samples.std(axis=0), wanted, rtol=0.03)


def outcome(foretold: float, achieved: float, far: bool) -> Outcome:
    aim = Aim(np.zeros(3), np.full(3, 9.0 if far else 1.0))
    planned = Planned(1, (("l0", 1.0),), np.zeros(3), np.full(3, -1.0), np.full(3, 1.0), foretold, 0.1)
    reached = np.array([0.0, 0.0, 2.0])
    steered = Steered(aim, (Step(planned, reached, achieved),), "", (1.0, 1.0), 0.1)
    target = SwapTarget("t", 0, 1, (("l0", 1.0),), (8.0, 8.0, 8.0) if far else ())
    return Outcome("t", "t", "p", steered, 0, target)


def test_the_ratio_of_no_plan_is_no_number_and_that_of_some_is_the_ratio_of_their_sums() -> None:
    found = [outcome(0.5, 1.0, False), outcome(0.7, 1.0, False)]
    assert np.allclose(_predicted_over_achieved(found, 0), 0.6)
    assert _coverage(found) == 2 / 3
    assert np.isnan(ratio_of(np.empty(0), np.empty(0), np.empty(0, dtype=int), 0)).all()
    assert np.isnan(_coverage([]))


def test_scale_and_start_chooses_among_single_levers_too() -> None:
    names = ROWS.levers
    choices = ((), *(tuple((names[i], 1.0) for i in on) for n in (1, 2) for on in combinations(range(5), n)))
    simple = ScaleAndStart().fit(ROWS, 0)
    start = ROWS.start[0]
    wanted = simple.predict(start[None], DOSES[:1]).mean[0]
    made = outcome(0.5, 1.0, False)
    made = replace(made, steered=replace(made.steered, aim=Aim(start, wanted)))
    grid = Grid(choices, np.zeros((2, len(choices), 3)))
    settings = SimpleNamespace(seed=0)
    session = SimpleNamespace(settings=settings, known=SimpleNamespace(rows=ROWS), response=ONE)
    assert _ways(cast(Any, session), [made], grid)[SCALE] == [(("l0", 1.0),)]
