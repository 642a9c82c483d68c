"""Moments of skewed scores by ranks: the Gaussian copula."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.errors import DataError
from causalvalues.evidence.assembling import evidence_of
from causalvalues.evidence.definite import definite_evidence
from causalvalues.evidence.design import design_columns
from causalvalues.evidence.effective import pairwise_effective_n
from causalvalues.evidence.latent_pairs import product_pair
from causalvalues.evidence.latent_sums import Frame, Latent, frame_of, latent_sums, spanning_groups
from causalvalues.evidence.moments import Evidence
from causalvalues.evidence.ordinal_thresholds import (
    Cells,
    Continuous,
    continuous_margin,
    design_cells,
    refuse_unanswered,
)
from causalvalues.evidence.rows import used_rows
from causalvalues.frozen import FloatArray
from causalvalues.responses.matrix import ResponseMatrix

FEWEST_ANSWERS = 4
MANY_TIES = 0.2
"""Share of rows with one and the same answer above which `notes` advises polychoric correlations."""


@dataclass(frozen=True)
class RankMoments:
    """Correlations of normal scores: each column is replaced by the normal quantiles of its ranks.

    Right when every column is some increasing function of a Gaussian variable (the Gaussian copula, or nonparanormal
    model), however skewed; without levers no increasing transformation of a column changes anything. On Gaussian
    answers it is asymptotically as exact as the product-moment correlation, which ranks turned by Spearman's and
    Kendall's formulas are not, and with complete rows its matrix is never indefinite.

    Notes
    -----
    The score of an answer is the normal quantile of (weight of lower answers + half the weight of equal ones) / (whole
    weight), then standardised; rows with the same answer share a score. Answers with few categories lose correlation
    that way: use `PolychoricMoments` for them. Levers (and groups, with `within`) are taken out of the raw scores by
    least squares first and the residuals are ranked, so with levers the scale of the scores matters. Every pair uses
    the rows that answered both columns. Values stand in units of normal scores: mean 0, variance 1 within design cells;
    effects of levers are in standard deviations of the raw residuals.

    The influence of a row on a correlation r of normal scores is z_i z_j - r/2 (z_i^2 + z_j^2), as if the margins were
    known (Klaassen and Wellner), so the effective n follows by the sandwich of cluster sums.

    References
    ----------
    Liu, Lafferty and Wasserman (2009), Journal of Machine Learning Research 10, 2295-2328 (nonparanormal); Klaassen
    and Wellner (1997), Bernoulli 3, 55-77 (efficiency of normal scores).
    """

    def summarise(self, matrix: ResponseMatrix, within: str) -> Evidence:
        """Return the evidence of a response matrix; see `causalvalues.evidence.summarise`."""
        rows = used_rows(matrix, within, complete=False)
        order = sorted(range(len(matrix.names)), key=lambda j: matrix.names[j])
        names = tuple(matrix.names[j] for j in order)
        columns = np.ascontiguousarray(rows.scores[:, order])
        refuse_unanswered(names, columns)
        design = design_columns(matrix.levers, rows.doses, rows.groups)
        frame = frame_of(rows, design)
        cells = design_cells(frame.columns, frame.weights)
        lines = [continuous_margin(columns[:, j], rows.weights, cells) for j in range(len(names))]
        ranked = columns if not cells.columns.shape[1] else np.column_stack([line.z for line in lines])
        z = np.column_stack([normal_scores(ranked[:, j], rows.weights) for j in range(len(names))])
        independent = rows.clusters is None
        sums = latent_sums(_estimates(names, z, lines, frame, cells), frame, independent)
        p, n = len(names), float(len(rows.weights))
        whole, once = sums.second.sum(axis=0), np.ones(frame.size)
        strata = None if independent else frame.strata  # of independent rows they are charged with the rest
        worth = pairwise_effective_n(whole, sums.second, once, p, n, strata=strata)
        worth = worth * (1 - (spanning_groups(rows, independent) - 1) / n)
        mean = np.array([*np.zeros(p), *frame.mean])
        notes = tuple(_notes(names, columns, bool(design.columns.shape[1])))
        return definite_evidence(evidence_of(matrix, rows, design, sums, mean, notes=notes, pairwise=worth))


def normal_scores(column: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the standardised normal quantiles (n,) of the weighted ranks of a column; NaN where it is NaN.

    Examples
    --------
    >>> import numpy as np
    >>> normal_scores(np.array([1.0, 10.0, 100.0, np.nan]), np.ones(4)).round(3)
    array([-1.225,  0.   ,  1.225,    nan])
    """
    from scipy.special import ndtri

    there = ~np.isnan(column)
    scores = np.full(len(column), np.nan)
    labels, codes = np.unique(column[there], return_inverse=True)
    w = weights[there]
    mass = np.bincount(codes, w, minlength=len(labels))
    z = ndtri((np.cumsum(mass) - mass / 2) / mass.sum())[codes]
    z = z - float(w @ z) / float(w.sum())
    spread = float(np.sqrt(w @ z**2 / w.sum()))
    scores[there] = z / spread if spread > 0 else 0.0
    return scores


