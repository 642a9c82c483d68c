"""The page of the report ``adaem``."""

from __future__ import annotations

import math

import numpy as np

from causalvalues.figures.dot_plot import BAND, FILLED, HOLLOW, Dots, DotText, dot_plot
from causalvalues.numerals import number
from causalvalues.reports.adaem import LEVERS, Adaem
from causalvalues.reports.adaem_priming import CENTRED, OPPOSITE, RAW, SAME, SIDES, TARGET
from causalvalues.reports.frame import Given, Made
from causalvalues.reports.parts import Claim, closing, opening, range_words
from causalvalues.scene.nouns import Scene
from causalvalues.study.document import Block, Cell, Heading, Paragraph, Picture, Table

TITLE = "Which questions tell respondents apart (after AdAEM)"
ABOUT = (
    "For every item: how much one answer tells about which group gave it, beyond chance; how much it tells about its "
    "own value and about others; and which items separate nobody. Then a priming check: when one value is raised, its "
    "own side of the circle should rise and the opposite side fall.",
    "AdAEM (ICLR 2026) searches questions that maximise a generalised Jensen-Shannon divergence between models, with a "
    "penalty for the question's own value, and ranks models on them. Its priming check reports +31% for the primed "
    "value, \u221258% for opposing and +17% for neighbouring ones.",
    "The same divergence with its value by chance (labels exchanged within units), a false discovery rate, and what "
    "the item tells about values in bits; the priming check lever by lever with intervals, as it is and beside the "
    "mean of all values, because win rates are relative and scores are not.",
)
PATTERN = "target up and opposite group down, both intervals without zero"


def adaem_blocks(given: Given, found: Adaem) -> Made:
    """Return the page with its figures, without further files."""
    pictures = {stem: Picture(stem, scene) for stem, scene in _scenes(found).items()}
    blocks: list[Block] = [
        *opening(TITLE, _lead(found), ABOUT),
        *_item_blocks(given, found, pictures),
        *_set_blocks(found),
        *_saturation_blocks(found),
        *_priming_blocks(given, found, pictures),
        *closing("adaem", given, _claims(found), _caveats(found)),
    ]
    return Made(TITLE, blocks)


def _lead(found: Adaem) -> list[Claim]:
    best = found.items.iloc[0]
    counts = found.items["verdict"].value_counts()
    said = ", ".join(f"{int(counts[name])} {name}" for name in sorted(counts.index))
    most = math.log2(len(found.groups.names))
    lead = [
        (
            "Most informative.",
            f"{found.items.index[0]}: one answer tells {number(float(best['bits']))} of {number(most)} bits about "
            f"which of {len(found.groups.names)} {_kind(found)} it is from, by chance {number(float(best['chance']))}.",
        ),
        ("Items.", f"Of {len(found.items)}: {said}."),
    ]
    if found.skipped:
        return [*lead, ("Priming.", found.skipped)]
    words = []
    for scale in (RAW, CENTRED):
        mine = found.pattern[(found.pattern["scale"] == scale) & (found.pattern["lever"] != "all levers")]
        words.append(f"{int(mine['holds'].sum())} of {len(mine)} levers {scale}")
    return [*lead, ("Priming.", f"The pattern ({PATTERN}) holds for {' and '.join(words)}.")]


def _kind(found: Adaem) -> str:
    return "levers" if found.by == LEVERS else f"groups ({found.by})"


def _item_blocks(given: Given, found: Adaem, pictures: dict[str, Picture]) -> list[Block]:
    rows: list[tuple[Cell, ...]] = []
    for name, row in found.items.head(found.asked.most).iterrows():
        value = given.label(str(row["value"]))
        tells = (float(row["bits"]), float(row["chance"]), number(float(row["q"]), 3))
        other = (
            f"{number(float(row['other']))} ({given.label(str(row['other_value']))})"
            if row["other_value"]
            else "\u2013"
        )
        rows.append((str(name), value, *tells, float(row["own"]), other, str(row["verdict"])))
    columns = ("Item", "Value", "Bits", "By chance", "q", "Own value", "Another value", "Verdict")
    said = (
        f"The {len(rows)} items that tell most beyond chance. Bits: generalised Jensen-Shannon divergence between the "
        f"{len(found.groups.names)} {_kind(found)}, each with the same weight; by chance: its mean over "
        f"{found.asked.permutations} exchanges of labels {_exchange(found)}; q: false discovery rate at which it is "
        "called. Own value, another value: bits about the score of the value (from its other items) in rows without "
        "lever, if normal. All items: tables/items.csv."
    )
    return [Heading("Items by what their answers tell"), pictures["items"], Table(columns, tuple(rows), said)]


def _exchange(found: Adaem) -> str:
    return "within units" if found.groups.within else "between units"


def _set_blocks(found: Adaem) -> list[Block]:
    if found.unchosen:
        return [Heading("A short set"), Paragraph(found.unchosen)]
    rows = tuple(
        (str(row["item"]), float(row["alone"]), f"{number(float(row['least']))} to {number(float(row['most']))}")
        for row in found.chosen.to_dict("records")
    )
    said = (
        "Items chosen one by one, each telling most beside those above it, as if answers were normal in each group. "
        "Alone: bits about the group; together: bounds of what it and those above tell, of at most "
        f"{number(math.log2(len(found.groups.names)))} bits."
    )
    return [Heading("A short set"), Table(("Item", "Alone", "Together"), rows, said)]


