"""The picture of how two graphs differ: one layout for both, each edge by where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from causalvalues.figures.circle import circle_layout
from causalvalues.figures.difference_data import DifferenceData, difference_data
from causalvalues.figures.given_graphs import Graph
from causalvalues.figures.graph_labels import EdgeLabels
from causalvalues.figures.graph_marks import node_marks, paint_edges, scene_nodes, sectors_of, shown_names
from causalvalues.figures.graph_options import Circle, Layered, graph_width
from causalvalues.figures.graph_words import change_words, interval_words, label_sentences
from causalvalues.figures.layered import layered_layout
from causalvalues.figures.layout import Layout
from causalvalues.figures.legend import Item, change_items, legend_rows, sample
from causalvalues.figures.ring import COMPACT
from causalvalues.figures.value_order import value_order
from causalvalues.model.comparison import Comparison
from causalvalues.model.structural import StructuralModel
from causalvalues.numerals import number, percent
from causalvalues.scene.nouns import Change, Edge, Scene
from causalvalues.theories.theory import ValueTheory

_ORDER: tuple[Change, ...] = ("removed", "added", "turned", "changed", "same")


def graph_difference(
    first: Graph,
    second: Graph,
    names: tuple[str, str] = ("first", "second"),
    *,
    models: tuple[StructuralModel, StructuralModel] | None = None,
    comparison: Comparison | None = None,
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    layout: Circle | Layered | None = None,
    width: float = 468.0,
) -> Scene:
    """Draw two graphs over the same values as one, and tell by colour, dash and legend where each edge stands.

    An edge is in the first graph only (vermillion, dashed), in the second only (blue, solid), in both but turned round
    (green, long and short dashes), in both with another size of effect (black, dotted; only with `models`), or in both
    alike (thin, grey). It has a head where the graph that has it, or both of them, settle the direction.

    Parameters
    ----------
    first, second : GraphPosterior, Dag, EquivalenceClass, MixedGraph, StructuralModel or GraphFile
        Of posteriors the averaged graphs are compared. Levers and hidden factors are left out.
    names : (str, str), default ("first", "second")
        What the two are called.
    models : (StructuralModel, StructuralModel), optional
        Their models: labels are then the difference of the direct effects, second less first, with its 90% interval;
        the draws of the two count as independent (not true of graphs that were learned together). Zero in draws without
        the edge; draws in which it is turned round are left out.
    comparison : Comparison, optional
        Result of `causalvalues.model.compare` for the two: its summary goes into the caption, P(in one only) into the
        table.
    theory : ValueTheory, optional
        Order, names and groups.
    labels : mapping of str to str, optional
        Names as shown; they win over the theory's.
    layout : Circle or Layered, default Circle()
    width : float, default 468
        Page width in points.

    Returns
    -------
    Scene
        Of kind "difference"; the table has the numbers of both sides.

    Raises
    ------
    FigureError
        If the two have different values.

    Examples
    --------
    >>> from causalvalues import Dag
    >>> one, two = Dag.from_edges("ab", [("a", "b")]), Dag.from_edges("ab", [("b", "a")])
    >>> [edge.change for edge in graph_difference(one, two).edges]
    ['turned']
    """
    data = difference_data((first, second), names, models, comparison)
    shown = shown_names(data.second, theory, labels or {})
    placed = _laid_out(data, theory, shown, layout or Circle(), graph_width(width))
    painted = paint_edges(data.edges, placed)
    legend, below = legend_rows(_legend(data, names, placed, painted.labels), width, placed.height)
    return Scene(
        kind="difference",
        width=width,
        height=round(placed.height + below, 3),
        marks=(*placed.ground, *painted.marks, *node_marks(placed), *placed.notes, *legend),
        title=f"{names[0]} and {names[1]}: what differs",
        caption=_caption(data, names, comparison, painted.labels),
        alt=_alt(data, names, shown),
        nodes=scene_nodes(placed, data.second, shown, {} if theory is None else theory.groups),
        edges=data.edges,
        columns=data.columns,
        rows=data.rows,
        provenance={
            f"{name}: {key}": text
            for name, side in zip(names, (data.first, data.second), strict=True)
            for key, text in side.provenance.items()
        },
    )


def _laid_out(
    data: DifferenceData,
    theory: ValueTheory | None,
    shown: Mapping[str, str],
    layout: Circle | Layered,
    width: float,
) -> Layout:
    order = value_order(data.second.values, theory)
    if isinstance(layout, Layered):
        return layered_layout(([], order), shown, data.edges, layout, width)
    groups = sectors_of(theory, shown) if theory is not None and theory.circular else {}
    pairs = {edge.part: (edge.cause, edge.effect) for edge in data.edges}
    return circle_layout(order, shown, groups, pairs, width)


def _legend(data: DifferenceData, names: tuple[str, str], layout: Layout, printed: EdgeLabels) -> list[Item]:
    items = change_items(data.edges, names, layout.width)
    if any(edge.directed for edge in data.edges):
        look = Edge("legend", "", "", "value", "-->")
        words = "direction settled" + (" where the edge is" if layout.width >= COMPACT else "")
        items.append(sample(look, words, layout.width))
    if printed.spots and any(edge.mean is not None for edge in data.edges):
        words = f"label: {names[1]} less {names[0]}" + (f", {printed.rule}" if printed.rule else "")
        items.append((0.0, words + (f" [{interval_words(data.level)}]" if printed.intervals else ""), ()))
    return items + [(0.0, words, ()) for words in layout.words]


def _caption(data: DifferenceData, names: tuple[str, str], comparison: Comparison | None, printed: EdgeLabels) -> str:
    counts = {change: sum(edge.change == change for edge in data.edges) for change in _ORDER}
    sized = any(edge.mean is not None for edge in data.edges)
    words = change_words(names, sized)
    said = [f"{names[0]} beside {names[1]}, {len(data.first.values)} values."]
    listed = "; ".join(f"{words[change]}: {counts[change]}" for change in _ORDER if counts[change])
    said.append(f"Edges {listed}." if listed else "Neither has an edge.")
    for name, side in zip(names, (data.first, data.second), strict=True):
        if side.reading == "posterior":
            said.append(f"{name}: averaged graph, P(adjacent) > {number(side.threshold)}.")
    if sized:
        bracket = f", with {interval_words(data.level)}" if printed.intervals else ""
        said.append(
            f"Numbers: direct effect in {names[1]} less that in {names[0]}{bracket}; draws of the two count as "
            "independent, zero in draws without the edge, draws with the other direction left out; none at edges "
            "without a clear difference."
        )
        said += label_sentences(printed, True) + _looks(data)
    if comparison is not None:
        said.append(comparison.summary.rstrip(".") + ".")
    said.append(
        "That an edge is in one graph and not in the other is no test of a difference: it may lie just below the "
        "threshold there."
    )
    return " ".join(said)


def _looks(data: DifferenceData) -> list[str]:
    """Say how many intervals were looked at for a difference, and how many would leave out zero by chance."""
    looked = sum(edge.change in ("same", "changed") for edge in data.edges)
    if not looked:
        return []
    chance = 1 - data.level
    return [
        f"Of another size is an effect whose {percent(data.level)} interval of the difference leaves out zero. Many "
        f"edges are looked at, and no allowance is made for it: of {looked} edges in both, about "
        f"{number(chance * looked, 1)} would be marked if none differed."
    ]


def _alt(data: DifferenceData, names: tuple[str, str], shown: Mapping[str, str]) -> str:
    words = change_words(names, any(edge.mean is not None for edge in data.edges))
    groups: Sequence[str] = [
        f"{words[change]}: {', '.join(found)}"
        for change in _ORDER
        if (found := [_phrase(edge, shown) for edge in data.edges if edge.change == change])
    ]
    return f"Difference of two graphs of {len(data.first.values)} values. " + ("; ".join(groups) or "No edges") + "."


def _phrase(edge: Edge, shown: Mapping[str, str]) -> str:
    size = "" if edge.mean is None else f" {number(edge.mean)}"
    return f"{shown[edge.cause]} {'to' if edge.directed else 'with'} {shown[edge.effect]}{size}"
