"""Expected drop of variance in closed form, from the means and covariances of draws alone.

If what is asked and what is answered are jointly normal, this is exact. Else it is what the best linear function of the
mean answers achieves (Goldstein and Wooff 2007), so the variance falls by at least this much.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from causalvalues.experiments.foreseen import ArmAnswers
from causalvalues.experiments.uncertainty import Uncertainty
from causalvalues.frozen import FloatArray

FEWEST_DRAWS = 10
"""For each answer of a batch: each answer explains a share 1 / draws of any variance by chance."""


def information(covariance: FloatArray, noise: FloatArray) -> float:
    """Return what answers y = m + e tell about m ~ N(., covariance), with e ~ N(0, noise), in nats.

    1/2 log |covariance + noise| / |noise| (Lindley 1956; Cover and Thomas 2006, theorem 8.4.1).

    Parameters
    ----------
    covariance, noise : array (q, q)

    Examples
    --------
    >>> round(information(np.array([[3.0]]), np.array([[1.0]])), 4)
    0.6931
    """
    return float(np.linalg.slogdet(covariance + noise)[1] - np.linalg.slogdet(noise)[1]) / 2


class LinearScorer:
    """Gains of batches by square-root updates of the spread of the draws (Bierman 1977; Tippett et al. 2003).

    With F (s, D) the weighted deviations of all mean answers and quantities from their means, F'F is their covariance.
    After answers with deviations A = F[:, c] and noise N, it is F'PF with P = I - A (A'A + N)^-1 A'; as A N^-1/2 =
    U diag(l) W', P has the root I - U diag(1 - 1/sqrt(1 + l^2)) U', and F is replaced by this root times F.

    Parameters
    ----------
    answers : sequence of tuple of ArmAnswers
    goal : Uncertainty
    weights : array (s,)
    """

    def __init__(self, answers: Sequence[tuple[ArmAnswers, ...]], goal: Uncertainty, weights: FloatArray) -> None:
        asked = goal.quantities(weights)
        self.diminishing = asked is None
        self.unit = "nats" if asked is None else "variance"
        columns = [] if asked is None else [asked]
        self._asked = 0 if asked is None else asked.shape[1]
        self._numbers = 0
        self._parts: list[slice] = []
        self._whiten: list[FloatArray] = []
        first = self._asked
        for arms in answers:
            means = np.concatenate([arm.means for arm in arms], axis=1)
            columns.append(means @ (whitening := _whitening(arms, weights)))
            self._whiten.append(whitening)
            self._parts.append(slice(first, first + means.shape[1]))
            first += means.shape[1]
        every = np.concatenate(columns, axis=1)
        self._spread = np.sqrt(weights)[:, None] * (every - np.einsum("s,sd->d", weights, every))
        self.before = math.nan if asked is None else self._variance(self._spread)

    def added(self, place: int, times: int) -> float:  # noqa: ARG002
        """Return what a candidate adds to the gain of the batch: nats, or the drop of the summed variance.

        In whitened answers the noise is I: the gain is 1/2 log |A'A + I|, or tr (Q'A (A'A + I)^-1 A'Q).
        """
        a = self._spread[:, self._parts[place]]
        total = a.T @ a + np.eye(a.shape[1])
        if not self._asked:
            return float(np.linalg.slogdet(total)[1]) / 2
        cross = a.T @ self._spread[:, : self._asked]
        return float((cross * np.linalg.solve(total, cross)).sum())

    def notes(self) -> tuple[str, ...]:
        """Return a warning where the draws are too few for the answers of the batch."""
        draws = len(self._spread)
        if self._numbers * FEWEST_DRAWS <= draws:
            return ()
        return (
            f"The batch has {self._numbers} answers and the model {draws} draws: chance correlations between draws "
            f"make gains look larger. Take {FEWEST_DRAWS * self._numbers} draws or more, or a smaller batch.",
        )

    def choose(self, place: int, times: int) -> None:  # noqa: ARG002
        """Put a candidate into the batch."""
        self._numbers += self._parts[place].stop - self._parts[place].start
        u, size, _ = np.linalg.svd(self._spread[:, self._parts[place]], full_matrices=False)
        shrink = 1.0 - 1.0 / np.sqrt(1.0 + np.square(size))
        self._spread = self._spread - u @ (shrink[:, None] * (u.T @ self._spread))

    def _variance(self, spread: FloatArray) -> float:
        return float(np.square(spread[:, : self._asked]).sum())


def _whitening(arms: Sequence[ArmAnswers], weights: FloatArray) -> FloatArray:
    """Return L^-T for the mean noise L L' of the arms' mean answers, block by block."""
    sizes = [arm.means.shape[1] for arm in arms]
    found = np.zeros((sum(sizes), sum(sizes)))
    first = 0
    for arm, size in zip(arms, sizes, strict=True):
        shared = len(arm.covariances) == 1
        noise = arm.covariances[0] if shared else np.einsum("s,sij->ij", weights, arm.covariances)
        root = np.linalg.cholesky(noise / arm.rows)
        found[first : first + size, first : first + size] = np.linalg.inv(root).T
        first += size
    return found
