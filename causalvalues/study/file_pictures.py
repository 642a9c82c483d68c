"""The pictures of files: of what was saved, and of scenes as they were finished."""

from __future__ import annotations

from pathlib import Path

from causalvalues.errors import FigureError
from causalvalues.figures import Circle, GraphOptions, Layered, effects_heatmap, value_graph
from causalvalues.graph import Dag, GraphPosterior
from causalvalues.model import StructuralModel, direct_effects, total_effects
from causalvalues.model.reference import own_values
from causalvalues.scene import scene_from_json
from causalvalues.scene.nouns import Scene
from causalvalues.study.blocking import NOTE, blocked_beside
from causalvalues.study.run_names import names_around
from causalvalues.study.saving import load, model_beside
from causalvalues.theories import ValueTheory, theories, theory

SOURCES = {"graph": "posterior.json", "effects": "model.json"}
"""Which file of a run a kind of picture is laid out from."""


def scene_of_file(path: Path, theory_id: str = "", layout: str = "circle", width: float = 468.0) -> Scene:
    """Return the picture of a saved thing: a graph, the effects of a model, or a scene as it was saved.

    Graphs and effects are laid out `width` points wide; a scene keeps the width that it has. A graph posterior beside
    which its ``model.json`` lies is drawn with direct effects; where its run blocks claims about edges, the picture
    says so. In the folder ``graph`` of a run, values and levers are called and ordered as in the run's report.

    Parameters
    ----------
    path : Path
    theory_id : str, default ""
        Id or file of a theory that has all of the values; default: that of the run around the file, if any.
    layout : {"circle", "layered"}, default "circle"
    width : float, default 468
        Points.

    Raises
    ------
    DataError, KeyFileError, FigureError
        If the file, the theory or the layout is not understood, the path is a folder, or the theory lacks values.
    """
    if layout not in ("circle", "layered"):
        raise FigureError(f"There is no layout {layout!r}. Choose circle or layered.")
    if path.is_dir():
        raise FigureError(_folder(path))
    finished = finished_scene(path)
    if finished is not None:
        return finished
    named = theory(theory_id) if theory_id else None
    thing = load(path)
    nodes = _nodes(thing)
    if named is not None:
        check_theory(named, nodes[0])
    names, labels = names_around(path, nodes, named)
    if isinstance(thing, StructuralModel):
        return effects_heatmap(total_effects(thing), names, labels, width=width)
    arranged = Circle() if layout == "circle" else Layered()
    note = NOTE if blocked_beside(path) else ""
    options = GraphOptions(layout=arranged, width=width, note=note)
    model = model_beside(path, thing) if isinstance(thing, GraphPosterior) else None
    return value_graph(thing, None if model is None else direct_effects(model), names, labels, options)


def finished_scene(path: Path) -> Scene | None:
    """Return the scene that a file holds, or None where it holds none or is no file."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    return scene_from_json(text) if '"format": "causalvalues-scene"' in text[:200] else None


def finished_words(path: Path, scene: Scene) -> str:
    """Say that a file holds a finished picture, and what to draw to lay it out anew."""
    beside = path.parent / SOURCES.get(scene.kind, "")
    remedy = "Draw the graph or model that it was made from"
    if beside.is_file():
        remedy = f"Draw {beside.name}, which lies beside it,"
    return f"{path.name} is a finished picture of {scene.width:g} pt. {remedy} to lay it out anew."


def check_theory(named: ValueTheory, values: tuple[str, ...]) -> None:
    """Raise `FigureError` when a theory lacks some of the values."""
    missing = [name for name in values if name not in named.dimensions]
    if not missing:
        return
    fitting = [each.id for each in map(theory, theories()) if set(values) <= set(each.dimensions)]
    remedy = f"Give one that has all of them ({', '.join(fitting)}), or leave --theory out."
    if not fitting:
        remedy = "No theory of the package has all of them: give a theory file of your own, or leave --theory out."
    lacks = f"lacks {len(missing)} of the {len(values)} values: {', '.join(missing)}"
    raise FigureError(f"The theory {named.id} {lacks}. {remedy}")


def _nodes(thing: GraphPosterior | StructuralModel | Dag) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return values and levers; those of a plain graph are told by the name ``do_<value>``."""
    if isinstance(thing, GraphPosterior):
        return thing.names, thing.levers
    if isinstance(thing, StructuralModel):
        return thing.values, thing.levers
    levers = tuple(own_values(thing.names, thing.names))
    return tuple(name for name in thing.names if name not in levers), levers


def _folder(path: Path) -> str:
    """Say what of a folder can be drawn."""
    for inside in (path / "graph" / "posterior.json", path / "posterior.json"):
        if inside.is_file():
            return f"{path} is a folder. Draw {inside}."
    return f"{path} is a folder. Give a file in it: a saved graph posterior, model, graph or scene (.json)."
