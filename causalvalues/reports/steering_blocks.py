"""The page of the report ``steering``."""

from __future__ import annotations

import math

import numpy as np

from causalvalues.figures.dose_response_figure import dose_response_figure
from causalvalues.figures.inside_outside_figure import inside_outside_figure
from causalvalues.figures.leakage_figure import leakage_figure
from causalvalues.leakage import DoseResponse, LeakageMatrix
from causalvalues.numerals import estimate, number
from causalvalues.reports.frame import Given, Made
from causalvalues.reports.parts import Claim, closing, opening
from causalvalues.reports.steering import Steering
from causalvalues.reports.steering_words import caveats, learned_from, over_statements, partly, sampled
from causalvalues.study.document import Block, Cell, Heading, Paragraph, Picture, Table

TITLE = "Levers inside the model: leakage and doses"
ABOUT = (
    "What each lever does to the value that it aims at, to every other value and to plain texts; dose by dose, with "
    "the dose where it breaks; and whether the structure of the answers is like the geometry inside the model.",
    "Published systems steer one value at a time and report its success (ConVA, ValueLocate, Kang et al.); what "
    "happens to the other values is not measured, or without intervals and chance.",
    "Every lever on every value with intervals over the units and over statements, leakage less its noise, random "
    "directions beside, guardrails, the dose where a lever breaks, and permutation tests of the likeness.",
)
CLAIMS: list[Claim] = [
    ("Effects, gains, leakage", "changes of the same unit with and without the lever; units are the sample"),
    ("Over statements", "effects on single statements, averaged over units; the statements of a value are the sample"),
    ("Differs from zero", "sign flips of units, corrected over the effects of one family"),
    ("Breaks at a dose", "the first measured crossing; bootstrap of units"),
    ("Like the circle, like the vectors", "relabellings of the values (Mantel)"),
]
MOST_CURVES = 12


def steering_blocks(given: Given, found: Steering) -> Made:
    """Return the page with its figures, without further files."""
    theory = given.answers.theory
    leaks = Picture("leakage", leakage_figure(found.leaks, theory))
    blocks: list[Block] = [
        *opening(TITLE, _lead(given, found), ABOUT),
        Heading("What each lever does to every value"),
        leaks,
        _lever_table(given, found),
        *([Paragraph(" ".join(found.leaks.notes))] if found.leaks.notes else []),
    ]
    if found.circle is not None:
        blocks += [Heading("Where it leaks to"), *_circle(found)]
    if found.doses:
        shown = found.doses[:MOST_CURVES]
        blocks += [
            Heading("Dose by dose"),
            Picture("doses", dose_response_figure(shown, theory)),
            _break_table(given, found),
        ]
    if found.likeness is not None:
        blocks += [Heading("Inside and outside"), *_likeness(found, given)]
    return Made(TITLE, [*blocks, *closing("steering", given, CLAIMS, caveats(found))])


def _lead(given: Given, found: Steering) -> list[Claim]:
    levers = found.leaks.levers
    aimed = levers[levers["aim"] != ""]
    sure = int((aimed["gain_lower"] > 0).sum())
    lead = [
        (
            "Gain.",
            f"At a dose of {number(found.asked.dose)} the value that a lever aims at gains {_mean(aimed['gain'])} "
            f"score units over the others, on average over {len(aimed)} levers; the interval of {sure} of them is "
            "above zero.",
        ),
    ]
    kinds = {"inside": aimed[aimed.index.isin(found.inside)], "prompts": aimed[~aimed.index.isin(found.inside)]}
    if all(len(rows) for rows in kinds.values()):
        told = ", ".join(f"{_mean(rows['gain'])} with {_KIND[kind]}" for kind, rows in kinds.items())
        lead.append(("By kind.", f"Mean gain {told}."))
    lead.append(("Statements.", over_statements(found, aimed)))
    controls = levers[[lever in found.chance for lever in levers.index]]
    if len(controls):
        lead.append(
            (
                "Chance.",
                f"{len(controls)} random direction{'s gain' if len(controls) > 1 else ' gains'} "
                f"{_mean(controls['any_gain'])} on whichever value (root mean square, less noise): "
                f"{number(float(controls['any_gain'].mean() / aimed['gain'].mean()))} of the gain above.",
            )
        )
    overall = found.leaks.overall
    if math.isfinite(overall.value):
        told = estimate(overall.value, overall.lower, overall.upper if math.isfinite(overall.upper) else None)
        lead.append(
            ("Leakage.", f"An effect off aim is {told} times as large as one on aim (root mean square, less noise).")
        )
    for name in found.leaks.guardrails:
        lead.append((f"{given.label(name).capitalize()}.", _cost(found, name)))
    if found.doses:
        broken = [one for one in found.doses if math.isfinite(one.breaks.dose)]
        lead.append(("Doses.", f"{len(broken)} of {len(found.doses)} levers break within the doses tried."))
    if found.likeness is not None:
        row = "behaviour and inside"
        rho, p = (float(found.likeness.table.loc[row, name]) for name in ("rho", "p"))  # type: ignore[arg-type]
        lead.append(
            (
                "Inside and outside.",
                f"The graph of the answers and the value vectors: {found.likeness.verdict(row)} (rho {number(rho)}, "
                f"permutation p {number(p, 3)}){partly(found)}.",
            )
        )
    return lead


_KIND = {"inside": "levers inside the model", "prompts": "prompts"}


def _mean(numbers: object) -> str:
    return number(float(np.mean(np.asarray(numbers, dtype=float))))


