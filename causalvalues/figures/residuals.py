"""Loops with residual variances at the boxes of a path diagram."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from causalvalues.figures.layout import Layout, Place
from causalvalues.numerals import number
from causalvalues.scene.edge_style import arrow_head
from causalvalues.scene.geometry import Box, path_of, shape_box, text_box, tidy
from causalvalues.scene.metrics import text_width
from causalvalues.scene.nouns import Mark, Shape, Text
from causalvalues.scene.palette import LABEL_SIZE, MARGIN, QUIET

ROOM = 8.0
"""Points that the loops need above the first row of boxes."""
HIGH = 9.0
WIDE = 5.0


def residual_marks(variances: Mapping[str, float], layout: Layout) -> tuple[tuple[Mark, ...], tuple[Box, ...]]:
    """Return a small double-headed loop at the upper left corner of each box with its number, and what they fill."""
    marks: list[Mark] = []
    for name, place in layout.places.items():
        if name in variances:
            marks += _loop(place, variances[name], layout.width)
    taken = [text_box(mark) if isinstance(mark, Text) else shape_box(mark) for mark in marks]
    return tuple(marks), (*layout.rim, *taken)


def _loop(place: Place, variance: float, width: float) -> list[Mark]:
    box = shape_box(place.body)
    text = number(variance, 2 if variance >= 0.1 else 3)
    last = width - MARGIN - text_width(text, LABEL_SIZE) - WIDE - 4.5
    left, top = min(box.x - box.half_width + 5.0, last), box.y - box.half_height - 0.8
    right = left + WIDE
    curve = np.array([(left, top - 2.0), (left - 4.0, top - HIGH), (right + 4.0, top - HIGH), (right, top - 2.0)])
    part = f"{place.body.part}-residual"
    marks: list[Mark] = [Shape(part, "loop", path_of([curve]), stroke=QUIET, stroke_width=0.7)]
    for x, way in ((left, -0.6), (right, 0.6)):
        head = arrow_head((x, top), (x + way, top - 3.2), 0.0)
        marks.append(Shape(part, "loop-head", head, fill=QUIET))
    marks.append(Text(part, "residual", tidy(right + 4.5), tidy(top - 2.2), text, LABEL_SIZE, colour=QUIET))
    return marks
