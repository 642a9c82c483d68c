"""``causalvalues convert``: a graph from one program's file into another's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from causalvalues.cli import options as of
from causalvalues.cli.output import keep, say
from causalvalues.errors import FigureError

if TYPE_CHECKING:
    from causalvalues.formats.graph_file import GraphFile
    from causalvalues.scene.nouns import Scene
    from causalvalues.theories.theory import ValueTheory

DRAWN = (".csv", ".json", ".pdf", ".png", ".svg", ".tex", ".tikz")
"""Suffixes of what is laid out; the others hold the graph as it was read."""


def convert(
    path: Annotated[
        Path,
        typer.Argument(help="Graph: .json (saved), .dot .graphml .gml .cyjs .dagitty .lavaan .bif .bnlearn .tetrad"),
    ],
    out: Annotated[Path, typer.Argument(help="The same (but .bif), .mmd (Mermaid), or a picture: .svg .pdf .png")],
    theory: of.Theory = "",
    layout: Annotated[
        str,
        typer.Option(
            help="Of a picture: file (places of the file), circle or layered. Default: file where it places all nodes "
            "and there is room for their names, else by what the nodes are."
        ),
    ] = "",
    debug: of.Debug = False,
) -> None:
    """Turn a graph into the format of another program, or draw it with the places of its file; what is lost is said."""
    from causalvalues.figures import draw
    from causalvalues.formats.keeping import lost_in
    from causalvalues.formats.reading import read_graph
    from causalvalues.study.file_pictures import scene_of_file
    from causalvalues.theories import theory as find

    if layout not in ("", "circle", "layered", "file"):
        raise FigureError(f"There is no layout {layout!r}. Choose circle or layered, or file.")
    keep([path], out)
    if path.suffix.lower() == ".json":
        scene = scene_of_file(path, theory, layout if layout in ("circle", "layered") else "circle")
        draw(scene, out)
        _tell(out, scene, lost_in(scene, out.suffix.lower()))
        return
    graph = read_graph(path)
    names = find(theory) if theory else None
    graph = graph if names is None else _labelled(graph, names)
    scene, notes = _scene(graph, out, names, layout)
    draw(scene, out)
    _tell(out, graph, (*graph.notes, *lost_in(graph, out.suffix.lower()), *notes))


def _tell(out: Path, graph: GraphFile | Scene, notes: tuple[str, ...]) -> None:
    for note in notes:
        typer.echo(note, err=True)
    say(f"Wrote {out}: {len(graph.nodes)} nodes, {len(graph.edges)} edges.")


def _labelled(graph: GraphFile, names: ValueTheory) -> GraphFile:
    """Give the nodes that the theory knows its labels and groups."""
    groups = {
        name: "; ".join(group for group, members in names.groups.items() if name in members)
        for name in names.dimensions
    }
    nodes = tuple(
        replace(node, label=names.labels[node.name], group=groups[node.name]) if node.name in groups else node
        for node in graph.nodes
    )
    return replace(graph, nodes=nodes)


def _scene(graph: GraphFile, out: Path, names: ValueTheory | None, layout: str) -> tuple[Scene, tuple[str, ...]]:
    """Return the scene to write, and what has to be said of its places."""
    from causalvalues.formats.graph_file import graph_scene

    title = out.stem
    if out.suffix.lower() not in DRAWN:
        return graph_scene(graph, title), ()
    if layout == "file" and not graph.placed:
        raise FigureError("The file does not place all nodes. Choose --layout circle or --layout layered.")
    if layout == "file" or (graph.placed and not layout):
        try:
            return _drawn(graph, names, title, "file"), ()
        except FigureError as error:
            if layout:
                raise
            return _drawn(graph, names, title, ""), (f"The places of the file are not used: {error}",)
    return _drawn(graph, names, title, layout), ()


def _drawn(graph: GraphFile, names: ValueTheory | None, title: str, layout: str) -> Scene:
    from causalvalues.figures import Circle, GraphOptions, Layered, Placed, value_graph

    plain = all(node.kind == "value" for node in graph.nodes)
    arranged: Circle | Layered | Placed
    if layout == "file":
        arranged = Placed({node.name: (node.x, node.y) for node in graph.nodes})
    else:
        arranged = Circle() if layout == "circle" or (not layout and plain) else Layered()
    return value_graph(graph, theory=names, options=GraphOptions(layout=arranged, title=title))