def _cost(found: Steering, name: str) -> str:
    effect = found.leaks.effect[name]
    inside = effect[[lever in found.inside and lever in found.aims for lever in effect.index]]
    column = inside if len(inside) else effect
    worst = str(column.idxmin())
    return (
        f"Changes by {_mean(column)} on average{' under levers inside the model' if len(inside) else ''}, most under "
        f"{worst} ({number(float(column.min()))})."
    )


def _lever_table(given: Given, found: Steering) -> Table:
    leaks, statements = found.leaks, found.statements
    rows: list[tuple[Cell, ...]] = []
    for place, lever in enumerate(map(str, leaks.levers.index)):
        held = {str(name): leaks.levers[name].iloc[place] for name in leaks.levers}
        aim, leak = str(held["aim"]), float(held["leakage"])
        ends = [float(held[name]) for name in ("leakage_lower", "leakage_upper")]
        told = "" if math.isnan(leak) else estimate(leak, ends[0], ends[1] if math.isfinite(ends[1]) else None)
        effect, gain, told_over = "", "", ""
        if aim:
            effect = _cell(leaks, lever, aim)
            gain = estimate(float(held["gain"]), float(held["gain_lower"]), float(held["gain_upper"]))
            told_over = sampled(found, lever)
        rails = [_cell(leaks, lever, name) for name in leaks.guardrails]
        shown = given.label(aim) if aim else "none"
        over = () if statements is None else (told_over,)
        rows.append((lever, shown, effect, *over, gain, told, *rails, f"{held['units']:.0f}"))
    over = () if statements is None else ("Effect on aim, over statements",)
    heads = ("Lever", "Aim", "Effect on aim", *over, "Gain over others", "Leakage")
    said = (
        " Over statements: the same effect, with the interval over the statements of the aim, averaged over units; all "
        "other intervals hold for these statements only."
        if over
        else ""
    )
    return Table(
        (*heads, *(name.capitalize() for name in leaks.guardrails), "Units"),
        tuple(rows),
        f"Score units, {round(100 * leaks.options.level)}% intervals over units.{said} Gain: effect on the aim minus "
        "the mean effect on the other values. Leakage: root mean square effect on other values over the effect on the "
        "aim, both less their noise; empty where the aim is not surely moved, or where there are fewer than 3 units.",
    )


def _cell(leaks: LeakageMatrix, lever: str, name: str) -> str:
    row, column = list(leaks.effect.index).index(lever), list(leaks.effect.columns).index(name)
    tables = (table.to_numpy(dtype=float) for table in (leaks.effect, leaks.lower, leaks.upper))
    mean, low, high = (float(cells[row, column]) for cells in tables)
    return estimate(mean, low, high)


def _circle(found: Steering) -> list[Block]:
    assert found.circle is not None  # noqa: S101
    rows: list[tuple[Cell, ...]] = [
        (f"{steps}", f"{row['cells']:.0f}", number(float(row["effect"])))
        for steps, row in found.circle.by_distance.iterrows()
    ]
    said = (
        "Levers leak to the neighbours of their aim and take from its opposites"
        if found.circle.p <= 0.05 and found.circle.rho > 0
        else "The circle of the theory does not say where levers leak to"
    )
    return [
        Paragraph(
            f"{said}: Spearman correlation of closeness on the circle and effect off aim {number(found.circle.rho)}, "
            f"permutation p {number(found.circle.p, 3)}."
        ),
        Table(("Steps from the aim", "Cells", "Mean effect"), tuple(rows), "0 steps: the aim itself. Score units."),
    ]


def _break_table(given: Given, found: Steering) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (one.lever, given.label(one.aim), *_best(one), str(one.breaks), one.breaks.cause) for one in found.doses
    ]
    allowed = ", ".join(f"{name} {number(most)}" for name, most in found.asked.allowed.items()) or "none"
    return Table(
        ("Lever", "Aim", "Largest effect on aim", "At dose", "Breaks", "Because of"),
        tuple(rows),
        f"A lever breaks at the dose where a guardrail falls below what is allowed ({allowed}), or where its aim "
        "begins to fall although the dose rises, by more than chance gives in any two doses. Interval: bootstrap of "
        "units; none where a dose has fewer than 5.",
    )


def _best(one: DoseResponse) -> tuple[str, str]:
    aim = one.effect[one.aim].to_numpy(dtype=float)
    place = int(np.nanargmax(aim))
    low, high = (float(table[one.aim].to_numpy(dtype=float)[place]) for table in (one.lower, one.upper))
    return estimate(float(aim[place]), low, high), number(one.doses[place])


def _likeness(found: Steering, given: Given) -> list[Block]:
    assert found.likeness is not None  # noqa: S101
    rows: list[tuple[Cell, ...]] = [
        (
            str(pair),
            number(float(row["rho"])),
            number(float(row["p"]), 3),
            f"{number(float(row['null_lower']))} to {number(float(row['null_upper']))}",
            found.likeness.verdict(str(pair)),
        )
        for pair, row in found.likeness.table.iterrows()
    ]
    ways = "all" if found.likeness.exact else "20,000"
    return [
        Paragraph(
            "Behaviour: P(adjacent) of the graphs learned from the answers, with the sign of the partial correlation. "
            "Inside: cosines of the value vectors. Circle: minus the steps between two values. " + learned_from(found)
        ),
        Picture("inside_outside", inside_outside_figure(found.likeness, given.answers.theory)),
        Table(
            ("Pair", "Spearman", "p", "95% of chance", "Verdict"),
            tuple(rows),
            f"Over pairs of values; p by {ways} relabellings of the values.",
        ),
    ]
