"""What the report of a loop says about kinds of levers: a line, a table, a figure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from causalvalues.figures.dot_plot import FILLED, HOLLOW, Dots, DotText, dot_plot
from causalvalues.loop.kinds import BOTH, NOTHING, PROMPTS, KindsTest
from causalvalues.loop.settings import LoopSettings
from causalvalues.numerals import estimate, number
from causalvalues.scene.nouns import Scene
from causalvalues.study.document import Block, Cell, Paragraph, Table

COLUMNS = (
    *("error", "lower", "upper", "less", "less_lower", "less_upper"),
    *("seen_error", "seen_lower", "seen_upper", "first_error", "first_lower", "first_upper"),
    *("asks", "kept", "side_effect"),
)


SHOWN = (
    ("seen_error", "seen_lower", "seen_upper"),
    ("first_error", "first_lower", "first_upper"),
    ("error", "lower", "upper"),
)
LOOPS_ROWS = (
    " Loop's rows: error of the same levers in the rows that the loop chose by; compare it with the first plan."
)
KEPT = " Kept: share of the targets whose chosen levers keep guardrails and budget in the rows of the error."


def kinds_line(found: KindsTest) -> tuple[str, str]:
    """Return the first line: whether both kinds together come nearer than prompts alone."""
    whole, low, high, error = (_cell(found, PROMPTS, name) for name in ("less", "less_lower", "less_upper", "error"))
    told = f"{estimate(whole, low, high, 3)} (90% interval)"
    if math.isnan(low):
        said = "cannot be told from prompts alone, for an interval needs three steered personas or more"
        told = number(whole, 3)
    elif low > 0:
        said = "come nearer than prompts alone"
    elif high < 0:
        said = "stay farther away than prompts alone"
    else:
        said = "are not told apart from prompts alone"
    errors = f"{number(_cell(found, BOTH, 'error'), 3)} against {number(error, 3)}"
    return (
        "Prompts and levers inside.",
        f"Both kinds together {said}: mean absolute error {errors}, difference {told}"
        f"{', in sealed rows' if found.sealed else ''}. {_kept_line(found)} Both at once were chosen for "
        f"{100 * found.mixed:.0f}% of the targets.",
    )


def _kept_line(found: KindsTest) -> str:
    """Return where the limits were kept."""
    both, prompts = (_cell(found, kind, "kept") for kind in (BOTH, PROMPTS))
    if math.isnan(both):
        return "There were no limits on what levers may cost."
    if not found.sealed:
        return "All levers that were chosen keep guardrails and budget in these rows."
    return (
        "All levers that were chosen keep guardrails and budget in the rows that the loop chose by; in sealed rows "
        f"they do for {100 * both:.0f}% of the targets (both kinds) and {100 * prompts:.0f}% (prompts alone)."
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
            "was chosen whose measured answers do, in the rows that the loop chose by."
        )
    text = (
        "Every target was steered towards three times, from the same predictions: with all levers, with prompts alone "
        f"and with levers inside the model alone, at most {settings.levers.most} at a time. {said}{budget} Intervals: "
        "90%, t over the personas that are steered; none with fewer than three."
    )
    return [Paragraph(text), _table(found)]


def _table(found: KindsTest) -> Table:
    beside = [str(name) for name in found.table if name not in COLUMNS]
    also = ["seen_error"] if found.sealed else []
    limited = not math.isnan(_cell(found, BOTH, "kept"))
    rows: list[tuple[Cell, ...]] = []
    for kind, row in found.table.iterrows():
        less = "" if kind == BOTH else estimate(row["less"], row["less_lower"], row["less_upper"], 3)
        told = [row[name] for name in (*also, "first_error", "side_effect", *beside)]
        cells = ["" if math.isnan(one) else number(float(one), 3) for one in told]
        if limited:
            cells.append("" if math.isnan(row["kept"]) else f"{100 * row['kept']:.0f}%")
        asks = "" if math.isnan(row["asks"]) else f"{row['asks']:.1f}"
        rows.append((str(kind), estimate(row["error"], row["lower"], row["upper"], 3), less, *cells, asks))
    heads = ("Error", "More than both kinds", *(["Loop's rows"] if also else []), "First plan", "Side effect")
    told_of = f" {' and '.join(beside).capitalize()}: mean change under the chosen levers." if beside else ""
    where = "Errors in sealed rows" if found.sealed else "Errors in the rows that the loop chose by"
    return Table(
        ("Levers", *heads, *(name.capitalize() for name in beside), *(["Kept"] if limited else []), "Asks"),
        tuple(rows),
        f"{where}, score units.{LOOPS_ROWS if also else ''} First plan: error of the plan that was made before "
        "anything was asked for the target, in the rows that the loop chose by. Side effect: mean absolute change of "
        f"the values that are not wanted, guardrails left out.{told_of}{KEPT if limited else ''}",
    )


def _ends(found: KindsTest, kinds: Sequence[str], names: Sequence[str]) -> tuple[tuple[float, ...], ...]:
    """Return means, lower and upper ends of some kinds."""
    return tuple(tuple(_cell(found, kind, name) for kind in kinds) for name in names)


def kinds_figure(found: KindsTest) -> Scene:
    """Draw the mean error with each kind of lever, chosen by the loop and by its first plan, in rows of one wording.

    With sealed rows, what the loop chose stands there, too, in rows of its own.
    """
    kinds = [str(kind) for kind in found.table.index if kind != NOTHING]
    seen, first, told = (_ends(found, kinds, names) for names in SHOWN)
    rows, where = kinds, "All in the rows that the loop chose by"
    if found.sealed:
        rows = [*kinds, *(f"{kind}, sealed rows" for kind in kinds)]
        none = tuple(math.nan for _ in kinds)
        seen = tuple(one + other for one, other in zip(seen, told, strict=True))
        first = tuple(one + none for one in first)
        where = "Above: the rows that the loop chose by; below: sealed rows, in which nothing was chosen"
    dots = [Dots("after the loop", FILLED, *seen), Dots("first plan", HOLLOW, *first)]
    words = DotText(
        title="How near does each kind of lever come?",
        axis="mean absolute error (score units), 90% interval",
        caption=(
            f"Mean absolute error over {len(found.errors)} targets, steered towards with each kind of lever; with no "
            f"lever it is {number(_cell(found, NOTHING, 'error'), 3)}{' in sealed rows' if found.sealed else ''}. "
            "Filled: levers chosen by the loop; hollow: the first plan, before anything was asked. "
            f"{where}. Intervals: 90%, over the personas that are steered."
        ),
        decimals=3,
        zero=False,
        numbers=True,
    )
    return dot_plot(rows, dots, words)
