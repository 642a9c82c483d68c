"""The pictures of the report on value vectors."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from causalvalues.figures.dot_plot import BAND, FILLED, HOLLOW, Dots, DotText, dot_plot
from causalvalues.figures.effects_heatmap import effects_heatmap
from causalvalues.figures.layers_figure import Curve, layers_figure
from causalvalues.figures.vector_circle_figure import vector_circle_figure
from causalvalues.model.effects import Effects
from causalvalues.numerals import number, percent
from causalvalues.scene.nouns import Scene
from causalvalues.steering.trial import Gain, Trial
from causalvalues.study.document import Picture
from causalvalues.study.vector_results import VectorResults
from causalvalues.study.vector_summary import gains, layer_rows
from causalvalues.study.vector_words import UNIT, shown
from causalvalues.theories.names import in_order


def vector_pictures(results: VectorResults) -> dict[str, Picture]:
    """Return the pictures by their stems, in the order of the report."""
    scenes: dict[str, Scene] = {}
    if results.trial is not None:
        scenes["gains"] = _gains(results, results.trial)
        scenes["matrix"] = _matrix(results, results.trial)
    scenes["layers"] = _layers(results)
    if results.learned.circle is not None:
        scenes["circle"] = vector_circle_figure(results.learned.circle, results.given.theory)
    return {stem: Picture(stem, scene) for stem, scene in scenes.items()}


def _gains(results: VectorResults, trial: Trial) -> Scene:
    """Draw the gain of each lever with its negation control, over what random directions gain."""
    found = gains(trial)
    order = [found.values.index(value) for value in in_order(found.values, results.given.theory)]
    kinds = []
    if results.chance is not None:
        kinds.append(_band(results.chance, [found.values[i] for i in order]))
    texts = "statements and words" if found.words else "statements"
    kinds.append(_dots(f"gain, {texts}", FILLED, [found.both[i] for i in order]))
    kinds.append(_dots("affirmed less negated", HOLLOW, [found.control[i] for i in order]))
    twins = "" if results.chance is None else " Grey: from the lowest to the highest gain of its random twins."
    caption = (
        f"What levers gain: {texts} of the wanted value against those of the other values (filled), and affirmed "
        f"against negated statements of the wanted value (rings), at a dose of 1, in {UNIT}; bars are "
        f"{percent(trial.level)} intervals over texts.{twins}"
    )
    words = DotText("What levers gain", f"gain, {UNIT}", caption, numbers=True)
    return dot_plot([shown(results, found.values[i]) for i in order], kinds, words)


def _dots(name: str, style: str, found: list[Gain]) -> Dots:
    columns = (tuple(getattr(each, end) for each in found) for end in ("mean", "lower", "upper"))
    return Dots(name, style, *columns)


def _band(chance: Trial, values: list[str]) -> Dots:
    found: dict[str, list[float]] = {value: [] for value in values}
    for i, lever in enumerate(chance.levers):
        found[lever.value].append(chance.gain(i).mean)
    ends = [(min(each), max(each)) for each in found.values()]
    middles = tuple(float(np.mean(each)) for each in found.values())
    return Dots("random directions, lowest to highest", BAND, middles, *map(tuple, zip(*ends, strict=True)))


def _matrix(results: VectorResults, trial: Trial) -> Scene:
    """Draw what each lever does to the texts of every value."""
    values = list(dict.fromkeys(trial.values))
    names = [lever.name for lever in trial.levers]
    cells = [[trial.gain(i, value=value) for value in values] for i in range(len(names))]
    mean, lower, upper = (
        pd.DataFrame([[getattr(cell, end) for cell in row] for row in cells], names, values)
        for end in ("mean", "lower", "upper")
    )
    unknown = pd.DataFrame(math.nan, names, values)
    labels = {lever.name: shown(results, lever.value) for lever in trial.levers}
    scene = effects_heatmap(
        Effects(mean, lower, upper, unknown, unknown, trial.level), results.given.theory, labels, "Levers by values"
    )
    caption = (
        f"Levers by values: how much more the statements and words of the column's value gain than those of all other "
        f"values under the lever of the row, at a dose of 1, in {UNIT}. The diagonal is what is wanted. Numbers in "
        f"bold, or numbers and signs at all where cells are narrow: the {percent(trial.level)} interval over texts "
        "excludes zero. Each row is about its own mean, so that what is gained somewhere is missing elsewhere."
    )
    return replace(scene, caption=caption)


def _layers(results: VectorResults) -> Scene:
    rows = layer_rows(results)
    curves = [
        Curve(
            "probes, held-out sentences (balanced accuracy)",
            tuple(row.accuracy for row in rows),
            tuple(row.lower for row in rows),
            tuple(row.upper for row in rows),
            0.5,
        )
    ]
    words = results.learned.words
    if words is not None:
        ends = (tuple(words.lower.tolist()), tuple(words.upper.tolist()))
        curves.append(Curve("directions, held-out words", tuple(words.accuracy.tolist()), *ends, words.chance))
    curves.append(Curve("stability of directions (cosine of halves)", tuple(row.stability for row in rows)))
    return layers_figure([row.layer for row in rows], curves)


def layer_cells(results: VectorResults) -> list[tuple[str, ...]]:
    """Return the rows of the table of layers."""
    from causalvalues.numerals import estimate

    circles = {each.layer: each for each in results.learned.circles}
    found: list[tuple[str, ...]] = []
    for row in layer_rows(results):
        circle = circles.get(row.layer)
        found.append(
            (
                str(row.layer),
                estimate(row.accuracy, row.lower, row.upper),
                estimate(row.words, row.words_lower, row.words_upper),
                number(row.stability),
                number(None if circle is None else circle.agreement),
                number(None if circle is None else circle.p, 3),
            )
        )
    return found
