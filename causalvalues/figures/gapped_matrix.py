"""A matrix whose last rows and last columns are set apart by a gap."""

from __future__ import annotations

from dataclasses import dataclass, replace

from causalvalues.figures.matrix_layout import Matrix
from causalvalues.scene.geometry import moved, rectangle, tidy
from causalvalues.scene.nouns import Mark, Shape, Text


@dataclass(frozen=True)
class GappedMatrix:
    """Where cells and names stand.

    Parameters
    ----------
    matrix : Matrix
        Laid out without gaps.
    rows, columns : int
        How many stand before the gap; as many as there are for no gap.
    across, down : float
        Width of the gap between columns, and height of that between rows, in points.
    """

    matrix: Matrix
    rows: int
    columns: int
    across: float
    down: float

    @property
    def right(self) -> float:
        """Right end of the cells."""
        return tidy(self.matrix.right + self._shift(len(self.matrix.rows) - 1, len(self.matrix.columns) - 1)[0])

    @property
    def bottom(self) -> float:
        """Lower end of the cells."""
        return tidy(self.matrix.bottom + self._shift(len(self.matrix.rows) - 1, len(self.matrix.columns) - 1)[1])

    def middle(self, row: int, column: int) -> tuple[float, float]:
        """Return the middle of a cell."""
        (x, y), (dx, dy) = self.matrix.middle(row, column), self._shift(row, column)
        return tidy(x + dx), tidy(y + dy)

    def cell(self, part: str, place: tuple[int, int], fill: str, edge: str) -> Shape:
        """Return the ground of a cell."""
        found = self.matrix.cell(part, place, fill, edge)
        return replace(found, path=moved(found.path, *self._shift(*place)))

    def frame(self, part: str, place: tuple[int, int], colour: str) -> Shape:
        """Return a frame inside a cell."""
        x, y = self.middle(*place)
        wide, high = self.matrix.wide - 1.6, self.matrix.high - 1.6
        box = rectangle(tidy(x - wide / 2), tidy(y - high / 2), wide, high)
        return Shape(part, "frame", box, stroke=colour, stroke_width=1.0)

    def names(self) -> list[Mark]:
        """Return the names of rows and columns."""
        marks: list[Mark] = []
        for mark in self.matrix.names():
            kind, _, place = mark.part.partition("-")
            dx, dy = self._shift(int(place), 0) if kind == "row" else self._shift(0, int(place))
            if isinstance(mark, Text):
                dx, dy = (0.0, dy) if kind == "row" else (dx, 0.0)
                marks.append(replace(mark, x=tidy(mark.x + dx), y=tidy(mark.y + dy)))
        return marks

    def _shift(self, row: int, column: int) -> tuple[float, float]:
        return (self.across if column >= self.columns else 0.0), (self.down if row >= self.rows else 0.0)
