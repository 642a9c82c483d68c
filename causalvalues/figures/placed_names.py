"""Names beside discs that stand anywhere: outwards where that is free, else turned aside."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from causalvalues.figures.ring import Sizes
from causalvalues.frozen import FloatArray
from causalvalues.scene.geometry import Box, text_box
from causalvalues.scene.metrics import ASCENT, DESCENT, LEADING, text_width, wrap
from causalvalues.scene.nouns import Text

TURNS = (0, 30, -30, 60, -60, 90, -90, 120, -120, 150, -150, 180)
"""Degrees by which a name may be turned aside from the direction outwards, the first that is free."""


def apart(a: Box, b: Box) -> float:
    """Return how far two upright boxes are apart, in the direction in which they are."""
    return max(abs(a.x - b.x) - a.half_width - b.half_width, abs(a.y - b.y) - a.half_height - b.half_height)


def outward_from(at: Mapping[str, FloatArray], middle: FloatArray | None) -> dict[str, FloatArray]:
    """Return the direction in which each node's name should stand: away from the middle of all."""
    centre = np.mean(list(at.values()), axis=0) if middle is None else middle
    found = {}
    for name, place in at.items():
        away = place - centre
        length = float(np.hypot(*away))
        found[name] = away / length if length > 1e-9 else np.array([0.0, 1.0])
    return found


def names_beside(
    at: Mapping[str, FloatArray],
    outward: Mapping[str, FloatArray],
    labels: Mapping[str, str],
    look: tuple[Sizes, float],
) -> dict[str, tuple[Text, ...]] | None:
    """Set names beside discs, as near to the direction outwards as is free; None where one finds no room."""
    sizes, measure = look
    taken = [Box(x, y, sizes.disc + 1.5, sizes.disc + 1.5) for x, y in at.values()]
    found: dict[str, tuple[Text, ...]] = {}
    for name in at:
        lines = wrap(labels[name], measure, sizes.name)
        for turn in TURNS:
            angle = math.radians(turn)
            ux, uy = outward[name]
            way = (ux * math.cos(angle) - uy * math.sin(angle), ux * math.sin(angle) + uy * math.cos(angle))
            texts = _name(at[name], way, lines, sizes)
            boxes = [text_box(text).grown(1.2) for text in texts]
            if not any(apart(box, other) < 0 for box in boxes for other in taken):
                found[name] = texts
                taken += boxes
                break
        else:
            return None
    return found


def _name(at: FloatArray, way: tuple[float, float], lines: Sequence[str], sizes: Sizes) -> tuple[Text, ...]:
    """Set the lines of a name in a direction from a disc."""
    ux, uy = way
    px, py = at + sizes.gap * np.array(way)
    height = sizes.name * (ASCENT + DESCENT + (len(lines) - 1) * LEADING)
    widest = max(text_width(line, sizes.name) for line in lines)
    anchor = "middle" if abs(ux) < 0.1 else "start" if ux > 0 else "end"
    centre, middle = px + max(-1.0, min(1.0, ux * 2.2)) * widest / 2, py + max(-1.0, min(1.0, uy * 1.4)) * height / 2
    x = centre + {"start": -widest / 2, "middle": 0.0, "end": widest / 2}[anchor]
    first = middle - height / 2 + ASCENT * sizes.name
    return tuple(
        Text("", "name", float(x), float(first + k * LEADING * sizes.name), line, sizes.name, anchor)  # type: ignore[arg-type]
        for k, line in enumerate(lines)
    )
