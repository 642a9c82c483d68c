"""Which edges of a graph carry their number, and whether with its interval: one rule for the whole picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from causalvalues.figures.labelling import Wish, label_places
from causalvalues.figures.labelling_rooms import Places, Spot, settled
from causalvalues.frozen import FloatArray
from causalvalues.numerals import number
from causalvalues.scene.edge_style import label_texts, labelled_edges
from causalvalues.scene.geometry import Box
from causalvalues.scene.nouns import Edge
from causalvalues.scene.palette import LABEL_SIZE

LEAST_WIDTH = 300.0
"""Width of a page, in points, below which no label has an interval."""
EXCEPTION = 2
"""Labels that the rule may do without for the sake of one that would be an exception to it."""
NEARLY_ALL, FEW = 0.85, 1 / 3
"""Share of the numbers that must find room with their intervals, and share below which no number is printed."""


@dataclass(frozen=True)
class EdgeLabels:
    """The labels of a picture.

    Parameters
    ----------
    spots : mapping of part to Spot
    intervals : bool
        Whether they carry the interval: all do, or none.
    wanted : int, default 0
        Edges that have a number to print.
    least : float or None, default None
        Size of the number from which it is printed, to two decimals; None where all are.
    missing : int, default 0
        Labels that the rule asks for and that found no room.
    negative : bool, default False
        Whether a number below zero is among those that have one.
    """

    spots: Mapping[str, Spot]
    intervals: bool
    wanted: int = 0
    least: float | None = None
    missing: int = 0
    negative: bool = False

    @property
    def rule(self) -> str:
        """From which size on numbers are printed, for example ``".23 or more"``; "" where all are."""
        if self.least is None:
            return ""
        return f"{'±' if self.negative else ''}{number(self.least)} or more"


def edge_labels(
    edges: Sequence[Edge],
    routes: Mapping[str, Sequence[FloatArray]],
    taken: Sequence[Box],
    page: tuple[float, float],
    intervals: bool = True,
) -> EdgeLabels:
    """Choose and place the labels of a graph.

    Intervals are printed where the page is `LEAST_WIDTH` wide and nearly all labels find room with their own; else no
    label has one. Where not all labels find room, those of weak edges are left out: only numbers from some size on are
    printed, the smallest size for which they find room. A label that finds none nevertheless is an exception, which
    counts as `EXCEPTION` others. Where few would be left, none is printed.

    Parameters
    ----------
    edges : sequence of Edge
    routes : mapping of part to cubic curves, each (4, 2)
    taken : sequence of Box
        Boxes that no label may touch.
    page : (width, height)
        In points.
    intervals : bool, default True
        Whether intervals are wanted at all.
    """
    told = labelled_edges(edges)
    negative = any((edge.mean or 0.0) < 0 for edge in told)
    bounded = any(edge.lower is not None for edge in told)
    for full in (True, False) if intervals and bounded and page[0] >= LEAST_WIDTH else (False,):
        wishes = [Wish(edge.part, label_texts(edge, full)[:1], LABEL_SIZE) for edge in told]
        spots, least, missing = _strongest(label_places(wishes, routes, taken, page), told)
        if len(spots) >= (NEARLY_ALL if full else FEW) * len(told):
            return EdgeLabels(spots, full, len(told), least, missing, negative)
    return EdgeLabels({}, False, len(told))


def _strongest(places: Places, edges: Sequence[Edge]) -> tuple[dict[str, Spot], float | None, int]:
    """Return spots, the size from which on numbers are printed (None: all are), and how many found no room."""
    sizes = {edge.part: _size(edge) for edge in edges}
    found: list[tuple[int, dict[str, Spot], float | None, int]] = []
    for least in sorted(set(sizes.values())):
        wanted = [part for part, size in sizes.items() if size >= least]
        spots = settled(places, wanted)
        missing = len(wanted) - len(spots)
        score = len(spots) - EXCEPTION * missing
        found.append((score, spots, least if len(wanted) < len(edges) else None, missing))
        if not missing:
            break
    return max(found, key=lambda each: each[0])[1:] if found else ({}, None, 0)


def _size(edge: Edge) -> float:
    """Return the size of the number of an edge as it is printed."""
    return round(abs(edge.mean if edge.mean is not None else edge.adjacent or 0.0), 2)
