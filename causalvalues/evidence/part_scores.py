"""Scores as weighted sums of parts: their moments, their reliabilities, and the sampling error of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from causalvalues.errors import DataError
from causalvalues.evidence.coefficients import COEFFICIENTS, FEWEST, Coefficient, CoefficientName
from causalvalues.evidence.effective import residual_maker
from causalvalues.evidence.moments import Evidence
from causalvalues.evidence.sums import sorted_sums
from causalvalues.frozen import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class PartScores:
    """Moments of parts, and which of them make up which score; everything in sorted order.

    Parameters
    ----------
    names : tuple of str, length p
        Scores, sorted.
    members : tuple of array of int
        The positions of each score's parts among the q sorted parts.
    weights : tuple of array
        Their weights.
    covariance : array (q, q)
        Of the parts within design cells (levers partialled out, group means removed).
    influence : array (G, q, q)
        Influence of each cluster on `covariance`, times n; adds up to zero.
    """

    names: tuple[str, ...]
    members: tuple[IntArray, ...]
    weights: tuple[FloatArray, ...]
    covariance: FloatArray
    influence: FloatArray

    def block(self, j: int) -> FloatArray:
        """Return the covariance matrix of the parts of score j."""
        return self.covariance[np.ix_(self.members[j], self.members[j])]

    def variance(self, j: int) -> float:
        """Return the variance of score j within design cells."""
        return float(self.weights[j] @ self.block(j) @ self.weights[j])

    def pull(self, j: int, gradient: FloatArray) -> FloatArray:
        """Return the influence (G,), times n, of each cluster on a function of the parts of score j."""
        inside = self.influence[:, self.members[j][:, None], self.members[j]]
        return np.asarray(np.einsum("gij,ij->g", inside, gradient))

    def coefficient(self, j: int, name: CoefficientName) -> Coefficient:
        """Return a reliability coefficient of score j.

        Raises
        ------
        DataError
            If it has too few parts, or a part does not vary.
        """
        if len(self.members[j]) < FEWEST[name]:
            raise DataError(
                f"{self.names[j]!r} has {len(self.members[j])} part(s); {name} needs at least {FEWEST[name]}. "
                + ("Use alpha." if name == "omega" and len(self.members[j]) == 2 else _NO_PARTS)
            )
        block = self.block(j)
        largest = float(np.diag(block).max())
        if largest > 1e120 or 0 < largest < 1e-120:
            raise DataError(
                f"The parts of {self.names[j]!r} vary by too large or too small numbers (variance {largest:g}). Give "
                "the answers in another unit, so that their spread is near 1."
            )
        if not (np.diag(block) > 1e-12 * max(float(np.diag(block).max()), 1e-300)).all():
            raise DataError(f"A part of {self.names[j]!r} does not vary within design cells. Drop it.")
        return COEFFICIENTS[name](block, self.weights[j])

    def standard_error(self, j: int, gradient: FloatArray, n: float) -> float:
        """Return the standard error of a function of the parts of score j: sandwich over clusters."""
        pull = self.pull(j, gradient) / n
        return float(np.sqrt((pull**2).sum() * len(pull) / (len(pull) - 1)))


_NO_PARTS = "Its reliability has to be known from elsewhere: use `correct_for_error` on the scores, or drop it."


def part_scores(parts: Evidence, weights: Mapping[str, Mapping[str, float]]) -> PartScores:
    """Partial the design out of the moments of parts, with the influence of each cluster.

    The influence of a cluster on the covariance C is (second moments of the cluster) - (its weight) C; on the
    covariance within design cells it is that of the residuals on the design columns.

    Parameters
    ----------
    parts : Evidence
        With cluster sums.
    weights : mapping of str to mapping of str to float
        Score -> part -> weight.

    Returns
    -------
    PartScores
    """
    sums, order = sorted_sums(parts)
    q = len(parts.names)
    position = {name: i for i, name in enumerate(sorted(parts.names))}
    scatter = parts.scatter[np.ix_(order, order)]
    influence = cluster_influences(parts)
    projection = residual_maker(scatter, q)
    names = tuple(sorted(weights))
    chosen = [sorted(weights[name]) for name in names]
    return PartScores(
        names=names,
        members=tuple(np.array([position[part] for part in group], dtype=np.int64) for group in chosen),
        weights=tuple(np.array([weights[n][part] for part in group]) for n, group in zip(names, chosen, strict=True)),
        covariance=projection @ scatter @ projection.T / float(sums.weight.sum()),
        influence=projection @ influence @ projection.T,
    )


def cluster_influences(evidence: Evidence) -> FloatArray:
    """Return the influence (G, m, m), times n, of each cluster on the covariance, in sorted order of the columns."""
    sums, order = sorted_sums(evidence)
    scatter = evidence.scatter[np.ix_(order, order)]
    share = sums.weight / float(sums.weight.sum())
    return np.asarray(sums.second - share[:, None, None] * scatter)
