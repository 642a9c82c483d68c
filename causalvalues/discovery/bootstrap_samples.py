"""Correlations of the values in bootstrap samples, in the order of the sorted names."""

from __future__ import annotations

import numpy as np

from causalvalues.errors import DataError
from causalvalues.evidence import Evidence
from causalvalues.evidence.moments import partial_out
from causalvalues.evidence.resampling import bootstrap_scatters
from causalvalues.frozen import FloatArray


class BootstrapSamples:
    """Correlations (p, p) of the values, the design columns partialled out, on the data and in bootstrap samples.

    Parameters
    ----------
    evidence : Evidence
        With cluster sums, samples are of clusters (or blocks of rows); without, draws of the Wishart distribution.
    seed : int
    """

    def __init__(self, evidence: Evidence, seed: int) -> None:
        self.evidence, self.seed = evidence, seed
        self.n = max(evidence.degrees_of_freedom, 2.0)
        self._order = evidence.sorted_order
        self.data = self._correlation(evidence.scatter)

    def sample(self, number: int, generator: np.random.Generator) -> FloatArray | None:
        """Return one sample; None when a value does not vary in it.

        Parameters
        ----------
        number : int
            The same seed and number give the same sample.
        generator : numpy.random.Generator
            Used where there are no cluster sums.
        """
        if self.evidence.clusters is None:
            return _wishart_correlation(self.data, self.n, generator)
        try:
            R = self._correlation(bootstrap_scatters(self.evidence, self.seed, 1, number)[0])
        except DataError:
            return None
        return R if np.isfinite(R).all() else None

    def _correlation(self, scatter: FloatArray) -> FloatArray:
        inside = np.ascontiguousarray(scatter[self._order[:, None], self._order])
        residual = partial_out(inside, len(self.evidence.names))
        scale = np.sqrt(np.maximum(np.diag(residual), 0.0))
        R = residual / np.outer(scale, scale) if scale.all() else np.full_like(residual, np.nan)
        R = (R + R.T) / 2
        np.fill_diagonal(R, 1.0)
        return np.asarray(R)


def _wishart_correlation(R: FloatArray, n: float, generator: np.random.Generator) -> FloatArray:
    """Return the correlations of a Wishart draw with scale R and n degrees of freedom (Bartlett's decomposition)."""
    p = len(R)
    factor = np.tril(generator.standard_normal((p, p)), -1)
    factor[np.diag_indices(p)] = np.sqrt(generator.chisquare(np.maximum(n - np.arange(p), 1.0)))
    root = np.linalg.cholesky(R) @ factor
    scatter = root @ root.T
    scale = np.sqrt(np.diag(scatter))
    draw = scatter / np.outer(scale, scale)
    np.fill_diagonal(draw, 1.0)
    return np.asarray((draw + draw.T) / 2)
