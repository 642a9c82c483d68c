"""The matrix of total effects as a picture: rows act on columns, blue is positive, vermillion negative, white zero."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.errors import FigureError
from causalvalues.figures.value_order import value_order
from causalvalues.model.effects import Effects
from causalvalues.numerals import number, percent
from causalvalues.scene.geometry import polygon, rectangle, tidy
from causalvalues.scene.metrics import ASCENT, DESCENT, LEADING, text_width, wrap
from causalvalues.scene.nouns import Cell, Mark, Scene, Shape, Text
from causalvalues.scene.palette import (
    ASIDE,
    FAINT,
    INK,
    LABEL_SIZE,
    MARGIN,
    NAME_SIZE,
    NEGATIVE,
    PAPER,
    POSITIVE,
    QUIET,
    SECTOR,
    blend,
    readable_ink,
)
from causalvalues.theories.theory import ValueTheory

WIDTH = 468.0
SMALLEST_CELL = 19.0
LARGEST_CELL = 40.0
DEEPEST = 0.92


@dataclass(frozen=True)
class _Matrix:
    causes: tuple[str, ...]
    effects: tuple[str, ...]
    left: float
    top: float
    wide: float
    high: float
    largest: float


def effects_heatmap(
    effects: Effects,
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    title: str = "Total effects",
) -> Scene:
    """Draw a matrix of effects with the numbers in it.

    Parameters
    ----------
    effects : Effects
        Of `total_effects`: tables [cause, effect].
    theory : ValueTheory, optional
        Order and names.
    labels : mapping of str to str, optional
        Names as shown; they win over the theory's.
    title : str, default "Total effects"

    Returns
    -------
    Scene
        6.5 inches wide up to about 19 columns, wider beyond, so that no number is smaller than 7 points. Numbers
        whose interval excludes zero are bold.

    Raises
    ------
    FigureError
        If the tables are empty.
    """
    if effects.mean.empty:
        raise FigureError("There are no effects to draw: the tables are empty.")
    columns = value_order([str(name) for name in effects.mean.columns], theory)
    others = [str(name) for name in effects.mean.index if str(name) not in set(columns)]
    causes = [name for name in columns if name in set(effects.mean.index)] + _beside_values(others, columns)
    known = {} if theory is None else theory.labels
    shown = {name: (labels or {}).get(name, known.get(name, name)) for name in (*causes, *columns)}
    matrix = _matrix(causes, columns, effects, shown)
    marks = [*_names(matrix, shown), *_cells(matrix, effects), *_scale(matrix, effects)]
    width = max(WIDTH, matrix.left + matrix.wide * len(columns) + MARGIN)
    return Scene(
        kind="effects",
        width=tidy(width),
        height=tidy(matrix.top + matrix.high * len(causes) + 40),
        marks=tuple(marks),
        title=title,
        caption=f"{title}: change of the column value when the row is raised by one unit and everything else follows. "
        f"Bold: the {percent(effects.level)} interval excludes zero.",
        alt=_alt(matrix, effects, shown),
        columns=("cause", "effect", "mean", "lower", "upper", "positive"),
        rows=_rows(matrix, effects),
        provenance={"level": f"{effects.level:g}"},
    )


def _beside_values(levers: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Order levers by name, those named after a value (``do_power``) first and in the order of the values."""
    places = {lever: [i for i, name in enumerate(columns) if lever.endswith(name)] for lever in levers}
    return sorted(levers, key=lambda lever: (min(places[lever], default=len(columns)), lever))


def _matrix(causes: Sequence[str], columns: Sequence[str], effects: Effects, shown: Mapping[str, str]) -> _Matrix:
    measure = _measure(len(columns))
    left = (
        MARGIN
        + 6
        + max(text_width(line, NAME_SIZE) for name in causes for line in wrap(shown[name], measure, NAME_SIZE, 2))
    )
    wide = min(max((WIDTH - MARGIN - left) / len(columns), SMALLEST_CELL), LARGEST_CELL)
    left += max(WIDTH - MARGIN - left - wide * len(columns), 0) / 2
    top = (
        MARGIN
        + 14
        + max(text_width(line, NAME_SIZE) for name in columns for line in wrap(shown[name], measure, NAME_SIZE, 2))
    )
    table = effects.mean.loc[list(causes), list(columns)].to_numpy(dtype=float)
    apart = np.array([[cause != effect for effect in columns] for cause in causes])
    off_diagonal = np.abs(table[apart & np.isfinite(table)])
    largest = float(off_diagonal.max()) if off_diagonal.size and off_diagonal.max() > 0 else 1.0
    return _Matrix(tuple(causes), tuple(columns), tidy(left), tidy(top), tidy(wide), tidy(min(wide, 26.0)), largest)


def _measure(columns: int) -> float:
    return 100.0 if columns < 16 else 84.0


def _names(matrix: _Matrix, shown: Mapping[str, str]) -> list[Mark]:
    marks: list[Mark] = []
    for i, name in enumerate(matrix.causes):
        lines = wrap(
            shown[name], _measure(len(matrix.effects)), NAME_SIZE, 2 if matrix.high >= 2 * LEADING * NAME_SIZE else 1
        )
        first = matrix.top + (i + 0.5) * matrix.high - _block(lines) / 2 + ASCENT * NAME_SIZE
        for k, line in enumerate(lines):
            y = tidy(first + k * LEADING * NAME_SIZE)
            marks.append(Text(f"row-{i}", "name", tidy(matrix.left - 5), y, line, NAME_SIZE, "end"))
    for j, name in enumerate(matrix.effects):
        lines = wrap(
            shown[name], _measure(len(matrix.effects)), NAME_SIZE, 2 if matrix.wide >= 2 * LEADING * NAME_SIZE else 1
        )
        first = matrix.left + (j + 0.5) * matrix.wide - _block(lines) / 2 + ASCENT * NAME_SIZE
        for k, line in enumerate(lines):
            x = tidy(first + k * LEADING * NAME_SIZE)
            marks.append(Text(f"column-{j}", "name", x, tidy(matrix.top - 5), line, NAME_SIZE, angle=-90.0))
    return marks


