"""The numbers that the report on value vectors is about, from what was learned and tried."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.steering.trial import Gain, Kind, Trial
from causalvalues.study.vector_results import VectorResults

BOTH: tuple[Kind, ...] = ("statement", "word")
A_THIRD = 1 / 3
"""Share of the gain below which the negation control is called small."""


@dataclass(frozen=True)
class Gains:
    """What each lever of a trial gained.

    Parameters
    ----------
    names, values : tuple of str
        Of the levers, and the values that they aim at.
    both, statements, words : tuple of Gain
        Over statements and words together, and each alone; `words` is empty where there are none.
    control : tuple of Gain
        Gain of affirmed less gain of negated statements of the value.
    """

    names: tuple[str, ...]
    values: tuple[str, ...]
    both: tuple[Gain, ...]
    statements: tuple[Gain, ...]
    words: tuple[Gain, ...]
    control: tuple[Gain, ...]


def gains(trial: Trial) -> Gains:
    """Return the gains of all levers of a trial."""
    each = range(len(trial.levers))
    worded = "word" in trial.kinds
    return Gains(
        tuple(lever.name for lever in trial.levers),
        tuple(lever.value for lever in trial.levers),
        tuple(trial.gain(i, BOTH) for i in each),
        tuple(trial.gain(i, ("statement",)) for i in each),
        tuple(trial.gain(i, ("word",)) for i in each) if worded else (),
        tuple(trial.endorsement(i) for i in each),
    )


def mean_of(found: Sequence[Gain]) -> float:
    """Return the mean gain over levers; NaN without any."""
    return float(np.mean([each.mean for each in found])) if found else math.nan


def mean_with_interval(found: Sequence[Gain], level: float = 0.95) -> Gain:
    """Return the mean gain over levers with its t interval, levers being the units."""
    from scipy.special import stdtrit

    means = np.array([each.mean for each in found])
    mean = float(means.mean())
    if len(means) < 2:
        return found[0]
    half = float(stdtrit(len(means) - 1, (1 + level) / 2)) * float(means.std(ddof=1)) / math.sqrt(len(means))
    return Gain(mean, mean - half, mean + half)


def control_verdict(found: Gains) -> str:
    """Say in plain words what the negation control tells of these levers.

    With c the mean over levers of the gain of affirmed less the gain of negated statements, and g the mean gain over
    statements: alike where |c| is below a third of g, else a difference if the t interval of c over levers has one
    sign, else open.
    """
    control, gain = mean_with_interval(found.control), mean_of(found.statements)
    if gain <= 0:
        return "statements do not gain, so there is nothing to control"
    if abs(control.mean) < A_THIRD * gain:
        return "moves what the model talks about; affirmed and denied statements gain alike"
    if control.lower > 0:
        return "moves more than what the model talks about: affirmed statements gain more than denied ones"
    if control.upper < 0:
        return "moves against endorsement: denied statements gain more than affirmed ones"
    return "it stays open whether affirmed and denied statements gain alike"


@dataclass(frozen=True)
class Chance:
    """What random directions of the same length gained, over statements and words.

    Parameters
    ----------
    number : int
        How many there were.
    mean, spread, largest : float
        Of their gains; the spread is a standard deviation (NaN for one).
    """

    number: int
    mean: float
    spread: float
    largest: float


def chance_of(trial: Trial) -> Chance:
    """Return what random directions gained."""
    found = np.array([trial.gain(i, BOTH).mean for i in range(len(trial.levers))])
    spread = float(found.std(ddof=1)) if len(found) > 1 else math.nan
    return Chance(len(found), float(found.mean()), spread, float(found.max()))


@dataclass(frozen=True)
class LayerRow:
    """How well values are read behind one layer.

    Parameters
    ----------
    layer : int
    accuracy, lower, upper : float
        Held-out balanced accuracy of the probes, mean over values; its ends are the means of their ends, which is wide
        enough however the values depend on each other.
    words, words_lower, words_upper : float
        Share of held-out words whose own value is read; NaN without words.
    stability : float
        Mean cosine between directions of two halves of the pairs.
    """

    layer: int
    accuracy: float
    lower: float
    upper: float
    words: float
    words_lower: float
    words_upper: float
    stability: float


def layer_rows(results: VectorResults) -> tuple[LayerRow, ...]:
    """Return one row a layer, over all values."""
    probes, vectors, words = results.learned.probes, results.learned.vectors, results.learned.words
    stability = vectors.stability
    found = []
    for k, layer in enumerate(vectors.layers):
        read = [math.nan] * 3 if words is None else [float(x[k]) for x in (words.accuracy, words.lower, words.upper)]
        right, low, high = (float(each[:, k].mean()) for each in (probes.accuracy, probes.lower, probes.upper))
        steady = math.nan if stability is None else float(stability[:, k].mean())
        found.append(LayerRow(layer, right, low, high, read[0], read[1], read[2], steady))
    return tuple(found)
