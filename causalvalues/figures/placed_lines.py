"""Edges between nodes that stand anywhere: straight where nothing is in the way, else bent around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.scene.geometry import Box, curve_points

TOUCH = 1.0
CLEAR = 3.0
"""Distance that a line keeps from nodes that are not its own, in points."""
EDGE = 4.0
"""Distance that a line keeps from the sides of the page, in points."""
SIZES = (7.0, 14.0, 20.0, 26.0, 33.0, 40.0, 49.0, 58.0, 69.0, 80.0, 95.0, 110.0, 130.0, 150.0)
BOWS = (0.0, *(side * size for size in SIZES for side in (1.0, -1.0)))


@dataclass(frozen=True)
class Ends:
    """Where lines end: at the outlines of nodes, boxes or (`round`) discs."""

    boxes: Mapping[str, Box]
    round: bool = False

    def leave(self, name: str, towards: FloatArray) -> FloatArray:
        """Return the point at which a line towards another point leaves a node."""
        box = self.boxes[name]
        centre = np.array([box.x, box.y])
        way = towards - centre
        length = max(float(np.hypot(*way)), 1e-9)
        way = way / length
        if self.round:
            return np.asarray(centre + way * (box.half_width + TOUCH))
        reach = min(
            (half + TOUCH) / abs(part) if abs(part) > 1e-9 else np.inf
            for half, part in zip((box.half_width, box.half_height), way, strict=True)
        )
        return np.asarray(centre + way * reach)


def lines_between(
    links: Mapping[str, tuple[str, str]], ends: Ends, texts: Sequence[Box], width: float
) -> dict[str, tuple[FloatArray, ...]]:
    """Return one curve for each edge.

    Parameters
    ----------
    links : mapping of part to (cause, effect)
    ends : Ends
    texts : sequence of Box
        Names that stand beside their nodes; a line goes through one only where there is no other way.
    width : float
        Of the page, which no line leaves at its sides.

    Returns
    -------
    dict
        Part -> one cubic curve from cause to effect. Of the bows that are tried, the least one wins that meets no
        other node; two edges of one pair run on different ways.
    """
    used: dict[frozenset[str], list[float]] = {}
    found: dict[str, tuple[FloatArray, ...]] = {}
    for part, (cause, effect) in links.items():
        others = [box.grown(-TOUCH / 2 if name in (cause, effect) else CLEAR) for name, box in ends.boxes.items()]
        first, second = sorted((cause, effect))
        taken = used.setdefault(frozenset((cause, effect)), [])
        best: tuple[float, float, FloatArray] | None = None
        for rank, bow in enumerate(BOWS):
            if bow in taken:
                continue
            curve = _curve(first, second, bow, ends)
            points = curve_points(curve, 2.0)
            cost = 4.0 * sum(int(box.holds(points).sum()) for box in others)
            cost += sum(int(box.holds(points).sum()) for box in texts)
            cost += 4.0 * float(((points[:, 0] < EDGE) | (points[:, 0] > width - EDGE)).sum())
            if best is None or (cost, rank) < best[:2]:
                best = (cost, rank, curve)
            if cost == 0:
                break
        if best is None:
            best = (0.0, 0.0, _curve(first, second, 8.0 * len(taken), ends))
        taken.append(BOWS[int(best[1])])
        found[part] = (best[2] if (first, second) == (cause, effect) else best[2][::-1],)
    return found


def _curve(first: str, second: str, bow: float, ends: Ends) -> FloatArray:
    """Return the curve from node to node whose middle is `bow` points beside the straight line."""
    a, b = (np.array([ends.boxes[name].x, ends.boxes[name].y]) for name in (first, second))
    along = b - a
    across = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-9) * bow * 4 / 3
    c, d = a + along / 3 + across, a + 2 * along / 3 + across
    start, stop = (
        (ends.leave(first, c), ends.leave(second, d)) if bow else (ends.leave(first, b), ends.leave(second, a))
    )
    if not bow:
        return np.array([start, start + (stop - start) / 3, start + 2 * (stop - start) / 3, stop])
    return np.array([start, c, d, stop])
