"""The figures of a study, as scenes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from causalvalues.errors import FigureError
from causalvalues.figures import Circle, GraphOptions, Layered, effects_heatmap, plan_figure, value_graph
from causalvalues.figures.explanation_figure import explanation_figure
from causalvalues.graph import GraphPosterior
from causalvalues.model import Effects, StructuralModel, direct_effects, total_effects
from causalvalues.scene import scene_from_json
from causalvalues.scene.nouns import Scene
from causalvalues.study.blocking import BLOCKED, NOTE, blocked_beside
from causalvalues.study.document import Picture
from causalvalues.study.results import StudyResults
from causalvalues.study.saving import load, model_beside
from causalvalues.study.wording import OUTCOMES
from causalvalues.theories import theory


def pictures(results: StudyResults) -> dict[str, Picture]:
    """Return the figures by name: ``graph``, ``effects``, ``levers`` (with levers), ``plan-1``, ``plan-2``, ..."""
    names = results.answers.theory
    settings = results.settings
    options = GraphOptions(
        layout=Circle() if settings.figures.layout == "circle" else Layered(),
        title="What hangs together: the averaged graph",
        note=NOTE if results.checks.blocked else "",
    )
    direct = direct_effects(results.model, settings.model.level)
    found = {"graph": value_graph(results.posterior, direct, names, options=options)}
    found["effects"] = effects_heatmap(between_values(results), names, title="Total effects between values")
    if results.checks.blocked:
        caption = f"{found['effects'].caption} {BLOCKED.capitalize()}: no edge or path may be claimed from it."
        found["effects"] = replace(found["effects"], caption=caption)
    if results.levers is not None:
        found["levers"] = effects_heatmap(results.levers.design, names)
    for number, planned in enumerate(results.plans, start=1):
        scene = plan_figure(planned.plan, planned.target, names)
        caption = scene.caption.replace(f"Status: {planned.plan.status.value}.", f"{OUTCOMES[planned.plan.status]}.")
        found[f"plan-{number}"] = replace(scene, title=f"Plan {number}: {planned.title}", caption=caption)
        if planned.explanation is not None:
            shares = explanation_figure(planned.explanation, names)
            found[f"plan-{number}-shares"] = replace(shares, title=f"Plan {number}: what each lever does")
    return {stem: Picture(stem, scene) for stem, scene in found.items()}


def between_values(results: StudyResults) -> Effects:
    """Return the total effects of values on values, without levers."""
    effects, values = results.effects, list(results.model.values)
    tables = (effects.mean, effects.lower, effects.upper, effects.positive, effects.negative)
    mean, lower, upper, positive, negative = (table.loc[values] for table in tables)
    return Effects(mean, lower, upper, positive, negative, effects.level)


def scene_of_file(path: Path, theory_id: str = "", layout: str = "circle", width: float = 468.0) -> Scene:
    """Return the picture of a saved thing: a graph, the effects of a model, or a scene as it was saved.

    Graphs and effects are laid out `width` points wide; a scene keeps the width that it has. A graph posterior beside
    which its ``model.json`` lies is drawn with direct effects; where its run blocks claims about edges, the picture
    says so.

    Raises
    ------
    DataError, KeyFileError, FigureError
        If the file, the theory or the layout is not understood.
    """
    if layout not in ("circle", "layered"):
        raise FigureError(f"There is no layout {layout!r}. Choose circle or layered.")
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    if '"format": "causalvalues-scene"' in text[:200]:
        return scene_from_json(text)
    names = theory(theory_id) if theory_id else None
    thing = load(path)
    if isinstance(thing, StructuralModel):
        return effects_heatmap(total_effects(thing), names, width=width)
    arranged = Circle() if layout == "circle" else Layered()
    note = NOTE if blocked_beside(path) else ""
    options = GraphOptions(layout=arranged, width=width, note=note)
    model = model_beside(path, thing) if isinstance(thing, GraphPosterior) else None
    return value_graph(thing, None if model is None else direct_effects(model), names, options=options)