def _block(lines: Sequence[str]) -> float:
    return NAME_SIZE * (ASCENT + DESCENT + (len(lines) - 1) * LEADING)


def cell_colour(value: float, largest: float) -> str:
    """Return the fill of a cell: white at zero, full colour at plus or minus `largest`."""
    share = min(abs(value) / largest, 1.0) * DEEPEST
    return blend(POSITIVE if value > 0 else NEGATIVE, share)


def _cells(matrix: _Matrix, effects: Effects) -> list[Mark]:
    marks: list[Mark] = []
    for i, cause in enumerate(matrix.causes):
        for j, effect in enumerate(matrix.effects):
            x, y = matrix.left + j * matrix.wide, matrix.top + i * matrix.high
            part, value = f"cell-{i}-{j}", float(effects.mean.loc[cause, effect])  # type: ignore[arg-type]
            same = cause == effect or not math.isfinite(value)
            fill = SECTOR if same else cell_colour(value, matrix.largest)
            path = rectangle(x, y, matrix.wide, matrix.high)
            marks.append(Shape(part, "cell", path, fill=fill, stroke=PAPER, stroke_width=0.8))
            if not same:
                bold, colour = _sure(effects, cause, effect), readable_ink(fill)
                colour = ASIDE if number(value) == number(0.0) else colour
                at = (tidy(x + matrix.wide / 2), tidy(y + matrix.high / 2 + 0.36 * LABEL_SIZE))
                bold = bold and text_width(number(value), LABEL_SIZE, bold=True) <= matrix.wide - 1
                marks.append(Text(part, "number", *at, number(value), LABEL_SIZE, "middle", bold=bold, colour=colour))
    return marks


def _sure(effects: Effects, cause: str, effect: str) -> bool:
    lower, upper = float(effects.lower.loc[cause, effect]), float(effects.upper.loc[cause, effect])  # type: ignore[arg-type]
    return lower > 0 or upper < 0


def _scale(matrix: _Matrix, effects: Effects) -> list[Mark]:
    """Return the colour scale below the matrix, with a line on what bold means, and the two axis names."""
    below = matrix.top + matrix.high * len(matrix.causes)
    marks: list[Mark] = []
    steps, long, high = 41, 110.0, 7.0
    for k in range(steps):
        value = matrix.largest * (2 * k / (steps - 1) - 1)
        x = matrix.left + long * k / steps
        box = rectangle(x, below + 12, long / steps + (0.2 if k < steps - 1 else 0), high)
        marks.append(Shape("scale", "scale", box, fill=cell_colour(value, matrix.largest)))
    frame = rectangle(matrix.left, below + 12, long, high)
    marks.append(Shape("scale", "frame", frame, stroke=FAINT, stroke_width=0.4))
    for share, value in ((0.0, -matrix.largest), (0.5, 0.0), (1.0, matrix.largest)):
        text, x = "0" if value == 0 else number(value), tidy(matrix.left + share * long)
        marks.append(Text("scale", "tick", x, tidy(below + 29), text, LABEL_SIZE, "middle", colour=QUIET))
    said = f"rows act on columns; bold: {percent(effects.level)} interval excludes zero"
    marks.append(
        Text("note", "legend", tidy(matrix.left + long + 20), tidy(below + 18.5), said, LABEL_SIZE, colour=QUIET)
    )
    ends = [(matrix.left, matrix.top - 1.5), (matrix.left + matrix.wide * len(matrix.effects), matrix.top - 1.5)]
    marks.append(Shape("note", "rule", polygon(ends, closed=False), stroke=INK, stroke_width=0.6))
    return marks


def _alt(matrix: _Matrix, effects: Effects, shown: Mapping[str, str]) -> str:
    cells = [
        (abs(float(effects.mean.loc[cause, effect])), cause, effect)  # type: ignore[arg-type]
        for cause in matrix.causes
        for effect in matrix.effects
        if cause != effect and math.isfinite(float(effects.mean.loc[cause, effect]))  # type: ignore[arg-type]
    ]
    ranked = sorted(cells, key=lambda cell: (-cell[0], cell[1], cell[2]))[:5]
    listed = "; ".join(
        f"{shown[cause]} on {shown[effect]} {number(float(effects.mean.loc[cause, effect]))}"  # type: ignore[arg-type]
        for _, cause, effect in ranked
    )
    return f"Matrix of effects of {len(matrix.causes)} causes on {len(matrix.effects)} values. The largest: {listed}."


def _rows(matrix: _Matrix, effects: Effects) -> tuple[tuple[Cell, ...], ...]:
    tables = (effects.mean, effects.lower, effects.upper, effects.positive)
    rows: list[tuple[Cell, ...]] = []
    for cause in matrix.causes:
        for effect in matrix.effects:
            found = [float(table.loc[cause, effect]) for table in tables]  # type: ignore[arg-type]
            rows.append((cause, effect, *(round(value, 9) + 0.0 if math.isfinite(value) else None for value in found)))
    return tuple(rows)
