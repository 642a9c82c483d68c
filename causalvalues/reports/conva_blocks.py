"""The page of the report ``conva``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from causalvalues.figures import effects_heatmap
from causalvalues.figures.dot_plot import FILLED, HOLLOW, Dots, DotText, dot_plot
from causalvalues.model import Effects
from causalvalues.numerals import number, percent
from causalvalues.reports.aims import single_cell
from causalvalues.reports.conva import Conva
from causalvalues.reports.frame import Given, Made
from causalvalues.reports.parts import Claim, closing, effect_words, opening, range_words
from causalvalues.scene.nouns import Scene
from causalvalues.study.document import Block, Cell, Heading, Paragraph, Picture, Table

TITLE = "Least shifts, gate, leakage and doses (after ConVA)"
ABOUT = (
    "For each value: a detector that says how probable it is that the value counts as present in a profile; the least "
    "shift after which that probability is high enough, in closed form; a gate that leaves profiles alone where the "
    "value is not in play. Then what a lever of one value does to the others, and what more of a lever does.",
    "ConVA (Jin et al., ACL 2025) fits a logistic regression to hidden states, shifts them along its weights by eps = "
    "(logit P0 - w.e - b) / |w|, cut off at zero, and only where another detector finds the value in play; reported: "
    "MMLU .476 untouched, .272 without and .455 with the gate. One value at a time; leakage is not measured.",
    "The same closed form on value scores instead of hidden states; how many units need it, and what the gate saves in "
    "side effects; the leakage matrix with intervals, against the circle of the theory; and doses, where the data hold "
    "more than one.",
)


def conva_blocks(given: Given, found: Conva) -> Made:
    """Return the page with its figures, without further files."""
    pictures = {stem: Picture(stem, scene) for stem, scene in _scenes(given, found).items()}
    blocks: list[Block] = [
        *opening(TITLE, _lead(given, found), ABOUT),
        *_shift_blocks(given, found),
        *_leak_blocks(given, found, pictures),
        *_dose_blocks(given, found, pictures),
        *closing("conva", given, CLAIMS, _caveats(found)),
    ]
    return Made(TITLE, blocks)


def _lead(given: Given, found: Conva) -> list[Claim]:
    shifts, leaks = found.shifts, found.leaks
    shifted, gated = float(shifts["shifted"].mean()), float(shifts["gated"].mean())
    pushed = shifts.loc[shifts["shifted"] > 0, "shift_sd"]
    size = f" by {number(float(pushed.mean()))} standard deviations on average" if len(pushed) else ""
    saved = float(shifts["side_all"].sum()), float(shifts["side_gate"].sum())
    lead = [
        (
            "Least shift.",
            f"To be present with probability {number(found.asked.p0)}, a value has to be shifted in "
            f"{percent(round(shifted, 3))} of the cases{size}; in {percent(round(gated, 3))} it is not in play and "
            "left alone.",
        )
    ]
    if saved[0] > 0:
        share = 1 - saved[1] / saved[0]
        lead.append(("Gate.", f"The gate saves {percent(round(share, 2))} of the side effects of shifts by levers."))
    if len(leaks):
        worst = leaks.sort_values("leak", ascending=False).iloc[0]
        leak = range_words(worst.to_dict(), names=LEAK)
        lead.append(
            (
                "Leakage.",
                f"A lever moves another value by {number(float(leaks['leak'].mean()))} of what it moves its own, on "
                f"average; most by {worst['lever']}: {leak}. The value that it moves most besides is "
                f"{given.label(str(worst['most']))} ({effect_words(float(worst['most_effect']), np.nan, np.nan)} SD).",
            )
        )
    return [*lead, ("Doses.", _dose_words(found))]


def _dose_words(found: Conva) -> str:
    pooled = found.forced[found.forced["value"] == "all values"] if len(found.forced) else found.forced
    several = found.doses.groupby("lever")["dose"].nunique()
    said = []
    if not (several > 1).any():
        said.append("There is one dose of each lever in these answers, so nothing is said about more or less of it.")
    else:
        said.append(f"{int((several > 1).sum())} levers were used at several doses.")
    for stance, part in pooled.groupby("stance", sort=True) if len(pooled) else []:
        steps = [
            f"{row['dose']:g}: {effect_words(float(row['effect']), float(row['lower']), float(row['upper']))}"
            for row in part.to_dict("records")
        ]
        said.append(f"Forced answers ({stance}), statements -> change of the value in SD: {', '.join(steps)}.")
    both = pooled[pooled["dose"] == 1].set_index("stance") if len(pooled) else pooled
    if len(both) == 2 and (both["lower"] > 0).all():
        said.append("Rejecting a value raises its score as agreeing does: what is talked about counts, not the stance.")
    return " ".join(said)


def _shift_blocks(given: Given, found: Conva) -> list[Block]:
    rows: list[tuple[Cell, ...]] = []
    for row in found.shifts.to_dict("records"):
        shares = (f"{100 * float(row[name]):.0f}%" for name in ("met", "gated", "shifted"))
        amounts = (float(row["shift"]), float(row["shift_sd"]), float(row["own_share"]))
        sides = (float(row["side_gate"]), float(row["side_all"]))
        rows.append((given.label(str(row["value"])), float(row["before"]), *shares, *amounts, *sides))
    columns = ("Value", "P before", "Met", "Left by the gate", "Shifted", "Least shift", "in SD", "Own axis")
    said = (
        f"P before: mean probability that the value counts as present. Met: units at {number(found.asked.p0)} or more; "
        f"left by the gate: units at {number(found.asked.gate)} or less. Least shift: mean over the units that are "
        "shifted, in score units and in standard deviations. Own axis: squared share of the shift that lies on the "
        "value's own score. Side effects: mean over all units of the summed absolute change of the other values, in "
        "standard deviations, if the shift is made by the value's lever; with the gate, and for all units below the "
        "goal."
    )
    return [
        Heading("The least shift, and whom it is for"),
        Paragraph(
            f"Detectors: {found.how}. The least shift is exact for the detector: a profile moved by it reaches the "
            "wanted probability and not more. Every unit: tables/units.csv."
        ),
        Table((*columns, "Side effects, gate", "Side effects, all"), tuple(rows), said),
    ]


def _leak_blocks(given: Given, found: Conva, pictures: dict[str, Picture]) -> list[Block]:
    rows: list[tuple[Cell, ...]] = []
    for row in found.leaks.to_dict("records"):
        own, leak = range_words(row, True, ("own", "own_lower", "own_upper")), range_words(row, names=LEAK)
        most = f"{given.label(str(row['most']))} {effect_words(float(row['most_effect']), np.nan, np.nan)}"
        rows.append((str(row["lever"]), given.label(str(row["value"])), own, leak, most))
    said = (
        "Effect on the own value in standard deviations, by design; leakage: mean absolute effect on the other values "
        "over the effect on the own one, with a 90% interval over units drawn with replacement; and the other value "
        "that moved most."
    )
    blocks: list[Block] = [Heading("Leakage from value to value"), pictures["leakage"]]
    blocks.append(Table(("Lever", "Steers", "Own effect", "Leakage", "Most besides"), tuple(rows), said))
    if len(found.circle):
        steps: tuple[tuple[Cell, ...], ...] = tuple(
            (f"{row['steps']:g}", str(int(row["cells"])), float(row["effect"]), float(row["size"]))
            for row in found.circle.to_dict("records")
        )
        columns = ("Steps on the circle", "Cells", "Mean effect", "Mean absolute effect")
        told = (
            "Effects of levers on values so many steps from the steered one on the circle of the theory, in standard "
            "deviations. The theory expects them to fall with the steps, and to be negative on the opposite side."
        )
        blocks.append(Table(columns, steps, told))
    return blocks


def _dose_blocks(given: Given, found: Conva, pictures: dict[str, Picture]) -> list[Block]:
    blocks: list[Block] = [Heading("Dose and response"), Paragraph(_dose_words(found))]
    if "doses" in pictures:
        blocks.append(pictures["doses"])
    several = found.doses[found.doses.groupby("lever")["dose"].transform("nunique") > 1]
    if len(several):
        rows = tuple(
            (str(row["lever"]), f"{row['dose']:g}", str(row["units"]), _words(row))
            for row in several.to_dict("records")
        )
        blocks.append(
            Table(("Lever", "Dose", "Units", "Effect on its value"), rows, "In standard deviations, by design.")
        )
    if len(found.forced):
        wide: list[tuple[Cell, ...]] = []
        for (value, stance), part in found.forced.groupby(["value", "stance"], sort=True):
            by_dose = {float(row["dose"]): _words(row) for row in part.to_dict("records")}
            wide.append((given.label(str(value)), str(stance), by_dose.get(1.0, ""), by_dose.get(2.0, "")))
        said = (
            "Change of a value after one or two forced statements of it that agree or reject, against as many neutral "
            f"sentences, over the items that were not said; in standard deviations, {percent(given.level)} "
            "interval over units."
        )
        blocks.append(Table(("Value", "Stance", "One statement", "Two statements"), tuple(wide), said))
    return blocks


def _words(row: Mapping[Any, Any]) -> str:
    return range_words(row, True, WHAT)


def _scenes(given: Given, found: Conva) -> dict[str, Scene]:
    sd, names = found.people.sd, list(found.people.profiles.columns)
    cells = {lever: cell for lever in sorted(found.own) if (cell := single_cell(found.effects, lever)) is not None}
    tables = []
    for what in ("mean", "lower", "upper"):
        table = getattr(found.effects, what).loc[list(cells.values()), names] / sd
        tables.append(table.set_axis(list(cells), axis=0))
    unknown = pd.DataFrame(np.nan, list(cells), names)
    heat = effects_heatmap(
        Effects(tables[0], tables[1], tables[2], unknown, unknown, given.level), given.answers.theory
    )
    caption = (
        "Effect of the lever of each value (rows) on every value (columns), the same units with and without it, in "
        f"standard deviations. Bold: the {percent(given.level)} interval excludes zero."
    )
    scenes = {"leakage": replace(heat, title="Leakage from value to value", caption=caption)}
    if len(found.forced):
        scenes["doses"] = _dose_scene(given, found.forced)
    return scenes


def _dose_scene(given: Given, table: pd.DataFrame) -> Scene:
    pooled = table["value"] == "all values"
    values = [*sorted(table.loc[~pooled, "value"].unique()), "all values"]
    rows = [(value, stance) for value in values for stance in sorted(table["stance"].unique())]
    kinds = []
    for dose, style in ((1.0, HOLLOW), (2.0, FILLED)):
        mine = table[table["dose"] == dose].set_index(["value", "stance"])
        ends = [tuple(float(mine.loc[row, what]) if row in mine.index else np.nan for what in WHAT) for row in rows]
        name = f"{dose:g} statement{'s' if dose > 1 else ''}"
        kinds.append(Dots(name, style, *(tuple(each) for each in zip(*ends, strict=True))))
    words = DotText(
        "Doses of forced answers",
        "change of the value (standard deviations)",
        "Change of each value after one (hollow) and two (filled) forced statements of it, against as many neutral "
        f"sentences, over the items that were not said; {percent(given.level)} intervals over units.",
    )
    return dot_plot([f"{given.label(value)}, {stance}" for value, stance in rows], kinds, words)


WHAT = ("effect", "lower", "upper")
LEAK = ("leak", "leak_lower", "leak_upper")
CLAIMS: list[Claim] = [
    ("That a value counts as present", "by definition of the detector; it is not what people would say"),
    ("The least shift", "closed form, exact for the detector; that a profile can be shifted so is not claimed"),
    ("What a lever does to any value", "by design: the same units with and without the lever"),
    ("Side effects of shifts by levers", "effects taken to be proportional to the dose: extrapolated"),
]


def _caveats(found: Conva) -> list[str]:
    said = ["Shifts are in value scores, not in hidden states; how to bring one about is what levers are for."]
    if (found.shifts["own_share"] < 0.5).any():
        said.append(
            "Where the own axis carries less than half of a shift, the detector leans on other values: the shift with "
            "the least length is then not the one that a reader would call raising this value."
        )
    return said