def _estimates(names: tuple[str, ...], z: FloatArray, lines: list[Continuous], frame: Frame, cells: Cells) -> Latent:
    p, q, n = len(names), frame.design.shape[1], float(len(frame.weights))
    there = ~np.isnan(z)
    correlation, on_correlation = np.eye(p), np.zeros((frame.size, p, p))
    on_effects = np.zeros((frame.size, q, p))
    for i in range(p):
        for j in range(i + 1, p):
            if (there[:, i] & there[:, j]).sum() < FEWEST_ANSWERS:
                raise DataError(
                    f"Fewer than {FEWEST_ANSWERS} rows answer both {names[i]!r} and {names[j]!r}, so their "
                    f"correlation is not known. Drop one of them (`matrix.drop([{names[i]!r}])`)."
                )
            pair = product_pair(z[:, i], z[:, j], frame.weights)
            correlation[i, j] = correlation[j, i] = pair.correlation
            on_correlation[:, i, j] = on_correlation[:, j, i] = frame.sums(pair.influence)
    for j, line in enumerate(lines):
        raw = np.where(there[:, j], line.z, 0.0) * np.where(there[:, j], frame.weights, 0.0)
        x = np.hstack([np.ones((len(raw), 1)), cells.columns[cells.codes]]) @ line.inverse[:, 1 : 1 + q]
        for k in range(q):
            on_effects[:, k, j] = frame.sums(n * raw * x[:, k])
    scale = np.array([1.0 if line.scale > 0 else 0.0 for line in lines])
    effects = np.array([line.effects[:q] for line in lines]).reshape(p, q).T
    unit = cells.spread[:q, None]
    return Latent(correlation, scale, effects / unit, on_correlation, np.zeros((frame.size, p)), on_effects / unit)


def _notes(names: tuple[str, ...], columns: FloatArray, levers: bool) -> list[str]:
    notes = ["Correlations of normal scores (ranks; Gaussian copula); values stand in units of normal scores."]
    if levers:
        notes.append("Ranks are those of residuals on the levers.")
    lost = np.isnan(columns).sum(axis=0)
    if lost.any():
        gaps = ", ".join(f"{name!r} {int(k)}" for name, k in zip(names, lost, strict=True) if k)
        notes.append(f"Each pair uses the rows that answered both; missing by column: {gaps}.")
    tied = []
    for j, name in enumerate(names):
        counts = np.unique(columns[~np.isnan(columns[:, j]), j], return_counts=True)[1]
        if len(counts) and counts.max() > MANY_TIES * counts.sum():
            tied.append(repr(name))
    if tied:
        notes.append(
            f"More than {MANY_TIES:.0%} of the answers are the same in {', '.join(tied)}: ties weaken correlations of "
            "ranks; `PolychoricMoments` does not lose them."
        )
    return notes
