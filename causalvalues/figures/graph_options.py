"""How a graph figure is drawn: method objects for the layout, and the few settings that authors change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from causalvalues.errors import FigureError
from causalvalues.figures.arguments import width_within

NARROWEST, WIDEST = 180.0, 2000.0


@dataclass(frozen=True)
class Circle:
    """Nodes on a circle, in the theory's order (else by name), clockwise from the top; levers are left out."""


@dataclass(frozen=True)
class Layered:
    """Causes left of effects in columns, levers in the first one.

    Parameters
    ----------
    columns : int, default 4
        Most columns; longer chains are folded, so that boxes and labels stay legible.
    """

    columns: int = 4

    def __post_init__(self) -> None:
        if self.columns < 2:
            raise FigureError(f"A layered figure needs at least two columns, not {self.columns}.")


@dataclass(frozen=True)
class Placed:
    """Nodes where an author or a file put them, moved and scaled as a whole to fit the page; levers are drawn too.

    Parameters
    ----------
    places : mapping of str to (float, float)
        Node -> (x, y) in any unit, y downwards; every node of the graph is in it.
    """

    places: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class GraphOptions:
    """Settings of a graph figure.

    Parameters
    ----------
    layout : Circle, Layered or Placed, default Circle()
    width : float, default 468
        Page width in points (468 are 6.5 inches).
    head : float, default 0.5
        Least P(compelled | adjacent) for which a compelled edge gets an arrow head, from .5 to 1; an edge whose
        direction is given by knowledge has one, an open or contested one has none.
    intervals : bool, default True
        Whether labels carry the interval.
    effect : str, default "direct effect"
        What the numbers are; goes into the legend and the caption.
    title : str, default "Value graph"
    note : str, default ""
        A line under the legend that warns whoever sees the picture alone, for example ``"exploratory: ..."``.
    """

    layout: Circle | Layered | Placed = field(default_factory=Circle)
    width: float = 468.0
    head: float = 0.5
    intervals: bool = True
    effect: str = "direct effect"
    title: str = "Value graph"
    note: str = ""

    def __post_init__(self) -> None:
        graph_width(self.width)
        if not 0.5 <= self.head <= 1:
            raise FigureError(
                f"The option `head` is {self.head}. Give a probability from .5 to 1; with less, two directions qualify."
            )


def graph_width(width: float) -> float:
    """Return the page width; raise `FigureError` when no graph can be laid out in it."""
    return width_within(width, NARROWEST, WIDEST)
