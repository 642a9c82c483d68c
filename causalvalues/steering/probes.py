"""Logistic probes of values: which layers tell an affirmed value from its plain twin and from other values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from causalvalues.elicitation.local_model import LocalModel
from causalvalues.errors import SteeringError
from causalvalues.frozen import BoolArray, FloatArray, IntArray, frozen_floats
from causalvalues.randomness import require_whole, stream
from causalvalues.steering.capturing import capture
from causalvalues.steering.pairs import ContrastPair
from causalvalues.steering.state_checks import checked_states, layer_place_of, place_of

CHANCE = 0.5
TIE = 1e-9
_PARTS = np.array([0.5, 0.25, 0.25])


@dataclass(frozen=True)
class ProbeFit:
    """How probes are fitted and tried.

    Parameters
    ----------
    penalty : float, default 1.0
        On half the squared weights of standardised activations, beside the mean loss of a sentence.
    folds : int, default 5
        Of the cross-validation; both sentences of a pair are in the same one.
    level : float, default 0.95
        Of the intervals.
    seed : int, default 0
        Of the folds.
    """

    penalty: float = 1.0
    folds: int = 5
    level: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        require_whole("folds", self.folds, 2)
        require_whole("seed", self.seed, 0)
        if not (0 < self.penalty < math.inf and 0 < self.level < 1):
            raise SteeringError(
                f"The penalty is {self.penalty}, the level {self.level}. Give a positive penalty and a level between 0 "
                "and 1."
            )


@dataclass(frozen=True, eq=False)
class ValueProbes:
    """One probe for each value and layer: P(the value is affirmed | h) = sigmoid(w.h + a).

    Parameters
    ----------
    values : tuple of str
        Sorted.
    layers : tuple of int
        Ascending.
    weights : array (values, layers, d)
        w, for states as they are (not standardised); fitted to all pairs.
    intercepts : array (values, layers)
        a.
    accuracy, lower, upper : array (values, layers)
        Held-out balanced accuracy with its interval: half the share of affirmed sentences that were recognised, a
        quarter each of the shares of plain twins and of other values' affirmed sentences that were rejected. Chance is
        .5 (`CHANCE`).
    recognised, twins_rejected, others_rejected : array (values, layers)
        These three shares.
    """

    values: tuple[str, ...]
    layers: tuple[int, ...]
    weights: FloatArray
    intercepts: FloatArray
    accuracy: FloatArray
    lower: FloatArray
    upper: FloatArray
    recognised: FloatArray
    twins_rejected: FloatArray
    others_rejected: FloatArray

    def __repr__(self) -> str:
        return f"ValueProbes({len(self.values)} values, {len(self.layers)} layers)"

    def __post_init__(self) -> None:
        shape = (len(self.values), len(self.layers))
        for name in ("intercepts", "accuracy", "lower", "upper", "recognised", "twins_rejected", "others_rejected"):
            object.__setattr__(self, name, frozen_floats(getattr(self, name), shape, name))
        object.__setattr__(self, "weights", frozen_floats(self.weights))

    def probe(self, value: str, layer: int) -> tuple[FloatArray, float]:
        """Return weights (d,) and intercept; raise `SteeringError` if there is no such probe."""
        i, k = place_of(value, self.values), layer_place_of(layer, self.layers)
        return self.weights[i, k], float(self.intercepts[i, k])

    def best_layer(self, value: str | None = None) -> int:
        """Return the layer of the highest held-out accuracy, of a value or on average over them; of equals the lowest.

        The accuracy at the chosen layer is the largest of several, so it flatters; what was held out from the choice as
        well (`decode_values` on held-out words) does not.

        Raises
        ------
        SteeringError
            If there is no probe of the value.
        """
        scores = self.accuracy.mean(0) if value is None else self.accuracy[place_of(value, self.values)]
        return self.layers[int(np.argmax(scores >= scores.max() - TIE))]


def fit_probes(
    pairs: Sequence[ContrastPair],
    affirmed_states: ArrayLike,
    plain_states: ArrayLike,
    layers: Sequence[int] | None = None,
    fit: ProbeFit | None = None,
) -> ValueProbes:
    """Fit probes by logistic regression, and try them on pairs that they have not seen.

    A value's affirmed sentences are told from (a) their plain twins and (b) the affirmed sentences of all other values.
    Both sides weigh the same, and among the negatives (a) and (b) do.

    Parameters
    ----------
    pairs : sequence of ContrastPair
        Of two values or more, each with at least as many pairs as folds.
    affirmed_states, plain_states : array (pairs, layers, d)
        As `capture` gives them.
    layers : sequence of int, optional
        Numbers of the layers, ascending. Default: from 0.
    fit : ProbeFit, optional

    Returns
    -------
    ValueProbes
        Intervals are over the held-out pairs (`accuracy_interval`); that other pairs would have given other probes is
        not in them.

    Raises
    ------
    SteeringError
        If shapes do not fit, numbers are not finite, or a value has fewer pairs than folds.

    References
    ----------
    Alain and Bengio 2016 (linear probes); Jin et al. 2025 (ConVA: probes of values as directions).
    """
    fit = fit or ProbeFit()
    affirmed, plain, numbers = checked_states(pairs, affirmed_states, plain_states, layers)
    order = sorted(range(len(pairs)), key=lambda i: (pairs[i].value, pairs[i].affirmed_sentence, pairs[i].plain))
    affirmed, plain = affirmed[order], plain[order]
    values = tuple(sorted({pair.value for pair in pairs}))
    of = np.array([values.index(pairs[i].value) for i in order])
    counts = np.bincount(of)
    if len(values) < 2 or counts.min() < fit.folds:
        raise SteeringError(
            f"The value {values[int(counts.argmin())]!r} has {counts.min()} pairs, and there are {len(values)} values. "
            f"Give {fit.folds} pairs or more (one for each fold) of each of two values or more."
        )
    fold = _folds(of, fit)
    shape = (len(values), len(numbers))
    weights, intercepts = np.empty((*shape, affirmed.shape[2])), np.empty(shape)
    shares, ends = np.empty((3, *shape)), np.empty((3, *shape))
    for v in range(len(values)):
        for k in range(len(numbers)):
            one = (affirmed[:, k], plain[:, k], of == v)
            weights[v, k], intercepts[v, k] = _fitted(*one, np.ones(len(of), bool), fit.penalty)
            right = _held_out(*one, fold, fit.penalty)
            shares[:, v, k] = [part.mean() for part in right]
            ends[:, v, k] = accuracy_interval(right, fit.level)
    return ValueProbes(values, numbers, weights, intercepts, *ends, *shares)


def learn_probes(
    model: LocalModel, pairs: Sequence[ContrastPair], layers: Sequence[int] | None = None, fit: ProbeFit | None = None
) -> ValueProbes:
    """Let a model read the pairs, and fit probes to the means over the tokens behind their contexts (see `fit_probes`).

    With 480 pairs of ten values it takes a second or two for each layer, besides the reading.

    Raises
    ------
    SteeringError
        As `capture` and `fit_probes`.
    """
    starts = [pair.context for pair in pairs]
    chosen = None if layers is None else sorted(set(layers))
    affirmed = capture(model, [pair.affirmed_sentence for pair in pairs], chosen, starts=starts)
    plain = capture(model, [pair.plain_sentence for pair in pairs], chosen, starts=starts)
    return fit_probes(pairs, affirmed, plain, chosen, fit)


def _folds(of: IntArray, fit: ProbeFit) -> IntArray:
    """Return the fold of each pair; each value is spread over all of them."""
    fold = np.empty(len(of), np.int64)
    for v in range(int(of.max()) + 1):
        members = np.flatnonzero(of == v)
        fold[stream(fit.seed, "folds of pairs", v).permutation(members)] = np.arange(len(members)) % fit.folds
    return fold


def _fitted(
    affirmed: FloatArray, plain: FloatArray, own: BoolArray, rows: BoolArray, penalty: float
) -> tuple[FloatArray, float]:
    """Return weights and intercept of one probe, fitted to the pairs in `rows`."""
    parts = (affirmed[own & rows], plain[own & rows], affirmed[~own & rows])
    states = np.concatenate(parts)
    said = np.repeat([1.0, 0.0, 0.0], [len(part) for part in parts])
    share = np.repeat([0.5 / len(parts[0]), 0.25 / len(parts[1]), 0.25 / len(parts[2])], [len(p) for p in parts])
    return logistic(states, said, share, penalty)


def logistic(states: FloatArray, said: FloatArray, share: FloatArray, penalty: float) -> tuple[FloatArray, float]:
    """Fit a logistic regression to standardised states; return weights and intercept for states as they are.

    It minimises sum_i share_i loss_i + penalty / 2 |w|^2, w the weights of standardised states.

    Parameters
    ----------
    states : array (n, d)
    said : array (n,)
        1 or 0.
    share : array (n,)
        Weight of each row; their sum is 1.
    penalty : float

    Returns
    -------
    weights : array (d,)
    intercept : float
    """
    from sklearn.linear_model import LogisticRegression

    centre = share @ states
    scale = np.sqrt(share @ (states - centre) ** 2)
    scale = np.where(scale > 0, scale, 1.0)
    model = LogisticRegression(C=1 / penalty, tol=1e-4, max_iter=1000)
    model.fit((states - centre) / scale, said, sample_weight=share)
    weights = model.coef_[0] / scale
    return weights, float(model.intercept_[0] - weights @ centre)


def _held_out(
    affirmed: FloatArray, plain: FloatArray, own: BoolArray, fold: IntArray, penalty: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return whether probes of the other folds were right about affirmed sentences, their twins, and other values."""
    said, twin = np.empty(len(own)), np.empty(len(own))
    for left_out in range(int(fold.max()) + 1):
        seen, rows = fold != left_out, fold == left_out
        weights, intercept = _fitted(affirmed, plain, own, seen, penalty)
        said[rows] = affirmed[rows] @ weights + intercept > 0
        twin[rows] = plain[rows] @ weights + intercept > 0
    return said[own], 1 - twin[own], 1 - said[~own]


