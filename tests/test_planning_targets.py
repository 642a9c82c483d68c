"""Is what a target asks for what the plan is held to: priorities, rankings with ties, changes, scale limits?"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning_oracle import every_choice, lever_model
from scipy.optimize import linprog
from scipy.stats import spearmanr

from causalvalues.errors import PlanError
from causalvalues.interventions import Lever
from causalvalues.model.structural import StructuralModel
from causalvalues.planning import (
    ByQuantiles,
    BySpread,
    Enumerate,
    MixedInteger,
    Plan,
    PriorityScale,
    Status,
    Target,
    plan,
    priority_scale,
)
from causalvalues.planning.constraints import Rows, contradiction
from causalvalues.responses.matrix import ResponseMatrix

START = {"v0": 0.1, "v1": -0.2, "v2": 0.3}


def ask(target: Target, seed: int = 0, method: Enumerate | MixedInteger | None = None) -> Plan:
    model = lever_model(seed)
    return plan(model, START, target, [Lever(node) for node in model.levers], method or Enumerate(untried=True))


def matrix(rows: int = 400, seed: int = 0) -> ResponseMatrix:
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(rows, 3)) * (1.0, 2.0, 0.5) + (0.0, 1.0, -1.0)
    doses = np.zeros((rows, 1))
    doses[::2] = 1.0
    scores[::2] += 5.0
    return ResponseMatrix(["v0", "v1", "v2"], scores, [str(i) for i in range(rows)], levers=("x0",), doses=doses)


@pytest.mark.parametrize("by", [BySpread(), BySpread(0.5), ByQuantiles()])
def test_priorities_and_scores_are_each_others_inverse_and_rise_together(by: BySpread | ByQuantiles) -> None:
    scale = priority_scale(matrix(), by)
    grid = np.linspace(-1, 7, 41)
    for name in scale.knots:
        scores = np.array([scale.score(name, priority) for priority in grid])
        assert (np.diff(scores) > 0).all()
        np.testing.assert_allclose(scale.priorities(name, scores), grid, atol=1e-9)
        np.testing.assert_allclose([scale.priority(name, score) for score in scores], grid, atol=1e-9)


def test_three_is_the_mean_of_the_rows_without_levers_and_a_point_one_standard_deviation() -> None:
    answers = matrix()
    scale, plain = priority_scale(answers), answers.scores[1::2]
    for i, name in enumerate(answers.names):
        assert scale.score(name, 3) == pytest.approx(plain[:, i].mean())
        assert scale.score(name, 5) - scale.score(name, 4) == pytest.approx(plain[:, i].std())
        assert scale.unit(name, 3.7) == pytest.approx(plain[:, i].std())
    by_rank = priority_scale(answers, ByQuantiles())
    assert np.mean(plain[:, 0] <= by_rank.score("v0", 4)) == pytest.approx(0.7, abs=0.01)
    assert "200 rows without levers" in by_rank.made


def test_a_target_in_priorities_counts_and_prints_errors_in_points() -> None:
    scale = priority_scale(matrix())
    model, wanted = lever_model(3), {"v0": 4.0, "v1": 2.5, "v2": 5.0}
    levers = [Lever(node) for node in model.levers]
    for method in (Enumerate(untried=True), MixedInteger(untried=True)):
        found = plan(model, START, Target(priorities=wanted, scale=scale, tolerance=0.4), levers, method)
        scored = []
        for choice in every_choice(model, START, levers, 3):
            ends = np.stack([scale.priorities(n, choice.reached[:, i]) for i, n in enumerate(model.values)], axis=1)
            error = model.weights @ np.abs(ends - list(wanted.values())).sum(axis=1)
            scored.append((float(error), choice.doses, ends))
        best = min(scored, key=lambda item: item[0])
        assert dict(found.doses) == best[1]
        assert found.objective == pytest.approx(best[0])
        assert (found.error_sum, found.error_mean) == pytest.approx((best[0], best[0] / 3))
        assert found.units == "points of priority"
        assert "in mean points of priority" in repr(found)
        mean = model.weights @ best[2]
        assert found.rank_correlation == pytest.approx(spearmanr(mean, list(wanted.values())).statistic)
        assert found.chance == pytest.approx(
            model.weights @ (np.abs(best[2] - list(wanted.values())) <= 0.4).all(axis=1), abs=1e-9
        )
        assert found.predicted["target"].to_dict() == pytest.approx({n: scale.score(n, p) for n, p in wanted.items()})


def test_what_a_priority_misses_is_said_in_points() -> None:
    scale = PriorityScale({"v0": (0, 1, 2, 3, 4), "v1": (0, 10, 20, 30, 40)})
    model = StructuralModel.from_coefficients(["v0", "v1", "x"], [[0, 0, 0], [0, 0, 0], [1.5, 0, 0]], levers=["x"])
    found = plan(model, {"v0": 1, "v1": 10}, Target(priorities={"v0": 5, "v1": 2}, scale=scale), [Lever("x")])
    assert found.status is Status.UNREACHABLE
    assert "'v0' ends at priority 3.5, 1.5 below its target 5: 1.25 outside the tolerance 0.25." in found.limits
    assert (found.error_sum, found.error_mean) == (1.5, 0.75)


def test_a_ranking_with_ties_and_margins_holds_step_by_step() -> None:
    feasible = 0
    for seed in range(30):
        target = Target(ranking=(("v2", "v0"), "v1"), margin=(0.3,), tie=0.4)
        found = ask(target, seed)
        model = lever_model(seed)
        meets = []
        for choice in every_choice(model, START, [Lever(node) for node in model.levers], 3):
            a, b, c = model.weights @ choice.reached
            moved = model.weights @ np.abs(choice.reached - list(START.values())).sum(axis=1)
            if min(a, c) - b >= 0.3 - 1e-9 and abs(a - c) <= 0.4 + 1e-9:
                meets.append((float(moved), choice.doses))
        if not meets:
            assert found.status is Status.INFEASIBLE
            continue
        feasible += 1
        assert found.objective == pytest.approx(min(moved for moved, _ in meets), abs=1e-9)
    assert feasible > 3


@pytest.mark.parametrize("method", [Enumerate(untried=True), MixedInteger(untried=True)])
def test_raising_one_value_keeps_the_rest_where_it_was(method: Enumerate | MixedInteger) -> None:
    met = 0
    for seed in range(12):
        found = ask(Target(raise_by={"v0": 0.4}, keep_within=0.5), seed, method)
        model = lever_model(seed)
        moved = []
        for choice in every_choice(model, START, [Lever(node) for node in model.levers], 3):
            change = model.weights @ choice.reached - list(START.values())
            if change[0] >= 0.4 - 1e-9 and (np.abs(change[1:]) <= 0.5 + 1e-9).all():
                moved.append(float(model.weights @ np.abs(choice.reached - list(START.values())).sum(axis=1)))
        if not moved:
            assert found.status is Status.INFEASIBLE
            assert any("of its start" in s or "above its start" in s for s in found.limits)
            continue
        met += 1
        change = found.predicted["mean"] - found.predicted["start"]
        assert change["v0"] >= 0.4 - 1e-9
        assert change[["v1", "v2"]].abs().max() <= 0.5 + 1e-9
        assert found.objective == pytest.approx(min(moved), abs=1e-9)
    assert met > 2


def test_side_effects_and_a_guarded_value_are_limited_beside_a_profile() -> None:
    model, levers = lever_model(8), [Lever(node) for node in lever_model(8).levers]
    free = plan(model, START, Target({"v0": 1.5}), levers, Enumerate(untried=True))
    target = Target({"v0": 1.5}, bounds={"v1": (-0.4, math.inf)}, keep_within=0.3)
    tame = plan(model, START, target, levers, Enumerate(untried=True))
    assert tame.predicted.loc["v1", "mean"] >= -0.4 - 1e-9
    assert abs(tame.predicted.loc["v2", "mean"] - START["v2"]) <= 0.3 + 1e-9
    assert tame.objective >= free.objective


def test_lowering_is_a_negative_raise() -> None:
    model = StructuralModel.from_coefficients(["v0", "v1", "x", "y"], np.diag([-0.5, 0.5], -2), levers=["x", "y"])
    found = plan(model, {"v0": 0, "v1": 0}, Target(raise_by={"v0": -0.5}), [Lever("x"), Lever("y")])
    assert found.doses == {"x": 1.0}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_a_contradiction_is_found_exactly_when_no_profile_exists_and_is_the_smallest(seed: int) -> None:
    rng = np.random.default_rng(seed)
    q, p = int(rng.integers(1, 7)), 3
    matrix_, right = np.zeros((q, p)), np.round(rng.normal(size=q), 1)
    for row in matrix_:
        i, j = rng.choice(p, size=2, replace=False)
        kind = rng.integers(3)
        row[i] = 1.0 if kind else -1.0
        if kind == 2:
            row[j] = -1.0
    names = tuple(f"r{i}" for i in range(q))

    def possible(rows: list[int]) -> bool:
        found = linprog(np.zeros(p), A_ub=matrix_[rows], b_ub=right[rows] + 1e-9, bounds=[(None, None)] * p)
        return found.status == 0

    clash = contradiction(Rows(matrix_, right, names))
    impossible = [
        set(rows)
        for size in range(1, q + 1)
        for rows in itertools.combinations(range(q), size)
        if not possible(list(rows))
    ]
    if not impossible:
        assert clash == ()
    else:
        assert not possible([names.index(name) for name in clash])
        assert len(clash) == min(len(rows) for rows in impossible)


def test_of_two_bounds_on_the_same_side_the_tighter_one_contradicts() -> None:
    rows = Rows(
        np.array([[-1.0], [-1.0], [1.0]]), np.array([-2.0, 5.0, 1.0]), ("at least 2", "at least -5", "at most 1")
    )
    assert set(contradiction(rows)) == {"at least 2", "at most 1"}


def test_contradictions_are_named() -> None:
    with pytest.raises(PlanError, match=r"'v0' at least 0\.5 above 'v1'; .*cannot hold together.*Drop or relax one"):
        ask(Target(ranking=("v0", "v1"), margin=0.5, bounds={"v0": (-9, 1), "v1": (1, 9), "v2": (-9, 9)}))
    with pytest.raises(PlanError, match=r"'v0' at most 0\.3; 'v0' at least 0\.4 above its start cannot"):
        ask(Target(raise_by={"v0": 0.4}, bounds={"v0": (-1, 0.3)}))
    found = ask(Target({"v0": 2.0, "v1": 1.0}, tolerance=0.2, ranking=("v1", "v0")))
    assert any("No profile at all can meet these together" in s and "'v0' within 0.2 of 2" in s for s in found.limits)


BAD = {
    "outside the scale": (
        lambda: Target({"v0": 7}, limits=(1, 6)),
        r"target for 'v0' is 7, outside the scale from 1 to 6",
    ),
    "bound outside": (lambda: Target(bounds={"v0": (0, 5)}, limits=(1, 6)), r"bound of 'v0' is 0, outside the scale"),
    "priority outside": (
        lambda: Target(priorities={"v0": 6}, scale=PriorityScale({"v0": (1, 2, 3, 4, 5)})),
        r"priority of 'v0' is 6, outside the scale from 1 to 5",
    ),
    "no scale": (lambda: Target(priorities={"v0": 4}), r"Priorities need a `scale`.*priority_scale"),
    "unknown to the scale": (
        lambda: Target(priorities={"v1": 4}, scale=PriorityScale({"v0": (1, 2, 3, 4, 5)})),
        r"does not know 'v1'",
    ),
    "both": (
        lambda: Target({"v1": 1}, priorities={"v0": 4}, scale=PriorityScale({"v0": (1, 2, 3, 4, 5)})),
        r"both a profile and priorities",
    ),
    "falling scale": (lambda: PriorityScale({"v0": (1, 2, 2, 4, 5)}), r"Give five that rise"),
    "twice in the ranking": (lambda: Target(ranking=("v0", ("v1", "v0"))), r"names 'v0' twice"),
    "margins": (lambda: Target(ranking=("v0", "v1"), margin=(0.1, 0.2)), r"2 margins for a ranking of 2 places"),
    "a negative margin": (lambda: Target(ranking=("v0", "v1"), margin=-1), r"is -1\.0"),
    "an empty place": (lambda: Target(ranking=("v0", ())), r"place of the ranking is empty"),
    "keep": (lambda: Target({"v0": 1}, keep_within=-1), r"`keep_within` is -1"),
    "raise": (lambda: Target(raise_by={"v0": math.nan}), r"`raise_by` of 'v0' is nan"),
    "limits": (lambda: Target({"v0": 1}, limits=(6, 1)), r"limits of the scale are \[6, 1\]"),
    "no spread": (
        lambda: priority_scale(ResponseMatrix(["v0"], np.ones((3, 1)), ["a", "b", "c"])),
        r"'v0' is 1 in all rows without levers",
    ),
    "coinciding quantiles": (
        lambda: priority_scale(ResponseMatrix(["v0"], [[0.0], [0.0], [1.0]], ["a", "b", "c"]), ByQuantiles()),
        r"Quantiles of 'v0' coincide.*BySpread",
    ),
    "shares": (lambda: ByQuantiles((0.1, 0.3, 0.2, 0.7, 0.9)), r"five shares from 0 to 1 that rise"),
    "sds": (lambda: BySpread(0), r"is 0 standard deviations"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_wrong_target_is_refused_by_name(case: str) -> None:
    make, message = BAD[case]
    with pytest.raises(PlanError, match=message):
        make()


def test_a_prediction_that_leaves_the_scale_is_marked() -> None:
    model = StructuralModel.from_coefficients(["v0", "x"], [[0, 0], [3, 0]], levers=["x"])
    found = plan(model, {"v0": 4}, Target({"v0": 6}, limits=(1, 6)), [Lever("x")])
    assert found.notes[-1] == "Predicted to leave the scale from 1 to 6, which cannot happen: 'v0'."
