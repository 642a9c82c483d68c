"""`draw`: one call that writes a picture, in the format that the suffix of the file names."""

from __future__ import annotations

from pathlib import Path

from causalvalues.errors import DataError, FigureError, did_you_mean
from causalvalues.figures.dose_response_figure import dose_response_figure
from causalvalues.figures.effects_heatmap import effects_heatmap
from causalvalues.figures.graph_options import GraphOptions
from causalvalues.figures.inside_outside_figure import inside_outside_figure
from causalvalues.figures.leakage_figure import leakage_figure
from causalvalues.figures.plan_figure import plan_figure
from causalvalues.figures.value_graph import value_graph
from causalvalues.files import write_bytes
from causalvalues.formats.graph_file import GraphFile
from causalvalues.formats.writing import WRITABLE, WRITERS
from causalvalues.graph.dag import Dag
from causalvalues.graph.equivalence import EquivalenceClass
from causalvalues.graph.mixed import MixedGraph
from causalvalues.graph.posterior import GraphPosterior
from causalvalues.leakage import DoseResponse, InsideOutside, LeakageMatrix
from causalvalues.model.effects import Effects
from causalvalues.model.levers import LeverEffects
from causalvalues.planning.nouns import Plan
from causalvalues.scene.nouns import Scene
from causalvalues.scene.printing import printed
from causalvalues.scene.venues import Venue
from causalvalues.scene.venues import venue as find_venue

Graphs = GraphPosterior | Dag | EquivalenceClass | MixedGraph | GraphFile
Levers = LeverEffects | LeakageMatrix | DoseResponse | InsideOutside
Drawable = Scene | Graphs | Plan | Effects | Levers


def draw(thing: Drawable, path: str | Path, venue: Venue | str | None = None, columns: int = 1) -> Path:
    """Write a picture.

    Parameters
    ----------
    thing : Scene, GraphPosterior, Dag, EquivalenceClass, MixedGraph, GraphFile, Plan, Effects, LeverEffects, \
            LeakageMatrix, DoseResponse or InsideOutside
        What is no scene yet becomes one by the figure of its kind (`value_graph`, `plan_figure`, `effects_heatmap`,
        `leakage_figure` ...) with its defaults.
    path : str or Path
        The suffix chooses the format: .svg, .pdf, .png (300 dots per inch), .json (the scene, see
        `scene_from_json`), .csv (the numbers as a table); of a graph .dot or .gv, .graphml, .gml, .cyjs, .mmd,
        .dagitty, .lavaan, .bnlearn, .tetrad. For LaTeX .tikz (a picture to be put into a paper, set in its
        type) and .tex (compiles as it stands). An existing file is replaced; an interrupted call leaves it as it was.
    venue : Venue or str, optional
        ``"acl"``, ``"neurips"``, ``"nature"``, ``"apa"`` or a venue of your own. What is no scene yet is laid out for
        it; a scene is scaled to it by `printed`, which refuses one that was laid out too wide.
    columns : int, default 1
        With a venue: 1, or 2 for the whole width of its text.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FigureError
        If the suffix or the venue is unknown, the thing cannot be drawn, it does not fit the venue, or the folder is
        missing.
    """
    path = Path(path)
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        hint = did_you_mean(path.suffix.lower() or "no suffix", WRITABLE)
        known = ", ".join(WRITABLE)
        raise FigureError(
            f"The suffix of {path.name!r} names no format that can be written.{hint} All suffixes: {known}."
        )
    if not path.parent.is_dir():
        raise FigureError(f"There is no folder {str(path.parent)!r} to write {path.name!r} into. Make it first.")
    scene = scene_for(thing, venue, columns)
    try:
        content = writer(scene)
    except UnicodeEncodeError as error:
        broken = error.object[max(error.start - 20, 0) : error.end + 20]
        raise FigureError(f"The text {broken!r} holds half a character (a lone surrogate). Repair the name.") from None
    try:
        return write_bytes(path, content)
    except DataError as error:
        raise FigureError(str(error)) from None


def scene_for(thing: Drawable, venue: Venue | str | None, columns: int = 1) -> Scene:
    """Return the scene of a thing at the size and in the fonts of a venue."""
    if venue is None:
        return as_scene(thing)
    wanted = find_venue(venue) if isinstance(venue, str) else venue
    return printed(as_scene(thing, wanted.room(columns)), wanted, columns)


def as_scene(thing: Drawable, width: float = 468.0) -> Scene:
    """Return the scene of a thing with the default settings, `width` points wide where it is no scene yet."""
    if isinstance(thing, Scene):
        return thing
    if isinstance(thing, GraphPosterior | Dag | EquivalenceClass | MixedGraph | GraphFile):
        return value_graph(thing, options=GraphOptions(width=width))
    if isinstance(thing, Plan):
        return plan_figure(thing, width=width)
    if isinstance(thing, Effects | LeverEffects):
        return effects_heatmap(thing, width=width)
    if isinstance(thing, LeakageMatrix):
        return leakage_figure(thing, width=width)
    if isinstance(thing, DoseResponse):
        return dose_response_figure(thing, width=width)
    if isinstance(thing, InsideOutside):
        return inside_outside_figure(thing, width=width)
    raise FigureError(
        f"A {type(thing).__name__} cannot be drawn. Give a Scene, a graph, a GraphPosterior, a Plan or Effects "
        "(for a StructuralModel: `total_effects(model)`, or `value_graph(posterior, direct_effects(model))`)."
    )
