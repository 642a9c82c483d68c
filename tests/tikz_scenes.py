"""Scenes of every sort that TikZ is tested with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from causalvalues.figures import Layered, effects_heatmap, plan_figure, value_graph
from causalvalues.figures.dot_plot import BAND, FILLED, Dots, DotText, dot_plot
from causalvalues.figures.graph_options import GraphOptions
from causalvalues.graph.dag import Dag
from causalvalues.model.effects import Effects
from causalvalues.planning import Plan, Status
from causalvalues.scene.geometry import Box, disc, polygon, rectangle, rounded
from causalvalues.scene.nouns import Edge, Node, Scene, Shape, Text
from causalvalues.scene.palette import INK, NEGATIVE, PAPER, POSITIVE
from causalvalues.theories import theory

HOSTILE = (
    "\\input{/etc/passwd}",
    "\\immediate\\write18{touch owned}",
    "\\end{tikzpicture}\\end{document}",
    "^^M^^5cinput{x}",
    "100%",
    "$x^2$ & #1 _ ~",
    "{",
    "}}",
    "$",
    "\\",
    "[opt] * ; , =",
    "<script>|\"q\"`''-- ---",
    "line\nbreak\\",
    "",
    "\u81ea\u4e3b",
    "\u00dcberzeugung \u0105\u0142\u0111 \u1ebf \u00df",
    "\u03b1 \u2192 \u03b2 \u2212 .5 \u2026 \u201cq\u201d \u2264 \u00b2",
    "na\u00efve \u2603 \U0001f642",
    "\u041f\u0440\u0438\u0432\u0435\u0442 \u202e\u200b",
    "\ufb01 \u2460 e\u0301\u0323",
    "nul\x00bell\x07\ufffe",
    "x" * 300,
)


def chain(names: Sequence[str], layered: bool = True) -> Scene:
    ordered = sorted(set(names))
    options = GraphOptions(layout=Layered()) if layered else GraphOptions()
    return value_graph(Dag.from_edges(ordered, list(pairwise(ordered))), options=options)


def signed_graph(layered: bool) -> Scene:
    names = theory("schwartz-10").dimensions
    rng = np.random.default_rng(3)
    edges = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :] if rng.random() < 0.3]
    effects = pd.DataFrame(rng.normal(size=(10, 10)), index=list(names), columns=list(names))
    options = GraphOptions(layout=Layered()) if layered else GraphOptions()
    return value_graph(Dag.from_edges(list(names), edges), effects, theory("schwartz-10"), options=options)


def a_plan() -> Scene:
    index = ["security", "power", "tradition"]
    predicted = pd.DataFrame(
        {
            "start": [0.0, 0.1, -0.2],
            "target": [0.5, math.nan, -1.0],
            "mean": [0.45, 0.2, -0.4],
            "lower": [0.1, -0.1, -0.9],
            "upper": [0.8, 0.5, 0.1],
        },
        index=pd.Index(index, name="value"),
    )
    empty = pd.DataFrame()
    return plan_figure(
        Plan(Status.OPTIMAL, {"x": 1.0}, (), predicted, 0.6, 0.6, 0.31, 0.4, math.nan, empty, 1.0, empty, (), empty)
    )


def a_heat_map() -> Scene:
    names = ["power", "security", "tradition", "hedonism"]
    mean, lower, upper = (
        pd.DataFrame(np.random.default_rng(1).normal(size=(4, 4)) + shift, index=names, columns=names)
        for shift in (0.0, -0.5, 0.5)
    )
    return effects_heatmap(Effects(mean, lower, upper, mean, mean, 0.9))


def dots() -> Scene:
    values = np.random.default_rng(0).normal(size=4)
    ends = tuple(tuple(float(each) for each in values + shift) for shift in (0.0, -0.4, 0.5))
    kinds = [Dots("chance", BAND, *ends), Dots("answers", FILLED, *ends)]
    return dot_plot(["one", "two & three", "50%", "four"], kinds, DotText("Title", "error (units)", "Caption 5%."))


def of_every_sort() -> Scene:
    """Return a scene with an ellipse, an unknown outline, two heads, dashes of odd number, opacity and turned text."""
    boxes = {"node-0": Box(50, 40, 30, 12), "node-1": Box(150, 40, 30, 12), "node-2": Box(50, 110, 30, 12)}
    arcs = [("M", (80.0, 40.0)), *((c, n) for c, n in ellipse(boxes["node-0"])[1:])]
    line = (("M", (81.0, 40.0)), ("L", (119.0, 40.0)))
    triangle = polygon([(20, 98), (80, 98), (50, 122)])
    heads = (polygon([(119, 40), (113, 37), (113, 43)]), polygon([(81, 40), (87, 37), (87, 43)]))
    marks = (
        Shape("ground", "panel", rectangle(1, 1, 198, 148), fill="#F0F0F0"),
        Shape("edge-0", "line", line, stroke=POSITIVE, stroke_width=1.0, dash=(4.0, 2.0, 1.0)),
        *(Shape("edge-0", "head", head, fill=POSITIVE) for head in heads),
        Shape(
            "edge-1", "line", (("M", (50.0, 53.0)), ("C", (50, 70, 60, 80, 50, 97))), stroke="#123456", stroke_width=2
        ),
        Shape("node-0", "box", tuple(arcs), PAPER, INK, 1.0),
        Text("node-0-name", "name", 50, 43, "latent", 8, "middle"),
        Shape("node-1", "box", rounded(boxes["node-1"], 4), PAPER, INK, 1.0),
        Shape("node-1", "side", polygon([(123, 28), (123, 52)], closed=False), stroke=INK, stroke_width=1.0),
        Text("node-1-name", "name", 150, 43, "outcome", 8, "middle"),
        Shape("node-2", "box", triangle, PAPER, INK, 1.0),
        Text("node-2-name", "name", 90, 112, "other", 8, bold=True, italic=True, colour="#ABCDEF"),
        Shape("note", "spot", disc(150, 110, 20), fill=NEGATIVE, opacity=0.5),
        Text("note", "note", 150, 110, "turned", 9.5, "end", angle=30),
    )
    nodes = tuple(
        Node(part, part, part, kind, "", box.x, box.y)
        for (part, box), kind in zip(boxes.items(), ("latent", "outcome", "value"), strict=True)
    )
    edges = (Edge("edge-0", "node-0", "node-1", "value", "<->"), Edge("edge-1", "node-0", "node-2", "value", "---"))
    return Scene("path_diagram", 200, 150, marks, "All", "Caption.", "Alt.", nodes, edges)


def ellipse(box: Box) -> tuple[tuple[str, tuple[float, ...]], ...]:
    path = disc(0, 0, 1000)
    wide, high = box.half_width / 1000, box.half_height / 1000
    return tuple(
        (c, tuple(n * (high if i % 2 else wide) + (box.y if i % 2 else box.x) for i, n in enumerate(numbers)))
        for c, numbers in path
    )


SCENES = {
    "graph": lambda: signed_graph(layered=False),
    "layered": lambda: signed_graph(layered=True),
    "hostile": lambda: chain(HOSTILE),
    "hostile circle": lambda: chain(HOSTILE, layered=False),
    "plan": a_plan,
    "effects": a_heat_map,
    "dots": dots,
    "every sort": of_every_sort,
}
