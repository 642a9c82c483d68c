"""The part of a report that speaks of plans: what to do, what it is predicted to reach, and what stays out of reach."""

from __future__ import annotations

import math
from collections.abc import Mapping

from causalvalues.model import start_ledger
from causalvalues.numerals import estimate, number
from causalvalues.planning.nouns import Status
from causalvalues.planning.targets import Target
from causalvalues.study.document import Block, Bullets, Cell, Heading, Paragraph, Picture, Table
from causalvalues.study.results import Planned, StudyResults
from causalvalues.study.wording import OUTCOMES, chance_words, journal

MOST_ALTERNATIVES = 5
FEW_ROWS = "CV502"
"""Finding about combinations of levers with few rows."""
LEAST_ROWS = 5
"""Rows below which that finding names a combination."""


def plan_blocks(results: StudyResults, figures: dict[str, Picture]) -> list[Block]:
    """Return each plan with its figure, what it rests on, side effects, limits and alternatives."""
    if not results.plans:
        return []
    blocks: list[Block] = [
        Heading("Plans"),
        Paragraph(
            "Each plan is the choice of levers and doses with the smallest expected sum of absolute distances to the "
            "target, over all draws of the model, unless the study asks for another objective; the lower bound proves "
            "that no other admissible choice does better."
        ),
    ]
    for place, planned in enumerate(results.plans, start=1):
        blocks += [Heading(f"Plan {place}: {planned.title}", 3), _summary(planned, results), figures[f"plan-{place}"]]
        if planned.explanation is not None:
            blocks += [Paragraph(planned.explanation.text), figures[f"plan-{place}-shares"]]
        if not planned.plan.side_effects.empty:
            blocks.append(_side_effects(planned, results))
        if not planned.plan.alternatives.empty:
            blocks.append(_alternatives(planned))
    return blocks


def _summary(planned: Planned, results: StudyResults) -> Bullets:
    plan = planned.plan
    items = [
        ("What was asked.", _target_words(planned)),
        ("Outcome.", f"{OUTCOMES[plan.status]}."),
        ("Foretold by.", _model_words(planned)),
    ]
    items.append(("Do this.", _doses_words(plan.doses, planned.labels)))
    items.append(("Chance of hitting.", f"{chance_words(plan)}."))
    items.append(("Judged by the other half.", _halves_words(planned)))
    items.append(
        (
            "Expected error.",
            f"{number(plan.error_sum)} in sum and {number(plan.error_mean)} in mean (absolute distances in "
            f"{plan.units}); minimised: {plan.aim}, {number(plan.objective)} (proven lower bound "
            f"{number(plan.lower_bound)}); cost {plan.cost:g}.",
        )
    )
    if math.isfinite(plan.rank_correlation):
        items.append(("Order.", f"Rank correlation of predicted and wanted scores: {number(plan.rank_correlation)}."))
    items += [("Out of reach." if place == 0 else "", journal(limit)) for place, limit in enumerate(plan.limits)]
    rests = plan.ledger.drop_duplicates(["lever", "basis", "rests_on"])
    said = [f"{row.lever}: {row.basis} ({row.rests_on})" for row in rests.itertuples()]
    if said:
        items.append(("Rests on.", journal("; ".join(said) + ".")))
    items += [("Few rows.", sentence) for sentence in few_rows(plan.doses, results)]
    start = {str(name): float(score) for name, score in planned.plan.predicted["start"].items()}
    outside = start_ledger(results.evidence, start)
    items += [("Starts outside the data.", journal(str(sentence))) for sentence in outside["sentence"]]
    notes = [note for note in plan.notes if not note.startswith(("Chosen on one half", "The chance is in sample"))]
    items += [("Note." if place == 0 else "", journal(note)) for place, note in enumerate(notes)]
    return Bullets(tuple(items))


def _model_words(planned: Planned) -> str:
    if not planned.units:
        return "the equations of the graph; what a unit has of its own is carried over unchanged."
    return (
        f"the mechanism of the levers, fitted on {planned.units} units that answered with and without them: levers "
        "that act together share their effect, and a unit keeps a part of its start only."
    )


