"""Effects by experiment beside those that a model foresees: two matrices in one set of colours."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import FigureError
from causalvalues.figures.effects_heatmap import cell_colour
from causalvalues.figures.value_order import value_order
from causalvalues.numerals import number, percent
from causalvalues.scene.geometry import disc, polygon, rectangle, tidy
from causalvalues.scene.metrics import text_width, wrap
from causalvalues.scene.nouns import Cell, Mark, Scene, Shape, Text
from causalvalues.scene.palette import (
    FAINT,
    INK,
    LABEL_SIZE,
    MARGIN,
    NAME_SIZE,
    PAPER,
    QUIET,
    SECTOR,
    readable_ink,
)
from causalvalues.skill.experimental_nouns import ExperimentalEffects
from causalvalues.theories.theory import ValueTheory

WIDTH = 504.0
GAP = 14.0
NAMES = 84.0
SMALLEST_CELL, LARGEST_CELL = 9.0, 26.0


@dataclass(frozen=True)
class Foreseen:
    """A prediction of the effects, and what it is called.

    Parameters
    ----------
    name : str
    prediction : DataFrame (p, p)
        [forced value, value], in any unit: it is centred by column and scaled to the effects by least squares.
    """

    name: str
    prediction: pd.DataFrame


@dataclass(frozen=True)
class _Grid:
    names: tuple[str, ...]
    left: float
    top: float
    cell: float
    largest: float

    def x(self, panel: int, column: int) -> float:
        return self.left + panel * (self.cell * len(self.names) + GAP) + column * self.cell

    def y(self, row: int) -> float:
        return self.top + row * self.cell


def experimental_heatmap(
    effects: ExperimentalEffects,
    foreseen: Foreseen | None = None,
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
) -> Scene:
    """Draw the effects of forced values on values, and beside them what a model foresees.

    Parameters
    ----------
    effects : ExperimentalEffects
        Best centred: ``experimental_effects(...).effects(centred=True)``.
    foreseen : Foreseen, optional
    theory : ValueTheory, optional
        Order and names.
    labels : mapping of str to str, optional
        Names as shown; they win over the theory's.

    Returns
    -------
    Scene
        On the left, numbers stand in effects that differ from zero, circles in effects that are shown to be small, and
        cells without either are undecided. On the right, a cross marks an effect that differs from zero and whose sign
        is foreseen wrongly.

    Raises
    ------
    FigureError
        If there are no effects, or the prediction is of other values.
    """
    names = tuple(value_order([str(name) for name in effects.mean.columns], theory))
    if not names:
        raise FigureError("There are no effects to draw: the tables are empty.")
    known = {} if theory is None else theory.labels
    shown = {name: (labels or {}).get(name, known.get(name, name)) for name in names}
    tables = [effects.mean.loc[list(names), list(names)].to_numpy(dtype=float)]
    if foreseen is not None:
        tables.append(_scaled(tables[0], foreseen, names))
    grid = _grid(names, shown, tables)
    marks = [*_names(grid, shown, len(tables)), *_titles(grid, foreseen)]
    for panel, table in enumerate(tables):
        marks += _panel(grid, (panel, table), tables[0], effects)
    marks += _legend(grid, len(tables) > 1)
    return Scene(
        kind="effects",
        width=tidy(max(WIDTH, grid.x(len(tables) - 1, len(names)) + MARGIN)),
        height=tidy(grid.y(len(names)) + 46),
        marks=tuple(marks),
        title="What forced answers did, and what was foreseen" if foreseen else "What forced answers did",
        caption=_caption(effects, foreseen),
        alt=_alt(effects, names, shown),
        columns=("forced", "value", "mean", "lower", "upper", "differs", "still", "foreseen"),
        rows=_rows(effects, names, tables),
        provenance={"level": f"{effects.level:g}", "model": "" if foreseen is None else foreseen.name},
    )


def _scaled(effects: np.ndarray, foreseen: Foreseen, names: tuple[str, ...]) -> np.ndarray:
    """Return the prediction centred by column and scaled to the effects, over the pairs."""
    table = foreseen.prediction
    odd = sorted((set(table.index) ^ set(names)) | (set(table.columns) ^ set(names)))
    if odd:
        raise FigureError(
            f"The prediction and the effects differ in the value {odd[0]!r}. Give one of the same values."
        )
    apart = ~np.eye(len(names), dtype=bool)
    predicted = table.loc[list(names), list(names)].to_numpy(dtype=float)
    predicted = predicted - np.where(apart, predicted, 0.0).sum(axis=0) / (len(names) - 1)
    seen = apart & np.isfinite(effects) & np.isfinite(predicted)
    size = float(np.square(predicted[seen]).sum())
    slope = float((predicted[seen] * effects[seen]).sum()) / size if size > 0 else 0.0
    return np.asarray(np.where(apart, predicted * max(slope, 0.0), np.nan))


def _grid(names: tuple[str, ...], shown: Mapping[str, str], tables: list[np.ndarray]) -> _Grid:
    long = max(text_width(line, NAME_SIZE) for name in names for line in wrap(shown[name], NAMES, NAME_SIZE, 1))
    left = MARGIN + long + 6
    room = (WIDTH - MARGIN - left - GAP * (len(tables) - 1)) / len(tables) / len(names)
    apart = ~np.eye(len(names), dtype=bool)
    sizes = np.abs(np.concatenate([table[apart & np.isfinite(table)] for table in tables]))
    largest = float(sizes.max()) if sizes.size and sizes.max() > 0 else 1.0
    cell = min(max(room, SMALLEST_CELL), LARGEST_CELL)
    return _Grid(names, tidy(left), tidy(MARGIN + 16 + long + 8), tidy(cell), largest)


def _names(grid: _Grid, shown: Mapping[str, str], panels: int) -> list[Mark]:
    marks: list[Mark] = []
    for i, name in enumerate(grid.names):
        text = wrap(shown[name], NAMES, NAME_SIZE, 1)[0]
        y = tidy(grid.y(i) + grid.cell / 2 + 0.36 * NAME_SIZE)
        marks.append(Text(f"row-{i}", "name", tidy(grid.left - 5), y, text, NAME_SIZE, "end"))
        for panel in range(panels):
            x = tidy(grid.x(panel, i) + grid.cell / 2 + 0.36 * NAME_SIZE)
            marks.append(Text(f"column-{i}", "name", x, tidy(grid.top - 5), text, NAME_SIZE, angle=-90.0))
    return marks


def _titles(grid: _Grid, foreseen: Foreseen | None) -> list[Mark]:
    titles = ["Forced answers"] if foreseen is None else ["Forced answers", f"Foreseen: {foreseen.name}"]
    wide = grid.cell * len(grid.names)
    marks: list[Mark] = []
    for panel, title in enumerate(titles):
        text = wrap(title, wide, NAME_SIZE, 1)[0]
        marks.append(Text("titles", "heading", tidy(grid.x(panel, 0)), MARGIN + 8, text, NAME_SIZE, bold=True))
    return marks


def _panel(grid: _Grid, what: tuple[int, np.ndarray], truth: np.ndarray, effects: ExperimentalEffects) -> list[Mark]:
    panel, table = what
    marks: list[Mark] = []
    differs = effects.differs.loc[list(grid.names), list(grid.names)].to_numpy(dtype=bool)
    still = effects.still.loc[list(grid.names), list(grid.names)].to_numpy(dtype=bool)
    for i in range(len(grid.names)):
        for j in range(len(grid.names)):
            part, value = f"cell-{panel}-{i}-{j}", float(table[i, j])
            x, y = grid.x(panel, j), grid.y(i)
            same = i == j or not math.isfinite(value)
            fill = SECTOR if same else cell_colour(value, grid.largest)
            box = rectangle(x, y, grid.cell, grid.cell)
            marks.append(Shape(part, "cell", box, fill=fill, stroke=PAPER, stroke_width=0.7))
            if same:
                continue
            middle = (tidy(x + grid.cell / 2), tidy(y + grid.cell / 2))
            if panel == 1 and differs[i, j] and value * truth[i, j] < 0:
                marks += _cross(part, middle, fill)
            elif panel == 0 and differs[i, j]:
                marks += _number(part, middle, (value, grid.cell), fill)
            elif panel == 0 and still[i, j]:
                marks.append(Shape(part, "still", disc(*middle, 2.0), stroke=QUIET, stroke_width=0.7))
    return marks


def _number(part: str, at: tuple[float, float], what: tuple[float, float], fill: str) -> list[Mark]:
    """Return hundredths, which fit into a small cell."""
    value, cell = what
    text = number(100 * value, 0)
    if text_width(text, LABEL_SIZE) > cell - 1:
        return [Shape(part, "sure", disc(*at, 1.2), fill=readable_ink(fill))]
    y = tidy(at[1] + 0.36 * LABEL_SIZE)
    return [Text(part, "number", at[0], y, text, LABEL_SIZE, "middle", colour=readable_ink(fill))]


def _cross(part: str, at: tuple[float, float], fill: str) -> list[Mark]:
    x, y = at
    ink = readable_ink(fill)
    ends = ([(x - 2.2, y - 2.2), (x + 2.2, y + 2.2)], [(x - 2.2, y + 2.2), (x + 2.2, y - 2.2)])
    return [Shape(part, "wrong", polygon(end, closed=False), stroke=ink, stroke_width=0.9) for end in ends]


def _legend(grid: _Grid, both: bool) -> list[Mark]:
    below = grid.y(len(grid.names)) + 10
    marks: list[Mark] = []
    steps, long = 31, 90.0
    for k in range(steps):
        value = grid.largest * (2 * k / (steps - 1) - 1)
        box = rectangle(grid.left + long * k / steps, below, long / steps + (0.2 if k < steps - 1 else 0), 7)
        marks.append(Shape("scale", "scale", box, fill=cell_colour(value, grid.largest)))
    marks.append(Shape("scale", "frame", rectangle(grid.left, below, long, 7), stroke=FAINT, stroke_width=0.4))
    for share, value in ((0.0, -grid.largest), (0.5, 0.0), (1.0, grid.largest)):
        text = "0" if value == 0 else number(value)
        x = tidy(grid.left + share * long)
        marks.append(Text("scale", "tick", x, tidy(below + 17), text, LABEL_SIZE, "middle", colour=QUIET))
    said = "number: differs from zero, in hundredths; empty: undecided;      shown to be small"
    x = tidy(grid.left + long + 18)
    marks.append(Text("note", "legend", x, tidy(below + 6), said, LABEL_SIZE, colour=QUIET))
    until = text_width("number: differs from zero, in hundredths; empty: undecided;   ", LABEL_SIZE)
    marks.append(
        Shape("note", "still", disc(tidy(x + until + 1), tidy(below + 3.6), 2.0), stroke=QUIET, stroke_width=0.7)
    )
    if both:
        marks += _cross("note", (tidy(x + 2.5), tidy(below + 15)), PAPER)
        words = "sign foreseen wrongly; rows act on columns, grey: a value on itself"
    else:
        words = "rows act on columns, grey: a value on itself"
    marks.append(Text("note", "legend", x + (9 if both else 0), tidy(below + 17.5), words, LABEL_SIZE, colour=INK))
    return marks


def _caption(effects: ExperimentalEffects, foreseen: Foreseen | None) -> str:
    special = ", special to the pair (less the mean effect of other forced values on the same value)"
    said = "Change of the column value after statements of the row value were put into the mouth of the respondent"
    said += f"{special if effects.centred else ''}. "
    said += f"Numbers: effects that differ from zero at an expected share of {percent(effects.share)} false claims; "
    said += "circles: shown to be smaller than the smallest effect of interest."
    if foreseen is not None:
        said += f" Right: what {foreseen.name!r} foresees, on one scale with the effects; crosses: wrong sign."
    return said


def _alt(effects: ExperimentalEffects, names: tuple[str, ...], shown: Mapping[str, str]) -> str:
    cells = [
        (abs(float(effects.mean.loc[i, j])), i, j)  # type: ignore[arg-type]
        for i in names
        for j in names
        if i != j and math.isfinite(float(effects.mean.loc[i, j]))  # type: ignore[arg-type]
    ]
    ranked = sorted(cells, key=lambda cell: (-cell[0], cell[1], cell[2]))[:5]
    listed = "; ".join(
        f"{shown[i]} on {shown[j]} {number(float(effects.mean.loc[i, j]))}"  # type: ignore[arg-type]
        for _, i, j in ranked
    )
    return f"Matrix of effects of {len(names)} forced values. The largest: {listed}."


def _rows(
    effects: ExperimentalEffects, names: tuple[str, ...], tables: list[np.ndarray]
) -> tuple[tuple[Cell, ...], ...]:
    rows: list[tuple[Cell, ...]] = []
    for a, i in enumerate(names):
        for b, j in enumerate(names):
            numbers = [float(table.loc[i, j]) for table in (effects.mean, effects.lower, effects.upper)]  # type: ignore[arg-type]
            numbers.append(float(tables[1][a, b]) if len(tables) > 1 else math.nan)
            told = [round(x, 9) + 0.0 if math.isfinite(x) else None for x in numbers]
            flags = ["yes" if bool(table.loc[i, j]) else "no" for table in (effects.differs, effects.still)]
            rows.append((i, j, *told[:3], *flags, told[3]))
    return tuple(rows)
