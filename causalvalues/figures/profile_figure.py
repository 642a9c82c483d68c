"""Where a profile starts, where it should go and where it is predicted to end: as a radar or as a dot plot."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import pandas as pd

from causalvalues.errors import FigureError
from causalvalues.figures.circle import circle_layout
from causalvalues.figures.legend import Item, legend_rows
from causalvalues.figures.name_key import name_key
from causalvalues.figures.plan_figure import plan_figure
from causalvalues.figures.profile_rows import COLUMNS, ProfileRow, profile_dots, profile_rows, wanted_first
from causalvalues.figures.radar import Spokes, radar_grid, radar_ticks
from causalvalues.figures.row_frame import checked_width
from causalvalues.numerals import estimate, number
from causalvalues.planning.nouns import Plan
from causalvalues.scene.geometry import disc, polygon, rectangle, tidy
from causalvalues.scene.nouns import Mark, Scene, Segment, Shape, Text
from causalvalues.scene.palette import INK, MARGIN, NAME_SIZE, PAPER, POSITIVE, QUIET, blend
from causalvalues.theories.theory import ValueTheory

NUMBER_GAP = 10.0
"""Points from the rim to the middle of a number outside it."""
LARGEST_NUMBERED = 120.0
"""Largest rim with numbers in place of names, in points."""


@dataclass(frozen=True)
class DotRows:
    """A dot plot: the better choice for reading numbers."""


@dataclass(frozen=True)
class Radar:
    """A radar chart in the theory's order: the better choice for the shape of a whole profile.

    Parameters
    ----------
    low, high : float, optional
        Scores at the inner and the outer end of every spoke; default: a little around all scores.

    Raises
    ------
    FigureError
        If the ends are not finite or not in order.
    """

    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        ends = [end for end in (self.low, self.high) if end is not None]
        if not all(map(math.isfinite, ends)) or (len(ends) == 2 and not ends[0] < ends[1]):
            raise FigureError(f"A radar from {self.low} to {self.high} has no scale. Give finite ends, low < high.")


def profile_figure(
    profile: Plan | pd.DataFrame,
    style: DotRows | Radar | None = None,
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    *,
    width: float = 468.0,
) -> Scene:
    """Draw a predicted profile beside its start and its target.

    Parameters
    ----------
    profile : Plan or DataFrame
        A plan, or a table as its ``predicted``: indexed by value, ``mean`` and, where known, ``start, target, lower,
        upper`` (NaN: no target).
    style : DotRows or Radar, optional
        Default: `Radar()`.
    theory : ValueTheory, optional
        Order and names.
    labels : mapping of str to str, optional
        Names as shown; they win over the theory's.
    width : float, default 468
        Points.

    Returns
    -------
    Scene

    Raises
    ------
    FigureError
        If nothing is predicted, a radar has fewer than three values, or the width leaves no room.
    """
    checked_width(width)
    if isinstance(style, DotRows):
        return _dots(profile, theory, labels, width)
    predicted = profile.predicted if isinstance(profile, Plan) else profile
    rows = profile_rows(predicted, None, theory, labels)
    if len(rows) < 3:
        raise FigureError(f"A radar of {len(rows)} values has no area. Use DotRows().")
    spokes, named, bottom = _placed(rows, style or Radar(), width)
    grounds, texts = radar_ticks(rows, spokes)
    legend, below = legend_rows(_legend(rows), width, bottom)
    return Scene(
        kind="profile",
        width=width,
        height=tidy(bottom + below),
        marks=(*radar_grid(spokes), *grounds, *_rings(rows, spokes), *texts, *named, *legend),
        title="Predicted against target profile",
        caption=_caption(profile, spokes, theory, _has_band(rows)),
        alt=_alt("Radar chart", rows),
        columns=("value", *COLUMNS),
        rows=tuple((row.name, *row.cells()) for row in rows),
        provenance={"lowest score on a spoke": number(spokes.low), "highest": number(spokes.high)},
    )


def _dots(
    profile: Plan | pd.DataFrame, theory: ValueTheory | None, labels: Mapping[str, str] | None, width: float
) -> Scene:
    if isinstance(profile, Plan):
        return plan_figure(profile, None, theory, labels, width=width)
    rows = profile_rows(profile, None, theory, labels)
    rows = wanted_first(rows)
    drawn = profile_dots(rows, "", width)
    return Scene(
        kind="profile",
        width=width,
        height=drawn.height,
        marks=drawn.marks,
        title="Predicted against target profile",
        caption=_words(rows),
        alt=_alt("Dot plot", rows),
        columns=("value", *COLUMNS),
        rows=tuple((row.name, *row.cells()) for row in rows),
    )


def _placed(rows: Sequence[ProfileRow], style: Radar, width: float) -> tuple[Spokes, list[Mark], float]:
    """Return the spokes, their names (or numbers and a key), and where all of it ends."""
    low, high = _scale(rows, style)
    names = [row.name for row in rows]
    with suppress(FigureError):
        layout = circle_layout(names, {row.name: row.label for row in rows}, {}, {}, width)
        places = [layout.places[name] for name in names]
        x, y = (sum(getattr(place, at) for place in places) / len(places) for at in ("x", "y"))
        far = [math.dist((x, y), (place.x, place.y)) for place in places]
        if max(far) - min(far) < 0.5:
            named: list[Mark] = [text for place in places for text in place.names]
            return Spokes(x, y, min(far), len(rows), low, high), named, layout.height - 4
    rim = min(width / 2 - MARGIN - 2 * NUMBER_GAP, LARGEST_NUMBERED)
    if 2 * math.pi * rim < 2 * NAME_SIZE * len(rows):
        raise FigureError(f"{len(rows)} spokes find no room {width:g} points wide. Give more width, or use DotRows().")
    spokes = Spokes(width / 2, MARGIN + 2 * NUMBER_GAP + rim, rim, len(rows), low, high)
    key, bottom = name_key([row.label for row in rows], width, tidy(spokes.y + rim + 2 * NUMBER_GAP))
    return spokes, [*_numbers(spokes), *key], bottom


def _numbers(spokes: Spokes) -> list[Mark]:
    """Return a number outside the rim at each spoke."""
    marks: list[Mark] = []
    for k in range(spokes.n):
        x, y = spokes.at(k, spokes.rim + NUMBER_GAP)
        marks.append(Text(f"node-{k}-name", "name", x, tidy(y + 0.36 * NAME_SIZE), str(k + 1), NAME_SIZE, "middle"))
    return marks


def _scale(rows: Sequence[ProfileRow], style: Radar) -> tuple[float, float]:
    scores = [score for row in rows for score in row.scores()]
    if not scores:
        raise FigureError("There is nothing to draw: no score is known.")
    low, high = min(scores), max(scores)
    room = 0.05 * (high - low) or 0.5
    found = (low - room if style.low is None else style.low, high + room if style.high is None else style.high)
    if not found[0] < found[1]:
        raise FigureError(f"All scores lie outside the scale {found[0]:g} to {found[1]:g}. Give other ends.")
    return found


def _rings(rows: Sequence[ProfileRow], spokes: Spokes) -> list[Mark]:
    """Return interval band, start, target and predicted ring, in this order."""
    marks: list[Mark] = []
    if _has_band(rows):
        outer = [spokes.at(k, spokes.radius(row.upper)) for k, row in enumerate(rows)]
        inner = [spokes.at(k, spokes.radius(row.lower)) for k, row in enumerate(rows)]
        band: tuple[Segment, ...] = (*polygon(outer), *polygon(inner[::-1]))
        marks.append(Shape("predicted", "band", band, fill=blend(POSITIVE, 0.28), opacity=0.8))
    for part, scores in (
        ("start", [row.start for row in rows]),
        ("target", [math.nan if row.target is None else row.target for row in rows]),
        ("predicted", [row.mean for row in rows]),
    ):
        marks += _ring(part, scores, spokes)
    return marks


def _has_band(rows: Sequence[ProfileRow]) -> bool:
    return all(math.isfinite(row.lower) and math.isfinite(row.upper) for row in rows)


def _ring(part: str, scores: Sequence[float], spokes: Spokes) -> list[Mark]:
    """Return lines between neighbours that are both known, and a sign on each known spoke."""
    marks: list[Mark] = []
    at = [spokes.at(k, spokes.radius(score)) if math.isfinite(score) else None for k, score in enumerate(scores)]
    for k, here in enumerate(at):
        there = at[(k + 1) % len(at)]
        if here is not None and there is not None:
            marks.append(_line(part, here, there))
    marks += [_sign(part, *here) for here in at if here is not None]
    return marks


def _line(part: str, here: tuple[float, float], there: tuple[float, float]) -> Shape:
    colour, wide, dash = {
        "start": (QUIET, 0.8, (3.0, 2.0)),
        "target": (INK, 0.9, (1.0, 1.6)),
        "predicted": (POSITIVE, 1.4, ()),
    }[part]
    return Shape(part, "line", polygon([here, there], closed=False), stroke=colour, stroke_width=wide, dash=dash)


def _sign(part: str, x: float, y: float) -> Shape:
    """Return the sign on a spoke: a ring for the start, a square for the target, a dot for what is predicted."""
    if part == "start":
        return Shape(part, "start", disc(x, y, 2.3), fill=PAPER, stroke=QUIET, stroke_width=0.9)
    if part == "target":
        return Shape(part, "target", rectangle(x - 2.6, y - 2.6, 5.2, 5.2), stroke=INK, stroke_width=1.1)
    return Shape(part, "mean", disc(x, y, 2.4), fill=POSITIVE)


def _legend(rows: Sequence[ProfileRow]) -> list[Item]:
    """Return the signs that occur."""
    items: list[Item] = []
    known = {
        "start": any(math.isfinite(row.start) for row in rows),
        "target": any(row.target is not None for row in rows),
        "predicted": True,
    }
    band = _has_band(rows)
    words = {"start": "start", "target": "target", "predicted": "predicted" + (" with 90% interval" if band else "")}
    for part in (part for part, there in known.items() if there):
        signs = (_line(part, (0.0, 0.0), (20.0, 0.0)), _sign(part, 10.0, 0.0))
        shapes = [replace(each, part="legend") for each in signs]
        if part == "predicted" and band:
            shapes.insert(0, Shape("legend", "band", rectangle(0, -4, 20, 8), fill=blend(POSITIVE, 0.28), opacity=0.8))
        items.append((20.0, words[part], tuple(shapes)))
    return items


def _words(rows: Sequence[ProfileRow]) -> str:
    said = "Start, target and predicted score of every value"
    return said + (" with 90% interval." if any(math.isfinite(row.lower) for row in rows) else ".")


def _caption(profile: Plan | pd.DataFrame, spokes: Spokes, theory: ValueTheory | None, band: bool) -> str:
    order = "by name" if theory is None else "in the order of the theory"
    words = [
        f"Start, target and predicted profile {order}{'; the band is the 90% interval of each value' if band else ''}. "
        f"All spokes share one scale, {number(spokes.low)} (inner end) to {number(spokes.high)} (rim). Read along the "
        "spokes: the area grows with the square of the scores and depends on the order, so it exaggerates differences."
    ]
    if isinstance(profile, Plan) and math.isfinite(profile.chance):
        words.append(f"Predictive chance that all targets are met: {number(profile.chance)}.")
    return " ".join(words)


def _alt(what: str, rows: Sequence[ProfileRow]) -> str:
    phrases = []
    for row in rows:
        goal = "" if row.target is None else f" (target {number(row.target)})"
        begin = f" from {number(row.start)} to" if math.isfinite(row.start) else ""
        phrases.append(f"{row.label}{begin} {estimate(row.mean, row.lower, row.upper)}{goal}")
    return f"{what} of {len(rows)} values: {'; '.join(phrases)}."
