"""`draw`: one call that writes a picture, in the format that the suffix of the file names."""

from __future__ import annotations

from pathlib import Path

from causalvalues.errors import DataError, FigureError, did_you_mean
from causalvalues.figures.effects_heatmap import effects_heatmap
from causalvalues.figures.plan_figure import plan_figure
from causalvalues.figures.value_graph import value_graph
from causalvalues.files import write_bytes
from causalvalues.formats.writing import WRITERS
from causalvalues.graph.dag import Dag
from causalvalues.graph.posterior import GraphPosterior
from causalvalues.model.effects import Effects
from causalvalues.planning.nouns import Plan
from causalvalues.scene.nouns import Scene

Drawable = Scene | GraphPosterior | Dag | Plan | Effects


def draw(thing: Drawable, path: str | Path) -> Path:
    """Write a picture.

    Parameters
    ----------
    thing : Scene, GraphPosterior, Dag, Plan or Effects
        What is no scene yet becomes one by `value_graph`, `plan_figure` or `effects_heatmap` with their defaults.
    path : str or Path
        The suffix chooses the format: .svg, .pdf, .png (300 dots per inch), .dot or .gv, .graphml, .json (the scene,
        see `scene_from_json`), .csv (the numbers as a table). An existing file is replaced; an interrupted call leaves
        it as it was.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FigureError
        If the suffix is unknown, the thing cannot be drawn, or the folder is missing.
    """
    path = Path(path)
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        hint = did_you_mean(path.suffix.lower() or "no suffix", WRITERS)
        known = ", ".join(sorted(WRITERS))
        raise FigureError(
            f"The suffix of {path.name!r} names no format that can be written.{hint} All suffixes: {known}."
        )
    if not path.parent.is_dir():
        raise FigureError(f"There is no folder {str(path.parent)!r} to write {path.name!r} into. Make it first.")
    scene = as_scene(thing)
    try:
        content = writer(scene)
    except UnicodeEncodeError as error:
        broken = error.object[max(error.start - 20, 0) : error.end + 20]
        raise FigureError(f"The text {broken!r} holds half a character (a lone surrogate). Repair the name.") from None
    try:
        return write_bytes(path, content)
    except DataError as error:
        raise FigureError(str(error)) from None


def as_scene(thing: Drawable) -> Scene:
    """Return the scene of a thing, with the settings as they stand."""
    if isinstance(thing, Scene):
        return thing
    if isinstance(thing, GraphPosterior | Dag):
        return value_graph(thing)
    if isinstance(thing, Plan):
        return plan_figure(thing)
    if isinstance(thing, Effects):
        return effects_heatmap(thing)
    raise FigureError(
        f"A {type(thing).__name__} cannot be drawn. Give a Scene, GraphPosterior, Dag, Plan or Effects "
        "(for a StructuralModel: `total_effects(model)`, or `value_graph(posterior, direct_effects(model))`)."
    )
