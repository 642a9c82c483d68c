"""The information that rows with holes hold about a mean and a covariance, and the influence of each row on them."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from causalvalues.evidence.effective import residual_maker
from causalvalues.evidence.missing_patterns import Likelihood, Patterns, about, precisions
from causalvalues.evidence.sums import cluster_sums
from causalvalues.frozen import FloatArray, IntArray

LARGEST = 60
"""Most columns whose observed information (1,890 parameters) is made."""


class Information:
    """The information about (mean, lower triangle of the covariance), observed or expected, and what follows from it.

    Raises
    ------
    numpy.linalg.LinAlgError
        If it is not positive definite.
    """

    def __init__(self, patterns: Patterns, at: Likelihood, expected: bool = False) -> None:
        self.patterns, self.at, self.m = patterns, at, len(at.mean)
        self.rows, self.columns = np.tril_indices(self.m)
        self.root = np.linalg.cholesky(self._matrix(patterns, at, expected))

    @cached_property
    def half(self) -> FloatArray:
        """Derivative of the log-likelihood in an entry of the triangle, per entry of H: 1, and 1/2 on the diagonal."""
        return np.where(self.rows == self.columns, 0.5, 1.0)

    def score(self, g: FloatArray, gradient: FloatArray) -> FloatArray:
        """Return gradients (..., m + d) in the parameters from (..., m) and (..., m, m)."""
        return np.concatenate([g, self.half * gradient[..., self.rows, self.columns]], axis=-1)

    def solve(self, scores: FloatArray) -> FloatArray:
        """Return the inverse information times gradients (..., m + d)."""
        from scipy.linalg import cho_solve

        return np.asarray(cho_solve((self.root, True), scores.T).T)

    def parameters(self, steps: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return mean (..., m) and symmetric matrices (..., m, m) from parameters (..., m + d)."""
        matrices = np.empty((*steps.shape[:-1], self.m, self.m))
        matrices[..., self.rows, self.columns] = matrices[..., self.columns, self.rows] = steps[..., self.m :]
        return steps[..., : self.m], matrices

    def _matrix(self, patterns: Patterns, at: Likelihood, expected: bool) -> FloatArray:
        """Add up the information of the patterns.

        With a = P sum(r), A = P sum(r r') P - (w / 2) P: mean by mean w P; mean by direction D: P D a; directions D by
        E: tr(D P E A). All are linear in products of the entries of P with those of a and A, summed over patterns.
        """
        m, rows, columns = self.m, self.rows, self.columns
        d = len(rows)
        plain, linear, products = np.zeros((m, m)), np.zeros((d, m)), np.zeros((d, d))
        for part in patterns.slices():
            inverse, _ = precisions(at.covariance, patterns.seen[part])
            weight = patterns.weight[part]
            step, second = about(patterns, part, at.mean)
            if expected:
                step, curvature = np.zeros_like(step), weight[:, None, None] / 2 * inverse
            else:
                curvature = inverse @ second @ inverse - weight[:, None, None] / 2 * inverse
            entries = inverse[:, rows, columns]
            plain += np.einsum("k,kij->ij", weight, inverse)
            linear += entries.T @ (inverse @ step[:, :, None])[:, :, 0]
            products += entries.T @ curvature[:, rows, columns]
        place = np.empty((m, m), dtype=np.int64)
        place[rows, columns] = place[columns, rows] = np.arange(d)
        whole = np.empty((m + d, m + d))
        whole[:m, :m] = plain
        cross = linear[place[:, rows], columns] + linear[place[:, columns], rows]
        whole[:m, m:] = self.half * cross
        whole[m:, :m] = whole[:m, m:].T
        i, j, k, l = rows[:, None], columns[:, None], rows[None], columns[None]  # noqa: E741
        both = products[place[j, k], place[l, i]] + products[place[j, l], place[k, i]]
        both += products[place[i, k], place[l, j]] + products[place[i, l], place[k, j]]
        whole[m:, m:] = np.outer(self.half, self.half) * (both + both.T) / 2
        return whole

    def effective_n(self, covariance: FloatArray, p: int, n: float) -> FloatArray:
        """Return the number of complete rows (p, p) that would tell each correlation as well; n on the diagonal.

        The correlations are those of the first p columns given the others: n_ij = (1 - r^2)^2 / var(r), with var(r)
        from the inverse information and the influence of the covariance on r.
        """
        projection = residual_maker(covariance, p)
        residual = projection @ covariance @ projection.T
        scale = np.sqrt(np.diag(residual))
        projection = projection / scale[:, None]
        first, second = np.triu_indices(p, 1)
        r = (residual / np.outer(scale, scale))[first, second]
        a, b = projection[first], projection[second]
        weights = np.einsum("xi,xj->xij", a, b) - r[:, None, None] / 2 * (
            np.einsum("xi,xj->xij", a, a) + np.einsum("xi,xj->xij", b, b)
        )
        weights += weights.transpose(0, 2, 1)
        gradient = self.score(np.zeros((len(r), self.m)), weights)
        variance = np.einsum("xi,xi->x", gradient, self.solve(gradient))
        found = np.full((p, p), n)
        known = (1 - r**2 > 1e-10) & (variance > 1e-20)
        worth = np.where(known, (1 - r**2) ** 2 / np.where(known, variance, 1.0), n)
        found[first, second] = found[second, first] = np.minimum(worth, n)
        return found

    def influences(self, columns: FloatArray, weights: FloatArray, codes: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return the sums over clusters of the influence functions of the mean (G, m) and of the covariance (G, m, m).

        The influence of a row is n times the inverse observed information times its gradient of the log-likelihood; the
        gradients add up to zero at the maximum, and so do the influences.
        """
        from scipy.sparse import csr_array

        m, patterns = self.m, self.patterns
        residuals = np.where(np.isnan(columns), 0.0, columns - self.at.mean)
        order = np.argsort(patterns.code, kind="stable")
        starts = np.searchsorted(patterns.code[order], np.arange(len(patterns.seen) + 1))
        size = int(codes.max()) + 1
        shape = (size, len(patterns.seen))
        rows = csr_array((weights, (codes, patterns.code)), shape=shape)
        plain = np.zeros((size, m * m))
        for part in patterns.slices():
            inverse, _ = precisions(self.at.covariance, patterns.seen[part])
            for k, own in zip(range(part.start, part.stop), inverse, strict=True):
                mine = order[starts[k] : starts[k + 1]]
                residuals[mine] = residuals[mine] @ own
            plain += np.asarray(rows[:, part.start : part.stop] @ inverse.reshape(-1, m * m))
        _, first, second = cluster_sums(residuals, weights, codes)
        scores = self.score(first, second - plain.reshape(-1, m, m))
        mean, covariance = self.parameters(float(weights.sum()) * self.solve(scores))
        return mean, covariance
