"""The legend of a graph figure: only the signs that occur in it, one line of meaning each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from causalvalues.figures.edge_marks import drawn_edge, straight
from causalvalues.figures.graph_data import GraphData
from causalvalues.figures.graph_words import END_WORDS, head_sources
from causalvalues.figures.node_marks import node_body
from causalvalues.frozen import FloatArray
from causalvalues.numerals import number, percent
from causalvalues.scene.edge_style import hollow, line_width
from causalvalues.scene.geometry import Box, moved, polygon, tidy
from causalvalues.scene.metrics import text_width, wrap
from causalvalues.scene.nouns import Edge, Mark, NodeKind, Shape, Text
from causalvalues.scene.palette import DASH, LABEL_SIZE, MARGIN, NEGATIVE, POSITIVE, QUIET

ROW = 13.0
LINE = 9.0
SAMPLE = 22.0
BETWEEN = 16.0
Item = tuple[float, str, tuple[Shape, ...]]
_KINDS: dict[NodeKind, str] = {"lever": "lever", "outcome": "outcome", "latent": "hidden factor"}


def legend_rows(items: Sequence[Item], width: float, top: float) -> tuple[tuple[Mark, ...], float]:
    """Set the items of a legend in as few centred rows as hold them; return the marks and the height.

    Parameters
    ----------
    items : sequence of (length, text, shapes)
        The sample is `length` points long and drawn about (0, 0), from 0 to the right; 0 for a text alone.
    width : float
        Page width; a text that is wider goes on in further lines.
    top : float
        Upper end of the legend.
    """
    if not items:
        return (), 0.0
    room = width - 2 * MARGIN
    texts = [wrap(text, room - size - (4 if size else 0), LABEL_SIZE, 4) for size, text, _ in items]
    lengths = [
        size + (4 if size else 0) + max(text_width(line, LABEL_SIZE) for line in lines)
        for (size, _, _), lines in zip(items, texts, strict=True)
    ]
    top += MARGIN
    marks: list[Mark] = []
    y = top
    for row in _rows(lengths, room):
        x = (width - sum(lengths[k] for k in row) - BETWEEN * (len(row) - 1)) / 2
        for k in row:
            marks += _drawn(items[k], texts[k], x, y + ROW / 2)
            x += lengths[k] + BETWEEN
        y += ROW + LINE * (max(len(texts[k]) for k in row) - 1)
    return tuple(marks), y - top + 2 * MARGIN


def note_lines(note: str, width: float, top: float) -> tuple[tuple[Mark, ...], float]:
    """Return a warning as centred lines from `top` downwards, and their height; nothing for an empty note."""
    if not note:
        return (), 0.0
    lines = wrap(note, 0.92 * (width - 2 * MARGIN), LABEL_SIZE, 6)
    return tuple(
        Text("note", "note", tidy(width / 2), tidy(top + 3 + LINE * k), line, LABEL_SIZE, "middle", italic=True)
        for k, line in enumerate(lines)
    ), LINE * len(lines) + 2


def _rows(lengths: Sequence[float], room: float) -> list[list[int]]:
    """Break items into the fewest rows, of about equal length."""
    best: list[list[int]] = []
    for measure in (room, 0.9 * room, 0.8 * room, 0.7 * room, 0.6 * room, 0.5 * room):
        rows: list[list[int]] = [[]]
        for i, length in enumerate(lengths):
            if rows[-1] and sum(lengths[k] + BETWEEN for k in rows[-1]) + length > measure:
                rows.append([])
            rows[-1].append(i)
        best = rows if not best or len(rows) == len(best) else best
    return best


def graph_items(data: GraphData, edges: Sequence[Edge], label: str) -> list[Item]:
    """Return the items of the legend of a graph.

    Parameters
    ----------
    data : GraphData
    edges : sequence of Edge
        Those that are drawn.
    label : str
        What the numbers at the edges are, or "" when there are none.
    """
    items: list[Item] = []
    signs = {edge.mean > 0 for edge in edges if edge.mean}
    if True in signs:
        items.append((SAMPLE, "positive effect", (stroke(SAMPLE, 1.6, POSITIVE),)))
    if False in signs:
        items.append((SAMPLE, "negative effect", (stroke(SAMPLE, 1.6, NEGATIVE, DASH),)))
    items += _heads(edges) if data.reading == "posterior" else _ends(data, edges)
    shares = [edge.adjacent for edge in edges if edge.adjacent is not None]
    if shares and max(shares) > min(shares):
        steps = sorted({round(min(shares), 1), 1.0} | ({0.8} if min(shares) < 0.7 else set()))
        strokes = tuple(stroke(11, line_width(step), QUIET, (), 15.0 * i) for i, step in enumerate(steps))
        items.append((15.0 * len(steps) - 4, "P(adjacent) = " + ", ".join(_plain(step) for step in steps), strokes))
    if label:
        with_interval = any(edge.lower is not None for edge in edges)
        items.append((0.0, label + (f" [{percent(data.level)} interval]" if with_interval else ""), ()))
        if any(not edge.directed and edge.mean is not None for edge in edges):
            items.append((0.0, "italic: edge without head", ()))
    return items


def _heads(edges: Sequence[Edge]) -> list[Item]:
    """Return what heads say in an averaged graph: how settled a direction is."""
    items: list[Item] = []
    sources = head_sources([edge for edge in edges if not hollow(edge)])
    empty = [edge for edge in edges if hollow(edge)]
    if empty:
        sources = sources.replace("by the data", "in nearly all graphs")
    if any(edge.directed and not hollow(edge) for edge in edges):
        text = f"direction {sources or 'given'}"
        if any(edge.kind == "lever" for edge in edges):
            text = text.replace(" by the data", "") + ", or from a lever" if sources else "from a lever"
        items.append(sample(Edge("legend", "", "", "value", "-->"), text))
    if empty:
        look = Edge("legend", "", "", "value", "-->", verdict="compelled", compelled=0.5)
        items.append(sample(look, "compelled in most graphs"))
    if any(not edge.directed for edge in edges):
        items.append(sample(Edge("legend", "", "", "value", "---"), "no head: direction open or contested"))
    return items


def _ends(data: GraphData, edges: Sequence[Edge]) -> list[Item]:
    found = {edge.ends for edge in edges}
    words = END_WORDS[data.reading]
    return [sample(Edge("legend", "", "", "value", ends), text) for ends, text in words.items() if ends in found]


def kind_items(kinds: Iterable[NodeKind]) -> list[Item]:
    """Return items for the node shapes that are no plain values."""
    found = set(kinds)
    items: list[Item] = []
    for kind, text in _KINDS.items():
        if kind in found:
            box = Box(7, 0, 7, 4)
            items.append((14.0, text, tuple(replace(s, part="legend") for s in node_body("legend", kind, box))))
    return items


def sample(edge: Edge, text: str) -> Item:
    """Return an item with a short edge of this look."""
    ends: tuple[FloatArray, ...] = (straight_line(SAMPLE),)
    return SAMPLE, text, drawn_edge(edge, ends).marks


def straight_line(length: float) -> FloatArray:
    """Return a level line as a curve (4, 2)."""
    return straight(np.array([0.0, 0.0]), np.array([length, 0.0]))


def _plain(step: float) -> str:
    return "1" if step == 1 else number(step, 1)


def stroke(length: float, width: float, colour: str, dash: tuple[float, ...] = (), x: float = 0.0) -> Shape:
    """Return a level line of the legend."""
    return Shape(
        "legend", "line", polygon([(x, 0), (x + length, 0)], closed=False), stroke=colour, stroke_width=width, dash=dash
    )


def _drawn(item: Item, lines: Sequence[str], x: float, y: float) -> list[Mark]:
    size, text, shapes = item
    marks: list[Mark] = [replace(shape, path=moved(shape.path, x, y)) for shape in shapes]
    left, italic = x + size + (4 if size else 0), text.startswith("italic")
    for k, line in enumerate(lines):
        base = tidy(y + 0.35 * LABEL_SIZE + LINE * k)
        marks.append(Text("legend", "legend", tidy(left), base, line, LABEL_SIZE, colour=QUIET, italic=italic))
    return marks
