"""What a side-effect fan says in words: what was done, caption, alternative text and its numbers as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from causalvalues.interventions import Set
from causalvalues.model.side_effects import SideEffects
from causalvalues.numerals import estimate, number, percent
from causalvalues.scene.nouns import Cell, number_cell


@dataclass(frozen=True)
class Fan:
    """What is drawn: the values from top to bottom, their names as shown and the page."""

    found: SideEffects
    order: tuple[str, ...]
    shown: Mapping[str, str]
    width: float
    widest: tuple[float, Mapping[str, tuple[float, float]]] = field(init=False)

    def __post_init__(self) -> None:
        level, band = self.found.bands[-1]
        pairs = {name: (float(band["lower"][name]), float(band["upper"][name])) for name in band.index}
        object.__setattr__(self, "widest", (level, pairs))

    def of(self, name: str, column: str) -> float:
        """Return a number of a value."""
        return float(self.found.table[column][name])


def action_words(fan: Fan) -> tuple[str, str]:
    """Return the node as shown, and what is done to it."""
    does = fan.found.intervention
    said = (
        f"= {number(does.value)}" if isinstance(does, Set) else ("+" if does.amount >= 0 else "") + number(does.amount)
    )
    return fan.shown[does.node], said


def fan_caption(fan: Fan, shorter: int, order: str) -> str:
    """Return the caption; `shorter` says which numbers had room beside the rows, `order` how these are ordered."""
    node = action_words(fan)[0]
    levels = " and ".join(percent(level) for level, _ in fan.found.bands)
    words = [
        f"Change of the mean of every other value when {node} is {_done(fan)}, {order}. Dot: mean over the draws; "
        f"bands: {levels} intervals, the narrower the darker. P(> 0): probability of a rise; what is missing to 1 is "
        "the probability of a fall or of no change at all."
    ]
    if fan.found.table["direct"].notna().any():
        words.append(
            "Tick: the part that comes directly; the rest goes through other values. Thick lines: a direct edge is "
            "more probable than not."
        )
    if shorter:
        words.append("Intervals as numbers are in the table of this figure.")
    return " ".join(words)


def _done(fan: Fan) -> str:
    does = fan.found.intervention
    if isinstance(does, Set):
        return f"set to {number(does.value)}"
    return f"{'raised' if does.amount >= 0 else 'lowered'} by {number(abs(does.amount))}"


def fan_alt(fan: Fan) -> str:
    """Return what can be seen, the largest changes first."""
    band = fan.widest[1]
    ranked = sorted(fan.order, key=lambda name: -abs(fan.of(name, "mean")))
    phrases = [f"{fan.shown[name]} {estimate(fan.of(name, 'mean'), *band[name])}" for name in ranked[:8]]
    more = f"; {len(ranked) - 8} more with smaller changes" if len(ranked) > 8 else ""
    return f"Side effects when {action_words(fan)[0]} is {_done(fan)}, the largest first: {'; '.join(phrases)}{more}."


def fan_columns(found: SideEffects) -> tuple[str, ...]:
    """Return the heads of the table."""
    ends = tuple(f"{end} {percent(level)}" for level, _ in found.bands for end in ("lower", "upper"))
    return ("value", "mean", *ends, "positive", "negative", "direct", "direct_probability")


def fan_cells(fan: Fan, name: str) -> tuple[Cell, ...]:
    """Return the row of a value in the table."""
    ends = [float(band[end][name]) for _, band in fan.found.bands for end in ("lower", "upper")]
    numbers: Sequence[float] = [fan.of(name, "mean"), *ends]
    numbers = [*numbers, *(fan.of(name, each) for each in ("positive", "negative", "direct", "direct_probability"))]
    return (name, *map(number_cell, numbers))
