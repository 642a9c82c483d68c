"""Layered layout: boxes in columns, causes to the left, lines that run between the boxes (Sugiyama style)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from causalvalues.figures.graph_options import Layered
from causalvalues.figures.layout import Layout, Place
from causalvalues.figures.ordering import heights, ordered_columns
from causalvalues.figures.ranking import acyclic, columns_of
from causalvalues.frozen import FloatArray
from causalvalues.scene.geometry import Box, rounded, tidy
from causalvalues.scene.metrics import ASCENT, DESCENT, LEADING, text_width, wrap
from causalvalues.scene.nouns import Edge, Shape, Text
from causalvalues.scene.palette import INK, MARGIN, NAME_SIZE, PAPER, QUIET, SECTOR

WIDEST = 78.0
GAP = 16.0
LINKED_GAP = 27.0
TOUCH = 1.0


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
) -> Layout:
    """Place levers and values in columns.

    Parameters
    ----------
    nodes : (levers, values)
        Values in the order that breaks ties.
    labels : mapping of str to str
        Name as shown.
    edges : sequence of Edge
        Edges with a head lead to the right where they can; the others follow.
    options : Layered
    width : float
        Page width in points.

    Returns
    -------
    Layout
    """
    levers, values = nodes
    names = (*levers, *values)
    ranked = sorted(edges, key=lambda edge: (not edge.directed, -(edge.adjacent or 0.0), edge.cause, edge.effect))
    turned = acyclic(names, [(edge.cause, edge.effect) for edge in ranked])
    column = columns_of(levers, values, turned, options.columns)
    links = {edge.part: pair for edge, pair in zip(ranked, turned, strict=True)}
    measure = _measure(len(set(column.values())), width)
    lines = {name: wrap(labels[name], measure - 10, NAME_SIZE) for name in names}
    grid = _grid(names, column, {edge.part: links[edge.part] for edge in edges}, lines, width)
    places = {name: _place(i, grid, lines[name], name in set(levers)) for i, name in enumerate(names)}
    bottom = max((grid.y[node] + grid.half[node] for node in grid.y), default=0.0)
    ports = _ports(grid, edges)
    routes = {edge.part: _route(edge, links[edge.part], grid, ports) for edge in edges}
    return Layout(width, tidy(bottom + 2 * MARGIN + 4), places, (), (), routes)


def _measure(columns: int, width: float) -> float:
    return min(WIDEST, max(50.0, (width - 2 * MARGIN) / (columns + 0.72 * (columns - 1))))


def _grid(
    names: Sequence[str],
    column: Mapping[str, int],
    links: Mapping[str, tuple[str, str]],
    lines: Mapping[str, Sequence[str]],
    width: float,
) -> _Grid:
    number = {name: i for i, name in enumerate(names)}
    count = max(column.values(), default=0) + 1
    columns: list[list[int]] = [[number[name] for name in names if column[name] == c] for c in range(count)]
    half = {number[name]: NAME_SIZE * (1 + (len(lines[name]) - 1) * LEADING) / 2 + 4.5 for name in names}
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
    inside = any(column[left] == column[right] == count - 1 for left, right in links.values())
    half_width = max((text_width(line, NAME_SIZE) for texts in lines.values() for line in texts), default=20.0) / 2 + 5
    first, last = MARGIN + half_width + 1, width - MARGIN - half_width - 1 - (34 if inside else 0)
    x = [width / 2] if count == 1 else [tidy(first + (last - first) * c / (count - 1)) for c in range(count)]
    y = heights(columns, steps, half, GAP, LINKED_GAP)
    return _Grid(tuple(names), columns, chains, x, {node: at + MARGIN + 2 for node, at in y.items()}, half_width, half)


def _column(grid: _Grid, node: int) -> int:
    return next(c for c, nodes in enumerate(grid.columns) if node in nodes)


def _place(number: int, grid: _Grid, lines: Sequence[str], lever: bool) -> Place:
    x, y, high = grid.x[_column(grid, number)], grid.y[number], grid.half[number]
    box = Box(x, y, grid.half_width, high)
    body = Shape(
        f"node-{number}",
        "box",
        rounded(box, min(high, 9.0) if lever else 2.0),
        fill=SECTOR if lever else PAPER,
        stroke=QUIET if lever else INK,
        stroke_width=0.9,
    )
    top = y - NAME_SIZE * (ASCENT + DESCENT + (len(lines) - 1) * LEADING) / 2 + ASCENT * NAME_SIZE
    texts = tuple(
        Text(f"node-{number}-name", "name", tidy(x), tidy(top + k * LEADING * NAME_SIZE), line, NAME_SIZE, "middle")
        for k, line in enumerate(lines)
    )
    return Place(tidy(x), tidy(y), body, texts)


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
        points += [(x - 0.6 * side, y), (x + 0.6 * side, y)]
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
