"""How values are called where they are shown, and in which order they stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from causalvalues.errors import FigureError
from causalvalues.theories.theory import ValueTheory


def as_shown(name: str, theory: ValueTheory | None, labels: Mapping[str, str], otherwise: str | None = None) -> str:
    """Return a name as it is shown: the user's label, else the theory's, else `otherwise`, else the name itself."""
    known = {} if theory is None else theory.labels
    return labels.get(name, known.get(name, name if otherwise is None else otherwise))


def in_order(names: Iterable[str], theory: ValueTheory | None) -> list[str]:
    """Return names in the theory's order, those that it does not know behind them by name."""
    left = set(names)
    first = [] if theory is None else [name for name in theory.dimensions if name in left]
    return first + sorted(left - set(first))


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
