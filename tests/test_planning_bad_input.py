"""Does every wrong question to `plan` name the offender and the remedy?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from causalvalues.errors import CausalValuesError, PlanError
from causalvalues.interventions import Lever
from causalvalues.model.structural import StructuralModel
from causalvalues.planning import Enumerate, Heterogeneity, MixedInteger, Target, plan

START = {"power": 0.0, "security": 0.0}


def small_model(idle: bool = False) -> StructuralModel:
    b = np.zeros((5, 5))
    b[2, 0] = 1.0
    b[3, 1] = 0.0 if idle else 1.0
    return StructuralModel(
        values=("power", "security"),
        levers=("do_power", "do_security"),
        combinations=() if idle else (("do_power", "do_security"),),
        coefficients=b[:4, :4][None] if idle else b[None],
        intercepts=np.zeros((1, 4 if idle else 5)),
        residual_scales=np.zeros((1, 4 if idle else 5)),
        weights=np.ones(1),
    )


def ask(
    start: object = START,
    target: Target | None = None,
    levers: tuple[Lever, ...] = (Lever("do_power"),),
    method: Enumerate | MixedInteger | None = None,
    idle: bool = False,
) -> object:
    wanted = Target({"power": 1.0}) if target is None else target
    return plan(small_model(idle), start, wanted, levers, method or Enumerate())  # type: ignore[arg-type]


QUESTIONS: dict[str, tuple[Callable[[], object], str]] = {
    "a target on an unknown value": (
        lambda: ask(target=Target({"powr": 1.0})),
        r"names 'powr', which is not a value here\. Did you mean 'power'\?",
    ),
    "a ranking of an unknown value": (
        lambda: ask(target=Target(ranking=("power", "securty"))),
        r"'securty'.*Did you mean 'security'",
    ),
    "bounds on an unknown value": (lambda: ask(target=Target(bounds={"x": (0, 1)})), r"'x'.*Known: power, security"),
    "a target on a lever": (lambda: ask(target=Target({"do_power": 1.0})), "'do_power', which is a lever"),
    "a lever without effect": (
        lambda: ask(levers=(Lever("do_power"), Lever("do_security")), idle=True),
        "'do_security' has no effect on any value in any draw.*Drop it",
    ),
    "an absurd dose": (
        lambda: ask(levers=(Lever("do_power", (1.0, 1e10)),)),
        "dose 1e\\+10 of lever 'do_power'.*tried",
    ),
    "a lever on an unknown node": (lambda: ask(levers=(Lever("do_powr"),)), "'do_powr'.*Did you mean 'do_power'"),
    "a lever on a combination": (
        lambda: ask(levers=(Lever("do_power+do_security"),)),
        "is a combination.*Offer 'do_power' and 'do_security'",
    ),
    "two levers on one node": (lambda: ask(levers=(Lever("do_power"), Lever("do_power", (2,)))), "Two levers act on"),
    "no lever": (lambda: ask(levers=()), "no lever to plan with"),
    "an exclusion of an unknown lever": (
        lambda: ask(levers=(Lever("do_power", excludes=frozenset({"do_securty"})),)),
        "excludes 'do_securty'.*Did you mean 'do_security'",
    ),
    "a start with an unknown value": (lambda: ask(start={**START, "pwer": 1.0}), "'pwer'.*Did you mean 'power'"),
    "a start without a value": (lambda: ask(start={"power": 0.0}), "no score for 'security'"),
    "a start with a missing number": (
        lambda: ask(start=pd.Series({"power": 0.0, "security": np.nan})),
        "start of 'security' is nan",
    ),
    "too many choices": (
        lambda: ask(levers=(Lever("power", tuple(range(1, 50))),), method=Enumerate(most_choices=20)),
        "There are 50 choices.*MixedInteger",
    ),
    "no lever allowed": (lambda: Enumerate(max_levers=0), "at least one lever"),
    "a negative budget": (lambda: Enumerate(budget=-1.0), "budget is -1"),
    "a negative side-effect weight": (lambda: Enumerate(side_effect_weight=-1.0), "`side_effect_weight` is -1"),
    "fewer than no alternatives": (lambda: Enumerate(alternatives=-1), "`alternatives` is -1"),
    "a negative seed": (lambda: Enumerate(seed=-1), "seed is -1"),
    "no time": (lambda: MixedInteger(time_limit=0.0), "time limit is 0"),
    "an empty target": (Target, "target is empty"),
    "a spread that lacks a value": (
        lambda: ask(
            method=Enumerate(
                heterogeneity=Heterogeneity.from_spread(pd.DataFrame({"power": [1.0]}, index=["do_power"]))
            )
        ),
        "heterogeneity of 'do_power' says nothing about 'security'",
    ),
    "a spread of an unknown value's repeat": (
        lambda: ask(method=Enumerate(heterogeneity=Heterogeneity(repeat={"powr": 0.1}))),
        "'powr'.*Did you mean 'power'",
    ),
    "a negative repeat noise": (lambda: Heterogeneity(repeat={"power": -0.1}), "repeat noise of 'power' is -0.1"),
    "a lopsided covariance": (
        lambda: Heterogeneity({"x": pd.DataFrame([[1.0, 0.5], [0.0, 1.0]], index=list("ab"), columns=list("ab"))}),
        "covariance of 'x' must be finite and symmetric",
    ),
    "differently named sides": (
        lambda: Heterogeneity({"x": pd.DataFrame([[1.0]], index=["a"], columns=["b"])}),
        "same value names",
    ),
    "one paired unit": (
        lambda: Heterogeneity.from_differences({"x": pd.DataFrame({"a": [1.0, np.nan]})}),
        "1 complete paired differences for 'x'",
    ),
    "units without a spread": (lambda: Heterogeneity(units={"x": 9}), "9 units stand behind 'x'"),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_wrong_question_is_refused_by_name(question: str) -> None:
    ask_it, message = QUESTIONS[question]
    with pytest.raises(PlanError, match=message) as caught:
        ask_it()
    assert isinstance(caught.value, CausalValuesError)
    assert caught.value.exit_code == 2


def test_names_with_any_characters_are_planned_with() -> None:
    names = ['"quoted" <script>', "line\nbreak", "do+both", "100% _"]
    effects = np.zeros((4, 4))
    effects[2, 0] = effects[3, 1] = 1.0
    model = StructuralModel.from_coefficients(names, effects, levers=names[2:])
    spread = pd.DataFrame(0.1, index=names[2:], columns=names[:2])
    method = Enumerate(untried=True, heterogeneity=Heterogeneity.from_spread(spread))
    start, target = dict.fromkeys(names[:2], 0.0), Target({names[0]: 1.0, names[1]: 1.0})
    found = plan(model, start, target, [Lever(node) for node in names[2:]], method)
    assert set(found.doses) == set(names[2:])
    assert found.predicted.loc[names[0], "upper"] == pytest.approx(1.0 + 1.645 * np.hypot(0.1, 0.1), abs=0.02)


def test_a_lever_excluded_by_name_that_is_not_offered_is_no_error() -> None:
    found = ask(levers=(Lever("do_power", excludes=frozenset({"do_security"})),))
    assert found.doses == {"do_power": 1.0}  # type: ignore[attr-defined]
