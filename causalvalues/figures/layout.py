"""What a layout returns: nodes placed on a page, and the routes of their edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from causalvalues.frozen import FloatArray
from causalvalues.scene.geometry import Box
from causalvalues.scene.nouns import Shape, Text


@dataclass(frozen=True)
class Place:
    """Where a node is: its centre, its outline, and the marks of it and its name."""

    x: float
    y: float
    body: Shape
    names: tuple[Text, ...]


@dataclass(frozen=True)
class Layout:
    """Nodes placed on a page; `ground` is painted beneath everything, `height` is without the legend.

    Labels of edges keep off the boxes of `rim`.
    """

    width: float
    height: float
    places: Mapping[str, Place]
    ground: tuple[Shape, ...]
    notes: tuple[Text, ...]
    routes: Mapping[str, tuple[FloatArray, ...]]
    rim: tuple[Box, ...] = ()
