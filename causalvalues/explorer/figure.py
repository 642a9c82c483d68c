"""The graph of the page: the figure of the paper, and beneath its threshold every other edge, hidden."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, fields, replace

from causalvalues.errors import FigureError
from causalvalues.explorer.run_files import Run
from causalvalues.figures import Circle, GraphOptions, value_graph
from causalvalues.graph import GraphPosterior
from causalvalues.model import direct_effects
from causalvalues.scene.geometry import Obstacles, text_box
from causalvalues.scene.nouns import Edge, Mark, Scene, Text

LEAST = 0.02
"""P(adjacent) up to which an edge is not offered."""
MOST = 150
"""Edges beneath the threshold that are offered at most, the most probable ones."""
WIDE, NARROW = 468.0, 268.0
"""Widths of the figure in points: for a screen, and for a telephone."""
_WIDER = (1.0, 1.35, 1.8, 2.6, 4.0)

Pair = frozenset[str]


@dataclass(frozen=True, eq=False)
class PageGraph:
    """A scene with more edges than are shown at first.

    Parameters
    ----------
    scene : Scene
        Of the edges above `LEAST`, `MOST` more than the figure has at most, and those that were asked for.
    shown : int
        The first `shown` edges are those of the paper's figure; the marks of the others begin hidden.
    """

    scene: Scene
    shown: int


@dataclass(frozen=True, eq=False)
class _MoreEdges(GraphPosterior):
    """A posterior whose averaged graph has every edge above `least`."""

    least: float = LEAST

    @property
    def threshold(self) -> float:
        """Return `least`."""
        return self.least


def page_graph(run: Run, width: float = WIDE, also: AbstractSet[Pair] = frozenset()) -> PageGraph:
    """Return the figure of a run on the circle, with the edges beneath its threshold added.

    Parameters
    ----------
    run : Run
    width : float, default 468
        Points; more where the names do not fit on so narrow a circle.
    also : set of pairs of values, default empty
        Added however improbable they are.

    Returns
    -------
    PageGraph
        The marks of the paper's figure, all and unchanged; the added ones lie beneath them.
    """
    for wider in _WIDER[:-1]:
        with suppress(FigureError):
            return _page_graph(run, width * wider, also, intervals=width > NARROW)
    return _page_graph(run, width * _WIDER[-1], also, intervals=width > NARROW)


def _page_graph(run: Run, width: float, also: AbstractSet[Pair], intervals: bool) -> PageGraph:
    title = "What hangs together: the averaged graph"
    options = GraphOptions(layout=Circle(), width=width, title=title, intervals=intervals, note=run.blocked)
    direct = direct_effects(run.model)
    paper = value_graph(run.posterior, direct, run.theory, run.labels, options=options)
    more = _more_edges(run.posterior, len(paper.edges), also)
    full = value_graph(more, direct, run.theory, run.labels, options=replace(options, intervals=False))
    drawn = {pair_of(edge) for edge in paper.edges}
    wanted = [edge for edge in full.edges if edge.kind == "value" and pair_of(edge) not in drawn]
    parts = {edge.part: f"edge-{len(paper.edges) + k}" for k, edge in enumerate(wanted)}
    extra = _added(full, paper, parts)
    first = next((k for k, mark in enumerate(paper.marks) if mark.part.startswith("edge-")), len(paper.marks))
    scene = replace(
        paper,
        marks=(*paper.marks[:first], *extra, *paper.marks[first:]),
        edges=(*paper.edges, *(replace(edge, part=parts[edge.part]) for edge in wanted)),
    )
    return PageGraph(scene, len(paper.edges))


def _more_edges(posterior: GraphPosterior, drawn: int, also: AbstractSet[Pair]) -> GraphPosterior:
    """Return the posterior with a lower threshold: above `LEAST`, `MOST` more edges at most, and those of `also`."""
    pairs = posterior.pairs()
    joined = {frozenset((str(a), str(b))): float(p) for a, b, p in pairs[["cause", "effect", "adjacent"]].to_numpy()}
    ranked = sorted(joined.values(), reverse=True)
    least = max(LEAST, ranked[drawn + MOST] if len(ranked) > drawn + MOST else 0.0)
    least = min([least, *(joined[pair] - 1e-9 for pair in also if pair in joined)])
    held = {each.name: getattr(posterior, each.name) for each in fields(GraphPosterior)}
    return _MoreEdges(**held, least=least)


def pair_of(edge: Edge) -> Pair:
    """Return the two ends of an edge."""
    return frozenset((edge.cause, edge.effect))


def _added(full: Scene, paper: Scene, parts: Mapping[str, str]) -> list[Mark]:
    """Return the marks of edges in `parts`, renamed; labels that would meet one of the paper's figure are left out."""
    taken = Obstacles([text_box(mark).grown(1.0) for mark in paper.marks if isinstance(mark, Text)])
    labels = {mark.part: mark for mark in full.marks if isinstance(mark, Text) and mark.role == "label"}
    crowded = {part for part, mark in labels.items() if taken.meet(text_box(mark))}
    found = []
    for mark in full.marks:
        own, _, rest = mark.part.partition("-label")
        if own in parts and mark.part not in crowded:
            found.append(replace(mark, part=parts[own] + ("-label" if mark.part != own else "") + rest))
    return found
