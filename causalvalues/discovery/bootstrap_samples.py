"""Correlations of the values in bootstrap samples, in the order of the sorted names."""

from __future__ import annotations

import numpy as np

from causalvalues.errors import DataError
from causalvalues.evidence import Environments, Evidence
from causalvalues.evidence.environments import value_parts
from causalvalues.evidence.moments import partial_out
from causalvalues.evidence.resampling import joint_bootstrap_scatters
from causalvalues.frozen import FloatArray


class BootstrapSamples:
    """Correlations of the values, the design columns partialled out, on the data and in bootstrap samples.

    Parameters
    ----------
    evidence : Evidence or Environments
        With cluster sums, samples are of clusters (or blocks of rows); without, draws of the Wishart distribution. With
        environments there is one matrix for each part of the rows, and a sample takes the same clusters in all parts.
    seed : int

    Attributes
    ----------
    data : array (f, p, p)
        Correlations of the f parts of the rows.
    which : array (p,) of int
        The part that each value is scored with.
    n : array (p,)
        Effective degrees of freedom of each value.
    """

    def __init__(self, evidence: Evidence | Environments, seed: int) -> None:
        self.parts, which = value_parts(evidence)
        self.seed = seed
        self._order = self.parts[0].sorted_order
        self.which = which[self._order[: len(which)]]
        self.n = np.array([max(part.degrees_of_freedom, 2.0) for part in self.parts])[self.which]
        self.data = np.array([self._correlation(part.scatter) for part in self.parts])

    @property
    def from_clusters(self) -> bool:
        """Whether samples are of clusters, or blocks of rows."""
        return all(part.clusters is not None for part in self.parts)

    def sample(self, number: int, generator: np.random.Generator) -> FloatArray | None:
        """Return one sample (f, p, p); None when a value does not vary in it.

        Parameters
        ----------
        number : int
            The same seed and number give the same sample.
        generator : numpy.random.Generator
            Used where there are no cluster sums.

        Raises
        ------
        DataError
            If there are several parts and one of them holds no cluster sums.
        """
        if len(self.parts) == 1 and not self.from_clusters:
            return _wishart_correlation(self.data[0], float(self.n[0]), generator)[None]
        if not self.from_clusters:
            raise DataError("These environments hold no cluster sums to resample. Use those that `environments` made.")
        try:
            drawn = joint_bootstrap_scatters(self.parts, self.seed, 1, number)
        except DataError:
            return None
        R = np.array([self._correlation(scatter[0]) for scatter in drawn])
        return R if np.isfinite(R).all() else None

    def _correlation(self, scatter: FloatArray) -> FloatArray:
        inside = np.ascontiguousarray(scatter[self._order[:, None], self._order])
        residual = partial_out(inside, len(self.which))
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
