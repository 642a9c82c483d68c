"""A key below a picture: numbered names in columns, where names do not fit beside what they name."""

from __future__ import annotations

import math
from collections.abc import Sequence

from causalvalues.scene.geometry import tidy
from causalvalues.scene.metrics import printable, text_width, wrap
from causalvalues.scene.nouns import Mark, Text
from causalvalues.scene.palette import LABEL_SIZE, MARGIN

LINE = 10.0
BETWEEN = 12.0
MOST_COLUMNS = 4


def name_key(names: Sequence[str], width: float, top: float) -> tuple[list[Mark], float]:
    """Set ``1 name``, ``2 name``, ... in as many columns as have room.

    Parameters
    ----------
    names : sequence of str
        What is wider than a column goes on below, up to three lines.
    width, top : float
        Page width and the upper end of the key, in points.

    Returns
    -------
    list of Mark, and where the key ends
    """
    indent = text_width(f"{len(names)}  ", LABEL_SIZE)
    room = width - 2 * MARGIN
    widest = indent + max(text_width(printable(name), LABEL_SIZE) for name in names)
    columns = max(min(int((room + BETWEEN) // (widest + BETWEEN)), MOST_COLUMNS), 1)
    measure = (room + BETWEEN) / columns - BETWEEN
    rows = math.ceil(len(names) / columns)
    marks: list[Mark] = []
    lowest = top
    for column in range(columns):
        x, y = MARGIN + (measure + BETWEEN) * column, top + 8
        for k in range(column * rows, min((column + 1) * rows, len(names))):
            at = tidy(x + indent - text_width(" ", LABEL_SIZE))
            marks.append(Text("key", "key", at, tidy(y), str(k + 1), LABEL_SIZE, "end"))
            for line in wrap(names[k], measure - indent, LABEL_SIZE, 3):
                marks.append(Text("key", "key", tidy(x + indent), tidy(y), line, LABEL_SIZE))
                y += LINE
        lowest = max(lowest, y - LINE + 4)
    return marks, lowest
