"""Where the steps between categories lie: read from evidence, or estimated from answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError
from causalvalues.evidence.design import design_columns
from causalvalues.evidence.latent_sums import frame_of
from causalvalues.evidence.moments import Evidence
from causalvalues.evidence.ordinal_thresholds import design_cells, ordinal_margin
from causalvalues.evidence.rows import as_matrix, used_rows
from causalvalues.frozen import FloatArray
from causalvalues.responses.matrix import ResponseMatrix

MOST_CATEGORIES = 100
REMEDY = (
    "An average of several ordinal items is not ordinal: use the items, or one answer for each value (such as the "
    "lower median of its items), or leave it to the linear model."
)


@dataclass(frozen=True)
class Steps:
    """Thresholds and categories of each value, and the mean of each lever and combination (``a+b``, sorted)."""

    thresholds: dict[str, tuple[float, ...]]
    categories: dict[str, tuple[float, ...]]
    levers: tuple[str, ...]
    doses: dict[str, float]


def given_steps(evidence: Evidence, values: tuple[str, ...], categories: Mapping[str, Sequence[float]] | None) -> Steps:
    """Return the thresholds that polychoric evidence holds.

    Raises
    ------
    ModelError
        If a value has none, or the evidence is within groups, whose levels it does not keep.
    """
    if evidence.within:
        raise ModelError(
            f"The evidence is within the groups of {evidence.within!r}, whose levels are removed, so a unit's place on "
            "the scale is not known. Summarise without `within`, or model one group."
        )
    for name in values:
        if name not in evidence.thresholds:
            raise ModelError(f"The evidence holds no thresholds of {name!r}, so it is not ordinal there. {REMEDY}")
    thresholds = {name: tuple(evidence.thresholds[name]) for name in values}
    named: Mapping[str, Sequence[float]] = {} if categories is None else categories
    labels = {name: tuple(named.get(name, range(1, len(thresholds[name]) + 2))) for name in values}
    p, k = len(evidence.names), len(evidence.levers)
    doses = dict(zip(evidence.levers, evidence.mean[p : p + k].tolist(), strict=True))
    cells = ("+".join(sorted(cell)) for cell in evidence.combinations)
    doses |= dict(zip(cells, evidence.mean[p + k :].tolist(), strict=True))
    return Steps(thresholds, labels, evidence.levers, doses)


def steps_of_answers(answers: ResponseMatrix | pd.DataFrame, values: tuple[str, ...]) -> Steps:
    """Estimate thresholds as `PolychoricMoments` does: an ordinal probit of each column on the design.

    Raises
    ------
    ModelError
        If a value is missing, or its answers are no whole numbers or more than 100.
    """
    matrix = as_matrix(answers)
    absent = [name for name in values if name not in matrix.names]
    if absent:
        raise ModelError(f"The answers hold no column {absent[0]!r}, which the model has. Give the same answers.")
    rows = used_rows(matrix, "", complete=False)
    design = design_columns(matrix.levers, rows.doses, rows.groups)
    frame = frame_of(rows, design)
    cells = design_cells(frame.columns, frame.weights)
    thresholds, labels = {}, {}
    for name in values:
        column = rows.scores[:, matrix.names.index(name)]
        labels[name] = _labels(name, column)
        steps = ordinal_margin(np.ascontiguousarray(column), rows.weights, cells, name).thresholds
        thresholds[name] = tuple(steps.tolist())
    whole = (*matrix.levers, *("+".join(sorted(cell)) for cell in design.combinations))
    return Steps(thresholds, labels, matrix.levers, dict(zip(whole, frame.mean.tolist(), strict=True)))


def _labels(name: str, column: FloatArray) -> tuple[float, ...]:
    labels = np.unique(column[~np.isnan(column)])
    odd = labels[labels != np.round(labels)]
    if len(odd):
        raise ModelError(f"{name!r} holds answers such as {odd[0]:.4g}, which is no category. {REMEDY}")
    if len(labels) > MOST_CATEGORIES:
        raise ModelError(
            f"{name!r} holds {len(labels)} different answers; an ordinal value has at most {MOST_CATEGORIES}. {REMEDY}"
        )
    return tuple(labels.tolist())


def threshold_draws(thresholds: tuple[float, ...], error: float, draws: int, random: np.random.Generator) -> FloatArray:
    """Draw thresholds (draws, A - 1) about their estimates, less the error that they share with the latent mean.

    Parameters
    ----------
    thresholds : tuple of float
    error : float
        Standard error of the latent mean, n^(-1/2). Zero: no error.
    draws : int
    random : numpy.random.Generator
    """
    from scipy.special import ndtr

    t = np.array(thresholds)
    share, density = ndtr(t), np.exp(-(t**2) / 2) / np.sqrt(2 * np.pi)
    covariance = np.minimum.outer(share, share) - np.outer(share, share)
    covariance = covariance / np.outer(density, density) - 1.0
    root = np.linalg.cholesky(covariance + 1e-9 * np.eye(len(t)))
    found = t + error * random.standard_normal((draws, len(t))) @ root.T
    least = np.concatenate([[0.0], np.cumsum(np.diff(t))]) * 1e-3  # thresholds keep their order
    return np.asarray(np.maximum.accumulate(found - least, axis=1) + least)
