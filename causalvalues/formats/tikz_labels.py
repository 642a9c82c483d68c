"""Labels of edges in TikZ: on white ground, and where their edge goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from causalvalues.formats.tikz_looks import Options, Styles
from causalvalues.formats.tikz_marks import drawn, text_command
from causalvalues.formats.tikz_paths import plain
from causalvalues.frozen import FloatArray
from causalvalues.scene.geometry import split, text_box
from causalvalues.scene.metrics import text_width
from causalvalues.scene.nouns import Mark, Scene, Shape, Text
from causalvalues.scene.palette import PAPER

ROLE = "edge label"
STYLE = f"{ROLE} text"
NEAR = 1.0


@dataclass(frozen=True)
class Label:
    """A label as its marks; `text` is None unless it is one line of text on white ground."""

    part: str
    marks: tuple[Mark, ...]

    @property
    def text(self) -> Text | None:
        """The line of text, in the role of a label."""
        if len(self.marks) != 2 or not isinstance(self.marks[1], Text) or not isinstance(self.marks[0], Shape):
            return None
        ground, text = self.marks[0], self.marks[1]
        if ground.fill != PAPER or ground.stroke != "none" or len(ground.path) != 5:
            return None
        return replace(text, role=ROLE)

    @property
    def side(self) -> float:
        """How much wider the ground is than the text, on either side."""
        ground, text = self.marks
        if not isinstance(ground, Shape) or not isinstance(text, Text):
            return 0.0
        corners = np.array([numbers for _, numbers in ground.path[:2]])
        width = float(np.hypot(*(corners[1] - corners[0])))
        return (width - text_width(text.text, text.size, text.bold, text.italic)) / 2


@dataclass(frozen=True)
class Spot:
    """A place on the route of an edge: its name, which curve, and how much of that curve lies before it."""

    key: str
    curve: int
    share: float


def labels_of(scene: Scene) -> list[Label]:
    """Return the labels of edges, in the order in which they are painted."""
    parts = {f"{edge.part}-label" for edge in scene.edges}
    found = groupby(scene.marks, key=lambda mark: mark.part)
    return [Label(part.removesuffix("-label"), tuple(marks)) for part, marks in found if part in parts]


def spots_of(
    labels: Sequence[Label], routes: Mapping[str, Sequence[FloatArray]], keys: Mapping[str, str]
) -> dict[str, Spot]:
    """Return the spots of the labels whose middle lies on the route of their edge, by part."""
    spots = {}
    for label in labels:
        if label.text is None or not routes.get(label.part) or label.part in spots:
            continue
        box = text_box(label.text)
        curve, share, away = _nearest(routes[label.part], np.array([box.x, box.y]))
        if away < NEAR:
            spots[label.part] = Spot(keys[label.part], curve, share)
    return spots


def _nearest(curves: Sequence[FloatArray], goal: FloatArray) -> tuple[int, float, float]:
    best = (0, 0.0, float("inf"))
    for i, curve in enumerate(curves):
        for share in np.linspace(0.01, 0.99, 99):
            away = float(np.hypot(*(split(curve, float(share))[0][3] - goal)))
            best = min(best, (i, float(share), away), key=lambda found: found[2])
    return best


def with_ground(styles: Styles, labels: Sequence[Label]) -> Styles:
    """Return styles in which labels have their white ground and stand in the middle of their spot."""
    sides = Counter(round(label.side, 1) for label in labels if label.text is not None)
    if not sides:
        return styles
    sep = f"{plain(min(max(sides.most_common(1)[0][0], 0.5), 3.0))}bp"
    ground: Options = {"anchor": "center", "fill": "white", "inner sep": sep}
    options = {name: look | ground if name.startswith(STYLE) else look for name, look in styles.options.items()}
    return Styles(options, styles.usual)


def label_commands(labels: Sequence[Label], spots: Mapping[str, Spot], styles: Styles) -> Iterator[str]:
    """Return the commands of the labels of edges."""
    for label in labels:
        if label.text is None:
            yield from drawn(label.marks, styles)
        elif label.part in spots:
            yield text_command([label.text], styles, f"({spots[label.part].key})", "anchor")
        else:
            yield text_command([label.text], styles)
