"""How an edge looks: width from its probability, colour and dash from its sign, marks at its two ends, its label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from causalvalues.numerals import estimate, number
from causalvalues.scene.geometry import polygon, tidy
from causalvalues.scene.nouns import Change, Edge, Segment
from causalvalues.scene.palette import DASH, INK, NEGATIVE, POSITIVE, UNSIGNED

NEARLY_ALL = 0.9
"""P(compelled | adjacent) from which a compelled edge has a solid head; below, the head is hollow."""
RING = 2.1
"""Radius of the circle at an open end, in points."""
FULL_PAGE = 468.0
"""Width of a page, in points, from which on lines have their full thickness."""

EndMark = Literal["tail", "arrow", "circle"]

_CHANGES: Mapping[Change, tuple[str, tuple[float, ...], float]] = {
    "same": ("#858585", (), 0.9),
    "changed": (INK, (1.6, 1.6), 1.9),
    "added": ("#005A92", (), 2.1),
    "removed": (NEGATIVE, DASH, 1.9),
    "turned": ("#00573C", (8.0, 2.0, 1.8, 2.0), 1.9),
}


def page_scale(width: float) -> float:
    """Return the thickness of lines on a page of this width, in points: 1 from 468 on, less below, .5 at least.

    Examples
    --------
    >>> page_scale(540.0), page_scale(351.0), page_scale(219.0)
    (1.0, 0.75, 0.5)
    """
    return min(max(width / FULL_PAGE, 0.5), 1.0)


def mark_scale(scale: float) -> float:
    """Return the size of heads, circles and dashes where lines are drawn at `scale`: halfway between it and 1."""
    return (1 + scale) / 2


def line_width(adjacent: float | None) -> float:
    """Return the width of an edge in points: .5 at P(adjacent) = 0 to 2.3 at 1; 1.2 where there is no probability."""
    return 1.2 if adjacent is None else tidy(0.5 + 1.8 * adjacent**2)


def edge_width(edge: Edge, scale: float = 1.0) -> float:
    """Return the width of an edge in points: by its change in a difference of two graphs, else `line_width`."""
    return tidy(scale * (_CHANGES[edge.change][2] if edge.change else line_width(edge.adjacent)))


def sign_colour(edge: Edge) -> str:
    """Return blue for a positive effect, vermillion for a negative one, grey where there is none.

    In a difference of two graphs the colour tells the change: blue in the second only, vermillion in the first only,
    green turned, black changed in size, grey in both alike.
    """
    if edge.change:
        return _CHANGES[edge.change][0]
    if not edge.mean:
        return UNSIGNED
    return POSITIVE if edge.mean > 0 else NEGATIVE


def sign_dash(edge: Edge, scale: float = 1.0) -> tuple[float, ...]:
    """Return the dashes of a negative effect, or of a change; nothing for the others."""
    negative = DASH if edge.mean is not None and edge.mean < 0 else ()
    dash = _CHANGES[edge.change][1] if edge.change else negative
    return tuple(tidy(mark_scale(scale) * length) for length in dash)


def end_marks(edge: Edge) -> tuple[EndMark, EndMark]:
    """Return the marks at cause and effect.

    Examples
    --------
    >>> end_marks(Edge("edge-0", "a", "b", "value", "o->"))
    ('circle', 'arrow')
    """
    marks: dict[str, EndMark] = {"-": "tail", "<": "arrow", ">": "arrow", "o": "circle"}
    return marks[edge.ends[0]], marks[edge.ends[2]]


def hollow(edge: Edge) -> bool:
    """Say whether the head is hollow: compelled in most graphs with the edge, but not in nearly all."""
    return edge.directed and edge.verdict == "compelled" and (edge.compelled or 0.0) < NEARLY_ALL


def label_texts(edge: Edge, intervals: bool) -> tuple[str, ...]:
    """Return what the label of an edge may say, best first; nothing where two graphs do not differ."""
    if edge.change == "same":
        return ()
    if edge.mean is not None:
        full = estimate(edge.mean, edge.lower, edge.upper) if intervals else number(edge.mean)
        return tuple(dict.fromkeys((full, number(edge.mean))))
    return (number(edge.adjacent),) if edge.adjacent is not None else ()


def labelled_edges(edges: Sequence[Edge]) -> list[Edge]:
    """Return the edges that have a number to print: effects where there are any, else probabilities."""
    sized = [edge for edge in edges if edge.mean is not None]
    return [edge for edge in sized or edges if label_texts(edge, False)]


def arrow_head(
    tip: tuple[float, float], back: tuple[float, float], width: float, scale: float = 1.0
) -> tuple[Segment, ...]:
    """Return the triangle of an arrow head from its tip to the middle of its back, for a line of this width."""
    end, start = np.array(tip), np.array(back)
    along = (end - start) / max(float(np.hypot(*(end - start))), 1e-9)
    across = np.array([-along[1], along[0]]) * (1.6 * mark_scale(scale) + 0.7 * width)
    return polygon([(end[0], end[1]), tuple(start + across), tuple(start - across)])


def head_length(width: float, scale: float = 1.0) -> float:
    """Return the length of the arrow head of an edge of this width."""
    return 4.6 * mark_scale(scale) + 1.35 * width
