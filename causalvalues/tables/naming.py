"""How values and levers are called in a table, and in which order they stand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from causalvalues.theories.names import as_shown, in_order, known_labels, known_theory
from causalvalues.theories.theory import ValueTheory


@dataclass(frozen=True)
class Naming:
    """Names as shown and their order.

    Parameters
    ----------
    theory : ValueTheory or None
        Order and names.
    labels : mapping of str to str
        Names as shown; they win over the theory's.

    Raises
    ------
    FigureError
        If the theory is none, or the labels are no mapping of text to text.
    """

    theory: ValueTheory | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known_theory(self.theory)
        known_labels(self.labels)

    def shown(self, name: str) -> str:
        """Return the name of a value or lever as it is shown."""
        return as_shown(name, self.theory, self.labels)

    def ordered(self, names: Iterable[object]) -> list[str]:
        """Return names in the order of the theory, those that it does not know behind them by name."""
        return in_order(map(str, names), self.theory)


def cell(number: object) -> float | None:
    """Return a number of a DataFrame as a cell: a float without negative zero, None for NaN."""
    held = float(number)  # type: ignore[arg-type]
    return None if math.isnan(held) else held + 0.0


def limits(lower: object, upper: object) -> tuple[float, float] | None:
    """Return two numbers of a DataFrame as the cell of an interval, None where one is missing."""
    low, high = cell(lower), cell(upper)
    return None if low is None or high is None else (low, high)
