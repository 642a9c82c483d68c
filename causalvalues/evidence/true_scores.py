"""From moments of parts and reliabilities to the moments of true scores, with their sampling error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from causalvalues.errors import DataError
from causalvalues.evidence.coefficients import Coefficient
from causalvalues.evidence.definite import definite_evidence
from causalvalues.evidence.effective import pairwise_effective_n, residual_maker, score_n
from causalvalues.evidence.moments import ClusterSums, Evidence
from causalvalues.evidence.part_scores import PartScores, cluster_influences
from causalvalues.evidence.partial_n import partial_effective_n
from causalvalues.evidence.sums import charged_groups, sorted_sums
from causalvalues.frozen import FloatArray, IntArray

FLOOR = 0.2
"""Reliability below which a score is refused: four fifths of its variance would be error."""

IMPOSSIBLE = 3.0
"""Standard errors below zero of the smallest eigenvalue beyond which true scores are refused."""

NODES = 8
"""Pairs of pseudo-clusters that carry the standard error of a reliability from elsewhere."""


@dataclass(frozen=True, eq=False)
class Reliabilities:
    """How reliable each of p sorted scores is, and how sure that is.

    Parameters
    ----------
    coefficients : sequence of Coefficient, length p
        Values, and gradients in the covariances of the parts (zero where a reliability came from elsewhere).
    errors : array (p,)
        Standard errors of reliabilities that came from elsewhere; zero where they were estimated from the parts.
    """

    coefficients: Sequence[Coefficient]
    errors: FloatArray


def refuse_unreliable(names: Sequence[str], values: Sequence[float], floor: float) -> None:
    """Refuse scores that hold little but error.

    Raises
    ------
    DataError
        Naming the scores whose reliability is below the floor, or above 1.
    """
    low = [f"{name!r} ({value:.2f})" for name, value in zip(names, values, strict=True) if not value >= floor]
    if low:
        raise DataError(
            f"Too unreliable to be corrected (below {floor:g}): {', '.join(low)}. Their true scores would be mostly "
            "guessed. Drop them, add items, or average over more repeats; see `reliability`."
        )
    high = [f"{name!r} ({value:.2f})" for name, value in zip(names, values, strict=True) if value > 1]
    if high:
        raise DataError(f"A reliability cannot exceed 1: {', '.join(high)}. Look at the signs in the scoring key.")


def true_score_evidence(
    parts: Evidence, scores: PartScores, names: tuple[str, ...], known: Reliabilities, notes: tuple[str, ...]
) -> Evidence:
    """Subtract the error variance (1 - reliability) v of each score from its variance; covariances stay as observed.

    With influence psi_g of each cluster on the covariance of the parts, the influence on the corrected covariance is
    M psi_g M' for the weights M, less that on the error variances, (1 - rho) w'psi_g w - v (gradient of rho . psi_g)
    (delta method; cross-covariances of the errors of different scores are taken as zero).

    Parameters
    ----------
    parts : Evidence
        Moments of the parts, with cluster sums.
    scores : PartScores
        Made from them.
    names : tuple of str, length p
        Order of the scores in the result.
    known : Reliabilities
        In sorted order of the scores.
    notes : tuple of str
        How the reliabilities were had.

    Returns
    -------
    Evidence
        Of the true scores, in the units of the scores, with estimated cluster sums.

    Raises
    ------
    DataError
        If the true scores have no covariance matrix near the data.
    """
    sums, order = sorted_sums(parts)
    p, weight = len(names), float(sums.weight.sum())
    mapping = _mapping(scores, len(parts.names), len(order))
    scatter, psi = _corrected(parts, scores, mapping, known)
    _refuse_impossible(scatter, psi, scores.names)
    extended = np.concatenate([sums.weight, np.zeros(len(psi) - len(sums.weight))])
    first = np.zeros((len(psi), len(mapping)))
    first[: len(sums.weight)] = sums.first @ mapping.T
    clusters = ClusterSums(
        weight=extended,
        first=first,
        second=(extended / weight)[:, None, None] * scatter + psi,
        independent=sums.independent,
        estimated=True,
        strata=_strata(sums.strata, len(psi)),
    )
    pairwise = pairwise_effective_n(scatter, clusters.second, np.ones(len(psi)), p, float(parts.n))
    moments = (mapping @ parts.mean[order], scatter, pairwise)
    return _scored(definite_evidence(_evidence(parts, names, moments, clusters, notes)))


def _mapping(scores: PartScores, q: int, m: int) -> FloatArray:
    """Return the weights that turn m sorted columns (q parts, then the design) into scores and design."""
    p = len(scores.names)
    mapping = np.zeros((p + m - q, m))
    mapping[p:, q:] = np.eye(m - q)
    for j in range(p):
        mapping[j, scores.members[j]] = scores.weights[j]
    return mapping


def _corrected(
    parts: Evidence, scores: PartScores, mapping: FloatArray, known: Reliabilities
) -> tuple[FloatArray, FloatArray]:
    """Return the corrected scatter (m, m) and the influence of each cluster on it (G, m, m), in sorted order."""
    sums, order = sorted_sums(parts)
    weight = float(sums.weight.sum())
    scatter = mapping @ parts.scatter[np.ix_(order, order)] @ mapping.T
    psi = mapping @ cluster_influences(parts) @ mapping.T
    outside = []
    for j, (coefficient, error) in enumerate(zip(known.coefficients, known.errors, strict=True)):
        lost, variance, w = 1.0 - coefficient.value, scores.variance(j), scores.weights[j]
        scatter[j, j] -= weight * lost * variance
        psi[:, j, j] -= scores.pull(j, lost * np.outer(w, w) - variance * coefficient.gradient)
        if error > 0:
            outside.append(_pseudo_clusters(len(mapping), j, weight * variance * float(error)))
    return scatter, np.concatenate([psi, *outside])


def _refuse_impossible(scatter: FloatArray, psi: FloatArray, names: tuple[str, ...]) -> None:
    """Refuse residual correlations whose smallest eigenvalue is below zero by more than sampling error explains.

    That is three standard errors, and the second-order bias of the smallest of many eigenvalues: the sum over the
    others of var(v_k' R v_1) / (l_k - l_1).
    """
    p = len(names)
    projection = residual_maker(scatter, p)
    residual = projection @ scatter @ projection.T
    still = [name for name, left, all_of_it in zip(names, np.diag(residual), np.diag(scatter), strict=False)
             if not left > 1e-10 * all_of_it]  # fmt: skip
    if still:
        raise DataError(f"Within design cells {still} do not vary, so they have no true scores. Drop them.")
    scale = np.sqrt(np.diag(residual))
    correlation = residual / np.outer(scale, scale)
    values, vectors = np.linalg.eigh(correlation)
    if not values[0] < 0:
        return
    parts = (projection @ psi @ projection.T) / np.outer(scale, scale)
    squares = np.einsum("gaa->ga", parts)
    parts = parts - correlation / 2 * (squares[:, :, None] + squares[:, None, :])
    moves = ((parts @ vectors[:, 0] @ vectors) ** 2).sum(axis=0) * len(parts) / (len(parts) - 1)
    error = float(np.sqrt(moves[0]))
    bias = float((moves[1:] / np.maximum(values[1:] - values[0], 1e-12)).sum())
    if values[0] + bias < -IMPOSSIBLE * error:
        raise DataError(_impossible(correlation, vectors[:, 0], names, (float(values[0]), error)))


def _impossible(
    correlation: FloatArray, vector: FloatArray, names: tuple[str, ...], smallest: tuple[float, float]
) -> str:
    above = [(i, j) for i in range(len(names)) for j in range(i + 1, len(names)) if abs(correlation[i, j]) >= 1]
    above.sort(key=lambda pair: -abs(correlation[pair]))
    pairs = ", ".join(f"{names[i]!r} and {names[j]!r} ({correlation[i, j]:.2f})" for i, j in above[:5])
    heavy = [names[i] for i in np.argsort(-np.abs(vector), kind="stable")[:3]]
    what = f"correlate above 1: {pairs}" if pairs else f"have no covariance matrix, above all {', '.join(heavy)}"
    return (
        f"Corrected for error, these dimensions {what} (smallest eigenvalue {smallest[0]:.2f}, standard error "
        f"{smallest[1]:.2f}). Either their items do not tell them apart, or errors of different dimensions are related "
        "(an answer style, one pass over the questionnaire), and then no reliability corrects them. Merge them, or "
        "learn from uncorrected scores and read `expected_false_edges`."
    )


def _evidence(
    parts: Evidence,
    names: tuple[str, ...],
    moments: tuple[FloatArray, FloatArray, FloatArray],
    clusters: ClusterSums,
    notes: tuple[str, ...],
) -> Evidence:
    """Put means (m,), scatter (m, m) and effective n (p, p) of sorted columns back in order."""
    p, q, n = len(names), len(parts.names), float(parts.n)
    mean, scatter, pairwise = moments
    raw, order = sorted_sums(parts)
    back = np.array([*np.argsort(sorted(range(p), key=lambda j: names[j])), *(np.argsort(order[q:]) + p)])
    n_score = score_n(pairwise, charged_groups(raw, np.ones(len(raw.weight))), n)
    return Evidence(
        names=names,
        mean=mean[back],
        scatter=scatter[np.ix_(back, back)],
        n=parts.n,
        n_score=n_score,
        pairwise_n=pairwise[np.ix_(back[:p], back[:p])],
        levers=parts.levers,
        combinations=parts.combinations,
        clusters=clusters.permuted(back),
        within=parts.within,
        notes=(*parts.notes, *notes),
        measures=parts.measures,
        doses=parts.doses,
    )


def _scored(evidence: Evidence) -> Evidence:
    """Lower the effective n of a score to the harmonic mean with that of partial correlations (their median).

    A score compares marginal and partial correlations, so its error variance is taken as the mean of theirs.
    """
    p = len(evidence.names)
    partial = partial_effective_n(evidence)[np.triu_indices(p, 1)] if p > 1 else np.array([evidence.n_score])
    worth = float(np.median(partial))
    n_score = max(min(2.0 / (1.0 / evidence.n_score + 1.0 / worth), evidence.n_score), min(evidence.n_score, p + 1.0))
    note = (
        f"A score of true scores uses n = {n_score:.0f} of {evidence.n} rows: marginal correlations are worth "
        f"{evidence.n_score:.0f} (10% quantile), partial ones {worth:.0f} (median)."
    )
    return replace(evidence, n_score=n_score, notes=(*evidence.notes, note))


def _pseudo_clusters(size: int, j: int, error: float) -> FloatArray:
    """Return influences (2 NODES, size, size) without rows that spread entry [j, j] by `error` (a standard error)."""
    grid = np.concatenate([np.arange(1, NODES + 1), -np.arange(1, NODES + 1)]).astype(np.float64)
    extra = np.zeros((2 * NODES, size, size))
    extra[:, j, j] = grid * (error / float(np.sqrt((grid**2).sum())))
    return extra


def _strata(strata: IntArray | None, size: int) -> IntArray | None:
    """Return the strata with one more for pseudo-clusters."""
    if strata is None or len(strata) == size:
        return strata
    return np.concatenate([strata, np.full(size - len(strata), int(strata.max()) + 1)])
