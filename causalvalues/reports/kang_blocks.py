"""The page of the report ``kang``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from causalvalues.figures import effects_heatmap
from causalvalues.figures.dot_plot import BAND, FILLED, Dots, DotText, dot_plot
from causalvalues.model import Effects
from causalvalues.numerals import number
from causalvalues.reports.frame import Given, Made
from causalvalues.reports.kang import REFERENCE, Kang
from causalvalues.reports.kang_tests import BY_OWN, MOVED, Movement
from causalvalues.reports.parts import Claim, closing, effect_words, opening
from causalvalues.reports.settings import KangSettings
from causalvalues.scene.nouns import Scene
from causalvalues.study.blocking import BLOCKED
from causalvalues.study.document import Block, Bullets, Cell, Heading, Paragraph, Picture, Table

TITLE = "Expected and unexpected changes (after Kang et al.)"
ABOUT = (
    "For every lever (a prompt, or a steering feature) and every value: how many units went up, down or stayed. When "
    "the value that a lever steers changes, the graph expects its descendants to change and the others not to; this is "
    "put to a test.",
    "Kang et al. (Findings of ACL 2025) steer a model with sparse autoencoder features and roles, learn a graph with "
    "the PC algorithm from all rows pooled, and compare the mean share of changes of expected and unexpected values "
    "(Gemma prompts .690 and .560). No null, interval or sign is given; what changed is counted as steered.",
    "Nulls: the same graph with its labels exchanged, and random graphs with as many arrows. Mean effects with "
    "intervals robust to repeated rows of one unit, and a false discovery rate over all cells. The spread over the "
    "graphs that fit about equally well. Tests by what a lever steers, beside the published count.",
)


def kang_blocks(given: Given, found: Kang) -> Made:
    """Return the page with its figures, without further files."""
    asked = given.asked(KangSettings)
    pictures = {stem: Picture(stem, scene) for stem, scene in _scenes(given, found).items()}
    blocks: list[Block] = [
        *opening(TITLE, _lead(found, asked.fdr), ABOUT),
        *_test_blocks(found, pictures),
        *_lever_blocks(given, found),
        *_table_blocks(given, found, pictures, asked.fdr),
        *closing("kang", given, _claims(found), _caveats(found)),
    ]
    return Made(TITLE, blocks)


def _lead(found: Kang, fdr: float) -> list[Claim]:
    counts = found.table["verdict"].value_counts()
    up, down, rest = (int(counts.get(name, 0)) for name in ("up", "down", "not shown"))
    own = found.table[found.table["own"]]
    hit = int((own["verdict"] == "up").sum())
    moved = (
        "Changes.",
        f"Of {len(found.table)} cells (lever x value) {up} go up and {down} down at a false discovery rate of "
        f"{number(fdr)}; {rest} are not shown to move. {hit} of {len(own)} levers raise the value that they steer.",
    )
    main = found.main
    if main is None:
        empty = "The learned graph has no arrow that is more probable than not, so it expects nothing to move."
        why = found.skipped[0] if found.skipped and found.graph.edges else empty
        return [moved, ("Not tested.", why), *_reference_lines(found)]
    said = (
        f"Values that the learned graph expects to change with the steered one changed in {number(main.expected)} of "
        f"the cases, others in {number(main.unexpected)}. With the graph's labels exchanged a difference as large has "
        f"p = {number(main.test.p, 3)}, among random graphs p = {number(main.random_p, 3)}."
    )
    verdict = "The graph does not say what moves." if main.test.p > 0.05 else _also(main)
    return [("Expected changes.", f"{said} {verdict}"), moved, *_reference_lines(found)]


def _reference_lines(found: Kang) -> list[Claim]:
    for each in found.tests:
        if each.graph == REFERENCE and each.what == MOVED:
            said = f"{number(each.expected)} of the expected and {number(each.unexpected)} of the other values changed"
            return [("The reference graph.", f"By {each.pushed}: {said}; p = {number(each.test.p, 3)} by labels.")]
    return []


def _also(main: Movement) -> str:
    if main.random_p <= 0.05:
        return "Both nulls are rejected: what is downstream moves more."
    return "Random graphs do as well, so it is the few sensitive values, not the arrows, that are found."


def _test_blocks(found: Kang, pictures: dict[str, Picture]) -> list[Block]:
    rows: list[tuple[Cell, ...]] = []
    for each in found.tests:
        what = (each.graph, each.pushed, each.what)
        low, high = np.quantile(each.test.permuted, [0.05, 0.95])
        null = f"{number(float(each.test.permuted.mean()))} [{number(float(low))}, {number(float(high))}]"
        p = number(each.test.p, 3)
        random = number(each.random_p, 3)
        rows.append((*what, each.expected, each.unexpected, each.test.difference, null, p, random))
    columns = ("Graph", "Pushed", "Measured", "Expected", "Unexpected", "Difference", "Under exchange", "p", "p random")
    said = (
        "Mean over steered values of the mean over their descendants (expected) and over the other values "
        "(unexpected). Under exchange: mean and central 90% of the difference when the labels of the graph are "
        "exchanged; p: one-sided, by exchange of labels, and among 200 random graphs with as many arrows."
    )
    blocks: list[Block] = [Heading("Do expected values change more?")]
    if found.blocked:
        blocks.append(
            Paragraph(
                f"{BLOCKED.capitalize()}: single arrows of this graph may not be claimed; it is tested as a whole."
            )
        )
    if rows:
        blocks.append(Table(columns, tuple(rows), said))
    if "nulls" in pictures:
        blocks.append(pictures["nulls"])
    if len(found.draws):
        low, high = np.quantile(found.draws, [0.05, 0.95])
        blocks.append(
            Paragraph(
                f"Over {len(found.draws)} graphs that the data leave possible, the difference by what the lever steers "
                f"(share that changed) is {effect_words(float(found.draws.mean()), float(low), float(high))} (central "
                "90% of the graphs)."
            )
        )
    return [*blocks, *([Bullets(tuple(("Not tested.", said) for said in found.skipped))] if found.skipped else [])]


def _lever_blocks(given: Given, found: Kang) -> list[Block]:
    rows: list[tuple[Cell, ...]] = []
    for row in found.levers.to_dict("records"):
        parts = (float(row["expected"]), float(row["unexpected"]), number(float(row["p"]), 3))
        who = (str(row["lever"]), given.label(str(row["value"])), str(row["known"]), str(row["units"]))
        rows.append((*who, str(row["descendants"]), *parts))
    columns = ("Lever", "Steers", "Known", "Units", "Descendants", "Expected", "Unexpected", "p")
    said = (
        "Share of (unit, value) cells that changed, among the descendants of the steered value and among the others; "
        "p by exchange of labels for this lever alone, not corrected for the number of levers."
    )
    return [Heading("Lever by lever"), Table(columns, tuple(rows), said)]


def _table_blocks(given: Given, found: Kang, pictures: dict[str, Picture], fdr: float) -> list[Block]:
    wide = found.table.assign(cell=[_cell(row) for row in found.table.to_dict("records")])
    grid = wide.pivot_table(index="lever", columns="value", values="cell", aggfunc="first", sort=True)
    rows = tuple(
        (str(lever), *(str(cell) for cell in row)) for lever, row in zip(grid.index, grid.to_numpy(), strict=True)
    )
    columns = ("Lever", *(given.label(str(name)) for name in grid.columns))
    limits = found.changes.same
    size = (
        "exactly zero"
        if not limits.any()
        else f"at most {number(float(limits.min()))} to {number(float(limits.max()))}"
    )
    said = (
        f"Units that went up / down, in percent of those asked with and without the lever; a change of {size} score "
        "units counts as the same. An asterisk: the mean effect is called up (+) or down (\u2212) at a false discovery "
        f"rate of {number(fdr)} over all cells. Counts, shares (Wilson intervals), means, p, q: tables/changes.csv."
    )
    return [Heading("Up, down, same"), Table(columns, rows, said), pictures["effects"]]


def _cell(row: Mapping[Any, Any]) -> str:
    mark = {"up": " +*", "down": " \u2212*"}.get(str(row["verdict"]), "")
    up, down = (float(row[name]) for name in ("share_up", "share_down"))
    if not np.isfinite(up):
        return "\u2013"
    return f"{100 * up:.0f} / {100 * down:.0f}{mark}"


def _scenes(given: Given, found: Kang) -> dict[str, Scene]:
    theory = given.answers.theory
    index, columns = sorted(set(found.changes.levers)), list(found.changes.values)
    scale = dict(zip(found.changes.values, found.changes.scale, strict=True))
    tables = []
    for what in ("mean", "lower", "upper"):
        long = found.table.assign(number=found.table[what] / found.table["value"].map(scale))
        tables.append(
            long.pivot_table(index="lever", columns="value", values="number", dropna=False).loc[index, columns]
        )
    unknown = pd.DataFrame(np.nan, index, columns)
    heat = effects_heatmap(
        Effects(tables[0], tables[1], tables[2], unknown, unknown, given.level), theory, title="What each lever moved"
    )
    caption = (
        "Mean change of each value (columns) under each lever (rows), same units with and without it, in standard "
        f"deviations of the rows without lever. Bold: the {given.level:.0%} interval excludes zero."
    )
    scenes = {"effects": replace(heat, caption=caption)}
    if found.tests:
        scenes["nulls"] = _nulls(found)
    return scenes


def _nulls(found: Kang) -> Scene:
    ends = np.array([np.quantile(each.test.permuted, [0.05, 0.5, 0.95]) for each in found.tests])
    kinds = [
        Dots("labels exchanged, central 90%", BAND, tuple(ends[:, 1]), tuple(ends[:, 0]), tuple(ends[:, 2])),
        Dots("expected less unexpected", FILLED, tuple(each.test.difference for each in found.tests)),
    ]
    words = DotText(
        "Expected less unexpected changes",
        "difference (share of cases, or standard deviations)",
        "Mean change of the values that the graph expects to move, less that of the others (both beside it). Grey: the "
        "central 90% of this difference when the labels of the graph are exchanged.",
        "expected, unexpected",
    )
    beside = [f"{number(each.expected)}, {number(each.unexpected)}" for each in found.tests]
    return dot_plot([_short(each) for each in found.tests], kinds, words, beside)


def _short(each: Movement) -> str:
    pushed = "by what is steered" if each.pushed == BY_OWN else "as published"
    what = "share moved" if each.what == MOVED else "size (SD)"
    return f"{each.graph}, {pushed}: {what}"


def _claims(found: Kang) -> list[Claim]:
    return [
        ("What a lever does to a value", "by design: the same units with and without the lever"),
        ("What a lever steers", "as given or by its name; \u201cmoved most\u201d is chosen from the same data"),
        ("Which values are descendants", "by graph" + (": blocked by measurement error" if found.blocked else "")),
        ("That descendants move more", "exchange of labels: needs no model of the changes"),
    ]


def _caveats(found: Kang) -> list[str]:
    said = [
        "The graph is learned from the same rows. A lever's mean effect is taken out before arrows between values are "
        "learned, but how strongly a value responds in general may still shape both.",
        "Exchange of labels is rejected, too, when values at the end of the graph move more whatever is pushed.",
    ]
    if any(known == "moved most" for _, known in found.own.values()):
        said.append(
            "For levers without a named value, the value that they moved most counts as steered. It was picked "
            "because it moved; it is left out of both sides of the comparison."
        )
    return said
