"""Layout at places that are given: nodes where a file or an author put them, moved and scaled as a whole."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from causalvalues.errors import FigureError
from causalvalues.figures.chords import chords
from causalvalues.figures.graph_options import Placed
from causalvalues.figures.layout import Layout, Place, lowered
from causalvalues.figures.node_marks import boxed, node_disc
from causalvalues.figures.placed_lines import Ends, lines_between
from causalvalues.figures.placed_names import apart, names_beside, outward_from
from causalvalues.figures.ring import Sizes
from causalvalues.frozen import FloatArray
from causalvalues.scene.geometry import Box, curve_points, text_box, tidy
from causalvalues.scene.metrics import LEADING, longest_word, text_width, wrap
from causalvalues.scene.nouns import Edge, NodeKind, Text
from causalvalues.scene.palette import MARGIN

TALLEST = 620.0
FARTHEST = 125.0
"""Points between the two nearest nodes beyond which a picture is not enlarged."""
RINGED = 5
"""Nodes from which such that stand around an empty middle are drawn as discs with their names outside."""
APART, LINKED = 5.0, 15.0
"""Least distance of two boxes, and of two that an edge joins, in points."""
SHARES = (1.0, 0.93, 0.86, 0.79, 0.72, 0.65, 0.58, 0.51, 0.44)


@dataclass(frozen=True)
class _Page:
    """What is to be placed: nodes with names, kinds and edges, and the width in points."""

    labels: Mapping[str, str]
    kinds: Mapping[str, NodeKind]
    links: Mapping[str, tuple[str, str]]
    width: float

    def kind(self, name: str) -> NodeKind:
        return self.kinds.get(name, "value")


def placed_of(
    options: Placed, kinds: Mapping[str, NodeKind], labels: Mapping[str, str], edges: Sequence[Edge], width: float
) -> Layout:
    """Return the layout of a graph with a place for each of its nodes.

    Raises
    ------
    FigureError
        If a node has no place, a place is no pair of finite numbers, or as `placed_layout`.
    """
    for name in kinds:
        at = options.places.get(name)
        if at is None:
            raise FigureError(f"The node {name!r} has no place. Give (x, y) for every node.")
        if len(at) != 2 or not all(math.isfinite(each) for each in at):
            raise FigureError(f"The place of {name!r} is {at!r}. Give two finite numbers, x and y.")
    links = {edge.part: (edge.cause, edge.effect) for edge in edges}
    return placed_layout({name: options.places[name] for name in kinds}, labels, links, width, kinds=kinds)


def placed_layout(
    places: Mapping[str, tuple[float, float]],
    labels: Mapping[str, str],
    links: Mapping[str, tuple[str, str]],
    width: float,
    *,
    kinds: Mapping[str, NodeKind] | None = None,
) -> Layout:
    """Place nodes where they were put, up to one shift and one scale for all.

    Parameters
    ----------
    places : mapping of node to (x, y)
        In any unit, y downwards.
    labels : mapping of str to str
        Name as shown, for every node.
    links : mapping of part to (cause, effect)
    width : float
        Page width in points.
    kinds : mapping of str to str, optional
        Node -> kind, where it is no value.

    Returns
    -------
    Layout
        Boxes, where they do not meet; discs with their names beside them where boxes would, or where five nodes or more
        stand around an empty middle.

    Raises
    ------
    FigureError
        If there is no node, or two are so near to each other that no picture of this width has room for their names.
    """
    if not places:
        raise FigureError("There is nothing to place: the graph has no node.")
    page = _Page(labels, kinds or {}, links, width)
    points = {name: np.array(at, dtype=float) for name, at in places.items()}
    about = _ringed(points)
    for made in _attempts(points, about, page):
        if made is not None:
            return made
    first, second, _ = _nearest(points)
    raise FigureError(
        f"{labels[first]!r} and {labels[second]!r} stand too close to each other for their names, or for others, on a "
        f"page {width:.0f} points wide. Give more width or shorter labels, or have the nodes placed anew (circle, "
        "layered)."
    )


def _attempts(points: Mapping[str, FloatArray], about: FloatArray | None, page: _Page) -> Iterator[Layout | None]:
    """Yield layouts, the best first; None for one that does not fit."""
    if _nearest(points)[2] <= 1e-6 * max(1e-300, *_spread(points)):
        return
    if about is None:
        for measure in (78.0, 64.0, 50.0):
            yield _boxes(points, page, measure)
    for measure in (84.0, 60.0):
        for share in SHARES:
            yield _discs(points, about, page, (measure, share))
    if about is not None:
        yield _boxes(points, page, 50.0)


def _spread(points: Mapping[str, FloatArray]) -> tuple[float, float]:
    held = np.array(list(points.values()))
    wide, high = held.max(axis=0) - held.min(axis=0)
    return float(wide), float(high)


def _nearest(points: Mapping[str, FloatArray]) -> tuple[str, str, float]:
    """Return the two nodes that are nearest to each other, and their distance."""
    names = list(points)
    pairs = [(a, b, float(np.hypot(*(points[a] - points[b])))) for i, a in enumerate(names) for b in names[i + 1 :]]
    return min(pairs, key=lambda pair: pair[2], default=(names[0], names[0], math.inf))


def _ringed(points: Mapping[str, FloatArray]) -> FloatArray | None:
    """Return the middle of nodes that stand in the corners of a convex shape, from `RINGED` on; None for others."""
    if len(points) < RINGED:
        return None
    held = np.array(list(points.values()))
    middle = held.mean(axis=0)
    around = held[np.argsort(np.arctan2(*(held - middle).T[::-1]), kind="stable")]
    steps = np.roll(around, -1, axis=0) - around
    after = np.roll(steps, -1, axis=0)
    size = np.hypot(*steps.T) * np.hypot(*after.T)
    turns = (steps[:, 0] * after[:, 1] - steps[:, 1] * after[:, 0]) / np.where(size > 0, size, 1.0)
    return middle if bool((turns > 0.02).all()) else None


def _scaled(points: Mapping[str, FloatArray], scale: float) -> dict[str, FloatArray]:
    low = np.array(list(points.values())).min(axis=0)
    return {name: (at - low) * scale for name, at in points.items()}


def _scale(points: Mapping[str, FloatArray], room: float) -> float:
    """Return by how much the places are enlarged: as wide as there is room, within limits."""
    wide, high = _spread(points)
    limits = [FARTHEST / _nearest(points)[2]]
    limits += [room / wide] if wide else []
    limits += [TALLEST / high] if high else []
    found = min(limits)
    return found if math.isfinite(found) and found > 0 else 1.0


def _boxes(points: Mapping[str, FloatArray], page: _Page, measure: float) -> Layout | None:
    size = Sizes.on(page.width).name
    word = max(longest_word(page.labels[name], 84.0, size) for name in points)
    lines = {name: wrap(page.labels[name], max(measure - 10, word), size) for name in points}
    half_width = max(text_width(line, size) for texts in lines.values() for line in texts) / 2 + 5
    high = {name: size * (1 + (len(texts) - 1) * LEADING) / 2 + 4.5 for name, texts in lines.items()}
    room = page.width - 2 * (half_width + MARGIN + 1)
    if room < 0:
        return None
    at = _scaled(points, _scale(points, room))
    boxes = {name: Box(tidy(x), tidy(y), half_width, high[name]) for name, (x, y) in at.items()}
    linked = {frozenset(pair) for pair in page.links.values()}
    names = list(boxes)
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            least = LINKED if frozenset((a, b)) in linked else APART
            if apart(boxes[a], boxes[b]) < least:
                return None
    left = (page.width - max(box.x for box in boxes.values())) / 2
    top = MARGIN + 2 - min(box.y - box.half_height for box in boxes.values())
    boxes = {
        name: Box(tidy(box.x + left), tidy(box.y + top), box.half_width, box.half_height) for name, box in boxes.items()
    }
    placed = {
        name: boxed(f"node-{i}", page.kind(name), box, lines[name], size) for i, (name, box) in enumerate(boxes.items())
    }
    bottom = max(box.y + box.half_height for box in boxes.values())
    routes = lines_between(page.links, Ends(boxes), (), page.width)
    return _framed(Layout(page.width, tidy(bottom + MARGIN + 6), placed, (), (), routes))


def _discs(
    points: Mapping[str, FloatArray], about: FloatArray | None, page: _Page, wish: tuple[float, float]
) -> Layout | None:
    """Return discs with names beside them; None where a name finds no room."""
    sizes, (measure, share) = Sizes.on(page.width), wish
    scale = share * _scale(points, page.width - 2 * sizes.margin - 20)
    at = _scaled(points, scale)
    if _nearest(at)[2] < 2 * sizes.disc + 4:
        return None
    outward = outward_from(at, None if about is None else (about - np.array(list(points.values())).min(axis=0)) * scale)
    names = names_beside(at, outward, page.labels, (sizes, measure))
    if names is None:
        return None
    held = [text_box(text) for texts in names.values() for text in texts]
    discs = [Box(x, y, sizes.disc, sizes.disc) for x, y in at.values()]
    left, right = (f(b.x + s * b.half_width for b in held + discs) for f, s in ((min, -1), (max, 1)))
    top, bottom = (f(b.y + s * b.half_height for b in held + discs) for f, s in ((min, -1), (max, 1)))
    if right - left > page.width - 2 * sizes.margin:
        return None
    shift = np.array([(page.width - left - right) / 2, MARGIN - top])
    placed = {}
    for i, (name, place) in enumerate(at.items()):
        x, y = (tidy(each) for each in place + shift)
        body, *over = node_disc(f"node-{i}", page.kind(name), x, y, sizes.disc)
        texts = tuple(
            Text(
                f"node-{i}-name",
                "name",
                tidy(text.x + shift[0]),
                tidy(text.y + shift[1]),
                text.text,
                text.size,
                text.anchor,
            )
            for text in names[name]
        )
        placed[name] = Place(x, y, body, texts, tuple(over))
    if about is not None:
        routes = chords(placed, page.links, {name: -outward[name] for name in placed}, sizes.disc)
    else:
        ends = Ends({name: Box(p.x, p.y, sizes.disc, sizes.disc) for name, p in placed.items()}, round=True)
        routes = lines_between(page.links, ends, [text_box(t) for p in placed.values() for t in p.names], page.width)
    return _framed(Layout(page.width, tidy(bottom - top + 2 * MARGIN), placed, (), (), routes))


def _framed(layout: Layout) -> Layout:
    """Return a layout whose page holds its lines too: those that bow above the first or below the last node."""
    lines = [curve_points(curve, 2.0) for route in layout.routes.values() for curve in route]
    if not lines:
        return layout
    heights = np.vstack(lines)[:, 1]
    above = max(MARGIN - float(heights.min()), 0.0)
    below = max(float(heights.max()) + MARGIN - layout.height, 0.0)
    made = lowered(layout, tidy(above)) if above else layout
    return replace(made, height=tidy(made.height + below))
