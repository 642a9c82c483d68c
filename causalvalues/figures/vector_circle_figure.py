"""Cosines between value vectors beside the circle of a theory, as two triangles of pairs."""

from __future__ import annotations

from collections.abc import Mapping

from causalvalues.figures.legend import Item, legend_rows
from causalvalues.figures.pair_triangles import pair_colour, triangle_marks, triangles_layout
from causalvalues.figures.row_frame import checked_width, shown_names
from causalvalues.numerals import number
from causalvalues.scene.geometry import rectangle, tidy
from causalvalues.scene.nouns import Scene, Shape, number_cell
from causalvalues.steering.vector_circle import VectorCircle
from causalvalues.theories.theory import ValueTheory

TITLE = "Value vectors and the circle"
STEPS = 12


def vector_circle_figure(
    found: VectorCircle,
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    *,
    width: float = 468.0,
) -> Scene:
    """Draw how alike value vectors are beside how close the values are on the circle of the theory.

    Parameters
    ----------
    found : VectorCircle
    theory : ValueTheory, optional
        Names.
    labels : mapping of str to str, optional
        Names as shown; they win over the theory's.
    width : float, default 468
        Points; where the triangles have no room side by side, they stand below each other.

    Returns
    -------
    Scene
        Colours are ranks of pairs, since ranks are compared: the darker, the more alike. The table has the cosines.

    Raises
    ------
    FigureError
        If the width leaves no room.
    """
    shown = shown_names(found.values, theory, labels)
    matrices = {"cosine": found.cosines, "closeness": -found.distances}
    layout = triangles_layout([shown[name] for name in found.values], len(matrices), checked_width(width))
    titles = {"cosine": f"Vectors, layer {found.layer}", "closeness": "Circle"}
    legend, below = legend_rows(_legend(), width, layout.bottom)
    places = [(i, j) for i in range(len(found.values)) for j in range(i)]
    return Scene(
        kind="vector_circle",
        width=width,
        height=tidy(layout.bottom + below),
        marks=(*triangle_marks(layout, matrices, titles), *legend),
        title=TITLE,
        caption=_caption(found),
        alt=_alt(found, shown),
        columns=("one", "two", "cosine", "steps"),
        rows=tuple(
            (found.values[j], found.values[i], number_cell(found.cosines[i, j]), number_cell(found.distances[i, j]))
            for i, j in places
        ),
    )


def _legend() -> list[Item]:
    scale = tuple(
        Shape("legend", "scale", rectangle(tidy(3.0 * k), -3.5, 3.2, 7.0), fill=pair_colour(k / (STEPS - 1)))
        for k in range(STEPS)
    )
    return [(3.0 * STEPS, "pair: least to most alike (rank)", scale)]


def _caption(found: VectorCircle) -> str:
    steps = ", ".join(f"{step}: {number(cosine)}" for step, cosine in sorted(found.by_distance.items()))
    drawn = "all relabellings" if found.exact else "random relabellings"
    return (
        f"{TITLE}: how alike each two of {len(found.values)} values are by the cosine of their vectors, and by their "
        "distance on the circle of the theory. Numbers on the diagonals count the values. Darker: more alike, by the "
        f"rank of the pair. {found.verdict} Mean cosine by steps on the circle: {steps}. One-sided p from {drawn} of "
        "the values (Mantel test)."
    )


def _alt(found: VectorCircle, shown: Mapping[str, str]) -> str:
    pairs = [(i, j) for i in range(len(found.values)) for j in range(i)]
    ranked = sorted(pairs, key=lambda place: (-found.cosines[place], place))
    told = "; ".join(
        f"{shown[found.values[j]]} and {shown[found.values[i]]} {number(found.cosines[i, j])}"
        for i, j in (*ranked[:2], *ranked[-2:])
    )
    return f"Two triangles of pairs of {len(found.values)} values. Most and least alike: {told}. {found.verdict}"
