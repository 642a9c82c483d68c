"""The figures of a study, as scenes."""

from __future__ import annotations

from dataclasses import replace

from causalvalues.figures import Circle, GraphOptions, Layered, effects_heatmap, plan_figure, value_graph
from causalvalues.figures.explanation_figure import explanation_figure
from causalvalues.model import Effects, direct_effects
from causalvalues.study.blocking import BLOCKED, NOTE
from causalvalues.study.document import Picture
from causalvalues.study.results import StudyResults
from causalvalues.study.wording import OUTCOMES


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
