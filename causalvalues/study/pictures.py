"""The figures of a study, as scenes."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from causalvalues.figures import (
    Circle,
    GraphOptions,
    Layered,
    direct_effects,
    effects_heatmap,
    plan_figure,
    value_graph,
)
from causalvalues.figures.scene import Scene
from causalvalues.model import Effects, LeverEffects
from causalvalues.study.document import Picture
from causalvalues.study.results import StudyResults


def pictures(results: StudyResults) -> dict[str, Picture]:
    """Return the figures by name: ``graph``, ``effects``, ``levers`` (with levers), ``plan-1``, ``plan-2``, ..."""
    theory = results.answers.theory
    settings = results.settings
    options = GraphOptions(
        layout=Circle() if settings.figures.layout == "circle" else Layered(),
        title="What hangs together: the averaged graph",
    )
    direct = direct_effects(results.model, settings.model.level)
    found = {"graph": value_graph(results.posterior, direct, theory, options=options)}
    found["effects"] = effects_heatmap(between_values(results), theory, title="Total effects between values")
    if results.levers is not None:
        found["levers"] = _lever_heatmap(results, results.levers.design)
    for number, planned in enumerate(results.plans, start=1):
        found[f"plan-{number}"] = replace(
            plan_figure(planned.plan, planned.target, theory), title=f"Plan {number}: {planned.title}"
        )
    return {stem: Picture(stem, scene) for stem, scene in found.items()}


def between_values(results: StudyResults) -> Effects:
    """Return the total effects of values on values, without levers."""
    effects, values = results.effects, list(results.model.values)
    tables = (effects.mean, effects.lower, effects.upper, effects.positive, effects.negative)
    mean, lower, upper, positive, negative = (table.loc[values] for table in tables)
    return Effects(mean, lower, upper, positive, negative, effects.level)


def _lever_heatmap(results: StudyResults, design: LeverEffects) -> Scene:
    single = [name for name in design.mean.index if (design.doses.loc[name] != 0).sum() == 1]
    unknown = pd.DataFrame(float("nan"), single, list(design.mean.columns))
    tables = (design.mean.loc[single], design.lower.loc[single], design.upper.loc[single], unknown, unknown)
    scene = effects_heatmap(Effects(*tables, level=design.level), results.answers.theory, title="What levers did")
    return replace(
        scene,
        caption=f"Mean change of each value (columns) under each lever (rows) against the rows without lever, in score "
        f"units, from the design alone: no graph is used. Bold: the {design.level:.0%} interval, robust to repeated "
        "rows of one cluster, excludes zero.",
    )
