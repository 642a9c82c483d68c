"""Who was asked and how: what the gate must know beside the answers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from causalvalues.elicitation.method import Method


@dataclass(frozen=True)
class Instrument:
    """A model and a way of measuring.

    Parameters
    ----------
    model, method : str
        Names for sentences and tables.
    units : str, default "points"
        Of the scores.
    middle : float, default NaN
        The score that means neither agreeing nor rejecting: 3.5 on a scale of six, 0 for log-odds and gains. NaN when
        there is none; acquiescence is then not shown.
    draws : bool, default True
        Whether repeats of a question can differ.
    embedded : bool, default False
        Whether it is the small model that comes as default, of which it is known that it endorses nothing.
    """

    model: str = "the model"
    method: str = "the method"
    units: str = "points"
    middle: float = math.nan
    draws: bool = True
    embedded: bool = False

    @property
    def choices(self) -> bool:
        """Whether statements were held against each other."""
        return self.method == "forced_choice"


def instrument(method: Method, model: str, embedded: bool = False) -> Instrument:
    """Return what the gate must know of a method.

    Parameters
    ----------
    method : Method
        A scale with `points` has its middle at (points + 1) / 2; log-odds and gains at 0.
    model : str
    embedded : bool, default False

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> scale = SimpleNamespace(name="rating", units="points of the scale", draws=False, points=6)
    >>> instrument(scale, "a model").middle
    3.5
    """
    points = getattr(method, "points", None)
    signed = method.units.startswith(("log-odds", "nats"))
    middle = (points + 1) / 2 if isinstance(points, int) else 0.0 if signed else math.nan
    return Instrument(model, method.name, method.units, middle, method.draws, embedded)
