"""The scene: one picture as data, which every renderer draws the same.

Lengths are points (1/72 inch), x runs to the right and y downwards from the upper left corner, angles are degrees
clockwise. Marks are painted in their order. Beside the marks a scene carries what they mean (nodes, edges or a table),
so that a drawing can be turned into DOT, GraphML or CSV without the object that it was made from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from causalvalues.graph.posterior import Verdict
from causalvalues.scene.palette import INK

Anchor = Literal["start", "middle", "end"]
Cell = str | float | None
Segment = tuple[str, tuple[float, ...]]
NodeKind = Literal["value", "lever", "outcome", "latent"]
Ends = Literal["---", "-->", "o->", "o-o", "<->"]
Change = Literal["", "same", "changed", "added", "removed", "turned"]
SceneKind = Literal[
    "graph",
    "difference",
    "path_diagram",
    "plan",
    "profile",
    "effects",
    "side_effects",
    "explanation",
    "priorities",
    "ranks",
    "stability",
    "value_circle",
    "known_groups",
    "dots",
    "skill",
    "calibration",
    "categories",
    "leakage",
    "dose_response",
    "inside_outside",
    "layers",
    "vector_circle",
]


def number_cell(number: float) -> float | None:
    """Return a number for the table of a scene: to nine decimals, without negative zero; None where not finite."""
    return round(float(number), 9) + 0.0 if math.isfinite(number) else None


@dataclass(frozen=True)
class Shape:
    """A filled or stroked path.

    Parameters
    ----------
    part : str
        The part of the picture it belongs to, for example ``"node-3"``.
    role : str
        What it is there: ``"line"``, ``"head"``, ``"disc"``, ``"box"``, ...
    path : tuple of (command, coordinates)
        ``M``, ``L``, ``C`` and ``Z`` as in SVG, absolute.
    fill, stroke : str, default "none"
        ``#RRGGBB`` or ``"none"``.
    stroke_width : float, default 0
    dash : tuple of float, default ()
        Lengths of dashes and gaps.
    opacity : float, default 1
    """

    part: str
    role: str
    path: tuple[Segment, ...]
    fill: str = "none"
    stroke: str = "none"
    stroke_width: float = 0.0
    dash: tuple[float, ...] = ()
    opacity: float = 1.0


@dataclass(frozen=True)
class Text:
    """One line of text; (x, y) is the anchor on the baseline, about which it is turned by `angle`."""

    part: str
    role: str
    x: float
    y: float
    text: str
    size: float
    anchor: Anchor = "start"
    bold: bool = False
    italic: bool = False
    colour: str = INK
    angle: float = 0.0


Mark = Shape | Text


@dataclass(frozen=True)
class Node:
    """What a drawn node stands for.

    Parameters
    ----------
    part : str
        The part that its marks carry.
    name : str
        Name in the data, any characters.
    label : str
        Name as shown.
    kind : {"value", "lever", "outcome", "latent"}
    group : str
        Higher-order group, or "".
    x, y : float
        Centre.
    """

    part: str
    name: str
    label: str
    kind: NodeKind
    group: str
    x: float
    y: float


@dataclass(frozen=True)
class Edge:
    """What a drawn edge stands for; a number that is not known is None.

    Parameters
    ----------
    part : str
    cause, effect : str
        Node names, in the direction that is compelled or given, else in the more probable one.
    kind : {"value", "lever"}
        Between values, or from a lever.
    ends : {"---", "-->", "o->", "o-o", "<->"}
        Marks at cause and effect. A head says that the direction is compelled or given, or that the edge comes from a
        lever; two heads say that something hidden moves both; a circle says that the end is left open.
    adjacent : float or None
        P(adjacent).
    direction : float or None
        P(cause -> effect | adjacent); prior-driven inside an open class.
    compelled, compelled_reverse : float or None
        P(cause -> effect is compelled | adjacent), and the same of the reverse.
    open : float or None
        Share of the edge's mass in which the direction is left open: 1 less the two.
    verdict : {"given", "compelled", "contested", "open", ""}
        As in `GraphPosterior.averaged_graph`; "" for levers and for edges of a graph that is given.
    prior_direction : float or None
        The prior's P(cause -> effect | adjacent).
    mean, lower, upper, positive : float or None
        Effect of cause on effect, its interval, and P(effect > 0).
    change : {"", "same", "changed", "added", "removed", "turned"}
        In a difference of two graphs: in both alike, in both with another number, in the second only, in the first
        only, or in both with another direction.
    """

    part: str
    cause: str
    effect: str
    kind: Literal["value", "lever"]
    ends: Ends
    adjacent: float | None = None
    direction: float | None = None
    compelled: float | None = None
    compelled_reverse: float | None = None
    open: float | None = None
    verdict: Verdict = ""
    prior_direction: float | None = None
    mean: float | None = None
    lower: float | None = None
    upper: float | None = None
    positive: float | None = None
    change: Change = ""

    @property
    def directed(self) -> bool:
        """Whether it is an arrow from cause to effect."""
        return self.ends == "-->"


@dataclass(frozen=True)
class Scene:
    """One picture.

    Parameters
    ----------
    kind : str
        What sort of figure it is, one of `SceneKind`.
    width, height : float
        Points.
    marks : tuple of Shape or Text
        In painting order.
    title, caption, alt : str
        Title and caption are not painted; they go into the files' descriptions. `alt` says what can be seen.
    nodes, edges : tuple of Node, tuple of Edge
        For graphs.
    columns, rows : tuple
        The numbers of the picture as a table.
    provenance : mapping of str to str
        Method, seed, kind of draws, assumptions.
    fonts : tuple of str, default ()
        Families that are preferred to DejaVu Sans, in this order; whoever prints takes the first that is installed.
    """

    kind: SceneKind
    width: float
    height: float
    marks: tuple[Mark, ...]
    title: str = ""
    caption: str = ""
    alt: str = ""
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    fonts: tuple[str, ...] = ()

    def __repr__(self) -> str:
        inches = f"{self.width / 72:.2f} x {self.height / 72:.2f} in"
        return f"Scene({self.kind}: {self.title!r}, {inches}, {len(self.nodes)} nodes, {len(self.edges)} edges)"

    def _repr_svg_(self) -> str:
        from causalvalues.scene.svg import svg_text

        return svg_text(self)
