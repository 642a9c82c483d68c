"""How values are called where they are shown, and in which order they stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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
