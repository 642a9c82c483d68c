"""Triangles of pairs of values in one set of colours: from the pair that is least alike to the one that is most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.leakage.relabelling import centred_ranks
from causalvalues.scene.geometry import rectangle, tidy
from causalvalues.scene.metrics import text_width, wrap
from causalvalues.scene.nouns import Mark, Shape, Text
from causalvalues.scene.palette import LABEL_SIZE, MARGIN, NAME_SIZE, PAPER, POSITIVE, QUIET, blend

GAP, HEAD, BETWEEN = 16.0, 14.0, 8.0
LEAST_CELL, MOST_CELL, STACKED_CELL = 9.4, 14.0, 10.4
LEAST_HIGH = 8.6
NAME_SHARE = 0.34
FAINTEST, DEEPEST = 0.04, 0.92


@dataclass(frozen=True)
class Triangles:
    """Where triangles of p values stand.

    Parameters
    ----------
    places : tuple of (left, top)
        Of each triangle's first cell.
    wide, high : float
        Size of a cell.
    names : tuple of str
        Names of the values, shortened to their room.
    stacked : bool
        Whether they stand below each other, each with names; else the first has names and all have numbers.
    """

    places: tuple[tuple[float, float], ...]
    wide: float
    high: float
    names: tuple[str, ...]
    stacked: bool

    @property
    def bottom(self) -> float:
        """Lower end of the last triangle."""
        return tidy(self.places[-1][1] + self.high * len(self.names))

    @property
    def numbered(self) -> bool:
        """Whether the diagonals have room for the numbers of the values."""
        return self.wide >= text_width(str(len(self.names)), LABEL_SIZE) + 0.4


def triangles_layout(names: Sequence[str], count: int, width: float) -> Triangles:
    """Set triangles side by side where their cells have room for numbers, else below each other."""
    p = len(names)
    shown = tuple(wrap(name, NAME_SHARE * width, LABEL_SIZE, 1)[0] for name in names)
    taken = max(text_width(name, LABEL_SIZE) for name in shown) + 5.0
    room = width - 2 * MARGIN - taken
    wide = (room - GAP * (count - 1)) / (count * p)
    top = MARGIN + HEAD
    if wide >= LEAST_CELL or count == 1:
        wide = min(wide, MOST_CELL)
        left = MARGIN + taken + (room - GAP * (count - 1) - wide * count * p) / 2
        places = tuple((tidy(left + k * (wide * p + GAP)), top) for k in range(count))
        return Triangles(places, tidy(wide), tidy(max(wide, LEAST_HIGH)), shown, False)
    wide = min(room / p, STACKED_CELL)
    high = max(wide, LEAST_HIGH)
    left = tidy(MARGIN + taken + (room - wide * p) / 2)
    stacked = tuple((left, tidy(top + k * (high * p + BETWEEN + HEAD))) for k in range(count))
    return Triangles(stacked, tidy(wide), tidy(high), shown, True)


def triangle_marks(layout: Triangles, matrices: Mapping[str, FloatArray], titles: Mapping[str, str]) -> list[Mark]:
    """Return titles, cells, names and numbers of all triangles."""
    marks: list[Mark] = []
    for k, (what, matrix) in enumerate(matrices.items()):
        (left, top), shares = layout.places[k], rank_shares(matrix)
        head = wrap(titles[what], layout.wide * len(matrix) / 1.1, NAME_SIZE, 1)[0]
        marks.append(Text(f"head-{what}", "heading", left, tidy(top - 4), head, NAME_SIZE, bold=True))
        for i in range(len(matrix)):
            y = tidy(top + (i + 0.5) * layout.high + 0.36 * LABEL_SIZE)
            if layout.stacked or k == 0:
                name = layout.names[i]
                marks.append(Text(f"{what}-row-{i}", "name", tidy(left - 4), y, name, LABEL_SIZE, "end"))
            for j in range(i):
                box = rectangle(tidy(left + j * layout.wide), tidy(top + i * layout.high), layout.wide, layout.high)
                fill = pair_colour(float(shares[i, j]))
                marks.append(Shape(f"{what}-{i}-{j}", "cell", box, fill=fill, stroke=PAPER, stroke_width=0.6))
            if layout.numbered:
                x = tidy(left + (i + 0.5) * layout.wide)
                marks.append(Text(f"{what}-row-{i}", "index", x, y, str(i + 1), LABEL_SIZE, "middle", colour=QUIET))
    return marks


def rank_shares(matrix: FloatArray) -> FloatArray:
    """Return the rank of each pair, from 0 (least alike) to 1 (most), as a symmetric matrix; 0 on the diagonal."""
    low = np.tril_indices(len(matrix), -1)
    ranks = centred_ranks(matrix[low])
    span = float(np.ptp(ranks))
    shares = np.zeros(matrix.shape)
    shares[low] = (ranks - ranks.min()) / span if span > 0 else 0.5
    return np.asarray(shares + shares.T)


def pair_colour(share: float) -> str:
    """Return the colour of a rank between 0 and 1: nearly white to deep blue."""
    return blend(POSITIVE, FAINTEST + (DEEPEST - FAINTEST) * share)
