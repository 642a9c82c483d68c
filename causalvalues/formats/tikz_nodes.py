"""Nodes of a graph in TikZ: named, each with the style of its kind and its name inside where it is drawn inside."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from causalvalues.formats.tikz_looks import Options, Styles, bracket, changes, said, shape_options, text_options
from causalvalues.formats.tikz_marks import drawn, paragraphs, several, text_command
from causalvalues.formats.tikz_paths import Figure, plain, point, recognised
from causalvalues.formats.tikz_words import LINE, comment
from causalvalues.scene.geometry import Box, shape_box
from causalvalues.scene.nouns import Mark, Node, Scene, Shape, Text

LONGEST_ID = 24
INSIDE = "written inside"
INSIDE_LOOK: Options = {"align": "center", "execute at begin node": "\\strut", "execute at end node": "\\strut"}
"""Struts keep the baseline where it is, whatever letters a name has."""


@dataclass(frozen=True)
class DrawnNode:
    """A node of the picture: what it is called there, its outline if that has a name, its look, and its marks."""

    node: Node
    key: str
    figure: Figure | None
    box: Box
    options: Options
    inside: tuple[Text, ...]
    rest: tuple[Mark, ...]

    @property
    def style(self) -> str:
        """Name of its style: its kind."""
        return str(self.node.kind)


def drawn_nodes(scene: Scene) -> dict[str, DrawnNode]:
    """Return the nodes of a scene by name."""
    keys = node_keys(scene.nodes)
    marks: dict[str, list[Mark]] = {node.part: [] for node in scene.nodes}
    for mark in scene.marks:
        part = mark.part if mark.part in marks else mark.part.removesuffix("-name")
        if part in marks:
            marks[part].append(mark)
    return {node.name: _drawn_node(node, keys[node.name], marks[node.part]) for node in scene.nodes}


def _drawn_node(node: Node, key: str, marks: Sequence[Mark]) -> DrawnNode:
    body = next((mark for mark in marks if isinstance(mark, Shape)), None)
    if body is None:
        empty = Box(node.x, node.y, 0.0, 0.0)
        return DrawnNode(node, key, None, empty, {"minimum size": "0bp"}, (), tuple(marks))
    box, figure = shape_box(body), recognised(body.path)
    inside = () if figure is not None and figure.name == "ellipse" else _inside(box, marks)
    size = {"minimum width": f"{plain(2 * box.half_width)}bp", "minimum height": f"{plain(2 * box.half_height)}bp"}
    if figure is None or max(abs(box.x - node.x), abs(box.y - node.y)) > 0.1:
        options: Options = {"rectangle": "", **size}
    elif figure.name == "ellipse":
        options = {"ellipse": "", **size, **shape_options(body)}
    elif figure.name == "circle":
        options = {"circle": "", "minimum size": size["minimum width"], **shape_options(body)}
    else:
        corner = {"rounded corners": f"{plain(figure.corner)}bp"} if figure.corner else {"sharp corners": ""}
        options = {"rectangle": "", **corner, **size, **shape_options(body)}
    named = "fill" in options or "draw" in options
    if inside:
        look = text_options(inside[0])
        options |= {"text": look["text"], "font": look["font"], INSIDE: ""}
    used = {id(mark) for mark in inside} | ({id(body)} if named else set())
    rest = tuple(mark for mark in marks if id(mark) not in used)
    return DrawnNode(node, key, figure if named else None, box, options, inside, rest)


def _inside(box: Box, marks: Sequence[Mark]) -> tuple[Text, ...]:
    """Return the lines in the middle of an outline, if all of a node's texts are there and look alike."""
    texts = tuple(mark for mark in marks if isinstance(mark, Text))
    inside = all(
        text.anchor == "middle"
        and not text.angle
        and abs(text.x - box.x) < 0.1
        and abs(text.y - 0.3 * text.size - box.y) < box.half_height
        and text_options(text) == text_options(texts[0])
        for text in texts
    )
    middle = sum(text.y - 0.26 * text.size for text in texts) / max(len(texts), 1)
    return texts if inside and abs(middle - box.y) < 1.5 else ()


def node_keys(nodes: Sequence[Node]) -> dict[str, str]:
    """Return what each node is called in the picture: its name in small ASCII letters, unlike all others.

    Examples
    --------
    >>> nodes = [Node("node-0", name, name, "value", "", 0, 0) for name in ("Self-direction", "self direction", "1984")]
    >>> list(node_keys(nodes).values())
    ['self-direction', 'self-direction-2', 'value-1984']
    """
    keys: dict[str, str] = {}
    for node in nodes:
        letters = unicodedata.normalize("NFKD", node.name).encode("ascii", "ignore").decode().lower()
        stem = re.sub("[^a-z0-9]+", "-", letters)[:LONGEST_ID].strip("-")
        stem = stem if stem[:1].isalpha() else f"{node.kind}-{stem}".rstrip("-")
        key, count = stem, 1
        while key in keys.values():
            count += 1
            key = f"{stem}-{count}"
        keys[node.name] = key
    return keys


def node_styles(nodes: Mapping[str, DrawnNode], gap: float) -> dict[str, Options]:
    """Return one style for each kind of node, as most of them look; edges stop `gap` points before the outline."""
    looks: dict[str, Counter[tuple[tuple[str, str], ...]]] = {}
    for node in nodes.values():
        looks.setdefault(node.style, Counter())[tuple(node.options.items())] += 1
    usual = {kind: dict(found.most_common(1)[0][0]) for kind, found in sorted(looks.items())}
    styles = {kind: options | {"outer sep": f"{plain(gap)}bp"} for kind, options in usual.items()}
    return {INSIDE: INSIDE_LOOK} | styles if any(node.inside for node in nodes.values()) else styles


def node_commands(nodes: Mapping[str, DrawnNode], usual: Mapping[str, Options], styles: Styles) -> Iterator[str]:
    """Return the commands of all nodes."""
    for held in nodes.values():
        style = {key: value for key, value in usual[held.style].items() if key != "outer sep"}
        beside = changes(held.options, style)
        if held.figure is None:
            yield from drawn((mark for mark in held.rest if isinstance(mark, Shape)), styles)
        where = point(held.box.x, held.box.y) if held.figure else point(held.node.x, held.node.y)
        text = several(line.text for line in held.inside)
        if not _tells(held):
            yield comment(held.node.name[:LINE])[0]
        yield f"\\node{bracket(held.style, said(beside))} ({held.key}) at {where} {{{text}}};"


def name_commands(nodes: Mapping[str, DrawnNode], styles: Styles) -> Iterator[str]:
    """Return the commands of what is written and drawn beside the nodes; what is written goes where its node goes."""
    for held in nodes.values():
        for lines in paragraphs(mark for mark in held.rest if held.figure or isinstance(mark, Text)):
            texts = [mark for mark in lines if isinstance(mark, Text)]
            if texts and held.figure:
                away = point(texts[-1].x - held.box.x, texts[-1].y - held.box.y)
                yield text_command(texts, styles, f"([shift={{{away}}}]{held.key}.center)")
            else:
                yield from drawn(lines, styles)


def _tells(held: DrawnNode) -> bool:
    """Whether what a node is called in the picture is its name, but for signs and spaces."""
    letters = re.sub("[^a-z0-9]", "", held.node.name.lower())
    return letters == re.sub("[^a-z0-9]", "", held.key) and held.node.name.isascii()
