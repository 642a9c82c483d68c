"""The part of a report that speaks of plans: what to do, what it is predicted to reach, and what stays out of reach."""

from __future__ import annotations

from collections.abc import Mapping

from causalvalues.figures.numbers import estimate, number
from causalvalues.model import start_ledger
from causalvalues.planning import Plan
from causalvalues.study.document import Block, Bullets, Cell, Heading, Paragraph, Picture, Table
from causalvalues.study.results import Planned, StudyResults

MOST_ALTERNATIVES = 5


def plan_blocks(results: StudyResults, figures: dict[str, Picture]) -> list[Block]:
    """Return each plan with its figure, what it rests on, side effects, limits and alternatives."""
    if not results.plans:
        return []
    blocks: list[Block] = [
        Heading("Plans"),
        Paragraph(
            "Each plan is the choice of levers and doses with the smallest expected sum of absolute distances to the "
            "target, over all draws of the model; the lower bound proves that no other admissible choice does better."
        ),
    ]
    for place, planned in enumerate(results.plans, start=1):
        blocks += [Heading(f"Plan {place}: {planned.title}", 3), _summary(planned, results), figures[f"plan-{place}"]]
        if not planned.plan.side_effects.empty:
            blocks.append(_side_effects(planned, results))
        if not planned.plan.alternatives.empty:
            blocks.append(_alternatives(planned))
    return blocks


def _summary(planned: Planned, results: StudyResults) -> Bullets:
    plan = planned.plan
    items = [
        ("What was asked.", _target_words(planned)),
        ("Outcome.", f"{plan.status.value[:1].upper()}{plan.status.value[1:]}."),
    ]
    items.append(("Do this.", _doses_words(plan.doses, planned.labels)))
    items.append(("Chance of hitting.", _chance_words(plan)))
    items.append(
        (
            "Expected error.",
            f"{number(plan.objective)} (sum of absolute distances in score units; proven lower bound "
            f"{number(plan.lower_bound)}); cost {plan.cost:g}.",
        )
    )
    items += [("Out of reach." if place == 0 else "", limit) for place, limit in enumerate(plan.limits)]
    rests = plan.ledger.drop_duplicates(["lever", "basis", "rests_on"])
    said = [f"{row.lever}: {row.basis} ({row.rests_on})" for row in rests.itertuples()]
    if said:
        items.append(("Rests on.", "; ".join(said) + "."))
    start = {str(name): float(score) for name, score in planned.plan.predicted["start"].items()}
    outside = start_ledger(results.evidence, start)
    items += [("Starts outside the data.", str(sentence)) for sentence in outside["sentence"]]
    items += [("Note." if place == 0 else "", note) for place, note in enumerate(plan.notes)]
    return Bullets(tuple(items))


def _target_words(planned: Planned) -> str:
    target, said = planned.target, []
    start = "a typical unit (the mean of the rows without lever)"
    if planned.asked.start == "population":
        start = "a new unit of the population"
    elif planned.asked.start != "typical":
        start = f"unit {planned.asked.start}"
    said += [f"{name} at {number(wanted)}" for name, wanted in target.profile.items()]
    if target.ranking:
        said.append(" above ".join(target.ranking) + (f" by {number(target.margin)}" if target.margin else ""))
    said += [f"{name} between {low:g} and {high:g}" for name, (low, high) in target.bounds.items()]
    close = f", each within {number(target.tolerance)}" if target.profile else ""
    return f"From {start}: {', '.join(said)}{close}."


def _doses_words(doses: Mapping[str, float], labels: Mapping[str, str]) -> str:
    if not doses:
        return "Nothing: no lever brings the start nearer to the target."
    said = []
    for node, dose in doses.items():
        text = f"{node} at dose {dose:g}"
        said.append(f"{text} (“{labels[node]}”)" if labels.get(node) else text)
    return "; ".join(said) + "."


def _chance_words(plan: Plan) -> str:
    said = f"{plan.chance:.0%} that every part of the target holds for one unit"
    if plan.chance_cross_fitted == plan.chance_cross_fitted:
        return (
            said + f", judged on draws that did not choose the plan ({plan.chance_in_sample:.0%} on those that did). "
            "Draws that share the same answers also share their errors, so the true chance may be lower."
        )
    return said + "."


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
    rows = []
    for row in planned.plan.alternatives.head(MOST_ALTERNATIVES).to_dict("records"):
        words = ", ".join(f"{node} x {dose:g}" for node, dose in row["doses"].items()) or "no lever"
        rows.append((words, float(row["objective"]), float(row["cost"])))
    return Table(("Next best", "Expected error", "Cost"), tuple(rows), "The next best choices, best first.")
