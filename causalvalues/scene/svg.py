"""SVG of a scene: real text, a title and a description, stable ids, the same bytes for the same scene."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import groupby

from causalvalues.numerals import estimate, number
from causalvalues.scene.nouns import Edge, Mark, Node, Scene, Segment, Shape, Text
from causalvalues.scene.xml_text import attribute, content, name_attributes

FONTS = "'DejaVu Sans', Verdana, 'Bitstream Vera Sans', Geneva, sans-serif"
"""Behind the families that the scene prefers: DejaVu Sans, and fonts of about its widths."""


def svg_text(scene: Scene) -> str:
    """Return a scene as an SVG document.

    Parameters
    ----------
    scene : Scene

    Returns
    -------
    str
        One group a part; groups of nodes and edges carry the exact names in ``data-`` attributes and say as a tooltip
        what they stand for. Text stays text, in the fonts of the scene, DejaVu Sans or a font of the same widths.
    """
    wide, high = _plain(scene.width), _plain(scene.height)
    key = "scene-" + hashlib.sha256(ascii(scene).encode()).hexdigest()[:8]  # pictures on one page need ids of their own
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}pt" height="{high}pt" viewBox="0 0 {wide} {high}" '
        f'role="img" aria-labelledby="{key}-title {key}-desc">',
        f'<title id="{key}-title">{content(scene.title)}</title>',
        f'<desc id="{key}-desc">{content(scene.alt)}</desc>',
        f"<metadata>{content(_metadata(scene))}</metadata>",
        f'<rect width="{wide}" height="{high}" fill="#FFFFFF"/>',
        f'<g font-family="{attribute(font_families(scene))}">',
        *_groups(scene),
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def font_families(scene: Scene) -> str:
    """Return the fonts of a scene as a list for CSS, the most wanted first.

    Examples
    --------
    >>> font_families(Scene("dots", 10, 10, (), fonts=("Arial", "DejaVu Sans")))[:21]
    "Arial, 'DejaVu Sans',"
    """
    bare = (family.replace("'", "").replace("\\", "") for family in scene.fonts if family != "DejaVu Sans")
    return ", ".join([*(family if family.isalpha() else f"'{family}'" for family in bare), FONTS])


def _metadata(scene: Scene) -> str:
    return "\n".join([scene.caption, *(f"{key}: {value}" for key, value in sorted(scene.provenance.items()))])


def _groups(scene: Scene) -> Iterator[str]:
    nodes = {node.part: node for node in scene.nodes}
    edges = {edge.part: edge for edge in scene.edges}
    shown = {node.name: node.label for node in scene.nodes}
    seen: dict[str, int] = {}
    for part, marks in groupby(scene.marks, key=lambda mark: mark.part):
        seen[part] = seen.get(part, 0) + 1
        about, title = "", ""
        if part in nodes:
            about, title = _node_attributes(nodes[part]), nodes[part].label
        elif part in edges:
            about, title = _edge_attributes(edges[part]), _edge_title(edges[part], shown)
        unique = part if seen[part] == 1 else f"{part}.{seen[part]}"
        kind = part.split("-")[0]
        yield f'<g id="{attribute(unique)}" class="{attribute(kind)}"{about}>'
        if title:
            yield f"<title>{content(title)}</title>"
        yield from (_mark(mark) for mark in marks)
        yield "</g>"


def _node_attributes(node: Node) -> str:
    return name_attributes("data-name", node.name) + f' data-kind="{node.kind}"'


def _edge_attributes(edge: Edge) -> str:
    return name_attributes("data-cause", edge.cause) + name_attributes("data-effect", edge.effect)


def _edge_title(edge: Edge, shown: dict[str, str]) -> str:
    sign = "\u2192" if edge.directed else "\u2013"
    said = [f"{shown[edge.cause]} {sign} {shown[edge.effect]}"]
    if edge.mean is not None:
        said.append(estimate(edge.mean, edge.lower, edge.upper))
    if edge.adjacent is not None:
        said.append(f"P(adjacent) {number(edge.adjacent)}")
    if edge.compelled is not None:
        said.append(f"P(compelled | adjacent) {number(edge.compelled)}")
    if edge.verdict in ("open", "contested", "given"):
        said.append(f"direction {edge.verdict}")
    return "; ".join(said)


def _mark(mark: Mark) -> str:
    return _shape(mark) if isinstance(mark, Shape) else _text(mark)


def _shape(shape: Shape) -> str:
    paint = f' fill="{shape.fill}"'
    if shape.stroke != "none":
        paint += f' stroke="{shape.stroke}" stroke-width="{_plain(shape.stroke_width)}"'
    if shape.dash:
        paint += f' stroke-dasharray="{" ".join(_plain(length) for length in shape.dash)}"'
    if shape.opacity != 1:
        paint += f' opacity="{_plain(shape.opacity)}"'
    return f'<path class="{attribute(shape.role)}" d="{_path(shape.path)}"{paint}/>'


def _text(text: Text) -> str:
    style = f' font-size="{_plain(text.size)}" fill="{text.colour}"'
    if text.anchor != "start":
        style += f' text-anchor="{text.anchor}"'
    if text.bold:
        style += ' font-weight="bold"'
    if text.italic:
        style += ' font-style="italic"'
    if text.angle:
        style += f' transform="rotate({_plain(text.angle)} {_plain(text.x)} {_plain(text.y)})"'
    where = f'x="{_plain(text.x)}" y="{_plain(text.y)}"'
    return f'<text class="{attribute(text.role)}" {where}{style}>{content(text.text)}</text>'


def _path(path: tuple[Segment, ...]) -> str:
    return " ".join(command + " ".join(_plain(coordinate) for coordinate in numbers) for command, numbers in path)


def _plain(value: float) -> str:
    """Return a number with at most three decimals, without trailing zeros or an exponent."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
