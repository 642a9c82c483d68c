"""What a layout returns: nodes placed on a page, and the routes of their edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.scene.geometry import Box, tidy
from causalvalues.scene.nouns import Shape, Text


@dataclass(frozen=True)
class Place:
    """Where a node is: its centre, its outline, the marks of its name, and what is drawn over the outline."""

    x: float
    y: float
    body: Shape
    names: tuple[Text, ...]
    over: tuple[Shape, ...] = ()


@dataclass(frozen=True)
class Layout:
    """Nodes placed on a page; `ground` is painted beneath everything, `height` is without the legend.

    Labels of edges keep off the boxes of `rim`; what found no room as a note is a line of the legend, in `words`.
    """

    width: float
    height: float
    places: Mapping[str, Place]
    ground: tuple[Shape, ...]
    notes: tuple[Text, ...]
    routes: Mapping[str, tuple[FloatArray, ...]]
    rim: tuple[Box, ...] = ()
    words: tuple[str, ...] = ()


def lowered(layout: Layout, by: float) -> Layout:
    """Return a layout with everything `by` points further down."""
    places = {
        name: Place(
            place.x,
            tidy(place.y + by),
            _lower(place.body, by),
            tuple(replace(text, y=tidy(text.y + by)) for text in place.names),
            tuple(_lower(shape, by) for shape in place.over),
        )
        for name, place in layout.places.items()
    }
    return replace(
        layout,
        height=layout.height + by,
        places=places,
        ground=tuple(_lower(shape, by) for shape in layout.ground),
        notes=tuple(replace(text, y=tidy(text.y + by)) for text in layout.notes),
        routes={part: tuple(curve + np.array([0.0, by]) for curve in route) for part, route in layout.routes.items()},
        rim=tuple(replace(box, y=box.y + by) for box in layout.rim),
    )


def _lower(shape: Shape, by: float) -> Shape:
    path = tuple(
        (command, tuple(tidy(n + by * (i % 2)) for i, n in enumerate(numbers))) for command, numbers in shape.path
    )
    return replace(shape, path=path)
