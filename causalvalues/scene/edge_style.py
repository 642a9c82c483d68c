"""How an edge looks: width from its probability, colour and dash from its sign, what its label may say."""

from __future__ import annotations

import numpy as np

from causalvalues.numerals import estimate, number
from causalvalues.scene.geometry import polygon, tidy
from causalvalues.scene.nouns import Edge, Segment
from causalvalues.scene.palette import DASH, NEGATIVE, POSITIVE, UNSIGNED


def line_width(adjacent: float | None) -> float:
    """Return the width of an edge in points: .5 at P(adjacent) = 0 to 2.3 at 1; 1.2 where there is no probability."""
    return 1.2 if adjacent is None else tidy(0.5 + 1.8 * adjacent**2)


def sign_colour(edge: Edge) -> str:
    """Return blue for a positive effect, vermillion for a negative one, grey where there is none."""
    if not edge.mean:
        return UNSIGNED
    return POSITIVE if edge.mean > 0 else NEGATIVE


def sign_dash(edge: Edge) -> tuple[float, ...]:
    """Return the dashes of a negative effect; nothing for the others."""
    return DASH if edge.mean is not None and edge.mean < 0 else ()


def label_texts(edge: Edge, intervals: bool) -> tuple[str, ...]:
    """Return what the label of an edge may say, best first."""
    if edge.mean is not None:
        full = estimate(edge.mean, edge.lower, edge.upper) if intervals else number(edge.mean)
        return tuple(dict.fromkeys((full, number(edge.mean))))
    return (number(edge.adjacent),) if edge.adjacent is not None else ()


def arrow_head(tip: tuple[float, float], back: tuple[float, float], width: float) -> tuple[Segment, ...]:
    """Return the triangle of an arrow head from its tip to the middle of its back."""
    end, start = np.array(tip), np.array(back)
    along = (end - start) / max(float(np.hypot(*(end - start))), 1e-9)
    across = np.array([-along[1], along[0]]) * (1.6 + 0.7 * width)
    return polygon([(end[0], end[1]), tuple(start + across), tuple(start - across)])


def head_length(width: float) -> float:
    """Return the length of the arrow head of an edge of this width."""
    return 4.6 + 1.35 * width