def accuracy_interval(right: tuple[FloatArray, FloatArray, FloatArray], level: float) -> tuple[float, float, float]:
    """Return balanced accuracy and its interval, from Jeffreys intervals of the three shares that it is made of.

    Their distances are squared and added (method of variance estimates recovery), with the correlation between a
    sentence and its twin. In simulations a .95 interval covers a true accuracy of .7 to .995 in .92 to .97 of cases
    with 24 and 48 pairs; it has a width where all are right.

    Parameters
    ----------
    right : arrays (n,), (n,), (m,)
        1 where an affirmed sentence, its plain twin, and another value's sentence was told rightly, else 0.
    level : float

    Returns
    -------
    tuple of float
        Accuracy, lower end, upper end.

    References
    ----------
    Brown, Cai and DasGupta 2001 (Jeffreys); Newcombe 1998 (square and add, paired); Zou and Donner 2008 (sums).
    """
    shares = np.array([part.mean() for part in right])
    ends = np.array([_jeffreys(int(part.sum()), len(part), level) for part in right])
    spread = float(right[0].std() * right[1].std())
    common = float((right[0] * right[1]).mean() - shares[0] * shares[1]) / spread if spread > 0 else 0.0
    below, above = _PARTS * (shares - ends[:, 0]), _PARTS * (ends[:, 1] - shares)
    down, up = (math.sqrt(max(float(one @ one + 2 * common * one[0] * one[1]), 0.0)) for one in (below, above))
    middle = float(_PARTS @ shares)
    return middle, max(middle - down, 0.0), min(middle + up, 1.0)


def _jeffreys(hits: int, tries: int, level: float) -> tuple[float, float]:
    from scipy.special import betaincinv

    a, b = hits + 0.5, tries - hits + 0.5
    low = float(betaincinv(a, b, (1 - level) / 2)) if hits else 0.0
    return low, float(betaincinv(a, b, (1 + level) / 2)) if hits < tries else 1.0
