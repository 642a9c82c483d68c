"""The inside of a model beside its answers and the circle: three triangles of pairs, and how well they agree."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from causalvalues.figures.legend import Item, legend_rows
from causalvalues.figures.pair_triangles import pair_colour, triangle_marks, triangles_layout
from causalvalues.figures.row_frame import RowFrame, checked_width, row_frame, shown_names
from causalvalues.leakage.inside_outside import BEHAVIOUR, CIRCLE, INSIDE, PARTIAL, InsideOutside
from causalvalues.leakage.relabelling import RELABELLINGS
from causalvalues.numerals import number
from causalvalues.scene.axis import Axis
from causalvalues.scene.geometry import disc, rectangle, tidy
from causalvalues.scene.nouns import Cell, Mark, Scene, Shape, number_cell
from causalvalues.scene.palette import MARGIN, PAPER, POSITIVE
from causalvalues.theories.theory import ValueTheory

TITLES = {BEHAVIOUR: "Behaviour", INSIDE: "Inside", CIRCLE: "Circle"}
SCALE = "rank correlation over pairs"
CHANCE = "#D3D6D9"
ROW = 13.0


def inside_outside_figure(
    found: InsideOutside,
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    *,
    width: float = 468.0,
) -> Scene:
    """Draw behaviour, inside and circle as triangles of pairs, and their agreement beside what chance gives.

    Parameters
    ----------
    found : InsideOutside
    theory : ValueTheory, optional
        Names.
    labels : mapping of str to str, optional
        Names as shown; they win over the theory's.
    width : float, default 468
        Points; where the triangles have no room side by side, they stand below each other.

    Returns
    -------
    Scene
        Colours are ranks of pairs, since ranks are compared: the darker, the more alike. Below, each correlation over a
        band of what relabelled values give: a disc where p is at most .05, else a ring.

    Raises
    ------
    FigureError
        If the width leaves no room.
    """
    checked_width(width)
    shown = shown_names(found.names, theory, labels)
    matrices = {what: table.to_numpy(dtype=float) for what, table in found.matrices.items()}
    layout = triangles_layout([shown[name] for name in found.names], len(matrices), width)
    frame = _frame(found, width, layout.bottom - MARGIN + 10.0)
    legend, below = legend_rows(_legend(found), width, frame.below(SCALE))
    return Scene(
        kind="inside_outside",
        width=width,
        height=tidy(frame.below(SCALE) + below),
        marks=(*triangle_marks(layout, matrices, TITLES), *_agreements(found, frame), *legend),
        title="Inside and outside",
        caption=_caption(found),
        alt=_alt(found),
        columns=("one", "two", *found.matrices, "p", "null lower", "null upper"),
        rows=_rows(found),
        provenance={"relabellings": "all" if found.exact else str(RELABELLINGS)},
    )


def _frame(found: InsideOutside, width: float, top: float) -> RowFrame:
    """Lay out the rows of correlations: with rho, p and a verdict where there is room."""
    table = found.table
    rho = [number(float(each)) for each in table["rho"]]
    p = [p_text(float(each)) for each in table["p"]]
    said = [found.verdict(str(row)) for row in table.index]
    beside = [[("rho", rho), ("p", p), ("", said)], [("rho", rho), ("p", p)]]
    return row_frame([_name(str(row)) for row in table.index], beside, (width, MARGIN, top), ROW)


def _name(row: str) -> tuple[str, ...]:
    first, comma, rest = f"{row[:1].upper()}{row[1:]}".partition(", ")
    return (f"{first},", rest) if comma else (first,)


def p_text(p: float) -> str:
    """Return p with three decimals, ``< .001`` where these would be zero."""
    return "< .001" if p < 0.0005 else number(p, 3)


def _agreements(found: InsideOutside, frame: RowFrame) -> list[Mark]:
    numbers = [float(x) for x in found.table[["rho", "null_lower", "null_upper"]].to_numpy().ravel()]
    axis = Axis.around([0.0, *(x for x in numbers if math.isfinite(x))], frame.left, frame.right)
    marks = frame.marks(axis, SCALE)
    for place, (_, row) in enumerate(found.table.iterrows()):
        y, rho = frame.middles[place], float(row["rho"])
        if not math.isfinite(rho):
            continue
        low, high = axis.x(float(row["null_lower"])), axis.x(float(row["null_upper"]))
        band = rectangle(low, tidy(y - 3.6), tidy(high - low), 7.2)
        marks.append(Shape(f"row-{place}", "band", band, fill=CHANCE))
        marks.append(_dot(f"row-{place}", axis.x(rho), y, float(row["p"]) <= 0.05))
    return marks


def _dot(part: str, x: float, y: float, sure: bool) -> Shape:
    fill = POSITIVE if sure else PAPER
    return Shape(part, "dot", disc(tidy(x), tidy(y), 2.8), fill=fill, stroke=POSITIVE, stroke_width=1.0)


def _legend(found: InsideOutside) -> list[Item]:
    steps = 12
    scale = tuple(
        Shape("legend", "scale", rectangle(tidy(3.0 * k), -3.5, 3.2, 7.0), fill=pair_colour(k / (steps - 1)))
        for k in range(steps)
    )
    items: list[Item] = [(3.0 * steps, "pair: least to most alike (rank)", scale)]
    chance = Shape("legend", "band", rectangle(0, -3.6, 16, 7.2), fill=CHANCE)
    items.append((16.0, "95% of relabelled values", (chance,)))
    p = found.table["p"].dropna()
    if (p <= 0.05).any():
        items.append((6.0, "p \u2264 .05", (_dot("legend", 3.0, 0.0, True),)))
    if (p > 0.05).any():
        items.append((6.0, "p > .05: does not confirm a likeness", (_dot("legend", 3.0, 0.0, False),)))
    return items


def _caption(found: InsideOutside) -> str:
    behaviour = f" ({found.what})" if found.what else ""
    circle = f"; {CIRCLE}: closeness in the order of the theory" if CIRCLE in found.matrices else ""
    count = "all relabellings" if found.exact else f"{RELABELLINGS:,} relabellings"
    said = [
        f"Inside and outside: how alike each two of {len(found.names)} values are. Behaviour: what answers say"
        f"{behaviour}; inside: value vectors in the model{circle}. Numbers on the diagonals count the values. Darker: "
        "more alike, by the rank of the pair.",
        f"Below: Spearman's correlation over pairs; two-sided p and band from {count} of the values (Mantel test).",
    ]
    return " ".join([*said, *_told(found)])


def _told(found: InsideOutside) -> list[str]:
    return [
        f"{row[:1].upper()}{row[1:]}: rho {number(float(each['rho']))}, p {p_text(float(each['p']))}; "
        f"{found.verdict(row)}."
        for row, each in ((str(row), each) for row, each in found.table.iterrows())
    ]


def _alt(found: InsideOutside) -> str:
    kinds = ", ".join(found.matrices)
    return f"Triangles of pairs of {len(found.names)} values: {kinds}. {' '.join(_told(found))}"


def _rows(found: InsideOutside) -> tuple[tuple[Cell, ...], ...]:
    """Return the numbers of all pairs, then the correlations: each below the second matrix that it names."""
    names, kinds = found.names, list(found.matrices)
    arrays = [found.matrices[what].to_numpy(dtype=float) for what in kinds]
    rows: list[tuple[Cell, ...]] = [
        (names[j], names[i], *(number_cell(float(each[i, j])) for each in arrays), None, None, None)
        for i, j in zip(*np.tril_indices(len(names), -1), strict=True)
    ]
    for row, each in found.table.iterrows():
        first, second = (BEHAVIOUR, INSIDE) if row == PARTIAL else str(row).split(" and ")
        told = [number_cell(float(each["rho"])) if what == second else None for what in kinds]
        ends = [number_cell(float(each[column])) for column in ("p", "null_lower", "null_upper")]
        rows.append((first if row != PARTIAL else PARTIAL, second, *told, *ends))
    return tuple(rows)
