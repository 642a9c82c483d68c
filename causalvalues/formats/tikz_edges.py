"""Edges of a graph in TikZ: from node to node, with the style of their sign and the route that is drawn."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.formats.tikz_labels import Spot
from causalvalues.formats.tikz_looks import Options, Styles, bracket, changes, colour_name, dashes, said
from causalvalues.formats.tikz_marks import drawn
from causalvalues.formats.tikz_nodes import DrawnNode
from causalvalues.formats.tikz_paths import curve_tokens, plain, point
from causalvalues.formats.tikz_words import wrapped
from causalvalues.frozen import FloatArray
from causalvalues.scene.geometry import split
from causalvalues.scene.nouns import Edge, Mark, Scene, Shape
from causalvalues.scene.palette import NEGATIVE, POSITIVE

SIGNS = {POSITIVE: "positive", NEGATIVE: "negative"}


@dataclass(frozen=True)
class DrawnEdge:
    """An edge of the picture; without `curves` its marks are drawn one by one."""

    edge: Edge
    marks: tuple[Mark, ...]
    curves: tuple[FloatArray, ...] = ()
    head: float = 0.0
    options: Options | None = None

    @property
    def style(self) -> str:
        """Name of its style: its sign, as its colour says it."""
        line = self.marks[0]
        return SIGNS.get(line.stroke, "unsigned") if isinstance(line, Shape) else "unsigned"


def drawn_edges(scene: Scene) -> list[DrawnEdge]:
    """Return the edges of a scene, with their whole routes where these are a line and at most one head."""
    marks: dict[str, list[Mark]] = {edge.part: [] for edge in scene.edges}
    for mark in scene.marks:
        if mark.part in marks:
            marks[mark.part].append(mark)
    return [_drawn_edge(edge, tuple(marks[edge.part])) for edge in scene.edges if marks[edge.part]]


def _drawn_edge(edge: Edge, marks: tuple[Mark, ...]) -> DrawnEdge:
    line, head = marks[0], marks[1] if len(marks) > 1 else None
    if len(marks) > 2 or not isinstance(line, Shape) or line.fill != "none" or line.opacity != 1:
        return DrawnEdge(edge, marks)
    curves = _curves(line)
    if not curves:
        return DrawnEdge(edge, marks)
    options = {"draw": colour_name(line.stroke)} | ({"dash pattern": dashes(line.dash)} if line.dash else {})
    if head is None:
        return DrawnEdge(edge, marks, curves, 0.0, options)
    size = _head_size(head, line)
    if size is None:
        return DrawnEdge(edge, marks)
    tip = np.array(head.path[0][1]) if isinstance(head, Shape) else curves[-1][3]
    return DrawnEdge(edge, marks, (*curves[:-1], _prolonged(curves[-1], tip)), size, options)


def _curves(line: Shape) -> tuple[FloatArray, ...]:
    """Return the curves of an open path, straight lines among them; nothing if it has several pieces."""
    if [command for command, _ in line.path].count("M") != 1 or any(command == "Z" for command, _ in line.path):
        return ()
    here, curves = np.array(line.path[0][1]), []
    for command, numbers in line.path[1:]:
        pairs = np.array(numbers).reshape(-1, 2)
        if command == "L":
            pairs = np.array([here + (pairs[0] - here) / 3, here + 2 * (pairs[0] - here) / 3, pairs[0]])
        curves.append(np.vstack([here, pairs]))
        here = pairs[-1]
    return tuple(curves)


def _head_size(head: Mark, line: Shape) -> float | None:
    """Return by how much a head is larger than `edge_style` has it, or None if it is another head."""
    if not isinstance(head, Shape) or [command for command, _ in head.path] != ["M", "L", "L", "Z"]:
        return None
    tip, left, right = (np.array(numbers) for _, numbers in head.path[:3])
    if head.fill != line.stroke or head.stroke != "none" or head.opacity != 1:
        return None
    length, half = float(np.hypot(*((left + right) / 2 - tip))), float(np.hypot(*(left - right))) / 2
    size = (length - 1.35 * line.stroke_width) / 4.6
    return size if size > 0 and abs(half - 1.6 * size - 0.7 * line.stroke_width) < 0.1 else None


def _prolonged(curve: FloatArray, tip: FloatArray) -> FloatArray:
    """Return the curve (4, 2) that was cut off short of `tip`, up to there."""
    steps = np.linspace(1, 3, 401)
    ends = np.array([split(curve, float(t))[0][3] for t in steps])
    whole = split(curve, float(steps[int(np.argmin(np.hypot(*(ends - tip).T)))]))[0]
    return np.vstack([whole[0], whole[1], whole[2] + tip - whole[3], tip])


def gap_of(edges: Sequence[DrawnEdge], nodes: Mapping[str, DrawnNode]) -> float:
    """Return how far before the outlines most edges stop."""
    gaps: Counter[float] = Counter()
    for held in edges:
        for curve, name in _ends(held):
            found = _gap(curve, nodes[name])
            if found is not None and -0.05 < found < 4:
                gaps[round(found, 1) + 0.0] += 1
    return gaps.most_common(1)[0][0] if gaps else 0.0


def _ends(held: DrawnEdge) -> list[tuple[FloatArray, str]]:
    """Return the first curve and the last one turned round, each with the node that it leaves."""
    if not held.curves:
        return []
    return [(held.curves[0], held.edge.cause), (held.curves[-1][::-1], held.edge.effect)]


def _gap(curve: FloatArray, node: DrawnNode) -> float | None:
    away = curve[0] - np.array([node.box.x, node.box.y])
    if node.figure is None or node.figure.name == "ellipse":
        return None
    if node.figure.name == "circle":
        return float(np.hypot(*away)) - node.box.half_width
    return max(abs(float(away[0])) - node.box.half_width, abs(float(away[1])) - node.box.half_height)


def edge_styles(edges: Sequence[DrawnEdge]) -> dict[str, Options]:
    """Return the style that all edges share, one for how wide they are, and one for each sign."""
    sizes = Counter(round(held.head, 2) for held in edges if held.head)
    head = sizes.most_common(1)[0][0] if sizes else 1.0
    tip = f"{{Triangle[length={plain(4.6 * head)}bp 1.35, width={plain(3.2 * head)}bp 1.4, flex]}}"
    looks: dict[str, Counter[tuple[tuple[str, str], ...]]] = {}
    for held in edges:
        if held.options is not None:
            looks.setdefault(held.style, Counter())[tuple(held.options.items())] += 1
    usual = {name: {"edge": "", **dict(found.most_common(1)[0][0])} for name, found in sorted(looks.items())}
    return {"edge": {">": tip}, "weight": {"line width": "#1bp"}} | usual if usual else {}


def edge_commands(
    edges: Sequence[DrawnEdge],
    nodes: Mapping[str, DrawnNode],
    usual: tuple[Mapping[str, Options], float],
    spots: Mapping[str, Spot],
    styles: Styles,
) -> Iterator[str]:
    """Return the commands of all edges; `usual` holds their styles and how far before the nodes they stop."""
    known, gap = usual
    for held in edges:
        if held.options is None:
            yield from drawn(held.marks, styles)
            continue
        line = held.marks[0]
        style = {key: value for key, value in known[held.style].items() if key != "edge"}
        weight = f"weight={plain(line.stroke_width)}" if isinstance(line, Shape) else ""
        options = bracket(held.style, "->" if held.head else "", weight, said(changes(held.options, style)))
        (first, origin), (last, goal) = (_place(*end, nodes, gap) for end in _ends(held))
        tokens, spot = [f"\\draw{options}", first], spots.get(held.edge.part)
        for i, curve in enumerate(held.curves):
            ends = i == len(held.curves) - 1
            tokens += curve_tokens(curve, last if ends else point(*curve[3]), (origin, goal if ends else curve[3]))
            tokens += [f"coordinate[pos={plain(spot.share)}] ({spot.key})"] if spot and spot.curve == i else []
            origin = curve[3]
        yield wrapped([*tokens[:-1], tokens[-1] + ";"])


def _place(curve: FloatArray, name: str, nodes: Mapping[str, DrawnNode], gap: float) -> tuple[str, FloatArray]:
    """Return the place where a curve begins, as seen from its node, and the point that TikZ sees control points from.

    For a circle without an anchor that is the middle: the curve leaves where the line to its control point does.
    """
    node, start = nodes[name], curve[0]
    found = _gap(curve, node)
    if node.figure is None:
        return point(*start), start
    middle = np.array([node.box.x, node.box.y])
    dx, dy = start - middle
    if found is None or abs(found - gap) > 0.3:
        return f"([shift={{{point(dx, dy)}}}]{node.key}.center)", start
    if node.figure.name == "circle":
        out = curve[1] - start
        turn = abs(float(dx * out[1] - dy * out[0])) / max(math.hypot(dx, dy) * float(np.hypot(*out)), 1e-9)
        anchor = "" if turn < 0.05 else f".{plain(math.degrees(math.atan2(-dy, dx)))}"
        return f"({node.key}{anchor})", start if anchor else middle
    beside = abs(dx) - node.box.half_width > abs(dy) - node.box.half_height
    side = ("east" if dx > 0 else "west") if beside else ("south" if dy > 0 else "north")
    along = f"yshift={plain(-dy)}bp" if beside else f"xshift={plain(dx)}bp"
    shift = bracket(along) if abs(dy if beside else dx) > 0.05 else ""
    return f"({shift}{node.key}.{side})", start
