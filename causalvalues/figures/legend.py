"""The legend of a graph figure: only the signs that occur in it, one line of meaning each."""

from __future__ import annotations

from collections.abc import Sequence

from causalvalues.figures.words import head_sources
from causalvalues.numerals import number, percent
from causalvalues.scene.edge_style import arrow_head, head_length, line_width
from causalvalues.scene.geometry import polygon, tidy
from causalvalues.scene.metrics import text_width
from causalvalues.scene.nouns import Edge, Mark, Segment, Shape, Text
from causalvalues.scene.palette import DASH, LABEL_SIZE, MARGIN, NEGATIVE, POSITIVE, QUIET, UNSIGNED

ROW = 13.0
SAMPLE = 22.0
BETWEEN = 16.0


def graph_legend(
    edges: Sequence[Edge], label: str, level: float, width: float, top: float
) -> tuple[tuple[Mark, ...], float]:
    """Return the marks of the legend and its height.

    Parameters
    ----------
    edges : sequence of Edge
        Those that are drawn.
    label : str
        What the numbers at the edges are, or "" when there are none.
    level : float
        Level of the intervals.
    width : float
        Page width; the rows are centred on it.
    top : float
        Upper end of the legend.
    """
    items = _items(edges, label, level)
    if not items:
        return (), 0.0
    lengths = [size + (4 if size else 0) + text_width(text, LABEL_SIZE) for size, text, _ in items]
    rows = _rows(lengths, width - 2 * MARGIN)
    top += MARGIN
    marks: list[Mark] = []
    for r, row in enumerate(rows):
        x = (width - sum(lengths[k] for k in row) - BETWEEN * (len(row) - 1)) / 2
        y = top + ROW * (r + 0.5)
        for k in row:
            marks += _drawn(items[k], x, y)
            x += lengths[k] + BETWEEN
    return tuple(marks), ROW * len(rows) + 2 * MARGIN


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


Item = tuple[float, str, tuple[Shape, ...]]


def _items(edges: Sequence[Edge], label: str, level: float) -> list[Item]:
    items: list[Item] = []
    signs = {edge.mean > 0 for edge in edges if edge.mean}
    colour = POSITIVE if True in signs else NEGATIVE if signs else UNSIGNED
    dash = DASH if signs == {False} else ()
    if True in signs:
        items.append((SAMPLE, "positive effect", (_stroke(SAMPLE, 1.6, POSITIVE),)))
    if False in signs:
        items.append((SAMPLE, "negative effect", (_stroke(SAMPLE, 1.6, NEGATIVE, DASH),)))
    if any(edge.directed for edge in edges):
        back = SAMPLE - head_length(1.6)
        head = Shape("legend", "head", arrow_head((SAMPLE, 0), (back, 0), 1.6), fill=colour)
        text = f"direction {head_sources(edges) or 'given'}"
        if head_sources(edges) and any(edge.kind == "lever" for edge in edges):
            text = text.replace(" by the data", "") + ", or from a lever"
        items.append((SAMPLE, text, (_stroke(back + 0.4, 1.6, colour, dash), head)))
    if any(not edge.directed for edge in edges):
        items.append((SAMPLE, "no head: direction open or contested", (_stroke(SAMPLE, 1.6, colour, dash),)))
    shares = [edge.adjacent for edge in edges if edge.adjacent is not None]
    if shares and max(shares) > min(shares):
        steps = sorted({round(min(shares), 1), 1.0} | ({0.8} if min(shares) < 0.7 else set()))
        strokes = tuple(_stroke(11, line_width(step), QUIET, (), 15.0 * i) for i, step in enumerate(steps))
        items.append((15.0 * len(steps) - 4, "P(adjacent) = " + ", ".join(_plain(step) for step in steps), strokes))
    if label:
        with_interval = any(edge.lower is not None for edge in edges)
        items.append((0.0, label + (f" [{percent(level)} interval]" if with_interval else ""), ()))
        if any(not edge.directed and edge.mean is not None for edge in edges):
            items.append((0.0, "italic: edge without head", ()))
    return items


def _plain(step: float) -> str:
    return "1" if step == 1 else number(step, 1)


def _stroke(length: float, width: float, colour: str, dash: tuple[float, ...] = (), x: float = 0.0) -> Shape:
    return Shape(
        "legend", "line", polygon([(x, 0), (x + length, 0)], closed=False), stroke=colour, stroke_width=width, dash=dash
    )


def _drawn(item: Item, x: float, y: float) -> list[Mark]:
    size, text, shapes = item
    marks: list[Mark] = [Shape(**{**shape.__dict__, "path": _moved(shape.path, x, y)}) for shape in shapes]
    left = x + size + (4 if size else 0)
    marks.append(
        Text(
            "legend",
            "legend",
            tidy(left),
            tidy(y + 0.35 * LABEL_SIZE),
            text,
            LABEL_SIZE,
            colour=QUIET,
            italic=text.startswith("italic"),
        )
    )
    return marks


def _moved(path: tuple[Segment, ...], dx: float, dy: float) -> tuple[Segment, ...]:
    return tuple(
        (command, tuple(tidy(n + (dy if i % 2 else dx)) for i, n in enumerate(numbers))) for command, numbers in path
    )
