"""The legend of a graph figure: only the signs that occur in it, one line of meaning each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from causalvalues.figures.edge_marks import drawn_edge, straight
from causalvalues.figures.graph_data import GraphData
from causalvalues.figures.graph_words import END_WORDS, FILE_NAMES, averaged, change_words, head_sources, interval_words
from causalvalues.figures.node_marks import node_body
from causalvalues.figures.ring import COMPACT
from causalvalues.frozen import FloatArray
from causalvalues.numerals import number
from causalvalues.scene.edge_style import FULL_PAGE, hollow, line_width, page_scale
from causalvalues.scene.geometry import Box, moved, polygon, tidy
from causalvalues.scene.metrics import text_width, wrap
from causalvalues.scene.nouns import Edge, Mark, NodeKind, Shape, Text
from causalvalues.scene.palette import LABEL_SIZE, MARGIN, QUIET

WIDE, NARROW = (13.0, 16.0), (11.0, 10.0)
"""Height of a row, and distance of items in it, in points, on pages from `COMPACT` on and below."""
LINE = 9.0
SAMPLE = 22.0
SHORT_SAMPLE = 15.0
SIGN_WIDTH = 0.78
"""P(adjacent) of the lines that show what signs look like."""
OPEN = "no head: direction open or contested"
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
    room, (row_height, between) = width - 2 * MARGIN, (NARROW if width < COMPACT else WIDE)
    texts = [wrap(text, room - size - (4 if size else 0), LABEL_SIZE, 4) for size, text, _ in items]
    lengths = [
        size + (4 if size else 0) + max(text_width(line, LABEL_SIZE) for line in lines)
        for (size, _, _), lines in zip(items, texts, strict=True)
    ]
    top += MARGIN
    marks: list[Mark] = []
    y = top
    for row in _rows(lengths, room, between):
        x = (width - sum(lengths[k] for k in row) - between * (len(row) - 1)) / 2
        for k in row:
            marks += _drawn(items[k], texts[k], x, y + row_height / 2)
            x += lengths[k] + between
        y += row_height + LINE * (max(len(texts[k]) for k in row) - 1)
    return tuple(marks), y - top + 2 * MARGIN


def with_stop(note: str) -> str:
    """Return a note as a sentence: a capital letter and a full stop."""
    return f"{note[:1].upper()}{note[1:]}{'' if note.endswith('.') else '.'}"


def note_lines(note: str, width: float, top: float) -> tuple[tuple[Mark, ...], float]:
    """Return a warning as centred lines from `top` downwards, and their height; nothing for an empty note."""
    if not note:
        return (), 0.0
    lines = wrap(note, 0.92 * (width - 2 * MARGIN), LABEL_SIZE, 6)
    return tuple(
        Text("note", "note", tidy(width / 2), tidy(top + 3 + LINE * k), line, LABEL_SIZE, "middle", italic=True)
        for k, line in enumerate(lines)
    ), LINE * len(lines) + 2


def _rows(lengths: Sequence[float], room: float, between: float) -> list[list[int]]:
    """Break items into the fewest rows, of about equal length."""
    best: list[list[int]] = []
    for measure in (room, 0.9 * room, 0.8 * room, 0.7 * room, 0.6 * room, 0.5 * room):
        rows: list[list[int]] = [[]]
        for i, length in enumerate(lengths):
            if rows[-1] and sum(lengths[k] + between for k in rows[-1]) + length > measure:
                rows.append([])
            rows[-1].append(i)
        best = rows if not best or len(rows) == len(best) else best
    return best


def graph_items(data: GraphData, edges: Sequence[Edge], label: str, width: float = FULL_PAGE) -> list[Item]:
    """Return the items of the legend of a graph: of the signs that are drawn, and of no others.

    Parameters
    ----------
    data : GraphData
    edges : sequence of Edge
        Those that are drawn, without interval where their label has none.
    label : str
        What the numbers at the edges are, or "" when there are none.
    width : float, default 468
        Page width in points; below `COMPACT` samples and words are shorter.
    """
    compact = width < COMPACT
    items = change_items(edges, FILE_NAMES, width)
    plain = [edge for edge in edges if not edge.change]
    for sign, text in ((1, "positive"), (-1, "negative")):
        if any(edge.mean and edge.mean * sign > 0 for edge in plain):
            look = Edge("legend", "", "", "value", "---", mean=float(sign), adjacent=SIGN_WIDTH)
            items.append(sample(look, text if compact and label else f"{text} effect", width))
    unsure = any(not edge.directed and edge.mean is not None for edge in edges) and bool(label)
    of_draws = averaged(data, edges)
    heads = _heads(edges, compact and unsure, width)
    items += heads if of_draws else _ends(data, edges, width)
    items += _widths(plain, width)
    if label:
        with_interval = any(edge.lower is not None for edge in edges)
        items.append((0.0, label + (f" [{interval_words(data.level)}]" if with_interval else ""), ()))
        if unsure and not (compact and of_draws):
            items.append((0.0, "italic: edge without head", ()))
    return items


def _widths(edges: Sequence[Edge], width: float) -> list[Item]:
    """Return samples of line widths, where these differ."""
    shares = [edge.adjacent for edge in edges if edge.adjacent is not None]
    if not shares or max(shares) <= min(shares):
        return []
    compact, scale = width < COMPACT, page_scale(width)
    steps = sorted({round(min(shares), 1), 1.0} | ({0.8} if min(shares) < 0.7 and not compact else set()))
    long, step = (9.0, 12.0) if compact else (11.0, 15.0)
    strokes = tuple(stroke(long, tidy(scale * line_width(p)), QUIET, (), step * i) for i, p in enumerate(steps))
    return [(step * len(steps) - step + long, "P(adjacent) = " + ", ".join(_plain(p) for p in steps), strokes)]


def change_items(edges: Sequence[Edge], names: tuple[str, str], width: float = FULL_PAGE) -> list[Item]:
    """Return what the lines of a difference of two graphs say that are called `names`."""
    found = {edge.change for edge in edges}
    words = change_words(names, any(edge.mean is not None for edge in edges), width < COMPACT)
    return [
        sample(Edge("legend", "", "", "value", "---", change=change), text, width)
        for change, text in words.items()
        if change in found
    ]


def _heads(edges: Sequence[Edge], italic: bool, width: float) -> list[Item]:
    """Return what heads say in an averaged graph: how settled a direction is."""
    items: list[Item] = []
    compact = width < COMPACT
    sources = head_sources([edge for edge in edges if not hollow(edge)])
    empty = [edge for edge in edges if hollow(edge)]
    if empty:
        sources = sources.replace("by the data", "in nearly all graphs")
    if any(edge.directed and not hollow(edge) for edge in edges):
        text = f"direction {sources or 'given'}"
        if any(edge.kind == "lever" for edge in edges):
            text = text.replace(" by the data", "") + ", or from a lever" if sources else "from a lever"
        short = text.removeprefix("direction ").replace("nearly all graphs", "nearly all") if compact else text
        items.append(sample(Edge("legend", "", "", "value", "-->"), short, width))
    if empty:
        look = Edge("legend", "", "", "value", "-->", verdict="compelled", compelled=0.5)
        items.append(sample(look, "compelled in most" if compact else "compelled in most graphs", width))
    if any(not edge.directed for edge in edges):
        text = f"no head{', italic' if italic else ''}: not settled" if compact else OPEN
        items.append(sample(Edge("legend", "", "", "value", "---"), text, width))
    return items


def _ends(data: GraphData, edges: Sequence[Edge], width: float) -> list[Item]:
    """Return what the marks at the ends say in a graph that is no average."""
    found = {edge.ends for edge in edges if not hollow(edge)}
    words = END_WORDS[data.reading]
    items = [
        sample(Edge("legend", "", "", "value", ends), text, width) for ends, text in words.items() if ends in found
    ]
    if any(hollow(edge) for edge in edges):
        look = Edge("legend", "", "", "value", "-->", verdict="compelled", compelled=0.5)
        items.append(sample(look, "compelled in most graphs", width))
    return items


def kind_items(kinds: Iterable[NodeKind]) -> list[Item]:
    """Return items for the node shapes that are no plain values."""
    found = set(kinds)
    items: list[Item] = []
    for kind, text in _KINDS.items():
        if kind in found:
            box = Box(7, 0, 7, 4)
            items.append((14.0, text, tuple(replace(s, part="legend") for s in node_body("legend", kind, box))))
    return items


def sample(edge: Edge, text: str, width: float = FULL_PAGE) -> Item:
    """Return an item with a short edge of this look, as it is drawn on a page of this width."""
    length = SAMPLE if width >= COMPACT else 18.0 if edge.change else SHORT_SAMPLE
    ends: tuple[FloatArray, ...] = (straight_line(length),)
    return length, text, drawn_edge(edge, ends, page_scale(width)).marks


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
