"""Effects by experiment beside those that a model foresees: two matrices in one set of colours."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from causalvalues.errors import FigureError
from causalvalues.figures.matrix_layout import Matrix, matrix_layout
from causalvalues.figures.matrix_signs import (
    Note,
    cell_colour,
    colour_scale,
    cross,
    finite_most,
    notes_beside,
    sign_mark,
    small_ring,
)
from causalvalues.figures.row_frame import checked_width, shown_names
from causalvalues.figures.value_order import value_order
from causalvalues.numerals import number, percent
from causalvalues.scene.geometry import tidy
from causalvalues.scene.metrics import text_width, wrap
from causalvalues.scene.nouns import Cell, Mark, Scene, Text, number_cell
from causalvalues.scene.palette import INK, LABEL_SIZE, MARGIN, NAME_SIZE, PAPER, SECTOR, readable_ink
from causalvalues.skill.experimental_nouns import ExperimentalEffects
from causalvalues.theories.theory import ValueTheory

GAP = 14.0
HEAD, TITLE_LINE = 14.0, 10.0
LEAST_CELL = 7.6
TALLEST = 560.0
"""Height from which two matrices stand side by side if they can, in points."""


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
class _Panel:
    """One matrix: its title, its numbers, where it stands, and whether it is what was foreseen."""

    title: str
    table: np.ndarray
    matrix: Matrix
    named: bool
    foreseen: bool


@dataclass(frozen=True)
class _Look:
    """The largest size, and whether cells have room for numbers."""

    largest: float
    numbers: bool


def experimental_heatmap(
    effects: ExperimentalEffects,
    foreseen: Foreseen | None = None,
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    *,
    width: float = 468.0,
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
    width : float, default 468
        Points; where two matrices have no room side by side, what is foreseen stands below.

    Returns
    -------
    Scene
        In the first matrix, numbers stand in effects that differ from zero (signs where cells are narrow), circles in
        effects that are shown to be small, and cells without either are undecided. In the second, a cross marks an
        effect that differs from zero and whose sign is foreseen wrongly.

    Raises
    ------
    FigureError
        If there are no effects, the prediction is of other values, or the width leaves no room.
    """
    names = tuple(value_order([str(name) for name in effects.mean.columns], theory))
    if not names:
        raise FigureError("There are no effects to draw: the tables are empty.")
    shown = shown_names(names, theory, labels)
    tables = [effects.mean.loc[list(names), list(names)].to_numpy(dtype=float)]
    if foreseen is not None:
        tables.append(_scaled(tables[0], foreseen, names))
    panels, numbers = _panels([shown[name] for name in names], tables, foreseen, checked_width(width))
    apart = ~np.eye(len(names), dtype=bool)
    look = _Look(finite_most([float(x) for table in tables for x in table[apart]]), numbers)
    marks: list[Mark] = []
    for place, panel in enumerate(panels):
        marks += _drawn(place, panel, (tables[0], effects, names), look)
    bottom = max(panel.matrix.bottom for panel in panels)
    legend, high = _legend(panels, look, bottom + 10, width)
    return Scene(
        kind="effects",
        width=width,
        height=tidy(bottom + 10 + high + MARGIN),
        marks=(*marks, *legend),
        title="What forced answers did, and what was foreseen" if foreseen else "What forced answers did",
        caption=_caption(effects, foreseen, look.numbers),
        alt=_alt(effects, names, shown),
        columns=("forced", "value", "mean", "lower", "upper", "differs", "still", "foreseen"),
        rows=_rows(effects, names, tables),
        provenance={"level": f"{effects.level:g}", "model": "" if foreseen is None else foreseen.name},
    )


def _panels(
    shown: list[str], tables: list[np.ndarray], foreseen: Foreseen | None, width: float
) -> tuple[list[_Panel], bool]:
    """Lay out the matrices side by side, or below each other where the numbers need it; say whether numbers fit."""
    apart = ~np.eye(len(shown), dtype=bool)
    sizes = [_hundredths(float(x)) for x in tables[0][apart] if math.isfinite(x)]
    needed = max((text_width(text, LABEL_SIZE) for text in sizes), default=0.0) + 0.4
    titles = ["Forced answers"] + ([] if foreseen is None else [f"Foreseen: {foreseen.name}"])
    top = MARGIN + HEAD
    first = matrix_layout(shown, shown, (MARGIN, width - MARGIN), top, needed)
    if len(tables) == 1:
        return [_Panel(titles[0], tables[0], first, True, False)], first.wide >= needed
    half = matrix_layout(shown, shown, (MARGIN, (width + first.left) / 2 - GAP / 2), top, needed)
    lower = replace(first, top=tidy(first.bottom + GAP + first.top - MARGIN))
    if half.wide >= LEAST_CELL and (half.wide >= min(needed, first.wide) or lower.bottom > TALLEST):
        wide = (width - MARGIN - GAP - half.left) / (2 * len(shown))
        half = replace(half, wide=tidy(wide))
        lower, first = replace(half, left=tidy(half.right + GAP)), half
    below = lower.top > first.top
    down = TITLE_LINE * (len(_title_lines(titles[1], lower)) - 1)
    first = first if below else replace(first, top=first.top + down)
    lower = replace(lower, top=lower.top + down)
    above = _Panel(titles[0], tables[0], first, True, False)
    return [above, _Panel(titles[1], tables[1], lower, below, True)], first.wide >= needed


