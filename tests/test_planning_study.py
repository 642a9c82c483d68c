"""Do the keys of a study file reach the target, the levers and the method of a plan?"""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

from causalvalues.errors import StudyError
from causalvalues.planning import (
    CVaR,
    Enumerate,
    MixedInteger,
    PlanMethod,
    SquaredError,
    WorstDraw,
    plan,
    priority_scale,
)
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.study.names import _check_plan
from causalvalues.study.plan_settings import PlanSettings
from causalvalues.study.questions import OBJECTIVES, plan_json, plan_method, plan_words, target_of
from causalvalues.study.report_plans import _ranking_words

RNG = np.random.default_rng(0)
MATRIX = ResponseMatrix(
    ["a", "b", "c"], RNG.normal(size=(30, 3)), [str(i) for i in range(30)], levers=("x",), doses=np.zeros((30, 1))
)
ORIGIN = pd.Series({"a": 0.1, "b": 0.2, "c": 0.3})


def test_what_is_asked_of_the_profile_reaches_the_target() -> None:
    asked = PlanSettings(priorities={"a": 4.0}, scale="quantiles", ranking=["b", ["a", "c"]], margin=[0.2], tie=0.5,
                         raise_by={"b": 0.3}, keep_within=0.4, limits=[-9.0, 9.0], tolerance=0.5)  # fmt: skip
    target = target_of(asked, ORIGIN, MATRIX)
    assert target.units == "points of priority"
    assert target.profile["a"] == pytest.approx(np.quantile(MATRIX.scores[:, 0], 0.7, method="inverted_cdf"))
    assert (target.places, target.margins, target.tie) == ((("b",), ("a", "c")), (0.2,), 0.5)
    assert (target.raise_by, target.keep_within, target.limits) == ({"b": 0.3}, 0.4, (-9.0, 9.0))
    assert _ranking_words(target) == "b above a and c by .20"
    by_spread = target_of(PlanSettings(priorities={"a": 4.0}), ORIGIN, MATRIX)
    assert by_spread.profile["a"] == pytest.approx(priority_scale(MATRIX).score("a", 4))


def test_rules_and_objectives_reach_both_methods_alike() -> None:
    asked = {"objective": "squared", "risk": "cvar", "alpha": 0.8, "max_levers": 2, "budget": 3.0, "untried": True}
    one = plan_method(PlanSettings(**asked), MATRIX, 5)
    two = plan_method(PlanSettings(**asked, method="mixed_integer", time_limit=7.0), MATRIX, 5)
    assert isinstance(one, Enumerate)
    assert isinstance(two, MixedInteger)
    assert two.time_limit == 7.0
    for field in fields(PlanMethod):
        assert getattr(one, field.name) == getattr(two, field.name)
    assert (one.objective, one.risk, one.budget, one.seed) == (SquaredError(), CVaR(0.8), 3.0, 5)
    assert plan_method(PlanSettings(risk="worst"), MATRIX, 0).risk == WorstDraw()
    for name, objective in OBJECTIVES.items():
        assert plan_method(PlanSettings(objective=name), MATRIX, 0).objective == objective


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"priorities": {"d": 3.0}}, "`priorities` names 'd'"),
        ({"ranking": ["a", ["b", "d"]]}, "`ranking` names 'd'"),
        ({"raise_by": {"d": 1.0}}, "`raise_by` names 'd'"),
        ({"limits": [1.0]}, r"`limits`: give two numbers, \[low, high\]"),
        ({"levers": [{"node": "x", "interval": [1.0]}]}, r"`interval` of 'x': give two numbers"),
        ({"levers": [{"node": "y", "prior": {"a": [1.0]}}]}, r"`prior` of 'y' on 'a': give two numbers, \[mean, sd\]"),
        ({"levers": ["y"]}, "`levers` names 'y'"),
    ],
)
def test_a_wrong_key_of_a_plan_is_named(asked: dict, said: str) -> None:
    with pytest.raises(StudyError, match=said):
        _check_plan("plan 1", PlanSettings(**{"profile": {"a": 1.0}, **asked}), MATRIX)


def test_a_lever_with_a_stated_effect_may_be_new() -> None:
    _check_plan("plan 1", PlanSettings(profile={"a": 1.0}, levers=[{"node": "y", "prior": {"a": [1.0, 0.2]}}]), MATRIX)


def test_plans_say_sum_mean_and_order_as_text_and_as_data() -> None:
    from planning_oracle import lever_model

    from causalvalues.interventions import Lever
    from causalvalues.planning import Target

    model = lever_model(0)
    target = Target({"v0": 0.5, "v1": -0.3})
    found = plan(model, dict.fromkeys(model.values, 0.0), target, [Lever(node) for node in model.levers])
    held = plan_json(found)
    assert held["error_sum"] == pytest.approx(2 * held["error_mean"])
    assert (held["aim"], held["units"]) == ("expected error", "score units")
    assert held["rank_correlation"] == found.rank_correlation
    assert f"absolute error {found.error_sum:.3f} in sum and {found.error_mean:.3f} in mean" in plan_words(found)
