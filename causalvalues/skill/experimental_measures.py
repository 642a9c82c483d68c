"""How well a predicted matrix of effects agrees with an experimental one, cell by cell, for many resamples at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from causalvalues.frozen import BoolArray, FloatArray

MEASURES = ("pearson", "pearson_raw", "spearman", "r2", "slope", "rmse", "sign", "auc")


@dataclass(frozen=True, eq=False)
class Truths:
    """Effects to predict, b times: as they are, or resampled.

    Parameters
    ----------
    effects : array (b, p, p)
        [forced value, value]; NaN where unknown.
    weights : array (b, p, p)
        How often each cell counts; zero on the diagonal.
    moved, still : array (p, p) of bool
        Cells that are known to differ from zero (after centring), and cells that are known to be small.
    """

    effects: FloatArray
    weights: FloatArray
    moved: BoolArray
    still: BoolArray


def centred(effects: FloatArray, weights: FloatArray) -> FloatArray:
    """Return effects (b, p, p) less the weighted mean of their column."""
    mean = _ratio((weights * effects).sum(axis=-2, keepdims=True), weights.sum(axis=-2, keepdims=True))
    return np.asarray(effects - np.where(np.isfinite(mean), mean, 0.0))


def measures(truths: Truths, predicted: FloatArray) -> Mapping[str, FloatArray]:
    """Return agreement of a predicted matrix (p, p) with effects that are not those of a value on itself.

    All but ``pearson_raw`` compare what is special to a pair: both matrices less the mean of their columns, since what
    all forced answers do to a value depends on the neutral sentences that they are compared with.

    Parameters
    ----------
    truths : Truths
    predicted : array (p, p)
        In any unit.

    Returns
    -------
    mapping of str to array (b,)
        ``pearson``, ``pearson_raw`` (not centred), ``spearman``; after one scale (least squares, not below zero):
        ``slope``, ``r2`` = 1 - squared error / squared effects, ``rmse``; ``sign``: share of the effects that differ
        from zero whose sign is foreseen; ``auc``: chance that a pair that moves has a larger predicted size than a pair
        that is known not to. NaN where a measure has no meaning, such as a constant prediction.
    """
    w, e, f = _cells(truths, predicted)
    ec, fc = centred(e, w), centred(f, w)
    flat = (len(e), -1)
    ordered = (ranks(ec.reshape(flat), w.reshape(flat)), ranks(fc.reshape(flat), w.reshape(flat)))
    found = {
        "pearson": weighted_correlation(ec, fc, w),
        "pearson_raw": weighted_correlation(e, f, w),
        "spearman": weighted_correlation(*ordered, w.reshape(flat)),
    }
    slope = np.maximum(_ratio((w * fc * ec).sum(axis=(1, 2)), (w * fc * fc).sum(axis=(1, 2))), 0.0)
    error = (w * np.square(ec - slope[:, None, None] * fc)).sum(axis=(1, 2))
    size = (w * ec * ec).sum(axis=(1, 2))
    constant = np.isnan(found["pearson"])
    found["r2"] = np.where(constant, np.nan, 1 - _ratio(error, size))
    found["slope"] = np.where(constant, np.nan, slope)
    found["rmse"] = np.where(constant, np.nan, np.sqrt(_ratio(error, w.sum(axis=(1, 2)))))
    moved = w * truths.moved
    found["sign"] = _ratio((moved * (np.sign(fc) == np.sign(ec))).sum(axis=(1, 2)), moved.sum(axis=(1, 2)))
    found["auc"] = _area(
        np.abs(fc).reshape(flat), moved.reshape(flat), (w * (truths.still & ~truths.moved)).reshape(flat)
    )
    return {
        name: np.where(constant, np.nan, found[name]) if name in ("sign", "auc") else found[name] for name in MEASURES
    }


def agreement(truths: Truths, predicted: FloatArray) -> FloatArray:
    """Return ``pearson`` of `measures` alone, (b,)."""
    w, e, f = _cells(truths, predicted)
    return weighted_correlation(centred(e, w), centred(f, w), w)


def _cells(truths: Truths, predicted: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return weights, effects and predictions (b, p, p), zero where one of them is unknown."""
    known = np.isfinite(truths.effects) & np.isfinite(predicted) & (truths.weights > 0)
    w = np.where(known, truths.weights, 0.0)
    e = np.where(known, truths.effects, 0.0)
    return w, e, np.broadcast_to(np.where(np.isfinite(predicted), predicted, 0.0), e.shape)


def weighted_correlation(a: FloatArray, b: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the weighted Pearson correlation over all axes but the first; NaN where one side is constant."""
    axes = tuple(range(1, a.ndim))
    total = weights.sum(axis=axes, keepdims=True)
    da = a - _ratio((weights * a).sum(axis=axes, keepdims=True), total)
    db = b - _ratio((weights * b).sum(axis=axes, keepdims=True), total)
    aa, bb = (weights * da * da).sum(axis=axes), (weights * db * db).sum(axis=axes)
    tiny = 1e-12
    flat = (aa <= (tiny**2) * (weights * a * a).sum(axis=axes)) | (bb <= (tiny**2) * (weights * b * b).sum(axis=axes))
    return np.asarray(np.where(flat, np.nan, _ratio((weights * da * db).sum(axis=axes), np.sqrt(aa * bb))))


def ranks(x: FloatArray, weights: FloatArray) -> FloatArray:
    """Return weighted mid-ranks (b, c): the weight of what is smaller, and half of the weight of what is equal."""
    order = np.argsort(x, axis=1, kind="stable")
    sorted_w = np.take_along_axis(weights, order, axis=1)
    sorted_x = np.take_along_axis(x, order, axis=1)
    upto = np.cumsum(sorted_w, axis=1)
    place = np.arange(x.shape[1])
    first = np.concatenate([np.ones((len(x), 1), dtype=bool), np.diff(sorted_x, axis=1) != 0], axis=1)
    start = np.maximum.accumulate(np.where(first, place, 0), axis=1)
    last = np.concatenate([first[:, 1:], np.ones((len(x), 1), dtype=bool)], axis=1)
    end = np.minimum.accumulate(np.where(last, place, x.shape[1] - 1)[:, ::-1], axis=1)[:, ::-1]
    below = np.take_along_axis(upto - sorted_w, start, axis=1)
    middle = (below + np.take_along_axis(upto, end, axis=1)) / 2
    found = np.empty_like(x)
    np.put_along_axis(found, order, middle, axis=1)
    return found


def _area(size: FloatArray, moved: FloatArray, still: FloatArray) -> FloatArray:
    """Return the area under the ROC curve of `size` for cells that move against cells that do not."""
    larger = (size[:, :, None] > size[:, None, :]) + 0.5 * (size[:, :, None] == size[:, None, :])
    wins = np.einsum("bi,bij,bj->b", moved, larger, still)
    return _ratio(wins, moved.sum(axis=1) * still.sum(axis=1))


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    return np.asarray(np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan))