def _target_words(planned: Planned) -> str:
    target, said = planned.target, []
    start = "a typical unit (the mean of the rows without lever)"
    if planned.asked.start == "population":
        start = "a new unit of the population"
    elif planned.asked.start != "typical":
        start = f"unit {planned.asked.start}"
    at = "at priority" if target.priorities else "at"
    said += [f"{name} {at} {number(wanted)}" for name, wanted in target.asked.items()]
    if target.ranking:
        said.append(_ranking_words(target))
    said += [f"{name} between {_end(low)} and {_end(high)}" for name, (low, high) in target.bounds.items()]
    for name, amount in target.raise_by.items():
        said.append(f"{name} {'up' if amount >= 0 else 'down'} by at least {number(abs(amount))}")
    if math.isfinite(target.keep_within):
        said.append(f"all that is not named within {number(target.keep_within)} of its start")
    close = f", each within {number(target.tolerance)}" if target.profile else ""
    return f"From {start}: {', '.join(said)}{close}."


def _ranking_words(target: Target) -> str:
    """Return a ranking such as ``a above b and c by .20``; one margin for all steps is said once."""
    places, margins = [" and ".join(place) for place in target.places], target.margins
    if len(set(margins)) < 2:
        return " above ".join(places) + (f" by {number(margins[0])}" if margins and margins[0] else "")
    steps = [
        f"{above} above {below} by {number(m)}" for above, below, m in zip(places, places[1:], margins, strict=False)
    ]
    return ", ".join(steps)


def _doses_words(doses: Mapping[str, float], labels: Mapping[str, str]) -> str:
    if not doses:
        return "Nothing: no lever brings the start nearer to the target."
    said = []
    for node, dose in doses.items():
        text = f"{node} at dose {dose:g}"
        said.append(f"{text} (“{labels[node]}”)" if labels.get(node) else text)
    return "; ".join(said) + "."


def _end(limit: float) -> str:
    return number(limit) if math.isfinite(limit) else f"{limit:g}"


def _halves_words(planned: Planned) -> str:
    plan = planned.plan
    if math.isnan(plan.chance_cross_fitted):
        return f"Not done. {planned.note} So chance and error are those of the model that chose, and too good."
    return (
        f"Chosen on one half of the {'units' if planned.units else 'clusters'}, judged by the other: predicted error "
        f"{number(plan.predicted_error)}, achieved {number(plan.achieved_error)}; chance "
        f"{plan.chance_cross_fitted:.0%}, against {plan.chance_in_sample:.0%} when the model of all rows judges "
        "its own choice."
        + (
            ""
            if planned.units
            else " The graphs come from all rows, so it is mostly the lever effects that are judged anew."
        )
        + (f" {planned.note}" if planned.note else "")
    )


def few_rows(doses: Mapping[str, float], results: StudyResults) -> list[str]:
    """Return a sentence when the plan uses a combination of levers that the data doctor found in few rows."""
    matrix = results.answers.matrix
    used = {lever for lever, dose in doses.items() if dose != 0 and lever in matrix.levers}
    rows = sum(set(cell) == used for cell in matrix.cells)
    found = [finding for finding in results.findings if finding.code == FEW_ROWS]
    if len(used) < 2 or not found or not 0 < rows < LEAST_ROWS:
        return []
    together = " and ".join(sorted(used))
    rows_said = "1 row has" if rows == 1 else f"{rows} rows have"
    return [f"Only {rows_said} {together} together (finding {FEW_ROWS}): what they do jointly is hardly known."]


def _side_effects(planned: Planned, results: StudyResults) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name, row in planned.plan.side_effects.iterrows():
        rows.append(
            (results.label(str(name)), estimate(row["mean"], row["lower"], row["upper"]), float(row["positive"]))
        )
    return Table(
        ("Value", "Change", "P(up)"),
        tuple(rows),
        "Side effects: predicted change of the values that the target does not name, with 90% predictive interval and "
        "the probability that the value goes up.",
        ("P(up)",),
    )


def _alternatives(planned: Planned) -> Table:
    plan, rows = planned.plan, []
    for row in plan.alternatives.head(MOST_ALTERNATIVES).to_dict("records"):
        words = ", ".join(f"{node} x {dose:g}" for node, dose in row["doses"].items()) or "no lever"
        rows.append((words, float(row["objective"]), float(row["cost"]), "yes" if row["inside"] else "no"))
    first = "the best choice that ends inside the tolerance first, then " if plan.status is Status.TRADE_OFF else ""
    said = f"The next best choices, {first}best first. Inside: whether the mean profile ends within the tolerance."
    return Table(("Next best", "Expected error", "Cost", "Inside"), tuple(rows), said)
