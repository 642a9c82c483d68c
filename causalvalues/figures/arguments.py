"""What users give to every figure, checked once: widths, intervals, names."""

from __future__ import annotations

import math
from collections.abc import Sequence

from causalvalues.errors import FigureError


def width_within(width: object, narrowest: float, widest: float) -> float:
    """Return a page width as a number; raise `FigureError` when it is none, or when no figure fits it."""
    if isinstance(width, bool | str | bytes) or not isinstance(width, int | float) or not math.isfinite(width):
        raise FigureError(f"The width is {width!r}. Give a number of points, {narrowest:g} to {widest:g}.")
    if not narrowest <= width <= widest:
        raise FigureError(
            f"A figure {width} points wide cannot be laid out. Give {narrowest:g} to {widest:g} (72 to the inch)."
        )
    return float(width)


def known_interval(lower: float | None, upper: float | None, of: str) -> None:
    """Raise `FigureError` when an interval ends below its beginning; a missing end, None or NaN, is no fault."""
    if lower is not None and upper is not None and lower > upper:
        raise FigureError(
            f"The interval of {of} runs from {lower:g} down to {upper:g}. Give the lower end first, then the upper one."
        )


def single_names(names: Sequence[object], of: str = "value") -> list[str]:
    """Return names as given; raise `FigureError` when one is no text or stands there twice."""
    for name in names:
        if not isinstance(name, str):
            raise FigureError(f"The name {name!r} is no text. Name {of}s by text.")
    seen: set[str] = set()
    for name in map(str, names):
        if name in seen:
            raise FigureError(f"The name {name!r} is there twice. Name each {of} once.")
        seen.add(name)
    return [str(name) for name in names]
