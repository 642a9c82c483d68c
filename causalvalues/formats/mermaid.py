"""Mermaid flowcharts of a graph scene: for Markdown pages; written only."""

from __future__ import annotations

import re

from causalvalues.formats.attributes import need_graph, warning_of
from causalvalues.scene.edge_style import label_texts, line_width, sign_colour
from causalvalues.scene.metrics import printable
from causalvalues.scene.nouns import Edge, Node, Scene

_LINES = {"---": "---", "-->": "-->", "o->": "-.->", "o-o": "o--o", "<->": "<-->"}
_SHAPES = {"value": ("(", ")"), "lever": ("[", "]"), "outcome": ("[[", "]]"), "latent": ("([", "])")}


def mermaid_text(scene: Scene) -> str:
    """Return a graph scene as a Mermaid flowchart.

    Parameters
    ----------
    scene : Scene
        With nodes.

    Returns
    -------
    str
        Names as shown, numbers as labels, width, colour and dashes. Mermaid draws no edge with a circle at one end and
        a head at the other: ``o->`` is a dotted arrow whose label begins with o→. Punctuation in names is written as
        entity codes, so that nothing in them is read as Mermaid, Markdown or HTML. Mermaid places the nodes itself. A
        warning is a comment, and what screen readers say begins with it.

    Raises
    ------
    FigureError
        If the scene is no graph.
    """
    need_graph(scene, "Mermaid")
    ids = {node.name: f"n{number}" for number, node in enumerate(scene.nodes)}
    lines = ["flowchart LR", f"  accTitle: {_line(scene.title or 'Graph')}"]
    warning = warning_of(scene)
    lines += [f"  %% {_line(warning)}"] if warning else []
    described = ". ".join(filter(None, (warning, scene.alt)))
    lines += [f"  accDescr: {_line(described)}"] if described else []
    lines += [f"  {ids[node.name]}{_box(node)}" for node in scene.nodes]
    lines += [f"  {ids[edge.cause]} {_arrow(edge)} {ids[edge.effect]}" for edge in scene.edges]
    lines += [f"  linkStyle {number} {_style(edge)}" for number, edge in enumerate(scene.edges)]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Return a text for the inside of a quoted label.

    Examples
    --------
    >>> escaped('Self-direction "now" <b>')
    'Self-direction #34;now#34; #60;b#62;'
    """
    held = re.sub(r"\s", " ", printable(text))
    inside = {found.start() for found in re.finditer(r"(?<=[^\W_])[-./'](?=[^\W_])", held)}
    kept = (c if c.isalnum() or c in " ,()" or place in inside else f"#{ord(c)};" for place, c in enumerate(held))
    return "".join(kept).strip() or " "


def _line(text: str) -> str:
    """Return a text for a line of its own: no line breaks, and no signs that end it or begin a directive."""
    return " ".join(re.sub(r"[%#;{}<>\"`]", " ", printable(text)).split())


def _box(node: Node) -> str:
    start, stop = _SHAPES[node.kind]
    return f'{start}"{escaped(node.label)}"{stop}'


def _arrow(edge: Edge) -> str:
    texts = label_texts(edge, intervals=True)
    said = " ".join((["o→"] if edge.ends == "o->" else []) + list(texts[:1]))
    return _LINES[edge.ends] + (f'|"{said}"|' if said else "")


def _style(edge: Edge) -> str:
    style = f"stroke:{sign_colour(edge)},stroke-width:{line_width(edge.adjacent):g}px"
    return style + (",stroke-dasharray:4 3" if edge.mean is not None and edge.mean < 0 else "")
