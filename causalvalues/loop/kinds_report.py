"""What the report of a loop says about kinds of levers: a line, a table, a figure."""

from __future__ import annotations

import math

from causalvalues.figures.dot_plot import FILLED, HOLLOW, Dots, DotText, dot_plot
from causalvalues.loop.kinds import BOTH, NOTHING, PROMPTS, KindsTest
from causalvalues.loop.settings import LoopSettings
from causalvalues.numerals import estimate, number
from causalvalues.scene.nouns import Scene
from causalvalues.study.document import Block, Cell, Paragraph, Table

COLUMNS = ("error", "lower", "upper", "less", "less_lower", "less_upper", "first_error", "asks", "side_effect")


def kinds_line(found: KindsTest) -> tuple[str, str]:
    """Return the first line: whether both kinds together come nearer than prompts alone."""
    whole, low, high, error = (_cell(found, PROMPTS, name) for name in ("less", "less_lower", "less_upper", "error"))
    less = estimate(whole, low, high, 3)
    if low > 0:
        said = "come nearer than prompts alone"
    elif high < 0:
        said = "stay farther away than prompts alone"
    else:
        said = "are not told apart from prompts alone"
    errors = f"{number(_cell(found, BOTH, 'error'), 3)} against {number(error, 3)}"
    return (
        "Prompts and levers inside.",
        f"Both kinds together {said}, within the same guardrails: mean absolute error {errors}, difference {less} "
        f"(90% interval){', in sealed rows' if found.sealed else ''}. Both at once were chosen for "
        f"{100 * found.mixed:.0f}% of the targets.",
    )


def _cell(found: KindsTest, kind: str, column: str) -> float:
    return float(found.table[column].to_numpy()[list(found.table.index).index(kind)])


def kinds_blocks(found: KindsTest, settings: LoopSettings) -> list[Block]:
    """Return what was done, and the table."""
    limits = settings.guardrails
    said = "No guardrail was set, so that levers inside the model may cost what they like."
    drawn = settings.drawn
    budget = ""
    if drawn is not None and drawn.others is not None:
        budget = f" The other values may move by {number(drawn.others)} on average (mean absolute change)."
    if limits is not None and (limits.fluency is not None or limits.capability is not None):
        allowed = {"fluency": limits.fluency, "capability": limits.capability}
        kept = " and ".join(f"{name} {number(most, 2)}" for name, most in allowed.items() if most is not None)
        said = (
            f"No lever set was asked whose expected answers fall by more than this from the start: {kept}; and none "
            "was chosen whose measured answers do."
        )
    text = (
        "Every target was steered towards three times, from the same predictions: with all levers, with prompts alone "
        f"and with levers inside the model alone, at most {settings.levers.most} at a time. {said}{budget} Intervals: "
        "90%, bootstrap of the personas that are steered."
    )
    return [Paragraph(text), _table(found)]


def _table(found: KindsTest) -> Table:
    beside = [str(name) for name in found.table if name not in COLUMNS]
    rows: list[tuple[Cell, ...]] = []
    for kind, row in found.table.iterrows():
        less = "" if kind == BOTH else estimate(row["less"], row["less_lower"], row["less_upper"], 3)
        told = [row["first_error"], row["side_effect"], *(row[name] for name in beside)]
        cells = ("" if math.isnan(one) else number(float(one), 3) for one in told)
        asks = "" if math.isnan(row["asks"]) else f"{row['asks']:.1f}"
        rows.append((str(kind), estimate(row["error"], row["lower"], row["upper"], 3), less, *cells, asks))
    heads = ("Error", "More than both kinds", "First plan", "Side effect")
    told_of = f" {' and '.join(beside).capitalize()}: mean change under the chosen levers." if beside else ""
    where = "Errors in sealed rows" if found.sealed else "Errors in the rows that the loop chose by"
    return Table(
        ("Levers", *heads, *(name.capitalize() for name in beside), "Asks"),
        tuple(rows),
        f"{where}, score units. First plan: error of the plan that was made before anything was asked for the target. "
        "Side effect: mean absolute change of the values that are not wanted." + told_of,
    )


def kinds_figure(found: KindsTest) -> Scene:
    """Draw the mean error with each kind of lever, chosen by the loop and by its first plan."""
    kinds = [str(kind) for kind in found.table.index if kind != NOTHING]
    table = found.table.loc[kinds]
    ends = (tuple(float(each) for each in table[what]) for what in ("error", "lower", "upper"))
    first = tuple(float(each) for each in table["first_error"])
    dots = [Dots("after the loop", FILLED, *ends), Dots("first plan", HOLLOW, first)]
    words = DotText(
        title="How near does each kind of lever come?",
        axis="mean absolute error (score units), 90% interval",
        caption=(
            f"Mean absolute error over {len(found.errors)} targets, steered towards with each kind of lever within the "
            f"same guardrails; with no lever it is {number(_cell(found, NOTHING, 'error'), 3)}. Filled: "
            f"levers chosen by the loop{', in sealed rows' if found.sealed else ''}; hollow: the first plan, before "
            "anything was asked."
        ),
        decimals=3,
        zero=False,
        numbers=True,
    )
    return dot_plot(kinds, dots, words)
