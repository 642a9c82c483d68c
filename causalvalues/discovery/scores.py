"""Local scores of linear-Gaussian mechanisms: functions of the determinants of one moment matrix."""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma, log, pi

import numpy as np

from causalvalues.errors import DiscoveryError
from causalvalues.frozen import FloatArray

Terms = tuple[FloatArray, FloatArray, FloatArray]


@dataclass(frozen=True)
class BGe:
    """Bayesian Gaussian equivalent score on the correlation scale.

    With T = t I, t = alpha_mu (alpha_w - m - 1) / (alpha_mu + 1), R = T + N C for the correlation matrix C of m nodes
    and N degrees of freedom, the log marginal likelihood of v given its l parents P is

        c(l) - (N + alpha_w - m + l + 1)/2 log|R[P+v]| + (N + alpha_w - m + l)/2 log|R[P]|.

    Source: Geiger and Heckerman (2002), as corrected by Kuipers, Moffa and Heckerman (2014), equation A.10; the mean is
    integrated out, which costs the one degree of freedom that N has lost.

    Parameters
    ----------
    alpha_w : float, optional
        Degrees of freedom of the Wishart prior, above m + 1. Default m + 2, the least informative usual choice.
    alpha_mu : float, default 1.0
        Prior weight of the mean; here it enters through t only.
    """

    alpha_w: float | None = None
    alpha_mu: float = 1.0

    def matrix(self, correlation: FloatArray, n: float) -> FloatArray:
        """Return R (m, m)."""
        m = len(correlation)
        return self.scale(m) * np.eye(m) + n * correlation

    def scale(self, m: int) -> float:
        """Return t, the diagonal of the prior scale matrix for m nodes."""
        alpha_w = self.freedom(m)
        if alpha_w <= m + 1 or self.alpha_mu <= 0:
            raise DiscoveryError(f"BGe needs alpha_w above {m + 1} for {m} nodes, and alpha_mu above 0; it has {self}.")
        return self.alpha_mu * (alpha_w - m - 1.0) / (self.alpha_mu + 1.0)

    def freedom(self, m: int) -> float:
        """Return alpha_w for m nodes."""
        return m + 2.0 if self.alpha_w is None else float(self.alpha_w)

    def terms(self, m: int, n: float) -> Terms:
        """Return the constants and the two slopes for each number of parents 0, ..., m - 1."""
        a, t = self.freedom(m) - m, self.scale(m)
        parents = np.arange(m)
        constants = [
            (_log_gamma(size + 1, n + a + size + 1) - _log_gamma(size, n + a + size))
            - (_log_gamma(size + 1, a + size + 1) - _log_gamma(size, a + size))
            + ((a + size + 1) * (size + 1) - (a + size) * size) / 2 * np.log(t)
            - n / 2 * np.log(np.pi)
            for size in range(m)
        ]
        return np.array(constants), (n + a + parents + 1) / 2, (n + a + parents) / 2

    def __str__(self) -> str:
        return f"BGe (alpha_w {'m + 2' if self.alpha_w is None else f'{self.alpha_w:g}'}, alpha_mu {self.alpha_mu:g})"


@dataclass(frozen=True)
class BIC:
    """Bayesian information criterion: -n/2 log(|C[P+v]| / |C[P]|) - penalty/2 l log n, with C the correlation matrix.

    Source: Schwarz (1978); `penalty` = 1 is the standard criterion (other libraries use 1, 2 or 4 without saying so).

    Parameters
    ----------
    penalty : float, default 1.0
        Multiple of the standard penalty.
    """

    penalty: float = 1.0

    def matrix(self, correlation: FloatArray, n: float) -> FloatArray:
        """Return C (m, m)."""
        if n <= len(correlation):
            raise DiscoveryError(
                f"BIC cannot score {len(correlation)} columns with {n:.0f} effective rows: the correlation matrix is "
                "singular. Use BGe(), or collect more rows."
            )
        return np.array(correlation)

    def terms(self, m: int, n: float) -> Terms:
        """Return the constants and the two slopes for each number of parents 0, ..., m - 1."""
        return -self.penalty / 2 * np.log(n) * np.arange(m), np.full(m, n / 2), np.full(m, n / 2)

    def __str__(self) -> str:
        return f"BIC (penalty {self.penalty:g} x standard)"


def _log_gamma(size: int, freedom: float) -> float:
    """Logarithm of the multivariate gamma function of dimension `size` at freedom / 2."""
    return size * (size - 1) / 4 * log(pi) + sum(lgamma((freedom - i) / 2) for i in range(size))
