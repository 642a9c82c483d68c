"""The matrix of total effects as a picture: rows act on columns, blue is positive, vermillion negative, white zero."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import pandas as pd

from causalvalues.errors import FigureError
from causalvalues.figures.arguments import known_interval
from causalvalues.figures.matrix_layout import Matrix, matrix_layout
from causalvalues.figures.matrix_signs import (
    Note,
    cell_colour,
    colour_scale,
    finite_most,
    notes_beside,
    sign_mark,
)
from causalvalues.figures.row_frame import checked_width, shown_names
from causalvalues.figures.value_order import value_order
from causalvalues.model.effects import Effects
from causalvalues.model.levers import LeverEffects
from causalvalues.numerals import number, percent
from causalvalues.scene.geometry import polygon, tidy
from causalvalues.scene.metrics import text_width
from causalvalues.scene.nouns import Cell, Mark, Scene, Shape, Text, number_cell
from causalvalues.scene.palette import ASIDE, INK, LABEL_SIZE, MARGIN, PAPER, SECTOR, readable_ink
from causalvalues.theories.theory import ValueTheory

FULL, HUNDREDTHS, SIGNS = "number", "hundredths", "sign"


@dataclass(frozen=True)
class _Table:
    """The effects [cause, effect] in their order, where they stand, and how a number is written."""

    causes: tuple[str, ...]
    values: tuple[str, ...]
    effects: Effects
    largest: float
    matrix: Matrix
    style: str

    def mean(self, cause: str, value: str) -> float:
        """Return an effect; NaN of a value on itself."""
        return math.nan if cause == value else float(self.effects.mean.loc[cause, value])  # type: ignore[arg-type]

    def sure(self, cause: str, value: str) -> bool:
        """Whether the interval excludes zero."""
        lower, upper = (float(ends.loc[cause, value]) for ends in (self.effects.lower, self.effects.upper))  # type: ignore[arg-type]
        return lower > 0 or upper < 0


def effects_heatmap(
    effects: Effects | LeverEffects,
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    title: str | None = None,
    *,
    width: float = 468.0,
) -> Scene:
    """Draw a matrix of effects with the numbers in it.

    Parameters
    ----------
    effects : Effects or LeverEffects
        Of `total_effects`: tables [cause, effect]. Of `lever_effects`: the levers that were used alone are drawn.
    theory : ValueTheory, optional
        Order and names.
    labels : mapping of str to str, optional
        Names as shown; they win over the theory's.
    title : str, optional
        Default "Total effects", or "What levers did".
    width : float, default 468
        Points.

    Returns
    -------
    Scene
        Numbers whose interval excludes zero are bold. Where cells are narrow, only these numbers are shown, in
        hundredths; where they are narrower still, a plus or a minus stands in their place.

    Raises
    ------
    FigureError
        If the tables are empty, or the width leaves no room.
    """
    title, caption = _words(effects, title)
    effects = _of_levers(effects) if isinstance(effects, LeverEffects) else effects
    if effects.mean.empty:
        raise FigureError("There are no effects to draw: the tables are empty.")
    for (cause, effect), low, high in zip(*_ends(effects), strict=True):
        known_interval(low, high, f"{cause} on {effect}")
    values = value_order([str(name) for name in effects.mean.columns], theory)
    others = [str(name) for name in effects.mean.index if str(name) not in set(values)]
    causes = [name for name in values if name in set(effects.mean.index)] + _beside_values(others, values)
    shown = shown_names([*causes, *values], theory, labels)
    table = _table((causes, values), effects, shown, checked_width(width))
    legend, high = _legend(table, width)
    return Scene(
        kind="effects",
        width=width,
        height=tidy(table.matrix.bottom + 12 + high + MARGIN),
        marks=(*table.matrix.names(), *_cells(table), *legend),
        title=title,
        caption=f"{title}: {caption} {_meaning(table)}",
        alt=_alt(table, shown),
        columns=("cause", "effect", "mean", "lower", "upper", "positive"),
        rows=_rows(table),
        provenance={"level": f"{effects.level:g}"},
    )


def _ends(effects: Effects) -> tuple[list[tuple[str, str]], list[float], list[float]]:
    """Return cause and effect, lower and upper end of every cell."""
    low, high = effects.lower.to_numpy(dtype=float), effects.upper.to_numpy(dtype=float)
    return list(product(effects.lower.index, effects.lower.columns)), low.ravel().tolist(), high.ravel().tolist()


def _words(effects: Effects | LeverEffects, title: str | None) -> tuple[str, str]:
    """Return the title, and what the numbers are, for the caption."""
    if not isinstance(effects, LeverEffects):
        said = "change of the column value when the row is raised by one unit and everything else follows."
        return title or "Total effects", said
    left_out = len(effects.mean) - len(_single(effects))
    sets = f" {left_out} {'set' if left_out == 1 else 'sets'} of levers left out." if left_out else ""
    return title or "What levers did", (
        "mean change of each value (columns) under each lever (rows) against the rows without lever, in score units, "
        f"from the design alone: no graph is used.{sets} Intervals are robust to repeated rows of one cluster."
    )


def _single(effects: LeverEffects) -> list[str]:
    """Return the cells of one lever alone; all cells where there is none."""
    used = (effects.doses != 0).sum(axis=1)
    return list(used.index[used == 1]) or list(used.index)


def _of_levers(effects: LeverEffects) -> Effects:
    cells, values = _single(effects), list(effects.mean.columns)
    unknown = pd.DataFrame(float("nan"), cells, values)
    mean, lower, upper = (each.loc[cells] for each in (effects.mean, effects.lower, effects.upper))
    return Effects(mean, lower, upper, unknown, unknown, effects.level)


def _beside_values(levers: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Order levers by name, those named after a value (``do_power``) first and in the order of the values."""
    places = {lever: [i for i, name in enumerate(columns) if lever.endswith(name)] for lever in levers}
    return sorted(levers, key=lambda lever: (min(places[lever], default=len(columns)), lever))