def _title_lines(title: str, matrix: Matrix) -> tuple[str, ...]:
    return wrap(title, max((matrix.right - matrix.left) / 1.1, 80.0), NAME_SIZE, 2)


def _hundredths(value: float) -> str:
    return number(100 * value, 0)


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


def _drawn(
    place: int, panel: _Panel, what: tuple[np.ndarray, ExperimentalEffects, tuple[str, ...]], look: _Look
) -> list[Mark]:
    """Return the title, the names and the cells of one matrix."""
    truth, effects, names = what
    matrix = panel.matrix
    above = max(text_width(line, matrix.size) for lines in matrix.columns for line in lines)
    base = matrix.top - above - 10
    marks: list[Mark] = [
        Text("titles", "heading", matrix.left, tidy(base - TITLE_LINE * k), line, NAME_SIZE, bold=True)
        for k, line in enumerate(reversed(_title_lines(panel.title, matrix)))
    ]
    marks += [mark for mark in matrix.names() if panel.named or not mark.part.startswith("row-")]
    differs = effects.differs.loc[list(names), list(names)].to_numpy(dtype=bool)
    still = effects.still.loc[list(names), list(names)].to_numpy(dtype=bool)
    for i in range(len(names)):
        for j in range(len(names)):
            part, value = f"cell-{place}-{i}-{j}", float(panel.table[i, j])
            same = i == j or not math.isfinite(value)
            fill = SECTOR if same else cell_colour(value, look.largest)
            marks.append(matrix.cell(part, (i, j), fill, PAPER))
            middle = matrix.middle(i, j)
            if same:
                continue
            if panel.foreseen:
                wrong = differs[i, j] and value * truth[i, j] < 0
                marks += [cross(part, middle, readable_ink(fill))] if wrong else []
            elif differs[i, j]:
                marks.append(
                    _number(part, middle, value, fill) if look.numbers else sign_mark(part, middle, value, fill)
                )
            elif still[i, j]:
                marks.append(small_ring(part, *middle))
    return marks


def _number(part: str, at: tuple[float, float], value: float, fill: str) -> Text:
    y = tidy(at[1] + 0.36 * LABEL_SIZE)
    return Text(part, "number", at[0], y, _hundredths(value), LABEL_SIZE, "middle", colour=readable_ink(fill))


def _legend(panels: list[_Panel], look: _Look, top: float, width: float) -> tuple[list[Mark], float]:
    """Return the scale of colours, what the signs mean, and how high both are."""
    left = min(panels[0].matrix.left, width - MARGIN - 98.0)
    sign = "number, in hundredths" if look.numbers else "+ or \u2212"
    notes = [
        Note(f"{sign}: differs from zero; empty: undecided"),
        Note("shown to be small", (small_ring("note", 2.5, 0),), 5.0),
    ]
    if len(panels) > 1:
        notes.append(Note("sign foreseen wrongly", (cross("note", (2.5, 0), INK),), 5.0))
    notes.append(Note("rows act on columns; grey: a value on itself"))
    beside, high = notes_beside(notes, (left + 112.0, top + 3.5), width - MARGIN, MARGIN)
    return [*colour_scale(left, top, look.largest, 90.0), *beside], high


def _caption(effects: ExperimentalEffects, foreseen: Foreseen | None, numbers: bool) -> str:
    special = ", special to the pair (less the mean effect of other forced values on the same value)"
    said = "Change of the column value after statements of the row value were put into the mouth of the respondent"
    said += f"{special if effects.centred else ''}. "
    said += "Numbers" if numbers else "Signs"
    said += f": effects that differ from zero at an expected share of {percent(effects.share)} false claims; "
    said += "circles: shown to be smaller than the smallest effect of interest."
    if foreseen is not None:
        said += f" Foreseen: what {foreseen.name!r} foresees, on one scale with the effects; crosses: wrong sign."
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
            told = [number_cell(x) for x in numbers]
            flags = ["yes" if bool(table.loc[i, j]) else "no" for table in (effects.differs, effects.still)]
            rows.append((i, j, *told[:3], *flags, told[3]))
    return tuple(rows)
