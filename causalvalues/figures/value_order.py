"""The order of values in every figure: the theory's, then by name."""

from __future__ import annotations

from collections.abc import Sequence

from causalvalues.figures.arguments import single_names
from causalvalues.theories.names import in_order, known_theory
from causalvalues.theories.theory import ValueTheory


def value_order(names: Sequence[str], theory: ValueTheory | None) -> list[str]:
    """Return names in the theory's order, those that it does not know behind them by name."""
    return in_order(single_names(names), known_theory(theory))
