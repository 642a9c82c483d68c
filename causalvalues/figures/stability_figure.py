"""How stable the edges of a graph are: the share of graphs that have each edge, split by what settles its direction."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from causalvalues.errors import FigureError
from causalvalues.figures.legend import Item, legend_rows
from causalvalues.figures.row_frame import RowFrame, checked_width, row_frame, shown_names
from causalvalues.graph.posterior import GraphPosterior
from causalvalues.numerals import number
from causalvalues.scene.axis import Axis
from causalvalues.scene.geometry import polygon, rectangle, tidy
from causalvalues.scene.metrics import text_width, wrap
from causalvalues.scene.nouns import Cell, Mark, Scene, Shape, Text, number_cell
from causalvalues.scene.palette import INK, LABEL_SIZE, MARGIN, NEGATIVE, PAPER, POSITIVE, QUIET, blend
from causalvalues.theories.theory import ValueTheory

FORWARD, OPEN, REVERSE = "forward", "open", "reverse"
BAR = 9.0
STRIPES = 4.0
COLUMNS = ("first", "second", "adjacent", FORWARD, OPEN, REVERSE, "verdict", "drawn")
WORDS = {FORWARD: "compelled as named", OPEN: "left open", REVERSE: "compelled the other way"}


@dataclass(frozen=True)
class _Row:
    """An edge: `parts` are the shares of graphs that compel it as named, leave it open, compel the reverse."""

    first: str
    second: str
    adjacent: float
    parts: Mapping[str, float]
    verdict: str
    drawn: bool


def stability_figure(
    posterior: GraphPosterior,
    most: int = 20,
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    *,
    width: float = 468.0,
) -> Scene:
    """Draw how many of the graphs have each edge, and how many settle its direction.

    Parameters
    ----------
    posterior : GraphPosterior
        Draws of a posterior, or graphs of bootstrap samples.
    most : int, default 20
        Edges shown, the most frequent first; the others are counted below them.
    theory : ValueTheory, optional
        Names.
    labels : mapping of str to str, optional
        Names as shown; they win over the theory's.
    width : float, default 468
        Points.

    Returns
    -------
    Scene
        A bar a pair of values, as long as P(adjacent): dark where the direction that is named is compelled, light where
        equivalent graphs leave it open, striped where the reverse is compelled. The dashed line is the threshold of
        `GraphPosterior.averaged_graph`.

    Raises
    ------
    FigureError
        If there are fewer than two values, `most` is less than 1, or the width leaves no room.

    Notes
    -----
    After the edge-stability plots of Epskamp, Borsboom and Fried (2018), Behavior Research Methods 50, 195-212, with
    the split into compelled and open directions of the draws.
    """
    if most < 1:
        raise FigureError(f"`most` is {most}. Show at least one edge.")
    rows, rest = _rows(posterior, most)
    shown = shown_names(posterior.names, theory, labels)
    names = [_name(row, shown) for row in rows]
    frame = row_frame(names, _beside(rows), (checked_width(width), MARGIN, 0.0), step=14.0)
    axis = Axis(0.0, 1.0, frame.left, frame.right)
    title = _title(posterior)
    marks: list[Mark] = frame.marks(axis, title)
    for place, row in enumerate(rows):
        marks += _bar(f"row-{place}", row, axis, frame.middles[place])
    marks += _threshold(posterior.threshold, axis, frame)
    below = frame.below(title)
    note, high = _note(rest, posterior.threshold, below, width)
    legend, foot = legend_rows(_legend(rows), width, below + high)
    return Scene(
        kind="stability",
        width=width,
        height=tidy(below + high + foot),
        marks=(*marks, *note, *legend),
        title="How stable are the edges?",
        caption=_caption(posterior, rows, rest),
        alt=_alt(posterior, rows, shown, rest),
        columns=COLUMNS,
        rows=tuple(_cells(row) for row in rows),
        provenance={"method": posterior.method, "draws": f"{len(posterior.draws)} {posterior.kind} draws"},
    )


def _rows(posterior: GraphPosterior, most: int) -> tuple[list[_Row], list[_Row]]:
    """Return the edges that are shown, and the others that some graph has."""
    pairs = posterior.pairs()
    if pairs.empty:
        raise FigureError("There is nothing to draw: an edge needs two values.")
    found = []
    for pair in pairs.to_dict("records"):
        adjacent, verdict = float(pair["adjacent"]), str(pair["verdict"])
        settled = {FORWARD: float(pair["compelled"]), OPEN: float(pair["open"])}
        settled[REVERSE] = float(pair["compelled_reverse"])
        if verdict == "given":
            settled = {FORWARD: 1.0, OPEN: 0.0, REVERSE: 0.0}
        known = all(map(math.isfinite, settled.values()))
        parts = {part: adjacent * share if known else math.nan for part, share in settled.items()}
        ends = str(pair["cause"]), str(pair["effect"])
        found.append(_Row(*ends, adjacent, parts, verdict, adjacent > posterior.threshold))
    return found[:most], [row for row in found[most:] if row.adjacent > 0]


def _name(row: _Row, shown: Mapping[str, str]) -> tuple[str, str]:
    """Return the two ends, which stand on one line or on two."""
    sign = "\u2192" if row.verdict in ("given", "compelled") else "\u2013"
    return shown[row.first], f"{sign} {shown[row.second]}"


def _beside(rows: list[_Row]) -> list[list[tuple[str, list[str]]]]:
    all_of = ("P(adjacent)", [number(row.adjacent) for row in rows])
    forward = ("as named", [number(row.parts[FORWARD]) for row in rows])
    reverse = ("reverse", [number(row.parts[REVERSE]) for row in rows])
    left = (OPEN, [number(row.parts[OPEN]) for row in rows])
    return [[all_of, forward, left, reverse], [("P(adj.)", all_of[1])]]


def _bar(part: str, row: _Row, axis: Axis, y: float) -> list[Mark]:
    marks: list[Mark] = []
    at = 0.0
    if not math.isfinite(row.parts[FORWARD]):
        return _piece(part, OPEN, (axis.x(0.0), axis.x(row.adjacent)), y)
    for kind in (FORWARD, OPEN, REVERSE):
        share = row.parts[kind]
        if share > 0:
            marks += _piece(part, kind, (axis.x(at), axis.x(min(at + share, 1.0))), y)
        at += share
    return marks


def _piece(part: str, kind: str, ends: tuple[float, float], y: float) -> list[Mark]:
    """Return a piece of a bar: dark, light, or striped, so that it is told apart without colour."""
    left, right = ends
    fill = {FORWARD: POSITIVE, OPEN: blend(INK, 0.12), REVERSE: blend(NEGATIVE, 0.17)}[kind]
    box = rectangle(left, y - BAR / 2, max(right - left, 0.3), BAR)
    marks: list[Mark] = [Shape(part, kind, box, fill=fill)]
    if kind == REVERSE:
        marks += [Shape(part, "stripe", path, stroke=NEGATIVE, stroke_width=0.9) for path in _stripes(left, right, y)]
    if right - left > 1.0:
        edge = polygon([(right, y - BAR / 2), (right, y + BAR / 2)], closed=False)
        marks.append(Shape(part, "outline", edge, stroke=PAPER, stroke_width=0.6))
    return marks


def _stripes(left: float, right: float, y: float) -> list[tuple[tuple[str, tuple[float, ...]], ...]]:
    """Return slanted lines, cut at the ends of the piece, on one grid for all pieces."""
    low = y + BAR / 2
    lines = []
    first = math.floor((left - BAR) / STRIPES) * STRIPES
    for k in range(int((right - first) / STRIPES) + 1):
        foot = first + k * STRIPES
        a, b = max(foot, left), min(foot + BAR, right)
        if b - a > 0.4:
            lines.append(polygon([(a, low - (a - foot)), (b, low - (b - foot))], closed=False))
    return lines


def _threshold(level: float, axis: Axis, frame: RowFrame) -> list[Mark]:
    x = axis.x(level)
    line = polygon([(x, frame.top - 4), (x, frame.bottom)], closed=False)
    said = f"threshold {number(level)}"
    half = text_width(said, LABEL_SIZE) / 2
    middle = min(max(x, axis.left + half), axis.right + 8 - half)
    return [
        Shape("threshold", "reference", line, stroke=INK, stroke_width=1.0, dash=(3, 2)),
        Text("threshold", "reference-text", tidy(middle), tidy(frame.top - 6), said, LABEL_SIZE, "middle", colour=INK),
    ]


def _note(rest: list[_Row], level: float, top: float, width: float) -> tuple[list[Mark], float]:
    """Return a line that counts the edges that are not shown, and its height."""
    said = _counted(rest, level)
    lines = wrap(said, width - 2 * MARGIN, LABEL_SIZE, 4) if said else ()
    marks: list[Mark] = [
        Text("rest", "note", tidy(width / 2), tidy(top + 10 + 9 * k), line, LABEL_SIZE, "middle", colour=QUIET)
        for k, line in enumerate(lines)
    ]
    return marks, 9.0 * len(lines) + 4 if lines else 0.0


def _counted(rest: list[_Row], level: float) -> str:
    if not rest:
        return ""
    above = sum(row.drawn for row in rest)
    word = "pair is" if len(rest) == 1 else "pairs are"
    said = f"{len(rest)} more {word} joined in some graph, none more often than {number(rest[0].adjacent)}"
    return f"{said}; {above} of them above {number(level)}" if above else said


def _legend(rows: list[_Row]) -> list[Item]:
    items: list[Item] = []
    for kind, words in WORDS.items():
        if any(row.parts[kind] > 0 for row in rows):
            shapes = tuple(mark for mark in _piece("legend", kind, (0.0, 18.0), 0.0) if isinstance(mark, Shape))
            items.append((18.0, words, shapes))
    return items


def _title(posterior: GraphPosterior) -> str:
    return "share of bootstrap graphs" if posterior.kind == "bootstrap" else "posterior probability of the edge"


def _caption(posterior: GraphPosterior, rows: list[_Row], rest: list[_Row]) -> str:
    what = "Share of the bootstrap graphs that have" if posterior.kind == "bootstrap" else "Posterior probability of"
    words = [
        f"{what} each edge ({len(posterior.draws)} draws), the most frequent first. Dark: the data compel the "
        "direction that is named; light: graphs that fit equally well leave it open; striped: they compel the reverse. "
        "An arrow in a name: the direction is compelled more often than not, or given.",
        f"Dashed: the threshold above which an edge is in the averaged graph ({number(posterior.threshold)}).",
    ]
    if rest:
        words.append(f"{_counted(rest, posterior.threshold)}.")
    if any(row.verdict == "given" for row in rows):
        words.append("A direction that is given by knowledge counts as compelled.")
    return " ".join(words)


def _alt(posterior: GraphPosterior, rows: list[_Row], shown: Mapping[str, str], rest: list[_Row]) -> str:
    phrases = [
        f"{' '.join(_name(row, shown))} {number(row.adjacent)} (as named {number(row.parts[FORWARD])}, "
        f"open {number(row.parts[OPEN])}, reverse {number(row.parts[REVERSE])})"
        for row in rows[:8]
    ]
    more = len(rows) - 8 + len(rest)
    end = f"; {more} more" if more > 0 else ""
    above = sum(row.drawn for row in [*rows, *rest])
    return f"Bars of edge stability; {above} edges above {number(posterior.threshold)}. {'; '.join(phrases)}{end}."


def _cells(row: _Row) -> tuple[Cell, ...]:
    numbers = (row.adjacent, *(row.parts[kind] for kind in (FORWARD, OPEN, REVERSE)))
    return (row.first, row.second, *map(number_cell, numbers), row.verdict, "yes" if row.drawn else "no")
