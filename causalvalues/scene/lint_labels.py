"""What the lint says of the labels of edges: lines that they hide, and numbers that are not printed."""

from __future__ import annotations

from collections.abc import Iterator

from causalvalues.scene.edge_style import labelled_edges
from causalvalues.scene.geometry import Box, outline, shape_box, text_box
from causalvalues.scene.nouns import Scene, Shape, Text
from causalvalues.scene.overlap import LONGEST_GAP, hidden_length, owner

SEEN = 0.25
"""Type sizes from which on a gap in a line is seen as one."""
MOST_INTERRUPTING = 2 / 3
"""Share of labels that may interrupt lines of other edges: with more, a label that breaks no other line is so rare that
a reader cannot take the gaps as exceptions."""
FEW_LEFT_OUT, MOST_LEFT_OUT = 0.1, 0.5
"""Share of numbers (but always one) that may be left out with a word in the caption alone, and share above which a
number that is printed is the exception."""
GROUND = 0.4
"""Points by which the white ground of a label is larger than its text."""


def label_flaws(scene: Scene) -> Iterator[tuple[str, str, str, str]]:
    """Yield code, severity, part and message of what is wrong with the labels of edges."""
    interrupting = set()
    for label, edge, hidden, size in hidden_lines(scene):
        if hidden > LONGEST_GAP * size:
            yield "FIG204", "warning", label, f"It hides {hidden:.0f} points of the line of {edge}."
        if hidden > SEEN * size:
            interrupting.add(label)
    left_out, told = unprinted(scene)
    printed = told - left_out
    if len(interrupting) > MOST_INTERRUPTING * printed:
        said = f"{len(interrupting)} of {printed} labels interrupt lines of other edges."
        yield "FIG205", "warning", "page", said
    if left_out > max(1, FEW_LEFT_OUT * told):
        said = f"{left_out} of {told} edges have a number and no label."
        yield "FIG206", "warning" if left_out > MOST_LEFT_OUT * told else "note", "page", said


def hidden_lines(scene: Scene) -> Iterator[tuple[str, str, float, float]]:
    """Yield label, edge, hidden length of its line in points, and type size, wherever a label lies on another line."""
    edges = {edge.part for edge in scene.edges}
    lines = [mark for mark in scene.marks if isinstance(mark, Shape) and mark.role == "line" and mark.part in edges]
    routes = [(line.part, outline(line), shape_box(line)) for line in lines]
    for text in scene.marks:
        if not isinstance(text, Text) or text.role != "label" or owner(text.part) not in edges:
            continue
        box = text_box(text).grown(GROUND)
        for part, route, around in routes:
            if part != owner(text.part) and _near(box, around):
                hidden = hidden_length(route, box)
                if hidden > 0:
                    yield text.part, part, hidden, text.size


def _near(first: Box, second: Box) -> bool:
    reach = first.half_width + first.half_height
    return abs(first.x - second.x) < reach + second.half_width and abs(first.y - second.y) < reach + second.half_height


def unprinted(scene: Scene) -> tuple[int, int]:
    """Return how many edges have a number that no label prints, and how many have one."""
    told = [edge.part for edge in labelled_edges(scene.edges)]
    printed = {owner(mark.part) for mark in scene.marks if isinstance(mark, Text) and mark.role == "label"}
    return sum(part not in printed for part in told), len(told)
