"""The tables of value vectors, one CSV file each, with all their digits."""

from __future__ import annotations

import math

import pandas as pd

from causalvalues.steering.trial import Gain, Trial
from causalvalues.study.vector_results import VectorResults
from causalvalues.study.vector_summary import gains, layer_rows

ALL = "all"
"""Stands for the mean over values in the column ``value``."""


def vector_tables(results: VectorResults) -> dict[str, pd.DataFrame]:
    """Return every table by the name of its file, without suffix."""
    found = {"layers": _layers(results), "cosines": _cosines(results), "doses": _doses(results)}
    if results.trial is not None:
        tried = [each for each in (results.trial, results.chance) if each is not None]
        found["trial"] = pd.concat([_trial(each) for each in tried], ignore_index=True)
        found["leakage"] = _leakage(results.trial)
    return found


def _layers(results: VectorResults) -> pd.DataFrame:
    """One row a layer for the mean over values, then one for each value."""
    probes, words, vectors = results.learned.probes, results.learned.words, results.learned.vectors
    rows = [{"layer": row.layer, "value": ALL} | vars(row) for row in layer_rows(results)]
    for i, value in enumerate(probes.values):
        for k, layer in enumerate(probes.layers):
            ends = {name: getattr(probes, name)[i, k] for name in ("accuracy", "lower", "upper")}
            read = math.nan if words is None else words.by_value[i, k]
            steady = math.nan if vectors.stability is None else vectors.stability[i, k]
            rows.append({"layer": layer, "value": value, **ends, "words": read, "stability": steady})
    return pd.DataFrame(rows)


def _cosines(results: VectorResults) -> pd.DataFrame:
    """One row a layer and pair of values; steps on the circle where the theory has one."""
    from causalvalues.steering.vector_circle import cosine_matrix

    vectors = results.learned.vectors
    circles = {each.layer: each for each in results.learned.circles}
    rows = []
    for layer in vectors.layers:
        cosines, circle = cosine_matrix(vectors, layer), circles.get(layer)
        for i, one in enumerate(vectors.values):
            for j, other in enumerate(vectors.values[:i]):
                row: dict[str, object] = {"layer": layer, "one": other, "other": one, "cosine": cosines[i, j]}
                if circle is not None:
                    place = circle.values.index(one), circle.values.index(other)
                    row["steps"] = int(circle.distances[place])
                rows.append(row)
    return pd.DataFrame(rows, columns=["layer", "one", "other", "cosine", *(["steps"] if circles else [])])


def _doses(results: VectorResults) -> pd.DataFrame:
    """One row a lever: what a dose of 1 was set to cost, and what it costs on the texts that it was set by."""
    rows = [
        {
            "lever": each.lever.name,
            "value": each.lever.value,
            "layers": ";".join(map(str, each.lever.layers)),
            "wanted": results.settings.loss,
            "loss": each.loss,
        }
        for each in results.made
    ]
    return pd.DataFrame(rows)


def _trial(trial: Trial) -> pd.DataFrame:
    """One row a lever: gains with their intervals, negation control, price, probe of ability."""
    found = gains(trial)
    rows = []
    for i, lever in enumerate(trial.levers):
        words = found.words[i] if found.words else Gain(math.nan, math.nan, math.nan)
        parts = {"gain": found.both[i], "statements": found.statements[i], "words": words}
        row: dict[str, object] = {"lever": lever.name, "value": lever.value, "method": lever.method}
        for name, each in (parts | {"affirmed_less_negated": found.control[i]}).items():
            row |= {name: each.mean, f"{name}_lower": each.lower, f"{name}_upper": each.upper}
        right = {"right": trial.right[i], "right_without": trial.right[-1]}
        rows.append(row | {"dose": trial.doses[i], "loss": trial.losses[i]} | right)
    return pd.DataFrame(rows)


def _leakage(trial: Trial) -> pd.DataFrame:
    """One row a lever and value: how much more its texts gain than those of the other values."""
    rows = []
    for i, lever in enumerate(trial.levers):
        for value in dict.fromkeys(trial.values):
            rows.append({"lever": lever.name, "value": value} | vars(trial.gain(i, value=value)))
    return pd.DataFrame(rows)
