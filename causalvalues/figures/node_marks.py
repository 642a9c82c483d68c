"""The outlines of nodes: what a value, a lever, an outcome and a hidden factor look like."""

from __future__ import annotations

from collections.abc import Sequence

from causalvalues.figures.layout import Place
from causalvalues.scene.geometry import CIRCLE, Box, disc, polygon, rounded, tidy
from causalvalues.scene.metrics import ASCENT, DESCENT, LEADING
from causalvalues.scene.nouns import NodeKind, Segment, Shape, Text
from causalvalues.scene.palette import INK, PAPER, QUIET, SECTOR

WIDTH = 0.9


def node_body(part: str, kind: NodeKind, box: Box) -> tuple[Shape, ...]:
    """Return the outline of a node in layers, and what is drawn over it.

    A value is a box, a lever a rounded grey box, an outcome a box with doubled sides, a hidden factor an ellipse.
    """
    if kind == "latent":
        return (Shape(part, "box", ellipse(box), PAPER, QUIET, WIDTH),)
    if kind == "lever":
        return (Shape(part, "box", rounded(box, min(box.half_height, 9.0)), SECTOR, QUIET, WIDTH),)
    body = Shape(part, "box", rounded(box, 2.0), PAPER, INK, WIDTH)
    if kind == "value":
        return (body,)
    sides = []
    for x in (box.x - box.half_width + 2.2, box.x + box.half_width - 2.2):
        ends = [(x, box.y - box.half_height), (x, box.y + box.half_height)]
        sides.append(Shape(part, "side", polygon(ends, closed=False), stroke=INK, stroke_width=WIDTH))
    return body, *sides


def node_disc(part: str, kind: NodeKind, x: float, y: float, radius: float) -> tuple[Shape, ...]:
    """Return the outline of a node on a circle: a disc, doubled for an outcome, an ellipse for a hidden factor."""
    if kind == "latent":
        return (Shape(part, "disc", ellipse(Box(x, y, 1.45 * radius, 0.8 * radius)), PAPER, QUIET, 1.1),)
    fill, thick = SECTOR if kind == "lever" else PAPER, tidy(min(1.1, 0.22 * radius))
    body = Shape(part, "disc", disc(x, y, radius), fill=fill, stroke=INK, stroke_width=thick)
    if kind != "outcome":
        return (body,)
    return body, Shape(part, "side", disc(x, y, 0.5 * radius), stroke=INK, stroke_width=0.9)


def ellipse(box: Box) -> tuple[Segment, ...]:
    """Return the path of an upright ellipse that fills a box."""
    x, y, w, h = box.x, box.y, box.half_width, box.half_height
    kw, kh = w * CIRCLE, h * CIRCLE
    steps: list[tuple[str, tuple[float, ...]]] = [
        ("M", (x + w, y)),
        ("C", (x + w, y + kh, x + kw, y + h, x, y + h)),
        ("C", (x - kw, y + h, x - w, y + kh, x - w, y)),
        ("C", (x - w, y - kh, x - kw, y - h, x, y - h)),
        ("C", (x + kw, y - h, x + w, y - kh, x + w, y)),
    ]
    return (*((command, tuple(tidy(n) for n in numbers)) for command, numbers in steps), ("Z", ()))


def boxed(part: str, kind: NodeKind, box: Box, lines: Sequence[str], size: float) -> Place:
    """Return a node as a box with the lines of its name in the middle."""
    body, *over = node_body(part, kind, box)
    top = box.y - size * (ASCENT + DESCENT + (len(lines) - 1) * LEADING) / 2 + ASCENT * size
    texts = tuple(
        Text(f"{part}-name", "name", tidy(box.x), tidy(top + k * LEADING * size), line, size, "middle")
        for k, line in enumerate(lines)
    )
    return Place(tidy(box.x), tidy(box.y), body, texts, tuple(over))
