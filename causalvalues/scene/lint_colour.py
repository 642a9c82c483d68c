"""What the lint says about colour: contrast against what lies beneath, and meanings told by colour alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from causalvalues.scene.geometry import outline, shape_box, text_box
from causalvalues.scene.grounds import Grounds, seen_through
from causalvalues.scene.nouns import Scene, Shape, Text
from causalvalues.scene.overlap import owner
from causalvalues.scene.palette import contrast, luminance

TEXT_CONTRAST = 4.5
"""WCAG 2.2, success criterion 1.4.3 (AA)."""
MARK_CONTRAST = 3.0
"""WCAG 2.2, success criterion 1.4.11 (AA)."""
GREY_STEP = 12.0
"""CIE lightness by which two greys must differ to be told apart when small."""
QUIET_ROLES = frozenset(
    {"rule", "frame", "ground", "label-ground", "cell", "scale", "sector", "band", "segment", "outline", "bar", "grid"}
)
"""Grounds, frames and guides; areas whose length and place say it all; cells with numbers."""
SMALL = 8.0
"""Filled shapes up to this size count as dots and heads, larger ones as areas."""
FAINT_SHARE = 0.3
"""Share of a line that may lie on a ground on which it is hard to see."""


def faint_texts(scene: Scene) -> Iterator[tuple[str, str]]:
    """Yield part and message of each text whose contrast with the ground falls below 4.5."""
    grounds = Grounds(scene)
    for place, text in enumerate(scene.marks):
        if not isinstance(text, Text) or not text.text.strip():
            continue
        box = text_box(text)
        turn = math.radians(box.angle)
        reach = 0.8 * box.half_width
        ways = [
            (box.x + share * reach * math.cos(turn), box.y + share * reach * math.sin(turn)) for share in (-1, 0, 1)
        ]
        worst = min((grounds.colour(x, y, place) for x, y in ways), key=lambda ground: contrast(text.colour, ground))
        found = contrast(text.colour, worst)
        if found < TEXT_CONTRAST:
            yield text.part, f"{text.text!r} in {text.colour} on {worst} has a contrast of {found:.1f}, below 4.5."


def faint_marks(scene: Scene) -> Iterator[tuple[str, str]]:
    """Yield part and message of each line, dot or head whose contrast with the ground falls below 3."""
    grounds = Grounds(scene)
    for place, shape in enumerate(scene.marks):
        if not isinstance(shape, Shape) or shape.role in QUIET_ROLES:
            continue
        colour = _paint(shape)
        if colour is None:
            continue
        points = outline(shape)[:: max(len(outline(shape)) // 12, 1)]
        if shape.stroke == "none":
            points = np.array([[shape_box(shape).x, shape_box(shape).y]])
        seen = [grounds.colour(float(x), float(y), place) for x, y in points]
        ratios = [contrast(seen_through(colour, shape.opacity, ground), ground) for ground in seen]
        if sum(ratio < MARK_CONTRAST for ratio in ratios) > FAINT_SHARE * len(ratios):
            yield shape.part, f"The {shape.role} in {colour} has a contrast of {min(ratios):.1f}, below 3."


def colour_alone(scene: Scene) -> Iterator[tuple[str, str]]:
    """Yield a part and a message for each pair of colours that only their hue tells apart.

    Lines and dots of one role, form, thickness and dash are compared, a head with the dash of its line; parts with a
    text of their own are left out, since the text tells them apart.
    """
    told = {owner(mark.part) for mark in scene.marks if isinstance(mark, Text)}
    dashed = {mark.part for mark in scene.marks if isinstance(mark, Shape) and mark.dash}
    looks: dict[tuple[object, ...], dict[str, str]] = {}
    for shape in scene.marks:
        if isinstance(shape, Shape) and shape.role not in QUIET_ROLES and not _has_own_text(shape, told):
            colour = _paint(shape)
            if colour is not None:
                form = (shape.role, shape.part in dashed, shape.stroke == "none", _form(shape), _thickness(shape))
                looks.setdefault(form, {}).setdefault(colour.upper(), shape.part)
    for (role, *_), parts in looks.items():
        colours = sorted(parts, key=lightness)
        for first, second in pairwise(colours):
            if lightness(second) - lightness(first) < GREY_STEP and _hues_differ(first, second):
                yield parts[second], f"{role} in {first} and {second} look alike in grey."


def lightness(colour: str) -> float:
    """Return the CIE 1976 lightness of ``#RRGGBB``, 0 to 100: how light it prints in grey."""
    y = luminance(colour)
    return 116 * y ** (1 / 3) - 16 if y > (6 / 29) ** 3 else y * (29 / 3) ** 3


def _paint(shape: Shape) -> str | None:
    """Return the colour that carries the meaning: of the stroke, or of a small filled shape."""
    if shape.stroke != "none" and shape.stroke_width > 0:
        return shape.stroke
    if shape.fill == "none":
        return None
    box = shape_box(shape)
    return shape.fill if max(box.half_width, box.half_height) * 2 <= SMALL else None


def _has_own_text(shape: Shape, told: set[str]) -> bool:
    """Say whether a text belongs to the shape's part alone: nodes, edges and cells with a label, and legends."""
    return owner(shape.part) in told and not shape.part.startswith(("row-", "panel"))


def _form(shape: Shape) -> str:
    """Return the commands of the path of a small shape, which tell a disc from a square; lines are all alike."""
    if shape.stroke == "none":
        return "".join(command for command, _ in shape.path)
    return f"{shape.fill == 'none'}" + ("".join(c for c, _ in shape.path) if shape.path[-1][0] == "Z" else "")


def _thickness(shape: Shape) -> int:
    """Return a step of thickness; lines that differ by half are told apart by it."""
    return round(math.log(shape.stroke_width, 1.5)) if shape.stroke != "none" else 0


def _hues_differ(first: str, second: str) -> bool:
    """Say whether two colours differ as colours, and not only a little in lightness."""
    a, b = ([int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (first, second))
    spread = [abs((x - y) - (a[0] - b[0])) for x, y in zip(a, b, strict=True)]
    return max(spread) > 40
