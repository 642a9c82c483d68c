"""The leakage matrix: levers by values, aims on the diagonal, guardrails and controls set apart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from causalvalues.errors import FigureError
from causalvalues.figures.gapped_matrix import GappedMatrix
from causalvalues.figures.leakage_words import leakage_alt, leakage_caption, leakage_rows
from causalvalues.figures.matrix_layout import matrix_layout
from causalvalues.figures.matrix_signs import Note, cell_colour, colour_scale, finite_most, notes_beside, sign_mark
from causalvalues.figures.row_frame import checked_width, shown_names
from causalvalues.figures.value_order import value_order
from causalvalues.leakage.leakage_matrix import LeakageMatrix
from causalvalues.numerals import estimate, number
from causalvalues.scene.geometry import rectangle, tidy
from causalvalues.scene.metrics import text_width
from causalvalues.scene.nouns import Mark, Scene, Shape, Text
from causalvalues.scene.palette import (
    ASIDE,
    INK,
    LABEL_SIZE,
    MARGIN,
    PAPER,
    QUIET,
    RULE,
    SECTOR,
    readable_ink,
)
from causalvalues.theories.theory import ValueTheory

GAP = 7.0
LEAST_CELL = 8.5
NAME_CELL = 6.4
"""Narrowest cell above which a name of one line stands without meeting its neighbour."""
BESIDE = 10.0
HEADS = {"gain": "Gain", "leakage": "Leakage"}
FULL, HUNDREDTHS, SIGNS = "number", "hundredths", "sign"


@dataclass(frozen=True)
class _Drawn:
    """The matrix in its order, where it stands, how numbers are written, and what stands beside the rows."""

    found: LeakageMatrix
    levers: tuple[str, ...]
    columns: tuple[str, ...]
    matrix: GappedMatrix
    style: str
    largest: float
    beside: tuple[tuple[str, float, tuple[str, ...]], ...]

    def at(self, row: int, column: int) -> tuple[float, bool]:
        """Return an effect, and whether it differs from zero."""
        place = self.levers[row], self.columns[column]
        return float(self.found.effect.loc[place]), bool(self.found.differs.loc[place])  # type: ignore[arg-type]


def leakage_figure(
    found: LeakageMatrix,
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    title: str | None = None,
    *,
    width: float = 468.0,
) -> Scene:
    """Draw what each lever does to each value, with gain and leakage beside it.

    Parameters
    ----------
    found : LeakageMatrix
    theory : ValueTheory, optional
        Order and names; levers stand in the order of their aims, so that aims lie on the diagonal.
    labels : mapping of str to str, optional
        Names of levers, values and guardrails as shown; they win over the theory's.
    title : str, optional
        Default "Leakage".
    width : float, default 468
        Points.

    Returns
    -------
    Scene
        Framed cells are aims. Numbers that differ from zero after the correction are bold. Guardrails stand behind a
        gap, without colour since they have other units; controls below one. Where cells are narrow, only effects that
        differ from zero have a number, in hundredths, or a sign.

    Raises
    ------
    FigureError
        If the width leaves no room.
    """
    values = value_order(found.values, theory)
    place = {value: k for k, value in enumerate(values)}
    levers = sorted(found.aims, key=lambda lever: (place[found.aims[lever]], lever))
    rows, columns = (*levers, *sorted(found.controls)), (*values, *found.guardrails)
    shown = shown_names([*rows, *columns], theory, labels)
    drawn = _laid_out(found, rows, columns, shown, checked_width(width))
    legend, high = _legend(drawn, width)
    heading = title or "Leakage"
    return Scene(
        kind="leakage",
        width=width,
        height=tidy(drawn.matrix.bottom + 12 + high + MARGIN),
        marks=(*drawn.matrix.names(), *_cells(drawn), *_beside(drawn), *legend),
        title=heading,
        caption=f"{heading}: {leakage_caption(found, _marked(drawn), [head for head, *_ in drawn.beside])}",
        alt=leakage_alt(found, rows, shown),
        columns=("lever", "column", "role", "value", "lower", "upper", "p", "corrected"),
        rows=leakage_rows(found, rows, columns),
        provenance={"level": f"{found.options.level:g}", "dose": f"{found.options.dose:g}"},
    )


def _laid_out(
    found: LeakageMatrix, rows: tuple[str, ...], columns: tuple[str, ...], shown: Mapping[str, str], width: float
) -> _Drawn:
    """Divide the page: gain and leakage stand beside the matrix where its numbers keep their room."""
    effects = found.effect.loc[list(rows), list(columns)].to_numpy(dtype=float)
    known = [float(each) for each in effects.ravel() if math.isfinite(each)]
    if not known:
        raise FigureError("There are no effects to draw: none is known.")
    full = max(text_width(number(each), LABEL_SIZE, bold=True) for each in known) + 2
    short = max(text_width(number(100 * each, 0), LABEL_SIZE) for each in known) + 0.2
    gap = GAP if found.guardrails else 0.0
    names = [shown[row] for row in rows], [shown[column] for column in columns]
    texts = _beside_texts(found, rows)
    for beside in (texts, texts[:1], []):
        taken = sum(wide + BESIDE for _, wide, _ in beside)
        plain = matrix_layout(*names, (MARGIN, width - MARGIN - gap - taken), MARGIN, full)
        if plain.wide >= full or not beside:
            break
    style = FULL if full <= plain.wide else HUNDREDTHS if short <= plain.wide else SIGNS
    if style != FULL:  # shorter numbers and signs leave room for names in fewer lines
        needed = short if style == HUNDREDTHS else LEAST_CELL
        plain = matrix_layout(*names, (MARGIN, width - MARGIN - gap), MARGIN, needed)
    if plain.wide < NAME_CELL:
        raise FigureError(
            f"The names of {len(columns)} columns have no room on a page {width:g} points wide. Draw it wider, or show "
            "fewer values."
        )
    aimed = len(found.aims)
    matrix = GappedMatrix(plain, aimed, len(found.values), gap, GAP if aimed < len(rows) else 0.0)
    of_values = effects[:, : len(found.values)].ravel().tolist()
    return _Drawn(found, rows, columns, matrix, style, finite_most(of_values), tuple(beside))


def _beside_texts(found: LeakageMatrix, rows: tuple[str, ...]) -> list[tuple[str, float, tuple[str, ...]]]:
    """Return heading, width and texts of the columns beside the matrix."""
    columns = []
    for name, head in HEADS.items():
        texts = []
        for row in rows:
            value, low, high = (float(found.levers.loc[row, f"{name}{end}"]) for end in ("", "_lower", "_upper"))  # type: ignore[arg-type]
            open_end = math.isfinite(value) and math.isinf(high)
            texts.append(f"{number(value)} [{number(low)}, \u221e)" if open_end else estimate(value, low, high))
        said = tuple("" if row not in found.aims else text for row, text in zip(rows, texts, strict=True))
        wide = max(text_width(text, LABEL_SIZE) for text in (head, *said))
        columns.append((head, wide, said))
    return columns


def _cells(drawn: _Drawn) -> list[Mark]:
    marks: list[Mark] = []
    frames: list[Mark] = []
    for i, lever in enumerate(drawn.levers):
        for j, column in enumerate(drawn.columns):
            part, (effect, sure) = f"cell-{i}-{j}", drawn.at(i, j)
            guard = column in drawn.found.guardrails
            fill = PAPER if guard else cell_colour(effect, drawn.largest) if math.isfinite(effect) else SECTOR
            marks.append(drawn.matrix.cell(part, (i, j), fill, RULE if guard else PAPER))
            if drawn.found.aims.get(lever) == column:
                frames.append(drawn.matrix.frame(part, (i, j), INK))
            if math.isfinite(effect) and (sure or drawn.style == FULL):
                marks.append(_inside(part, drawn, (effect, sure), (drawn.matrix.middle(i, j), fill)))
    return [*marks, *frames]


def _inside(part: str, drawn: _Drawn, what: tuple[float, bool], where: tuple[tuple[float, float], str]) -> Mark:
    """Return what stands in a cell: its number, bold when it differs from zero, or its sign."""
    (effect, sure), ((x, y), fill) = what, where
    if drawn.style == SIGNS:
        return sign_mark(part, (x, y), effect, fill)
    text = number(effect) if drawn.style == FULL else number(100 * effect, 0)
    plain = text == number(0.0) and fill in (PAPER, cell_colour(0.0, drawn.largest))
    bold, ink = sure and drawn.style == FULL, ASIDE if plain else readable_ink(fill)
    return Text(part, "number", x, tidy(y + 0.36 * LABEL_SIZE), text, LABEL_SIZE, "middle", bold=bold, colour=ink)


def _beside(drawn: _Drawn) -> list[Mark]:
    """Return the columns of gain and leakage, flush left behind the matrix, their heads above the first row."""
    marks: list[Mark] = []
    left = drawn.matrix.right + BESIDE
    for head, wide, texts in drawn.beside:
        x = tidy(left)
        marks.append(Text("heads", "head", x, tidy(drawn.matrix.matrix.top - 5), head, LABEL_SIZE, colour=QUIET))
        for i, text in enumerate(texts):
            y = tidy(drawn.matrix.middle(i, 0)[1] + 0.36 * LABEL_SIZE)
            if text:
                marks.append(Text(f"row-{i}", "beside", x, y, text, LABEL_SIZE))
        left += wide + BESIDE
    return marks


def _marked(drawn: _Drawn) -> str:
    """Return how cells that differ from zero are marked; "" where there are none."""
    cells = [(i, j) for i in range(len(drawn.levers)) for j in range(len(drawn.columns))]
    if not any(drawn.at(*cell)[1] for cell in cells):
        return ""
    return {FULL: "bold", HUNDREDTHS: "number, in hundredths", SIGNS: "+ or \u2212"}[drawn.style]


def _legend(drawn: _Drawn, width: float) -> tuple[list[Mark], float]:
    """Return the scale of colours below the matrix, notes on it, and how high both are."""
    top = drawn.matrix.bottom + 12
    left = min(drawn.matrix.matrix.left, width - MARGIN - 118.0)
    marked = _marked(drawn)
    said = "differs from zero after correction"
    notes = [Note(f"{marked}: {said}" if marked else "no effect differs from zero after correction")]
    frame = Shape("note", "frame", rectangle(0.5, -3.5, 8.0, 7.0), stroke=INK, stroke_width=1.0)
    notes.append(Note("aim of the lever", (frame,), 9.0))
    if drawn.found.guardrails:
        notes.append(Note("without colour: guardrails, in their own units"))
    beside, high = notes_beside(notes, (left + 130.0, top + 3.5), width - MARGIN, MARGIN)
    return [*colour_scale(left, top, drawn.largest), *beside], high
