"""The page of the report ``valuepilot``."""

from __future__ import annotations

import numpy as np
import pandas as pd

from causalvalues.figures.dot_plot import FILLED, HOLLOW, Dots, DotText, dot_plot
from causalvalues.numerals import interval, number, percent
from causalvalues.reports.frame import Given, Made
from causalvalues.reports.parts import Claim, closing, opening
from causalvalues.reports.valuepilot import Valuepilot
from causalvalues.reports.valuepilot_actions import preference_weights
from causalvalues.reports.valuepilot_methods import CAP, METHODS
from causalvalues.reports.valuepilot_rankings import beyond_chance, chance_similarity
from causalvalues.scene.nouns import Scene
from causalvalues.study.document import Block, Cell, Heading, Paragraph, Picture, Table

TITLE = "Which action to take: rankings by predicted profiles (after ValuePilot)"
ABOUT = (
    "Every candidate action (a set of levers, or doing nothing) leads to a predicted profile of values. A respondent's "
    "preferences say how much each value matters; five methods turn both into a ranking, with the chance of being "
    "first. Given rankings, by people or by another system, are compared with it, beyond chance.",
    "ValuePilot trains networks to rate actions on six values and ranks them by preferences with an outranking method; "
    "reported agreement with 40 people: OS-Sim 73.16, First-Acc 46.14. A random ranking scores 60.56 on its data.",
    "Outcomes come from a fitted model of what levers do, with its uncertainty carried into the ranks; the exact level "
    "of agreement by chance, and agreement beyond it.",
)
PUBLISHED = (("ValuePilot", 0.7316), ("GPT-5", 0.6923))
PUBLISHED_CHANCE = 0.6056


def valuepilot_blocks(given: Given, found: Valuepilot) -> Made:
    """Return the page with its figures, without further files."""
    pictures = {stem: Picture(stem, scene) for stem, scene in {"ranking": _scene(found)}.items()}
    blocks: list[Block] = [
        *opening(TITLE, _lead(found), ABOUT),
        *_preference_blocks(given, found),
        *_ranking_blocks(found, pictures),
        *_agreement_blocks(found),
        *closing("valuepilot", given, _claims(found), CAVEATS),
    ]
    return Made(TITLE, blocks)


def _row(found: Valuepilot, action: str, method: str) -> pd.Series:
    mine = found.table[(found.table["action"] == action) & (found.table["method"] == method)]
    return mine.iloc[0]


def _lead(found: Valuepilot) -> list[Claim]:
    method = found.asked.first
    best, second = found.order(method)[:2]
    chances = [percent(round(float(_row(found, action, method)["first"]), 3)) for action in (best, second)]
    tops = {each: found.order(each)[0] for each in METHODS}
    others = sorted({top for top in tops.values() if top != best})
    same = sum(top == best for top in tops.values())
    lead = [
        (
            "Best action.",
            f"{best} by {method}, first in {chances[0]} of the draws of the model; next {second} ({chances[1]}).",
        ),
        (
            "Methods.",
            f"{same} of {len(METHODS)} methods put it first"
            + (f"; the others prefer {', '.join(others)}." if others else "."),
        ),
    ]
    if found.agreed:
        each = found.agreed[method]
        raw, chance, beyond = (
            float(np.mean([getattr(one, what) for one in each])) for what in ("similarity", "chance", "corrected")
        )
        lead.append(
            (
                "Agreement.",
                f"With {len(each)} given rankings OS-Sim is {number(raw)}; a random ranking has {number(chance)}, so "
                f"{number(beyond)} beyond chance (0 random, 1 the same).",
            )
        )
    return lead


def _preference_blocks(given: Given, found: Valuepilot) -> list[Block]:
    used, weights = preference_weights(found.asked)
    rows = tuple(
        (given.label(name), float(found.asked.preferences[name]), float(each), float(weight))
        for name, each, weight in zip(sorted(found.asked.preferences), used, weights, strict=True)
    )
    said = "How much each value matters: as given, as used, and as a weight of sum 1."
    if found.asked.central:
        said += " Preferences are pulled away from the middle before use: 1 / (1 + exp(-10 (p - .5)))."
    return [Heading("Preferences"), Table(("Value", "Given", "Used", "Weight"), rows, said)]


