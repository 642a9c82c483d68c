"""Six signs that are told apart by shape and fill, not by colour alone."""

from __future__ import annotations

from causalvalues.scene.geometry import disc, polygon
from causalvalues.scene.nouns import Segment, Shape
from causalvalues.scene.palette import INK, NEGATIVE, PAPER, POSITIVE

GREEN, PURPLE, DARK_BLUE = "#00664B", "#8F4E7B", "#1F4E79"
MOST = 6
_LOOKS = (
    ("disc", POSITIVE, True),
    ("square", NEGATIVE, False),
    ("diamond", GREEN, True),
    ("disc", INK, False),
    ("triangle", PURPLE, True),
    ("plus", DARK_BLUE, True),
)
"""After Okabe and Ito (2008), darkened: each has a contrast of at least 3 with white."""


def sign(part: str, place: int, x: float, y: float, size: float = 2.7) -> Shape:
    """Return the sign of the group at a place (0 to 5) about (x, y); `size` is the radius of its disc, in points."""
    form, colour, filled = _LOOKS[place]
    fill = colour if filled else PAPER
    return Shape(part, "mean", _outline(form, x, y, size), fill=fill, stroke=colour, stroke_width=1.1)


def _outline(form: str, x: float, y: float, size: float) -> tuple[Segment, ...]:
    """Return the path of a sign; all cover about the same area."""
    if form == "disc":
        return disc(x, y, size)
    if form == "square":
        r = 0.88 * size
        return polygon([(x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r)])
    if form == "diamond":
        r = 1.25 * size
        return polygon([(x, y - r), (x + r, y), (x, y + r), (x - r, y)])
    if form == "triangle":
        r = 1.25 * size
        return polygon([(x, y - r), (x + 0.95 * r, y + 0.7 * r), (x - 0.95 * r, y + 0.7 * r)])
    a, b = 1.15 * size, 0.22 * size
    quarter = [(b, -a), (b, -b), (a, -b), (a, b), (b, b), (b, a)]
    return polygon([(x + dx, y + dy) for dx, dy in [*quarter, *((-dx, -dy) for dx, dy in quarter)]])
