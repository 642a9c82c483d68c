"""Wrong questions about the next experiment are answered in clear words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from causalvalues.errors import CausalValuesError, ModelError, PlanError
from causalvalues.experiments import (
    AboutAnswers,
    AboutEdges,
    AboutEffect,
    AboutModel,
    AboutTarget,
    Candidate,
    Groups,
    Item,
    LinearBayes,
    Particles,
    design_next,
    forced_answers,
    lever_settings,
    most_informative_items,
)
from causalvalues.interventions import Lever, Set, Shift
from causalvalues.model import StructuralModel
from causalvalues.planning import Target

B = np.array([[0, 0.5, 0], [0, 0, 0], [0.7, 0, 0]])
MODEL = StructuralModel.from_coefficients(["calm", "power", "push"], B, levers=["push"])
ONE = (Candidate("seen"),)


class Response:
    values, levers = ("calm", "power"), ("push",)
    weights, noise, mean = np.full(2, 0.5), np.eye(2), np.zeros(2)

    def profiles(self, start: np.ndarray, doses: np.ndarray) -> np.ndarray:
        return start[None] + doses[None, :, :1] * np.array([0.5, 1.0])[:, None, None]


def test_without_candidates_there_is_nothing_to_choose() -> None:
    with pytest.raises(PlanError, match="no candidate to choose from"):
        design_next(MODEL, [], AboutEdges())


@pytest.mark.parametrize("budget", [0.0, 0.5])
def test_a_budget_that_buys_nothing_names_the_cheapest_candidate(budget: float) -> None:
    with pytest.raises(PlanError, match=r"buys none of the candidates; the cheapest is 'seen' at 1"):
        design_next(MODEL, ONE, AboutEdges(), Particles(budget=budget))


def test_a_zero_budget_buys_what_is_free() -> None:
    design = design_next(MODEL, [replace(ONE[0], cost=0.0)], AboutEdges(), Particles(budget=0.0))
    assert design.cost == 0


@pytest.mark.parametrize("budget", [-1.0, float("nan")])
def test_a_budget_is_a_number_that_is_not_negative(budget: float) -> None:
    with pytest.raises(PlanError, match="The budget is"):
        LinearBayes(budget=budget)


@pytest.mark.parametrize("what", ["batch", "simulations", "draws"])
def test_counts_are_whole_numbers(what: str) -> None:
    with pytest.raises(CausalValuesError, match=f"`{what}` is 0"):
        Particles(**{what: 0})


@pytest.mark.parametrize(("what", "size"), [("cost", -1.0), ("noise", -0.1), ("cost", float("inf"))])
def test_costs_and_noise_are_not_negative(what: str, size: float) -> None:
    with pytest.raises(PlanError, match=f"The {what} of candidate 'x' is"):
        Candidate("x", **{what: size})


def test_a_candidate_is_well_formed() -> None:
    with pytest.raises(PlanError, match="has no name"):
        Candidate("")
    with pytest.raises(PlanError, match="has no arm"):
        Candidate("x", arms=())
    with pytest.raises(PlanError, match="excludes itself"):
        Candidate("x", excludes=frozenset({"x"}))
    with pytest.raises(CausalValuesError, match="`rows` is 0"):
        Candidate("x", rows=0)
    with pytest.raises(ModelError, match="two interventions"):
        Candidate("x", arms=((Set("calm", 1.0), Shift("calm", 1.0)),))
    with pytest.raises(PlanError, match="asks an item twice"):
        Candidate("x", items=(Item("q", {"calm": 1}), Item("q", {"power": 1})))


def test_names_of_candidates_differ_and_exclusions_are_known() -> None:
    with pytest.raises(PlanError, match="Two candidates have the name 'seen'"):
        design_next(MODEL, [*ONE, *ONE], AboutEdges())
    with pytest.raises(PlanError, match=r"excludes the unknown 'sene'. Did you mean 'seen'"):
        design_next(MODEL, [*ONE, Candidate("x", excludes=frozenset({"sene"}))], AboutEdges())


def test_an_unknown_node_or_value_is_named() -> None:
    with pytest.raises(PlanError, match=r"acts on the unknown node 'powr'. Did you mean 'power'"):
        design_next(MODEL, forced_answers(["powr"]), AboutEdges())
    with pytest.raises(PlanError, match="acts on the unknown lever 'pull'"):
        design_next(Response(), lever_settings([Lever("pull")], {"p": {"calm": 0, "power": 0}}), AboutModel())
    with pytest.raises(PlanError, match=r"unknown cause 'pusch'. Did you mean 'push'"):
        design_next(MODEL, ONE, AboutEffect("pusch", "power"))
    with pytest.raises(PlanError, match="effect on 'push' is unknown"):
        design_next(MODEL, ONE, AboutEffect("calm", "push"))
    with pytest.raises(PlanError, match="The goal names 'joy'"):
        design_next(MODEL, ONE, AboutEdges(("calm", "joy")))
    with pytest.raises(PlanError, match="The target names 'joy'"):
        design_next(MODEL, ONE, AboutTarget(Target({"joy": 1}), None, (Lever("push"),)))
    with pytest.raises(PlanError, match="no node 'pull' for a lever"):
        design_next(MODEL, ONE, AboutTarget(Target({"calm": 1}), None, (Lever("pull"),)))
    with pytest.raises(PlanError, match="loads on the unknown value 'joy'"):
        design_next(MODEL, [Candidate("x", items=(Item("q", {"joy": 1}, 1),))], AboutEdges())


def test_goals_are_well_formed() -> None:
    with pytest.raises(PlanError, match="two or more different values"):
        AboutEdges(("calm",))
    with pytest.raises(PlanError, match="on itself is 1"):
        AboutEffect("calm", "calm")
    with pytest.raises(PlanError, match="no lever to plan with"):
        AboutTarget(Target({"calm": 1}), None, ())
    with pytest.raises(PlanError, match="no setting"):
        AboutAnswers(())


def test_a_start_is_complete_and_finite() -> None:
    with pytest.raises(PlanError, match="no score for power"):
        design_next(MODEL, [Candidate("x", start={"calm": 1.0}, noise=1.0)], AboutEdges())
    with pytest.raises(PlanError, match="names 'joy'"):
        design_next(MODEL, [Candidate("x", start={"calm": 1.0, "power": 0, "joy": 0}, noise=1.0)], AboutEdges())
    with pytest.raises(PlanError, match="not finite"):
        design_next(MODEL, [Candidate("x", start={"calm": np.nan, "power": 0}, noise=1.0)], AboutEdges())
    with pytest.raises(PlanError, match="has no start"):
        design_next(Response(), lever_settings([Lever("push")]), AboutModel())


def test_answers_without_noise_are_refused() -> None:
    with pytest.raises(PlanError, match="no noise in some direction"):
        design_next(MODEL, [Candidate("x", start={"calm": 1.0, "power": 0})], AboutEdges())
    with pytest.raises(PlanError, match="nothing is left to measure"):
        design_next(MODEL, [Candidate("x", ((Set("calm", 1.0), Set("power", 1.0)),))], AboutEdges())


def test_a_model_of_responses_has_no_edges_and_is_judged_in_closed_form() -> None:
    candidates = lever_settings([Lever("push")], {"p": {"calm": 0, "power": 0}})
    with pytest.raises(PlanError, match="has no edges between values"):
        design_next(Response(), candidates, AboutEdges(), LinearBayes())
    with pytest.raises(PlanError, match="Judge a model of responses by"):
        design_next(Response(), candidates, AboutModel(), Particles())
    assert design_next(Response(), candidates, AboutEffect("push", "calm")).gain > 0


def test_too_many_simulated_answers_are_refused() -> None:
    with pytest.raises(PlanError, match="too many for 20000 simulations"):
        design_next(MODEL, ONE, AboutEdges(), Particles(simulations=20_000, draws=20_000))


def test_a_design_that_nothing_can_help_says_so() -> None:
    design = design_next(MODEL, ONE, AboutEdges())
    assert design.chosen == ()
    assert "the draws agree" in design.notes[0]


def test_items_and_groups_are_well_formed() -> None:
    groups = Groups(("x", "y"), ("calm",), np.zeros((2, 1)), np.ones((2, 1, 1)))
    with pytest.raises(PlanError, match="no item to choose"):
        most_informative_items([], groups)
    with pytest.raises(PlanError, match="Item 'q' has no noise"):
        most_informative_items([Item("q", {"calm": 1})], groups)
    with pytest.raises(PlanError, match="Two items have the name 'q'"):
        most_informative_items([Item("q", {"calm": 1}, 1), Item("q", {"calm": 2}, 1)], groups)
    with pytest.raises(PlanError, match=r"unknown value 'clam'. Did you mean 'calm'"):
        most_informative_items([Item("q", {"clam": 1}, 1)], groups)
    with pytest.raises(PlanError, match="There is one group"):
        most_informative_items([Item("q", {"calm": 1}, 1)], Groups(("x",), ("calm",), [[0]], [[[1]]]))
    with pytest.raises(PlanError, match="The aim is 'group'"):
        most_informative_items([Item("q", {"calm": 1}, 1)], groups, aim="group")  # type: ignore[arg-type]
    with pytest.raises(PlanError, match="means has the shape"):
        Groups(("x", "y"), ("calm",), np.zeros((1, 1)), np.ones((2, 1, 1)))
    with pytest.raises(PlanError, match="weights"):
        Groups(("x", "y"), ("calm",), np.zeros((2, 1)), np.ones((2, 1, 1)), np.array([1.0, -1.0]))
    with pytest.raises(PlanError, match="finite loadings"):
        Item("q", {"calm": 0.0})
    with pytest.raises(PlanError, match="noise of item 'q'"):
        Item("q", {"calm": 1.0}, -1.0)