def _saturation_blocks(found: Adaem) -> list[Block]:
    rows = tuple(
        (str(name), str(row["verdict"]), float(row["bits"]), number(float(row["q"]), 3), float(row["same"]))
        for name, row in found.items[found.items["verdict"] != "informative"].sort_values("beyond").iterrows()
    )[: found.asked.most]
    if not rows:
        return [Heading("Items to look at"), Paragraph("Every item separates the groups and speaks of its own value.")]
    said = (
        f"The {len(rows)} that tell least. Saturated: nearly all rows give one answer, or the item hardly varies. "
        f"Separates nobody: not called at the false discovery rate of {number(found.asked.fdr)}. Speaks of another "
        "value: tells more about another value than about its own. Same answer: share of the most common one."
    )
    return [Heading("Items to look at"), Table(("Item", "Why", "Bits", "q", "Same answer"), rows, said)]


def _priming_blocks(given: Given, found: Adaem, pictures: dict[str, Picture]) -> list[Block]:
    blocks: list[Block] = [Heading("Priming: does the circle answer?")]
    if found.skipped:
        return [*blocks, Paragraph(found.skipped)]
    blocks.append(pictures["priming"])
    rows: list[tuple[Cell, ...]] = []
    for (lever, value), part in found.priming.groupby(["lever", "value"], sort=True):
        cells = {(row["scale"], row["side"]): row for row in part.to_dict("records")}
        words = []
        for scale in (RAW, CENTRED):
            for side in SIDES:
                row = cells.get((scale, side))
                words.append("\u2013" if row is None else range_words(row, True, ("effect", "lower", "upper")))
        passed = found.pattern[found.pattern["lever"] == lever].set_index("scale")["holds"]
        verdict = " / ".join("yes" if bool(passed.get(scale, False)) else "no" for scale in (RAW, CENTRED))
        rows.append((str(lever), given.label(str(value)) if value else "", *words, verdict))
    heads = [f"{side[:1].upper()}{side[1:]}{mark}" for mark in ("", ", centred") for side in SIDES]
    said = (
        "What each lever did to its own value, to the others of its group, and to the opposite group of the theory, in "
        "standard deviations; centred: less the unit's mean change over all values. Pattern: "
        f"{PATTERN}, as it is / centred. Published, for win rates: +31%, +17%, \u221258%."
    )
    return [*blocks, Table(("Lever", "Steers", *heads, "Pattern"), tuple(rows), said)]


def _scenes(found: Adaem) -> dict[str, Scene]:
    shown = found.items.head(found.asked.most)
    names = [str(name) for name in shown.index]
    bits, chance = (tuple(float(each) for each in shown[what]) for what in ("bits", "chance"))
    kinds = [Dots("by chance", HOLLOW, chance), Dots("one answer", FILLED, bits)]
    words = DotText(
        "What one answer tells",
        f"bits about which of {len(found.groups.names)} {_kind(found)} answered",
        "Generalised Jensen-Shannon divergence between groups, for the items that tell most, beside its mean when the "
        "labels of the groups are exchanged.",
        "own value",
    )
    beside = [f"{number(float(each))} bits" for each in shown["own"]]
    scenes = {"items": dot_plot(names, kinds, words, beside)}
    if len(found.priming):
        scenes["priming"] = _priming_scene(found)
    return scenes


def _priming_scene(found: Adaem) -> Scene:
    mine = found.priming[found.priming["scale"] == CENTRED]
    levers = [*sorted(set(mine["lever"]) - {"all levers"}), "all levers"]
    kinds = []
    for side, style in ((OPPOSITE, HOLLOW), (TARGET, FILLED)):
        by_lever = mine[mine["side"] == side].set_index("lever")
        ends = [
            tuple(float(by_lever.loc[lever, what]) if lever in by_lever.index else np.nan for lever in levers)
            for what in ("effect", "lower", "upper")
        ]
        kinds.append(Dots(side, style, *ends))
    same = mine[mine["side"] == SAME].set_index("lever")
    low, high = (
        tuple(float(same.loc[lever, end]) if lever in same.index else np.nan for lever in levers)
        for end in ("lower", "upper")
    )
    kinds.insert(0, Dots(SAME, BAND, tuple(np.nan for _ in levers), low, high))
    words = DotText(
        "Priming",
        "change beside the mean of all values (standard deviations)",
        "Change of the steered value (filled), of the opposite group of the theory (hollow) and of the others of its "
        "own group (grey, interval), less each unit's mean change over all values. The theory expects filled right, "
        "hollow left of zero.",
    )
    return dot_plot(levers, kinds, words)


def _claims(found: Adaem) -> list[Claim]:
    return [
        ("That an item separates groups", f"exchange of labels {_exchange(found)}: needs no model of the answers"),
        ("What an item tells about values", "correlations in rows without lever, as if normal"),
        ("What priming did", "by design: the same units with and without the lever"),
        ("Which side is opposite", "by the theory"),
    ]


def _caveats(found: Adaem) -> list[str]:
    said = ["An item that separates these groups need not separate others."]
    if found.by == LEVERS:
        said.append(
            "The groups here are the levers: an item that tells them apart reacts to prompts. To find items that tell "
            "models apart, give answers of several models and their label."
        )
    return said
