"""Layered layout: boxes in columns, causes to the left, lines that run between the boxes (Sugiyama style)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from causalvalues.figures.arcs import arc_layout
from causalvalues.figures.graph_options import Layered
from causalvalues.figures.layout import Layout, Place
from causalvalues.figures.node_marks import boxed
from causalvalues.figures.ordering import heights, ordered_columns
from causalvalues.figures.ranking import acyclic, columns_of
from causalvalues.figures.ring import Sizes
from causalvalues.frozen import FloatArray
from causalvalues.scene.geometry import Box, tidy
from causalvalues.scene.metrics import LEADING, longest_word, text_width, wrap
from causalvalues.scene.nouns import Edge, NodeKind
from causalvalues.scene.palette import MARGIN

WIDEST = 78.0
GAP = 16.0
LINKED_GAP = 27.0
TOUCH = 1.0
PORT = 5.6
"""Least distance of lines at the side of a box, in points: as much as a head needs."""
FREE = 46.0
"""Least distance of columns, in points."""


@dataclass(frozen=True)
class _Grid:
    """Nodes and the bends of long lines, numbered; bends come after the nodes."""

    names: tuple[str, ...]
    columns: list[list[int]]
    chains: Mapping[str, tuple[int, ...]]
    x: list[float]
    y: Mapping[int, float]
    half_width: float
    half: Mapping[int, float]


def layered_layout(
    nodes: tuple[Sequence[str], Sequence[str]],
    labels: Mapping[str, str],
    edges: Sequence[Edge],
    options: Layered,
    width: float,
    *,
    kinds: Mapping[str, NodeKind] | None = None,
) -> Layout:
    """Place levers and values in columns; where the page is too narrow for three, in one column with arcs beside it.

    Parameters
    ----------
    nodes : (levers, values)
        Levers (and hidden factors) stand in the first column; values in the order that breaks ties.
    labels : mapping of str to str
        Name as shown.
    edges : sequence of Edge
        Edges with a head lead to the right where they can; the others follow.
    options : Layered
    width : float
        Page width in points.
    kinds : mapping of str to str, optional
        Node -> kind, where it is neither value nor lever; outcomes stand in the last column.

    Returns
    -------
    Layout
    """
    levers, values = nodes
    names = (*levers, *values)
    lever: NodeKind = "lever"
    kind = dict.fromkeys(levers, lever) | dict(kinds or {})
    outcomes = [name for name in values if kind.get(name) == "outcome"]
    ranked = sorted(edges, key=lambda edge: (not edge.directed, -(edge.adjacent or 0.0), edge.cause, edge.effect))
    turned = acyclic(names, [(edge.cause, edge.effect) for edge in ranked])
    turned = [(b, a) if a in outcomes and b not in outcomes else (a, b) for a, b in turned]
    links = {edge.part: pair for edge, pair in zip(ranked, turned, strict=True)}
    links = {edge.part: links[edge.part] for edge in edges}
    size = Sizes.on(width).name
    word = max((longest_word(labels[name], WIDEST - 10, size) for name in names), default=20.0)
    fit = int((width - 2 * MARGIN + FREE) / (word + 10 + FREE))
    most = options.columns
    column = columns_of(levers, values, turned, most, outcomes)
    if 1 + max(column.values(), default=0) > fit:
        if fit < 3:
            return arc_layout(_in_one_column(levers, values, turned, outcomes), labels, links, edges, width, kinds=kind)
        column = columns_of(levers, values, turned, fit, outcomes)
    measure = _measure(len(set(column.values())), width)
    lines = {name: wrap(labels[name], max(measure, word + 10) - 10, size) for name in names}
    grid = _grid(names, column, links, lines, (width, size))
    places = {name: _place(i, grid, lines[name], kind.get(name, "value"), size) for i, name in enumerate(names)}
    bottom = max((grid.y[node] + grid.half[node] for node in grid.y), default=0.0)
    ports = _ports(grid, edges)
    routes = {edge.part: _route(edge, links[edge.part], grid, ports) for edge in edges}
    return Layout(width, tidy(bottom + 2 * MARGIN + 4), places, (), (), routes)


def _in_one_column(
    levers: Sequence[str], values: Sequence[str], pairs: Sequence[tuple[str, str]], outcomes: Sequence[str]
) -> list[str]:
    """Return an order with causes first: levers, values, outcomes; each value soon after its last cause."""
    waiting = [name for name in values if name not in outcomes]
    causes = {name: {a for a, b in pairs if b == name and a in waiting} for name in waiting}
    order: list[str] = []
    while waiting:
        free = [name for name in waiting if not causes[name] & set(waiting)]
        last = {name: max((order.index(a) for a in causes[name]), default=-1) for name in free}
        chosen = max(free, key=lambda name: (last[name], -waiting.index(name)))
        order.append(chosen)
        waiting.remove(chosen)
    return [*levers, *order, *outcomes]


def _measure(columns: int, width: float) -> float:
    return min(WIDEST, max(50.0, (width - 2 * MARGIN) / (columns + 0.72 * (columns - 1))))


def _grid(
    names: Sequence[str],
    column: Mapping[str, int],
    links: Mapping[str, tuple[str, str]],
    lines: Mapping[str, Sequence[str]],
    page: tuple[float, float],
) -> _Grid:
    width, size = page
    number = {name: i for i, name in enumerate(names)}
    count = max(column.values(), default=0) + 1
    columns: list[list[int]] = [[number[name] for name in names if column[name] == c] for c in range(count)]
    half = {number[name]: size * (1 + (len(lines[name]) - 1) * LEADING) / 2 + 4.5 for name in names}
    for name, busy in _busiest_side(links, column).items():
        half[number[name]] = max(half[number[name]], (busy - 1) * PORT / 2 + 4.0)
    chains: dict[str, tuple[int, ...]] = {}
    for part, (left, right) in links.items():
        bends = []
        for c in range(column[left] + 1, column[right]):
            bends.append(len(half))
            half[len(half)] = 3.0
            columns[c].append(bends[-1])
        chains[part] = (number[left], *bends, number[right])
    steps = [step for chain in chains.values() for step in pairwise(chain)]
    columns = ordered_columns(columns, steps)
    final = columns[-1] if columns else []
    ends = [(number[a], number[b]) for a, b in links.values()]
    inside = any(a in final and b in final and abs(final.index(a) - final.index(b)) > 1 for a, b in ends)
    half_width = max((text_width(line, size) for texts in lines.values() for line in texts), default=20.0) / 2 + 5
    begin, end = MARGIN + half_width + 1, width - MARGIN - half_width - 1 - (34 if inside else 0)
    x = [width / 2] if count == 1 else [tidy(begin + (end - begin) * c / (count - 1)) for c in range(count)]
    y = heights(columns, steps, half, GAP, LINKED_GAP)
    return _Grid(tuple(names), columns, chains, x, {node: at + MARGIN + 2 for node, at in y.items()}, half_width, half)


def _column(grid: _Grid, node: int) -> int:
    return next(c for c, nodes in enumerate(grid.columns) if node in nodes)


def _busiest_side(links: Mapping[str, tuple[str, str]], column: Mapping[str, int]) -> dict[str, int]:
    """Return how many lines meet the busier side of each box."""
    sides: dict[tuple[str, str], int] = {}
    for left, right in links.values():
        if column[left] != column[right]:
            for key in ((left, "right"), (right, "left")):
                sides[key] = sides.get(key, 0) + 1
    return {name: max(sides.get((name, side), 0) for side in ("left", "right")) for name, _ in sides}


def _place(number: int, grid: _Grid, lines: Sequence[str], kind: NodeKind, size: float) -> Place:
    box = Box(grid.x[_column(grid, number)], grid.y[number], grid.half_width, grid.half[number])
    return boxed(f"node-{number}", kind, box, lines, size)


def _ports(grid: _Grid, edges: Sequence[Edge]) -> dict[tuple[str, int], float]:
    """Spread the lines that meet a box over its side, in the order in which they come: (part, node) -> y."""
    sides: dict[tuple[int, str], list[tuple[float, str]]] = {}
    for edge in edges:
        chain = grid.chains[edge.part]
        if _column(grid, chain[0]) == _column(grid, chain[-1]):
            continue
        sides.setdefault((chain[0], "right"), []).append((grid.y[chain[1]], edge.part))
        sides.setdefault((chain[-1], "left"), []).append((grid.y[chain[-2]], edge.part))
    ports = {}
    for (node, _), lines in sides.items():
        step = min(7.0, (2 * grid.half[node] - 5) / max(len(lines) - 1, 1))
        for i, (_, part) in enumerate(sorted(lines)):
            ports[part, node] = grid.y[node] + (i - (len(lines) - 1) / 2) * step
    return ports


def _route(
    edge: Edge, link: tuple[str, str], grid: _Grid, ports: Mapping[tuple[str, int], float]
) -> tuple[FloatArray, ...]:
    chain = grid.chains[edge.part]
    start, stop = chain[0], chain[-1]
    if _column(grid, start) == _column(grid, stop):
        curves = _inside_column(grid, start, stop)
    else:
        curves = _between_columns(edge.part, grid, ports)
    if (edge.cause, edge.effect) == link:
        return tuple(curves)
    return tuple(curve[::-1] for curve in reversed(curves))


def _between_columns(part: str, grid: _Grid, ports: Mapping[tuple[str, int], float]) -> list[FloatArray]:
    chain, side = grid.chains[part], grid.half_width
    points = [(grid.x[_column(grid, chain[0])] + side + TOUCH, ports[part, chain[0]])]
    for bend in chain[1:-1]:
        x, y = grid.x[_column(grid, bend)], grid.y[bend]
        points += [(x - side - 1, y), (x + side + 1, y)]
    points.append((grid.x[_column(grid, chain[-1])] - side - TOUCH, ports[part, chain[-1]]))
    curves = []
    for (ax, ay), (bx, by) in pairwise(points):
        lead = 0.42 * (bx - ax)
        curves.append(np.array([(ax, ay), (ax + lead, ay), (bx - lead, by), (bx, by)]))
    return curves


def _inside_column(grid: _Grid, start: int, stop: int) -> list[FloatArray]:
    """Return a straight line between neighbours of a column, and a bow on the right side around what lies between."""
    c = _column(grid, start)
    order, x = grid.columns[c], grid.x[c]
    apart = order.index(stop) - order.index(start)
    sign = 1 if apart > 0 else -1
    if abs(apart) == 1:
        a = np.array([x, grid.y[start] + sign * (grid.half[start] + TOUCH)])
        b = np.array([x, grid.y[stop] - sign * (grid.half[stop] + TOUCH)])
        return [np.array([a, a + (b - a) / 3, a + 2 * (b - a) / 3, b])]
    edge_x = x + grid.half_width + TOUCH
    a, b = np.array([edge_x, grid.y[start] + 3 * sign]), np.array([edge_x, grid.y[stop] - 3 * sign])
    bow = np.array([min(22.0 + 5.0 * abs(apart), 44.0), 0.0])
    return [np.array([a, a + bow, b + bow, b])]