def _ranking_blocks(found: Valuepilot, pictures: dict[str, Picture]) -> list[Block]:
    rows: list[tuple[Cell, ...]] = []
    for action in found.order(found.asked.first)[: found.asked.most]:
        row = _row(found, action, found.asked.first)
        places = (f"{_row(found, action, method)['rank']:g}" for method in METHODS)
        sure = f"{row['rank']:g} {interval(float(row['rank_lower']), float(row['rank_upper']), 0)}"
        rows.append((action, sure, float(row["first"]), *places))
    columns = ("Action", f"Rank by {found.asked.first}", "P(first)", *METHODS)
    said = (
        f"The best {len(rows)} of {len(found.found.actions)} actions by {found.asked.first}: rank of the mean "
        "profile with the central 90% of its ranks over the draws of the model, the share of draws in which it is "
        "first, and the ranks by each method. Ratings are places among the units without lever, Phi((score - mean) / "
        f"SD). PROMETHEE II: linear preference, full from a difference of {number(CAP)}; sigmoid flow: the published "
        "outranking with preference 1 / (1 + exp(-difference)). All actions: tables/rankings.csv."
    )
    return [Heading("The ranking"), pictures["ranking"], Table(columns, tuple(rows), said, ("P(first)",))]


def _agreement_blocks(found: Valuepilot) -> list[Block]:
    blocks: list[Block] = [Heading("Agreement with other rankings")]
    levels = ", ".join(f"{n} actions {number(chance_similarity(n), 3)}" for n in (4, 5, 6))
    told = ", ".join(
        f"{name} {number(score, 4)}: {number(beyond_chance(score, PUBLISHED_CHANCE))}" for name, score in PUBLISHED
    )
    blocks.append(
        Paragraph(
            "OS-Sim is the mean over depths d of the share of the best d that two rankings have in common. A random "
            f"ranking of n actions scores (n + 1) / (2 n) on average: {levels}. So a mix of 4 to 6 actions, as in the "
            "published study, lies between .583 and .625 by chance, whatever the mix; 11 scenarios of such lengths can "
            "have .6053 or .6061 but not .6056 exactly, which agrees with the reported 60.56 of a random ranking up to "
            f"the luck of a finite number of draws. Beyond chance at .6056, the published scores are: {told}."
        )
    )
    if not found.agreed:
        blocks.append(Paragraph("No other ranking was given ([report.valuepilot] rankings)."))
        return blocks
    rows: list[tuple[Cell, ...]] = []
    for method, each in found.agreed.items():
        parts = ("similarity", "chance", "corrected", "first", "first_chance", "first_corrected", "kendall")
        means = [float(np.mean([getattr(one, part) for one in each])) for part in parts]
        small = sum(one.p <= 0.05 for one in each)
        rows.append((method, *means, f"{small} of {len(each)}"))
    columns = (
        "Method",
        "OS-Sim",
        "By chance",
        "Beyond",
        "First-Acc",
        "By chance ",
        "Beyond ",
        "Kendall",
        "p at most .05",
    )
    said = (
        "Means over the given rankings. By chance: the exact expectation for a random ranking of as many actions; "
        "beyond: (found - chance) / (1 - chance). The last column: given rankings for which at most 5% of random "
        "rankings agree as well (OS-Sim)."
    )
    return [*blocks, Table(columns, tuple(rows), said)]


def _scene(found: Valuepilot) -> Scene:
    method = found.asked.first
    actions = found.order(method)[: found.asked.most]
    rows = [_row(found, action, method) for action in actions]
    others = [[float(_row(found, action, each)["rank"]) for each in METHODS if each != method] for action in actions]
    spread = Dots(
        f"rank by {method}, central 90% of draws",
        FILLED,
        *(tuple(float(row[what]) for row in rows) for what in ("rank", "rank_lower", "rank_upper")),
    )
    mean = Dots("mean rank by the other methods", HOLLOW, tuple(float(np.mean(each)) for each in others))
    words = DotText(
        "Actions by rank",
        f"rank among {len(found.found.actions)} actions (1 is best)",
        f"The best actions by {method}: rank of the mean profile and the central 90% of its ranks over the draws of "
        "the model; hollow: mean rank by the other methods. Beside it: share of draws in which the action is first.",
        "P(first)",
    )
    return dot_plot(actions, [mean, spread], words, [number(float(row["first"])) for row in rows])


def _claims(found: Valuepilot) -> list[Claim]:
    return [
        ("What an action leads to", f"by design, carried to one start by {found.model}"),
        ("The chance of being first", "draws of that model: its parameters, not its assumptions"),
        ("That an action is better", "by definition: the given preferences and the method"),
        ("Agreement by chance", "exact expectation over all rankings"),
    ]


CAVEATS = (
    "Methods differ in what they let one value make up for another; where they disagree the choice is the reader's.",
    "Values that the preferences do not name do not count, however far an action moves them.",
)
