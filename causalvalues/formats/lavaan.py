"""lavaan's model syntax (Rosseel, 2012) of a graph scene, for ``lavaan::sem`` in R."""

from __future__ import annotations

import re
from collections.abc import Sequence

from causalvalues.errors import FigureError
from causalvalues.formats.attributes import need_graph, warning_of
from causalvalues.formats.graph_file import shown
from causalvalues.formats.stand_ins import name_lines, note_lines, stand_ins
from causalvalues.scene.metrics import printable
from causalvalues.scene.nouns import Edge, Scene

OPEN = "direction open: "
"""Beginning of the comment that keeps the ends of the edges below it, which lavaan cannot direct."""

_RESERVED = frozenset(
    {"if", "else", "repeat", "while", "function", "for", "next", "break", "in", "TRUE", "FALSE", "NULL", "Inf", "NaN"}
    | {"NA", "NA_integer_", "NA_real_", "NA_complex_", "NA_character_", "intercept"}
)
"""Words of R, and one that lavaan takes for a term of its own."""


def lavaan_text(scene: Scene) -> str:
    """Return a graph scene in lavaan's model syntax.

    Parameters
    ----------
    scene : Scene
        With nodes.

    Returns
    -------
    str
        ``y ~ a + b`` for arrows, ``=~`` from latent nodes to what they act on, ``~~`` for two-headed edges. An effect
        is a starting value, ``start(0.3)*a``: it leaves the model and its degrees of freedom as they are; write
        ``0.3*a`` to fix it. An edge whose direction is open is ``a ~~ b`` below a comment that keeps its ends for
        `read_graph`: a regression would settle what the data leave open. lavaan takes it for a covariance of residuals;
        replace it by the regression that you assume. A name that R or lavaan cannot hold has a stand-in,
        with a comment ``# name stand_in "exact name"``: rename the column of the data likewise. A warning is a
        comment ``# note "warning"``. Not kept: places,
        labels, groups, levers, outcomes, probabilities and intervals.

    Raises
    ------
    FigureError
        If the scene is no graph, or a latent node acts on nothing that is observed.
    """
    need_graph(scene, "lavaan's model syntax")
    names = stand_ins([node.name for node in scene.nodes], holds)
    latent = {node.name for node in scene.nodes if node.kind == "latent"}
    arrows = [edge for edge in scene.edges if edge.directed]
    loadings = [edge for edge in arrows if edge.cause in latent and edge.effect not in latent]
    for name in sorted(latent - {edge.cause for edge in loadings}):
        raise FigureError(
            f"lavaan knows a latent node by what it acts on, and {shown(name)} acts on nothing observed. Leave it out, "
            "or write .dagitty or .graphml."
        )
    lines = [f"# {' '.join(printable(scene.title).split()) or 'Graph'}"]
    lines += [f"# {line}" for line in (*note_lines(warning_of(scene)), *name_lines(names))]
    lines += _section("latent nodes", "=~", [(edge.cause, edge) for edge in loadings], names)
    paths = [edge for edge in arrows if edge.cause not in latent or edge.effect in latent]
    lines += _section("effects", "~", [(edge.effect, edge) for edge in paths], names)
    lines += _pairs([edge for edge in scene.edges if not edge.directed], names)
    alone = {node.name for node in scene.nodes} - {name for edge in scene.edges for name in (edge.cause, edge.effect)}
    single = [f"{names[node.name]} ~~ {names[node.name]}" for node in scene.nodes if node.name in alone]
    lines += ["", "# nodes without edges", *single] if single else []
    return "\n".join(lines) + "\n"


def holds(name: str) -> bool:
    """Say whether R and lavaan take a name as it is, in every language and encoding.

    Examples
    --------
    >>> holds("self_direction"), holds("self direction"), holds("NA")
    (True, False, False)
    """
    return name not in _RESERVED and re.fullmatch(r"[A-Za-z][A-Za-z0-9._]*", name, flags=re.ASCII) is not None


def _section(title: str, sign: str, rows: Sequence[tuple[str, Edge]], names: dict[str, str]) -> list[str]:
    """Return one formula for each node on the left, in the order of the first edges."""
    formulas: dict[str, list[str]] = {}
    for left, edge in rows:
        right = edge.effect if sign == "=~" else edge.cause
        formulas.setdefault(left, []).append(_started(edge) + names[right])
    lines = [f"{names[left]} {sign} {' + '.join(terms)}" for left, terms in formulas.items()]
    return ["", f"# {title}", *lines] if lines else []


def _started(edge: Edge) -> str:
    return "" if edge.mean is None else f"start({_decimal(edge.mean)})*"


def _decimal(number: float) -> str:
    """Return a number without a + in its exponent: lavaan splits formulas at every +."""
    return f"{number:.1f}" if "e+" in repr(float(number)) else repr(float(number))


def _pairs(edges: Sequence[Edge], names: dict[str, str]) -> list[str]:
    """Return ``a ~~ b`` for edges that are no arrows, in sections; no line ends in a comment, which R may not cut."""
    titles = {"<->": "moved by something hidden"}
    titles |= {ends: f"{OPEN}{ends} (replace by the regression that you assume)" for ends in ("---", "o->", "o-o")}
    lines: list[str] = []
    for ends, title in titles.items():
        formulas = [f"{names[edge.cause]} ~~ {names[edge.effect]}" for edge in edges if edge.ends == ends]
        lines += ["", f"# {title}", *formulas] if formulas else []
    return lines