def _table(
    names: tuple[Sequence[str], Sequence[str]], effects: Effects, shown: Mapping[str, str], width: float
) -> _Table:
    """Lay out the matrix for full numbers, and write hundredths or signs where these do not fit."""
    causes, values = names
    known = [
        float(effects.mean.loc[cause, value])  # type: ignore[arg-type]
        for cause in causes
        for value in values
        if cause != value and math.isfinite(float(effects.mean.loc[cause, value]))  # type: ignore[arg-type]
    ]
    sides = [shown[name] for name in causes], [shown[name] for name in values]
    full = max((text_width(_said(each, FULL), LABEL_SIZE, bold=True) for each in known), default=0.0) + 2
    matrix = matrix_layout(*sides, (MARGIN, width - MARGIN), MARGIN, full)
    short = max((text_width(_said(each, HUNDREDTHS), LABEL_SIZE) for each in known), default=0.0) + 0.2
    style = FULL if full <= matrix.wide else HUNDREDTHS if short <= matrix.wide else SIGNS
    return _Table(tuple(causes), tuple(values), effects, finite_most(known), matrix, style)


def _said(value: float, style: str) -> str:
    return number(value) if style == FULL else number(100 * value, 0)


def _cells(table: _Table) -> list[Mark]:
    marks: list[Mark] = []
    for i, cause in enumerate(table.causes):
        for j, value in enumerate(table.values):
            part, mean = f"cell-{i}-{j}", table.mean(cause, value)
            fill = cell_colour(mean, table.largest) if math.isfinite(mean) else SECTOR
            marks.append(table.matrix.cell(part, (i, j), fill, PAPER))
            if math.isfinite(mean):
                marks += _inside(part, table, (cause, value), (table.matrix.middle(i, j), fill))
    return marks


def _inside(part: str, table: _Table, pair: tuple[str, str], where: tuple[tuple[float, float], str]) -> list[Mark]:
    """Return what stands in a cell: its number, bold when it is sure, or its sign."""
    (x, y), fill = where
    mean, sure = table.mean(*pair), table.sure(*pair)
    if table.style != FULL and not sure:
        return []
    if table.style == SIGNS:
        return [sign_mark(part, (x, y), mean, fill)]
    text = _said(mean, table.style)
    ink, bold = (
        ASIDE if text == number(0.0) and fill == cell_colour(0.0, table.largest) else readable_ink(fill),
        sure and table.style == FULL,
    )
    return [Text(part, "number", x, tidy(y + 0.36 * LABEL_SIZE), text, LABEL_SIZE, "middle", bold=bold, colour=ink)]


def _meaning(table: _Table) -> str:
    """Return what the cells say, as a sentence for the caption."""
    level = percent(table.effects.level)
    if not _any_sure(table):
        return f"No {level} interval excludes zero."
    if table.style == FULL:
        return f"Bold: the {level} interval excludes zero."
    sign = "Plus and minus" if table.style == SIGNS else "Numbers (in hundredths)"
    return f"{sign}: the {level} interval excludes zero; the table of the figure has all numbers."


def _any_sure(table: _Table) -> bool:
    return any(table.sure(*pair) for pair in product(table.causes, table.values) if pair[0] != pair[1])


def _legend(table: _Table, width: float) -> tuple[list[Mark], float]:
    """Return the scale of colours below the matrix, a line on what bold means, and how high both are."""
    matrix = table.matrix
    left, top = min(matrix.left, width - MARGIN - 118.0), matrix.bottom + 12
    marks = colour_scale(left, top, table.largest)
    level = percent(table.effects.level)
    said = {FULL: "bold", HUNDREDTHS: "number, in hundredths", SIGNS: "+ and \u2212"}[table.style]
    meaning = f"{said}: {level} interval excludes zero" if _any_sure(table) else f"no {level} interval excludes zero"
    notes = [Note(f"rows act on columns; {meaning}")]
    beside, high = notes_beside(notes, (left + 130.0, top + 3.5), width - MARGIN, MARGIN)
    across = polygon([(matrix.left, matrix.top - 1.5), (matrix.right, matrix.top - 1.5)], closed=False)
    return [*marks, *beside, Shape("note", "rule", across, stroke=INK, stroke_width=0.6)], high


def _alt(table: _Table, shown: Mapping[str, str]) -> str:
    pairs = [(cause, value) for cause in table.causes for value in table.values]
    known = [pair for pair in pairs if math.isfinite(table.mean(*pair))]
    ranked = sorted(known, key=lambda pair: (-abs(table.mean(*pair)), pair))[:5]
    listed = "; ".join(
        f"{shown[cause]} on {shown[value]} {number(table.mean(cause, value))}" for cause, value in ranked
    )
    return f"Matrix of effects of {len(table.causes)} causes on {len(table.values)} values. The largest: {listed}."


def _rows(table: _Table) -> tuple[tuple[Cell, ...], ...]:
    effects = table.effects
    rows: list[tuple[Cell, ...]] = []
    for cause in table.causes:
        for value in table.values:
            tables = (effects.mean, effects.lower, effects.upper, effects.positive)
            found = [float(each.loc[cause, value]) for each in tables]  # type: ignore[arg-type]
            rows.append((cause, value, *map(number_cell, found)))
    return tuple(rows)
