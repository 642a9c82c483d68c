"""Is the plan the optimum of whatever objective and risk was asked for?"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning_oracle import every_choice, lever_model, losses_of, risk_of
from scipy.stats import spearmanr

from causalvalues.errors import PlanError
from causalvalues.interventions import Lever
from causalvalues.model.structural import StructuralModel
from causalvalues.planning import (
    AbsoluteError,
    CVaR,
    Enumerate,
    Expectation,
    HitChance,
    MixedInteger,
    Plan,
    RankCorrelation,
    SquaredError,
    Status,
    Target,
    WorstDimension,
    WorstDraw,
    enumeration,
    plan,
)
from causalvalues.planning.pose import pose
from causalvalues.planning.problem import errors_of
from causalvalues.planning.ranks import spearman
from causalvalues.planning.scoring import objective_of, tangent
from causalvalues.planning.search_kernels import rank_losses

OBJECTIVES = {
    "absolute": AbsoluteError(),
    "squared": SquaredError(),
    "worst": WorstDimension(),
    "rank": RankCorrelation(),
    "chance": HitChance(),
}
RISKS = {"mean": Expectation(), "cvar": CVaR(0.8), "worst": WorstDraw()}
CONVEX = ("absolute", "squared", "worst")
EVERY = [(o, r) for o in OBJECTIVES for r in RISKS if o != "chance" or r == "mean"]


def question(seed: int) -> tuple[StructuralModel, dict[str, float], Target, list[Lever]]:
    rng = np.random.default_rng([92, seed])
    model = lever_model(seed)
    start = {name: float(rng.normal() * 0.3) for name in model.values}
    target = Target({name: float(rng.normal()) for name in model.values}, 0.7, {"v1": 0.5})
    levers = [
        Lever(node, (1.0, 0.5) if i % 2 else (1.0,), cost=float(rng.random())) for i, node in enumerate(model.levers)
    ]
    return model, start, target, levers


def brute_force(seed: int, objective: str, risk: str) -> list[tuple[float, dict[str, float]]]:
    model, start, target, levers = question(seed)
    found = [
        (risk_of(risk, losses_of(objective, c.reached, target, model.values), model.weights), c.doses)
        for c in every_choice(model, start, levers, 2)
    ]
    return sorted(found, key=lambda item: item[0])


def planned(seed: int, method: Enumerate | MixedInteger) -> Plan:
    model, start, target, levers = question(seed)
    return plan(model, start, target, levers, replace(method, max_levers=2, untried=True))


@pytest.mark.parametrize(("objective", "risk"), EVERY)
def test_every_objective_and_risk_finds_the_best_choices_of_a_brute_force(objective: str, risk: str) -> None:
    for seed in range(4):
        method = Enumerate(objective=OBJECTIVES[objective], risk=RISKS[risk], alternatives=4)
        found, every = planned(seed, method), brute_force(seed, objective, risk)
        assert found.objective == pytest.approx(every[0][0], abs=1e-9)
        chosen = next(value for value, doses in every if doses == dict(found.doses))
        assert chosen == pytest.approx(every[0][0], abs=1e-9)
        listed = sorted([found.objective, *found.alternatives["objective"]])
        assert listed[:5] == pytest.approx([value for value, _ in every[: len(listed)]][:5], abs=1e-9) or (
            found.status is Status.TRADE_OFF
        )
        if OBJECTIVES[objective].convex:
            assert found.lower_bound == pytest.approx(every[0][0], abs=1e-9)
        assert found.lower_bound <= every[0][0] + 1e-9


@pytest.mark.parametrize(("objective", "risk"), [(o, r) for o in CONVEX for r in RISKS])
def test_mixed_integer_programs_find_the_same_optimum_for_every_convex_objective(objective: str, risk: str) -> None:
    for seed in range(2):
        method = MixedInteger(objective=OBJECTIVES[objective], risk=RISKS[risk], alternatives=1)
        found, every = planned(seed, method), brute_force(seed, objective, risk)
        assert found.status is not Status.TIME_LIMIT
        assert found.objective == pytest.approx(every[0][0], abs=1e-9)
        assert every[0][0] - 1e-4 <= found.lower_bound <= every[0][0] + 1e-9


@pytest.mark.parametrize(("objective", "risk"), [(o, r) for o in CONVEX for r in RISKS])
def test_pruning_by_tangents_keeps_the_best_under_every_convex_objective(
    objective: str, risk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enumeration, "_FEW", 0)
    monkeypatch.setattr(enumeration, "_FIRST", 1)
    monkeypatch.setattr(enumeration, "_PART", 20)
    monkeypatch.setattr(enumeration, "_BATCH", 2)
    for seed in range(4, 8):
        method = Enumerate(objective=OBJECTIVES[objective], risk=RISKS[risk], alternatives=2)
        every = brute_force(seed, objective, risk)
        found = planned(seed, method)
        assert found.objective == pytest.approx(every[0][0], abs=1e-9)
        if found.status is not Status.TRADE_OFF:
            following = [value for value, _ in every[1:3]]
            assert list(found.alternatives["objective"]) == pytest.approx(following, abs=1e-9)


def test_a_search_of_thousands_of_choices_scores_few_of_them_and_misses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    scored: list[int] = []
    add = enumeration.Board.add

    def counted(board: enumeration.Board, stage: enumeration.Stage, rows: np.ndarray) -> None:
        add(board, stage, rows)
        scored.append(len(board.scored))

    monkeypatch.setattr(enumeration.Board, "add", counted)
    for seed in range(3):
        model = lever_model(seed, levers=30, values=6, draws=40)
        rng = np.random.default_rng([96, seed])
        wanted = dict(zip(model.values, rng.normal(size=6).tolist(), strict=True))
        levers, start = [Lever(node) for node in model.levers], dict.fromkeys(model.values, 0.0)
        found = plan(model, start, Target(wanted, 9.0), levers, Enumerate(untried=True, alternatives=7))
        total, goal = model.total[:, 6:, :6], np.array(list(wanted.values()))
        every = []
        for size in range(4):
            for chosen in itertools.combinations(range(30), size):
                every.append(float(model.weights @ np.abs(goal - total[:, list(chosen)].sum(axis=1)).sum(axis=1)))
        assert len(every) == 4526
        assert [found.objective, *found.alternatives["objective"]] == pytest.approx(sorted(every)[:8], abs=1e-9)
        assert found.objective == found.lower_bound
    assert max(scored) < 1500


@pytest.mark.parametrize(("objective", "risk"), [(o, r) for o in CONVEX for r in RISKS])
def test_tangents_lie_below_every_convex_objective_and_touch_it(objective: str, risk: str) -> None:
    model, start, target, levers = question(9)
    method = Enumerate(objective=OBJECTIVES[objective], risk=RISKS[risk], untried=True, max_levers=2)
    problem = pose(model, start, target, levers, method)
    choices = [tuple(sorted((levers.index(lever), dose) for lever, dose in zip(pair, doses, strict=True)))
               for pair, doses in [((levers[0], levers[1]), (1.0, 0.5)), ((levers[2], levers[4]), (1.0, 1.0)),
                                   ((levers[1],), (1.0,)), ((), ())]]  # fmt: skip
    for at in choices:
        constant, slopes = tangent(problem, at)
        for choice in choices:
            terms = np.zeros(len(levers))
            for lever, dose in choice:
                terms[lever] = dose
            bound = float((constant - terms @ slopes).sum())
            assert bound <= objective_of(problem, choice) + 1e-12
            if choice == at:
                assert bound == pytest.approx(objective_of(problem, at), abs=1e-12)
    assert errors_of(problem, ()).shape == (12, 3)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=2, max_size=9), st.integers(0, 1000), st.floats(0, 0.99))
def test_cvar_lies_between_expectation_and_worst_and_is_the_least_tail_formula(
    losses: list[float], seed: int, alpha: float
) -> None:
    weights = np.random.default_rng(seed).random(len(losses)) + 0.01
    weights /= weights.sum()
    rows = np.array([losses])
    mean, tail, worst = (float(risk.of(rows, weights)[0]) for risk in (Expectation(), CVaR(alpha), WorstDraw()))
    assert mean - 1e-9 <= tail <= worst + 1e-9
    assert tail == pytest.approx(risk_of("cvar", rows[0], weights, alpha), abs=1e-9)
    assert CVaR(alpha).weights(rows, weights).sum() == pytest.approx(1.0)
    assert float(CVaR(0.0).of(rows, weights)[0]) == pytest.approx(mean)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=3, max_size=7))
def test_rank_correlations_with_ties_are_those_of_scipy(pairs: list[tuple[int, int]]) -> None:
    scores, wanted = np.array(pairs, dtype=float).T
    if np.ptp(scores) == 0 or np.ptp(wanted) == 0:
        assert spearman(scores, wanted) == 0.0
        return
    assert spearman(scores, wanted) == pytest.approx(spearmanr(scores, wanted).statistic, abs=1e-12)
    alone = np.zeros((1, 1), dtype=np.int64), np.zeros((1, 1))
    losses = rank_losses(*alone, scores[:, None], np.zeros((1, len(scores), 1)), wanted)
    assert losses == pytest.approx(1.0 - spearmanr(scores, wanted).statistic, abs=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(sorted(OBJECTIVES)))
def test_one_more_lever_or_more_money_never_worsens_the_optimum(seed: int, objective: str) -> None:
    model, start, target, levers = question(seed)
    method = Enumerate(objective=OBJECTIVES[objective], untried=True, max_levers=2, alternatives=0, budget=0.8)
    few = plan(model, start, target, levers[:-1], method).objective
    more = plan(model, start, target, levers, method).objective
    rich = plan(model, start, target, levers, replace(method, budget=1.6)).objective
    assert rich <= more + 1e-12 <= few + 2e-12


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([2.0**-20, 3.0, 1e6]))
def test_costs_and_budget_in_another_currency_give_the_same_plan(seed: int, rate: float) -> None:
    model, start, target, levers = question(seed)
    method = Enumerate(untried=True, max_levers=2, alternatives=0, budget=0.9)
    plain = plan(model, start, target, levers, method)
    dear = [replace(lever, cost=lever.cost * rate) for lever in levers]
    found = plan(model, start, target, dear, replace(method, budget=0.9 * rate))
    assert found.doses == plain.doses
    assert found.cost == pytest.approx(plain.cost * rate)
    assert found.objective == plain.objective


def test_a_worse_draw_decides_for_the_careful() -> None:
    b = np.zeros((10, 3, 3))
    b[:, 1, 0] = 1.0
    b[:9, 2, 0], b[9, 2, 0] = 1.2, -3.0
    b[:, 1, 0] = 0.6
    model = StructuralModel(("a",), b, np.zeros((10, 3)), np.zeros((10, 3)), np.ones(10), ("safe", "wild"))
    chosen = {}
    for name, risk in (("mean", Expectation()), ("tail", CVaR(0.9)), ("worst", WorstDraw())):
        found = plan(model, {"a": 0.0}, Target({"a": 1.2}), [Lever("safe"), Lever("wild")], Enumerate(risk=risk))
        chosen[name] = dict(found.doses), found.aim
    assert chosen["mean"][0] == {"wild": 1.0}
    assert chosen["tail"] == ({"safe": 1.0}, "error in the worst 10% of draws")
    assert chosen["worst"] == ({"safe": 1.0}, "error in the worst draw")


def test_the_plan_prints_sum_and_mean_of_absolute_errors_whatever_was_minimised() -> None:
    model, start, target, levers = question(3)
    for objective in OBJECTIVES.values():
        found = plan(model, start, target, levers, Enumerate(objective=objective, untried=True, max_levers=2))
        reached = next(c.reached for c in every_choice(model, start, levers, 2) if c.doses == dict(found.doses))
        wanted = np.array([target.profile[name] for name in model.values])
        error = float(model.weights @ np.abs(reached - wanted).sum(axis=1))
        assert (found.error_sum, found.error_mean) == pytest.approx((error, error / 3))
        assert f"absolute error {error:.3f} in sum and {error / 3:.3f} in mean" in repr(found)
        assert f"rank correlation {found.rank_correlation:.2f}" in repr(found)


def test_the_chance_as_objective_is_the_chance_that_the_plan_reports() -> None:
    model, start, target, levers = question(5)
    found = plan(model, start, target, levers, Enumerate(objective=HitChance(), untried=True, max_levers=2))
    plain = plan(model, start, target, levers, Enumerate(untried=True, max_levers=2))
    assert found.objective == pytest.approx(1.0 - found.chance_in_sample, abs=1e-12)
    assert found.chance_in_sample >= plain.chance_in_sample


def test_objectives_that_fit_no_program_or_no_risk_are_refused_with_a_remedy() -> None:
    for objective in (RankCorrelation(), HitChance()):
        with pytest.raises(PlanError, match=r"cannot be written as a mixed-integer.*Plan with `Enumerate"):
            MixedInteger(objective=objective)
        with pytest.raises(PlanError, match=r"no part for side effects.*keep_within"):
            Enumerate(objective=objective, side_effect_weight=0.5)
    with pytest.raises(PlanError, match="already taken over all draws"):
        Enumerate(objective=HitChance(), risk=CVaR())
    with pytest.raises(PlanError, match=r"`alpha` of the CVaR is 1\.0"):
        CVaR(1.0)
    model, start, _, levers = question(0)
    with pytest.raises(PlanError, match="at least two different scores"):
        plan(model, start, Target({"v0": 1.0}), levers, Enumerate(objective=RankCorrelation()))


def test_a_time_limit_returns_the_best_so_far_with_a_bound_below_the_optimum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enumeration, "_FIRST", 1)
    monkeypatch.setattr(enumeration, "_BATCH", 1)
    model, start, target, levers = question(11)
    for objective in OBJECTIVES.values():
        method = Enumerate(objective=objective, untried=True, max_levers=2, alternatives=0)
        best = plan(model, start, target, levers, method)
        stopped = plan(model, start, target, levers, replace(method, time_limit=1e-9))
        assert stopped.status is Status.TIME_LIMIT
        assert stopped.lower_bound <= best.objective <= stopped.objective
        assert any("The time limit ended the search" in sentence for sentence in stopped.limits)
    assert not math.isnan(stopped.lower_bound)
