"""What users give to every figure, checked once: widths, theories, labels, names."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from causalvalues.errors import FigureError
from causalvalues.theories.theory import ValueTheory


def width_within(width: object, narrowest: float, widest: float) -> float:
    """Return a page width as a number; raise `FigureError` when it is none, or when no figure fits it."""
    if isinstance(width, bool | str | bytes) or not isinstance(width, int | float) or not math.isfinite(width):
        raise FigureError(f"The width is {width!r}. Give a number of points, {narrowest:g} to {widest:g}.")
    if not narrowest <= width <= widest:
        raise FigureError(
            f"A figure {width} points wide cannot be laid out. Give {narrowest:g} to {widest:g} (72 to the inch)."
        )
    return float(width)


def known_theory(theory: object) -> ValueTheory | None:
    """Return a theory or None; raise `FigureError` for anything else."""
    if theory is None or isinstance(theory, ValueTheory):
        return theory
    remedy = f"Give theory({theory!r})" if isinstance(theory, str) else "Give what `theory` returns"
    raise FigureError(f"{theory!r} is no value theory. {remedy}, or leave it out.")


def known_labels(labels: object) -> Mapping[str, str]:
    """Return labels by name; raise `FigureError` when they are no mapping of text to text."""
    if labels is None:
        return {}
    if not isinstance(labels, Mapping):
        raise FigureError(f"`labels` is {labels!r}. Give a mapping, such as {{'power': 'Power over others'}}.")
    for name, label in labels.items():
        if not isinstance(label, str):
            raise FigureError(f"The label of {name!r} is {label!r}. Give text, or leave it out.")
    return labels


def single_names(names: Sequence[object]) -> list[str]:
    """Return names as given; raise `FigureError` when one is no text or stands there twice."""
    for name in names:
        if not isinstance(name, str):
            raise FigureError(f"The name {name!r} is no text. Name values by text.")
    seen: set[str] = set()
    for name in map(str, names):
        if name in seen:
            raise FigureError(f"The name {name!r} is there twice. Name each value once.")
        seen.add(name)
    return [str(name) for name in names]
