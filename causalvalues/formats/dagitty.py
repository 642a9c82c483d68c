"""DAGitty's language of causal diagrams (Textor et al., 2016), for dagitty.net and the R package dagitty.

The grammar is that of ``jslib/parser/GraphDotParser.pegjs`` in DAGitty's repository, and the meaning of attributes that
of ``jslib/graph/GraphParser.js``.
"""

from __future__ import annotations

import json
import re

from causalvalues.formats.attributes import need_graph, numbers_of, warning_of, words_of
from causalvalues.formats.stand_ins import stand_ins
from causalvalues.scene.nouns import Edge, Node, Scene

MARKS = {"---": "--", "-->": "->", "o->": "@->", "o-o": "@-@", "<->": "<->"}


def dagitty_text(scene: Scene) -> str:
    """Return a graph scene in DAGitty's language.

    Parameters
    ----------
    scene : Scene
        With nodes.

    Returns
    -------
    str
        ``pag { ... }`` when an edge has a circle, else ``pdag`` when one has no marks, else ``dag`` (with ``<->`` for a
        common cause). Latent nodes are ``latent``, outcomes ``outcome``; levers are ``exposure`` where the graph has an
        outcome whose response to them is asked, because that is what DAGitty means by the word. The effect is
        ``beta``, as in DAGitty's simulations; all other words and numbers are attributes that DAGitty keeps. Places
        have three decimals. Names that the language cannot hold (``graph``, ``node``, empty, control characters, a
        backslash at the end) have a stand-in, and their exact form is the attribute ``name_json``. The language has no
        comments: a warning is the option ``note`` of the graph, which DAGitty passes over.

    Raises
    ------
    FigureError
        If the scene is no graph.
    """
    need_graph(scene, "DAGitty")
    ids = stand_ins([node.name for node in scene.nodes], _holds)
    asked = any(node.kind == "outcome" for node in scene.nodes)
    ends = {edge.ends for edge in scene.edges}
    kind = "pag" if ends & {"o->", "o-o"} else "pdag" if "---" in ends else "dag"
    lines = [f"{kind} {{"]
    warning = warning_of(scene)
    lines += [f"note={_value(warning)}"] if warning else []
    lines += [f"{_quoted(ids[node.name])} [{_node(node, ids[node.name], asked)}]" for node in scene.nodes]
    for edge in scene.edges:
        said = _edge(edge)
        ends_there = f"{_quoted(ids[edge.cause])} {MARKS[edge.ends]} {_quoted(ids[edge.effect])}"
        lines.append(f"{ends_there} [{said}]" if said else ends_there)
    return "\n".join([*lines, "}"]) + "\n"


def _holds(name: str) -> bool:
    return (
        bool(name)
        and name not in ("graph", "node")
        and not name.endswith("\\")
        and not re.search(r"[\x00-\x1f\x7f]", name)
    )


def _quoted(text: str) -> str:
    """Return a text as a string; a backslash stands for itself unless a quote follows."""
    return '"' + text.replace('"', '\\"') + '"'


def _value(text: str) -> str:
    """Return an attribute's text; what the language cannot hold becomes a space."""
    held = re.sub(r"[\x00-\x1f\x7f]", " ", text)
    return _quoted(held + " " if held.endswith("\\") else held)


def _node(node: Node, written: str, asked: bool) -> str:
    said = {"latent": ["latent"], "outcome": ["outcome"]}.get(node.kind, [])
    said = [*said, "exposure"] if node.kind == "lever" and asked else said
    said = [*said, f'pos="{node.x:.3f},{node.y:.3f}"']
    said += [f"label={_value(node.label)}"] if node.label != node.name else []
    said += ['kind="lever"'] if node.kind == "lever" else []
    said += [f"group={_value(node.group)}"] if node.group else []
    said += [f"name_json={_quoted(json.dumps(node.name))}"] if written != node.name else []
    return ",".join(said)


def _edge(edge: Edge) -> str:
    words = [f'{key}="{word}"' for key, word in words_of(edge) if (key, word) != ("kind", "value")]
    numbers = [f'{"beta" if key == "mean" else key}="{number!r}"' for key, number in numbers_of(edge)]
    return ",".join([*words, *numbers])
