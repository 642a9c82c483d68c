"""A scene at the size and in the fonts of a venue."""

from __future__ import annotations

from dataclasses import replace

from causalvalues.errors import FigureError
from causalvalues.scene.geometry import tidy
from causalvalues.scene.nouns import Mark, Node, Scene, Shape, Text
from causalvalues.scene.venues import Venue

SLACK = 0.005
"""Share by which text may miss the limits, because lengths are rounded."""


def printed(scene: Scene, venue: Venue, columns: int = 1) -> Scene:
    """Return a scene scaled as a whole to the width of one column, or of the whole text.

    Parameters
    ----------
    scene : Scene
        Best laid out ``venue.room(columns)`` points wide.
    venue : Venue
    columns : int, default 1
        1, or 2 for the whole text.

    Returns
    -------
    Scene
        Exactly ``venue.width(columns)`` wide, with the fonts of the venue. One factor scales positions, type, lines and
        dashes; only lines that would be thinner than the venue allows are made as thick as that.

    Raises
    ------
    FigureError
        If that would bring text below the smallest, or above the largest size of the venue.

    Examples
    --------
    >>> from causalvalues.scene.venues import NATURE
    >>> scene = Scene("dots", 289.0, 100.0, (Text("a", "name", 5, 20, "Power", 8.0),))
    >>> round(printed(scene, NATURE).width / 72 * 25.4, 1)
    89.0
    """
    wide = tidy(venue.width(columns))
    factor = wide / scene.width
    sizes = [mark.size * factor for mark in scene.marks if isinstance(mark, Text)]
    small, large = min(sizes, default=venue.label), max(sizes, default=venue.label)
    if small < venue.smallest * (1 - SLACK) or large > venue.largest * (1 + SLACK):
        raise FigureError(
            f"A scene {scene.width:g} points wide has text of {small:.1f} to {large:.1f} points when it is printed "
            f"{wide:.0f} points wide; {venue.title} wants {venue.smallest:g} to {venue.largest:g}. "
            f"Draw it again with `width={venue.room(columns):g}`."
        )
    return replace(
        scene,
        width=wide,
        height=tidy(scene.height * factor),
        marks=tuple(_scaled(mark, factor, venue.thinnest) for mark in scene.marks),
        nodes=tuple(_moved(node, factor) for node in scene.nodes),
        provenance={**scene.provenance, "venue": f"{venue.name}, {columns} column{'s' if columns > 1 else ''}"},
        fonts=venue.fonts,
    )


def _scaled(mark: Mark, factor: float, thinnest: float) -> Mark:
    if isinstance(mark, Text):
        return replace(mark, x=tidy(mark.x * factor), y=tidy(mark.y * factor), size=tidy(mark.size * factor))
    return _scaled_shape(mark, factor, thinnest)


def _scaled_shape(shape: Shape, factor: float, thinnest: float) -> Shape:
    width = tidy(shape.stroke_width * factor)
    return replace(
        shape,
        path=tuple((command, tuple(tidy(length * factor) for length in lengths)) for command, lengths in shape.path),
        stroke_width=max(width, thinnest) if width > 0 and shape.stroke != "none" else width,
        dash=tuple(tidy(length * factor) for length in shape.dash),
    )


def _moved(node: Node, factor: float) -> Node:
    return replace(node, x=tidy(node.x * factor), y=tidy(node.y * factor))
