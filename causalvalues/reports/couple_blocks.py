"""The page of the report ``couple``."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from causalvalues.figures import plan_figure
from causalvalues.figures.dot_plot import FILLED, HOLLOW, Dots, DotText, dot_plot
from causalvalues.numerals import number
from causalvalues.planning.nouns import Status
from causalvalues.planning.profiles import doses_in_words
from causalvalues.reports.couple_relations import UNDECIDED
from causalvalues.reports.couple_tables import WAYS, Couple
from causalvalues.reports.couple_units import BY_NAME, PLANNED, RAW, Journey
from causalvalues.reports.frame import Given, Made
from causalvalues.reports.lever_models import model_words
from causalvalues.reports.parts import Claim, closing, opening, range_words
from causalvalues.scene.nouns import Scene
from causalvalues.study.blocking import BLOCKED
from causalvalues.study.document import Block, Bullets, Cell, Heading, Paragraph, Picture, Table
from causalvalues.study.wording import OUTCOMES, journal

TITLE = "From each answer to a profile of priorities (COUPLE)"
ABOUT = (
    "A target gives priorities from 1 (not important) to 5 (very important) to some values. Each unit's answers are "
    "turned into priorities, its residuals are kept (abduction), values or levers are set (intervention), and the "
    "profile that follows is predicted with an interval (prediction).",
    "COUPLE (Guo et al., NeurIPS 2025) has a language model score the values of a response, compares them with the "
    "target, picks value concepts and rewrites the response; every step is a prompt, and no equation is fitted. "
    "Reported with GPT-4.1-mini on two sets: error 1.433 and .355, rank correlation .778 and .848 (the first error is "
    "probably a sum over the values of a target, so sum and mean are both given here).",
    "Equations fitted to the answers, with residuals that are computed, not assumed; intervals; levers chosen with a "
    "proof; a warning when the target is out of reach or asks related values to part; and JSON for the step in which a "
    "language model writes, so that this step can be tested by itself.",
)


def couple_blocks(given: Given, found: Couple) -> Made:
    """Return the page with its figures, without further files."""
    pictures = _pictures(given, found)
    blocks: list[Block] = [
        *opening(TITLE, _lead(found), ABOUT),
        *_target_blocks(given, found),
        *_way_blocks(found, pictures),
        *_unit_blocks(given, found, pictures),
        *_relation_blocks(given, found),
        Heading("For a language model"),
        Paragraph(
            "couple_records.json has one record a unit: observed priorities, target and difference, residuals, "
            "relations, the plan with the sentences of its levers, the predicted profile, and an instruction with the "
            "values to raise, to lower and to keep. The fields `question` and `response` are for the caller to fill. "
            "couple_schema.json is the JSON Schema of the records. No language model is called here."
        ),
        *closing("couple", given, _claims(found), CAVEATS),
    ]
    return Made(TITLE, blocks)


def _lead(found: Couple) -> list[Claim]:
    before, after = (found.average(way, lambda error: error.mean) for way in (RAW, PLANNED))
    total = (found.average(way, lambda error: error.total) for way in (RAW, PLANNED))
    rank = (found.average(way, lambda error: error.rank) for way in (RAW, PLANNED))
    sums, ranks = ([number(each) for each in pair] for pair in (total, rank))
    units = len(found.journeys)
    lead = [
        (
            "Error.",
            f"Over {units} units the mean error per value is {number(before)} priorities as they are and "
            f"{number(after)} under the plans (predicted); as a sum over the {len(found.way.asked.target)} named "
            f"values {sums[0]} and {sums[1]}. Spearman {ranks[0]} and {ranks[1]}.",
        )
    ]
    count, predicted, seen = found.answered(PLANNED)
    if count:
        lead.append(
            (
                "Really asked.",
                f"{count} of {units} units had been asked under the very levers of their plan: predicted error "
                f"{number(predicted)}, error of what they answered {number(seen)}. Those rows are part of the data "
                "that the model was fitted to.",
            )
        )
    return [*lead, _reach(found)]


def _reach(found: Couple) -> Claim:
    missed = [each for each in found.journeys if each.plan is not None and _out(each)]
    if missed:
        said = f"For {len(missed)} of {len(found.journeys)} units the target is out of reach of these levers"
        count = len(found.conflicts)
        pairs = "1 pair of named values pulls" if count == 1 else f"{count} pairs of named values pull"
        why = f" ({pairs} against each other)" if count else ""
        return "Conflict.", f"{said}{why}; see below what holds it back."
    return "Within reach.", "For every unit some admissible choice of levers ends inside the tolerance."


def _out(each: Journey) -> bool:
    return each.plan is not None and each.plan.status in (Status.UNREACHABLE, Status.INFEASIBLE, Status.TIME_LIMIT)


def _target_blocks(given: Given, found: Couple) -> list[Block]:
    scale, typical = found.way.scale, found.typical
    rows: list[tuple[Cell, ...]] = []
    for name, wanted in sorted(found.way.asked.target.items()):
        at = scale.score(name, wanted)
        rows.append((given.label(name), f"{wanted:g}", typical.observed[name], at, float(typical.scores[name])))
    said = (
        f"The target. Priority 3 is the mean of the rows without lever, and one priority is {found.way.asked.step:g} "
        "of their standard deviations; wanted and typical scores are in score units."
    )
    columns = ("Value", "Wanted priority", "Typical priority", "Wanted score", "Typical score")
    return [Heading("The target"), Table(columns, tuple(rows), said)]


def _way_blocks(found: Couple, pictures: dict[str, Picture]) -> list[Block]:
    rows: list[tuple[Cell, ...]] = []
    for way in WAYS:
        parts = (lambda e: e.total, lambda e: e.mean, lambda e: e.rank)
        count, predicted, seen = found.answered(way)
        rows.append((way, *(found.average(way, part) for part in parts), str(count), predicted, seen))
    columns = ("Way", "Error, sum", "Error, mean", "Spearman", "Units asked", "Their predicted", "Their answered")
    said = (
        "Predicted errors over the named values, in priorities, averaged over units; priorities are cut off at 1 and "
        f"5. {BY_NAME[:1].upper()}{BY_NAME[1:]}: the levers named after the values that should rise most. The last "
        "three columns: units that had really been asked in this way, their mean predicted error and that of their "
        "answers."
    )
    blocks: list[Block] = [Heading("How near it gets"), Table(columns, tuple(rows), said)]
    return [*blocks, pictures["errors"]] if "errors" in pictures else blocks


def _unit_blocks(given: Given, found: Couple, pictures: dict[str, Picture]) -> list[Block]:
    rows: list[tuple[Cell, ...]] = []
    for each in found.journeys:
        status = "near enough" if each.plan is None else OUTCOMES[each.plan.status].split(":")[0]
        words = doses_in_words(each.doses[PLANNED])
        rows.append((each.unit, each.apart, words, each.errors[PLANNED].total, status))
    said = "Units: sum of |observed - target| before, the levers of the plan, the predicted sum after, and the outcome."
    blocks: list[Block] = [
        Heading("Each unit"),
        Table(("Unit", "Before", "Plan", "After", "Outcome"), tuple(rows), said),
    ]
    typical = found.typical
    if typical.plan is not None:
        held = [(name, journal(limit)) for name, limit in zip(_heads(typical), typical.plan.limits, strict=True)]
        blocks.append(Heading("A typical unit, step by step", 3))
        blocks += [pictures["typical"]] if "typical" in pictures else []
        blocks += [Bullets(tuple(held))] if held else []
    first = next((each for each in found.journeys if each.doses[PLANNED]), found.journeys[0])
    return [*blocks, Heading(f"Abduction, intervention, prediction: {first.unit}", 3), _steps(given, found, first)]


def _heads(each: Journey) -> list[str]:
    limits = [] if each.plan is None else each.plan.limits
    return ["What holds it back." if place == 0 else "" for place in range(len(limits))]


def _steps(given: Given, found: Couple, each: Journey) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name in sorted(each.observed):
        target = found.way.asked.target.get(name)
        ends = [each.residuals, each.held, *([] if each.plan is None else [each.plan.predicted])]
        parts = [range_words(table.loc[name].to_dict()) for table in ends]
        wanted = None if target is None else found.way.scale.score(name, target)
        rows.append((given.label(name), float(each.scores[name]), wanted, *parts))
    columns = ["Value", "Observed", "Wanted", "Residual", "Under do(V = v)", "Under the plan"][
        : 5 + (each.plan is not None)
    ]
    said = (
        "In score units. Residual: what the equations do not explain about this unit, kept in what follows. Under "
        "do(V = v): the named values are set, the others follow through the graph; interval of the mean effect. Under "
        "the plan: 90% predictive interval of one answer."
    )
    return Table(tuple(columns), tuple(rows), said)


def _relation_blocks(given: Given, found: Couple) -> list[Block]:
    counts = Counter(found.related["relation"])
    said = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    blocks: list[Block] = [
        Heading("Which values go together"),
        Paragraph(
            f"Of {len(found.related)} pairs: {said}. A pair is consistent when raising the one raises the other, by "
            f"the sign of the total effect in at least {found.way.asked.relation:.0%} of the weight of all graphs, "
            "opposing when it lowers it, unrelated when neither acts on the other."
        ),
    ]
    if found.blocked:
        blocks.append(Paragraph(f"{BLOCKED.capitalize()}: take these relations as co-movement, not as paths."))
    shown = found.related[found.related["relation"] != UNDECIDED]
    rows: list[tuple[Cell, ...]] = []
    for row in shown.to_dict("records"):
        ends = (given.label(str(row["first"])), given.label(str(row["second"])))
        shares = (float(row[what]) for what in ("consistent", "opposing", "unrelated"))
        rows.append((*ends, str(row["relation"]), *shares))
    columns = ("First", "Second", "Relation", "P(consistent)", "P(opposing)", "P(unrelated)")
    if rows:
        blocks.append(
            Table(
                columns, tuple(rows), "Pairs whose relation is settled. All pairs: tables/relations.csv.", columns[3:]
            )
        )
    if found.conflicts:
        blocks.append(Bullets(tuple(("Conflict.", said) for said in found.conflicts)))
    return blocks


def _pictures(given: Given, found: Couple) -> dict[str, Picture]:
    scenes: dict[str, Scene] = {}
    units = [each.unit for each in found.journeys]
    before, after = ([each.errors[way].mean for each in found.journeys] for way in (RAW, PLANNED))
    answered = [each.answered[PLANNED].mean if PLANNED in each.answered else float("nan") for each in found.journeys]
    kinds = [Dots("as it is", HOLLOW, tuple(before)), Dots("under its plan, predicted", FILLED, tuple(after))]
    words = DotText(
        "How far each unit is from the target",
        "mean error per named value (priorities)",
        "Mean absolute difference between reached and wanted priorities over the named values: as the unit is, and "
        "under its plan as predicted. Beside it: the error of what the unit answered under that plan, where it was "
        "asked.",
        "answered",
    )
    scenes["errors"] = dot_plot(units, kinds, words, [number(each) for each in answered])
    if found.typical.plan is not None:
        scene = plan_figure(found.typical.plan, found.way.target, given.answers.theory)
        scenes["typical"] = replace(scene, title="The plan for a typical unit")
    return {stem: Picture(stem, scene) for stem, scene in scenes.items()}


def _claims(found: Couple) -> list[Claim]:
    forced = "by graph: blocked by measurement error" if found.blocked else "by graph: no hidden cause of two values"
    return [
        ("Priorities", "by definition: mean and standard deviation of the rows without lever"),
        ("What a plan's levers lead to", f"by design, carried to one unit by {model_words(found.way.response)}"),
        ("What do(V = v) leads to", forced),
        ("Residuals that stay as they are", "an assumption; see the skill report for what a unit keeps of itself"),
        ("Relations between values", forced),
    ]


CAVEATS = (
    "The plans are judged by the model that chose them, so their predicted errors are somewhat too small.",
    "Priorities are relative to the units of this study: 5 is high among them, not high in itself.",
)
