"""Queries and plans of a study file, asked of the fitted model."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import pandas as pd

from causalvalues.errors import StudyError
from causalvalues.explaining import Explanation, explain
from causalvalues.figures.explanation_figure import MOST_LEVERS
from causalvalues.interventions import Intervention, Lever, Set, Shift
from causalvalues.model import StructuralModel, counterfactual, counterfactual_summary, effect_paths, intervene
from causalvalues.numerals import number
from causalvalues.planning import (
    AbsoluteError,
    ByQuantiles,
    BySpread,
    CVaR,
    Enumerate,
    Expectation,
    Heterogeneity,
    HitChance,
    MixedInteger,
    Objective,
    Plan,
    PlanMethod,
    RankCorrelation,
    Risk,
    SquaredError,
    Target,
    WorstDimension,
    WorstDraw,
    plan,
    priority_scale,
)
from causalvalues.prediction import LeverResponse
from causalvalues.responses import ResponseMatrix
from causalvalues.study.answers import Answers
from causalvalues.study.halving import PlanModels
from causalvalues.study.mechanism_models import MechanismModels
from causalvalues.study.plan_settings import LeverSettings, PlanSettings
from causalvalues.study.results import Answered, Planned
from causalvalues.study.settings import QuerySettings
from causalvalues.study.units import observed_under, one_unit, typical, without_levers
from causalvalues.study.wording import OUTCOMES, chance_words, journal

OBJECTIVES: dict[str, Objective] = {
    "absolute": AbsoluteError(),
    "squared": SquaredError(),
    "worst": WorstDimension(),
    "rank": RankCorrelation(),
    "chance": HitChance(),
}
RISKS: dict[str, Risk] = {"expectation": Expectation(), "worst": WorstDraw()}


def ask(query: QuerySettings, model: StructuralModel, matrix: ResponseMatrix, level: float) -> Answered:
    """Answer one question of the study file."""
    interventions = interventions_of(query.set, query.shift)
    if query.kind == "paths":
        table = effect_paths(model, query.cause, query.effect)
        return Answered(query, query.title or f"How {query.cause} moves {query.effect}", table)
    if query.kind == "intervene":
        before, after = intervene(model).summary(level), intervene(model, interventions).summary(level)
        after.insert(0, "before", before["mean"])
        return Answered(query, query.title or f"A population under {_words(interventions)}", after.loc[[*model.values]])
    facts = one_unit(matrix, query.unit, query.where)
    found = counterfactual(model, facts.to_frame().T, interventions)
    lower, upper = found.interval(level)
    table = pd.DataFrame(
        {"fact": facts, "mean": found.mean().iloc[0], "lower": lower.iloc[0], "upper": upper.iloc[0]}
    ).loc[list(model.values)]
    seen = None
    if not query.shift and set(query.set) <= set(matrix.levers):
        seen = observed_under(matrix, query.unit, query.where, query.set)
    if seen is not None:
        table["observed"] = seen
    return Answered(query, query.title or f"Unit {query.unit} under {_words(interventions)}", table)


def make_plan(asked: PlanSettings, models: PlanModels, answers: Answers, seed: int) -> Planned:
    """Make one plan of the study file, judged by models of two halves of the data where they are given."""
    matrix, model = answers.matrix, models.whole
    start = None
    if asked.start != "population":
        start = typical(matrix) if asked.start == "typical" else one_unit(matrix, asked.start, asked.where)
    origin = typical(matrix) if start is None else start
    target = target_of(asked, origin, matrix)
    levers = levers_of(asked, model, answers)
    method = plan_method(asked, matrix, seed)
    labels = {lever.node: lever.label for lever in levers if lever.label}
    title = asked.title or "Plan"
    mechanism = mechanism_for(asked, models, levers)
    if mechanism is None:
        found = plan(model, start, target, levers, replace(method, halves=models.halves))
        explained = explained_plan((model, start), found, target, models.false_edges)
        return Planned(asked, title, target, found, labels, models.note, explanation=explained)
    method = replace(method, halves=mechanism.halves, heterogeneity=None)
    found = plan(mechanism.whole, start, target, levers, method)
    note = "" if mechanism.halves else "Some lever sets were tried in one half of the units only."
    explained = explained_plan((mechanism.whole, start), found, target, None)
    return Planned(asked, title, target, found, labels, note, mechanism.units, explained)


def explained_plan(
    by: tuple[StructuralModel | LeverResponse, pd.Series | None], found: Plan, target: Target, false_edges: float | None
) -> Explanation | None:
    """Return what each lever of a plan does; None where it uses none, too many for a picture, or one never seen."""
    seen = set(found.doses) <= {*by[0].values, *by[0].levers}
    return explain(*by, found, target, false_edges) if seen and 0 < len(found.doses) <= MOST_LEVERS else None


def mechanism_for(asked: PlanSettings, models: PlanModels, levers: Sequence[Lever]) -> MechanismModels | None:
    """Return the mechanism when a plan is to be made with it, None for the graph.

    Raises
    ------
    StudyError
        If the mechanism was asked for and cannot be had.
    """
    if asked.by == "graph":
        return None
    pushes = sorted({lever.node for lever in levers} & set(models.whole.values))
    between = [lever.node for lever in levers if lever.interval is not None]
    if (
        models.mechanism is not None
        and not pushes
        and not between
        and (asked.start != "population" or asked.by == "mechanism")
    ):
        return models.mechanism
    if asked.by == "auto":
        return None
    why = "too few units answered with and without levers"
    if pushes:
        why = f"it says nothing about a push of {pushes[0]!r}"
    elif between:
        why = f"the dose of {between[0]!r} is continuous, and effects depend on the total dose"
    raise StudyError(f'Plan {asked.title!r} cannot be made by = "mechanism": {why}. Take by = "graph".')


def target_of(asked: PlanSettings, origin: pd.Series, matrix: ResponseMatrix) -> Target:
    """Return the target of the study file; changes are counted from `origin`."""
    scale = None
    if asked.priorities:
        scale = priority_scale(matrix, BySpread() if asked.scale == "spread" else ByQuantiles())
    return Target(
        profile={**asked.profile, **{name: float(origin[name]) + amount for name, amount in asked.change.items()}},
        tolerance=asked.tolerance,
        weights=asked.weights,
        ranking=tuple(each if isinstance(each, str) else tuple(each) for each in asked.ranking),
        margin=asked.margin if isinstance(asked.margin, int | float) else tuple(asked.margin),
        bounds={name: (low, high) for name, (low, high) in asked.bounds.items()},
        priorities=asked.priorities,
        scale=scale,
        tie=asked.tie,
        raise_by=asked.raise_by,
        keep_within=asked.keep_within,
        limits=(asked.limits[0], asked.limits[1]) if asked.limits else None,
    )


def levers_of(asked: PlanSettings, model: StructuralModel, answers: Answers) -> list[Lever]:
    """Return the levers of a plan; by default all of the model, or without levers a push of each value by one SD."""
    if asked.levers:
        named = [LeverSettings(node=lever) if isinstance(lever, str) else lever for lever in asked.levers]
    elif model.levers:
        named = [LeverSettings(node=lever) for lever in model.levers]
    else:
        spread = without_levers(answers.matrix).frame()[list(model.values)].std()
        named = [LeverSettings(node=name, doses=[-float(spread[name]), float(spread[name])]) for name in model.values]
    return [
        Lever(
            node=lever.node,
            doses=tuple(lever.doses),
            cost=lever.cost,
            excludes=frozenset(lever.excludes),
            label=lever.label or answers.lever_texts.get(lever.node, ""),
            requires=frozenset(lever.requires),
            interval=(lever.interval[0], lever.interval[-1]) if lever.interval else None,
            prior={name: (effect[0], effect[-1]) for name, effect in lever.prior.items()},
        )
        for lever in named
    ]


def plan_method(asked: PlanSettings, matrix: ResponseMatrix, seed: int) -> PlanMethod:
    """Return the planning method with the rules of the study file."""
    rules = Enumerate(
        objective=OBJECTIVES[asked.objective],
        risk=CVaR(asked.alpha) if asked.risk == "cvar" else RISKS[asked.risk],
        max_levers=asked.max_levers,
        budget=asked.budget,
        untried=asked.untried,
        side_effect_weight=asked.side_effect_weight,
        heterogeneity=heterogeneity(matrix),
        seed=seed,
    )
    if asked.method == "enumerate":
        return rules
    shared = {field.name: getattr(rules, field.name) for field in fields(PlanMethod)}
    return MixedInteger(**shared, time_limit=asked.time_limit)


def heterogeneity(matrix: ResponseMatrix) -> Heterogeneity | None:
    """Return how units differ in what levers do, from paired answers; None where none are paired."""
    if not matrix.levers or (matrix.doses != 0).any(axis=1).all():
        return None
    found = Heterogeneity.from_answers(matrix)
    return found if found.covariance else None


def interventions_of(held: dict[str, float], pushed: dict[str, float]) -> list[Intervention]:
    """Return `Set` and `Shift` in the order of the file."""
    return [Set(node, value) for node, value in held.items()] + [Shift(node, amount) for node, amount in pushed.items()]


def _words(interventions: list[Intervention]) -> str:
    said = [
        f"{each.node} = {each.value:g}" if isinstance(each, Set) else f"{each.node} {each.amount:+g}"
        for each in interventions
    ]
    return ", ".join(said)


def counterfactual_table(model: StructuralModel, matrix: ResponseMatrix, wanted: list[Intervention]) -> pd.DataFrame:
    """Return one row a unit and value: ``unit, value, fact, mean, lower, upper`` (90% interval).

    Rows of the matrix may have levers of the model in use; columns that the model does not know are left out.
    """
    frame = matrix.frame().set_index("unit_id")
    known = [name for name in (*model.values, *model.levers) if name in frame.columns]
    found = counterfactual_summary(model, frame[known], wanted)
    rows = [
        {"unit": unit, "value": value, "fact": float(frame[value].iloc[i])}
        | {what: float(table[value].iloc[i]) for what, table in vars(found).items() if what != "level"}
        for i, unit in enumerate(frame.index)
        for value in model.values
    ]
    return pd.DataFrame(rows, columns=["unit", "value", "fact", "mean", "lower", "upper"])


def levers_named(given: list[str], model: StructuralModel) -> list[Lever]:
    """Return levers from ``NODE`` or ``NODE=DOSE`` texts, several doses of one node together; by default all levers."""
    doses: dict[str, list[float]] = {}
    for text in given or model.levers:
        name, _, number = text.rpartition("=")
        try:
            node, dose = (name, float(number)) if name and text not in model.nodes else (text, 1.0)
        except ValueError:
            node, dose = text, 1.0
        doses.setdefault(node, []).append(dose)
    return [Lever(node, tuple(each)) for node, each in doses.items()]


def plan_words(found: Plan) -> str:
    """Return a plan as lines for people."""
    table = found.predicted.rename_axis("value").reset_index()
    lines = [repr(found), f"{OUTCOMES[found.status]}.", f"Chance: {chance_words(found)}.", ""]
    lines += [table.to_string(index=False, float_format=lambda x: f"{x:.2f}"), ""]
    if found.limits:
        lines += ["Out of reach:", *(journal(limit) for limit in found.limits), ""]
    if not found.alternatives.empty:
        lines += [
            "Next best choices:",
            *(_choice_words(row, found.aim) for row in found.alternatives.to_dict("records")),
            "",
        ]
    return "\n".join([*lines, *(journal(note) for note in found.notes)])


def _choice_words(row: dict[Any, Any], aim: str) -> str:
    words = ", ".join(f"{node} x {dose:g}" for node, dose in row["doses"].items()) or "no lever"
    inside = "; ends inside the tolerance" if row["inside"] else ""
    return f"  {words}: {aim} {number(row['objective'])}, cost {row['cost']:g}{inside}"


def plan_json(found: Plan) -> dict[str, Any]:
    """Return a plan as plain data; a number that is not known is null."""
    numbers = ("objective", "lower_bound", "chance", "chance_in_sample", "chance_cross_fitted", "predicted_error")
    errors = ("error_sum", "error_mean", "rank_correlation")
    held: dict[str, Any] = {"status": found.status.name, "doses": dict(found.doses)}
    for name in (*numbers, "achieved_error", *errors, "cost"):
        amount = float(getattr(found, name))
        held[name] = amount if math.isfinite(amount) else None
    return held | {
        "chance_of": found.chance_of,
        "aim": found.aim,
        "units": found.units,
        "predicted": json.loads(found.predicted.to_json(orient="index")),
        "limits": list(found.limits),
        "notes": list(found.notes),
    }
