"""Graphs with hard names, all ends and all numbers, for the tests of formats."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import get_args

from hypothesis import strategies as st

from causalvalues.formats.attributes import NUMBERS
from causalvalues.scene.nouns import Change, Edge, Ends, Node, NodeKind, Scene, Text
from causalvalues.scene.scene_json import PROBABILITIES

HARD_NAMES = (
    "graph", "node", "edge", "digraph", "subgraph", "strict", "dag", "NA", "None", "null", "TRUE", "if", "intercept",
    "self direction", "self-direction", 'say "power"', "it's", "100%", "%", "_private", "1984", "-3.5", ".5", "a:b",
    "back\\", '\\"', "\\N", "line\nbreak", "\r", "tab\t", "", " ", " padded ", "a,b;c", "[]", "()", "[a|b]", "{x}",
    "自主", "Überzeugung", "🙂", "R&D &amp; &#60;", "<b>", "#!", "a -> b", "a~b", "name x \"y\"", "direction open: o->",
    "nul\x00", "\x7f", "\x85", "\u2028", "\ufffe", "x" * 300, "Graph Nodes:", "@-@", "v_power", "power", "POWER",
)  # fmt: skip

HARD_WARNING = r'Said of "R&D": 100% of <it>; {a} #1! \ β, x -> y \N and C:\new'
NAMES = st.one_of(st.sampled_from(HARD_NAMES), st.text(st.characters(exclude_categories=("Cs",)), max_size=8))
PROBABILITY = st.floats(0, 1)
EFFECT = st.floats(-1e6, 1e6, allow_subnormal=False)


@st.composite
def edges(draw: st.DrawFn, cause: str, effect: str, lever: bool, number: int) -> Edge:
    numbers = {
        key: draw(st.none() | (PROBABILITY if key in PROBABILITIES else EFFECT))
        for key in NUMBERS
        if draw(st.booleans())
    }
    return Edge(
        f"edge-{number}",
        cause,
        effect,
        "lever" if lever else "value",
        draw(st.sampled_from(get_args(Ends))),
        verdict=draw(st.sampled_from(("given", "compelled", "contested", "open", ""))),
        change=draw(st.sampled_from(get_args(Change))),
        **numbers,
    )


@st.composite
def graphs(draw: st.DrawFn) -> Scene:
    """Scenes of two to five nodes, some of them joined, with a warning or without."""
    names = draw(st.lists(NAMES, min_size=2, max_size=5, unique=True))
    place = st.integers(0, 400_000).map(lambda number: number / 1000)
    nodes = tuple(
        Node(
            f"node-{number}",
            name,
            draw(st.sampled_from((name, "Shown", "Power & more"))),
            draw(st.sampled_from(get_args(NodeKind))),
            draw(st.sampled_from(("", "growth", "self; other"))),
            draw(place),
            draw(place),
        )
        for number, name in enumerate(names)
    )
    pairs = [(i, j) for i in range(len(names)) for j in range(i + 1, len(names)) if draw(st.booleans())]
    turned = [(j, i) if draw(st.booleans()) else (i, j) for i, j in pairs]
    found = tuple(
        draw(edges(names[i], names[j], nodes[i].kind == "lever", number)) for number, (i, j) in enumerate(turned)
    )
    scene = Scene("graph", 436.0, 436.0, (), title="T", nodes=nodes, edges=found)
    return warned(scene, draw(st.sampled_from(("", "Blocked: claim nothing.", HARD_WARNING))))


def warned(scene: Scene, text: str) -> Scene:
    """Return a scene with a warning below its picture, or as it is where the warning is empty."""
    return replace(scene, marks=(Text("note", "note", 200.0, 390.0, text, 7.0, "middle"),) if text else ())


def joined(scene: Scene) -> set[tuple[str, str, str]]:
    return {(edge.cause, edge.ends, edge.effect) for edge in scene.edges}


def chain(names: tuple[str, ...], ends: Ends = "-->", kinds: tuple[NodeKind, ...] = ("value",)) -> Scene:
    """Return the chain through all names, its kinds in turn."""
    nodes = tuple(
        Node(f"node-{i}", name, name, kinds[i % len(kinds)], "", 10.0 * i, 5.0 * i) for i, name in enumerate(names)
    )
    links = tuple(
        Edge(f"edge-{i}", a, b, "lever" if nodes[i].kind == "lever" else "value", ends)
        for i, (a, b) in enumerate(pairwise(names))
    )
    return Scene("graph", 400.0, 400.0, (), title="Chain", nodes=nodes, edges=links)
