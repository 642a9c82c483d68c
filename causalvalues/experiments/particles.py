"""Expected drop of uncertainty by nested Monte Carlo: answers are simulated from draws and weighed by all draws."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from causalvalues.experiments.foreseen import ArmAnswers
from causalvalues.experiments.uncertainty import Uncertainty
from causalvalues.frozen import FloatArray, IntArray
from causalvalues.randomness import stream

ROUNDING = 1e-12
"""Gains up to this share of the uncertainty are rounding errors."""


def log_likelihoods(arms: Sequence[ArmAnswers], truths: IntArray, rng: np.random.Generator) -> FloatArray:
    """Simulate the answers of a candidate from some draws and return their log densities under all draws.

    Rows enter through their mean and scatter: with n rows, mean m and scatter W about it, log p = -n/2 log|C|
    - 1/2 tr(C^-1 W) - n/2 (m - mu)' C^-1 (m - mu), up to a constant that is the same for all draws.

    Parameters
    ----------
    arms : sequence of ArmAnswers
    truths : array (m,) of int
        The draw that each simulation comes from.
    rng : numpy.random.Generator

    Returns
    -------
    array (m, s)
    """
    total = np.zeros((len(truths), len(arms[0].means)))
    for arm in arms:
        q, n = arm.means.shape[1], arm.rows
        centre = arm.means.mean(axis=0)
        means = arm.means - centre
        shape = (len(means), *arm.covariances.shape[1:])
        roots = np.broadcast_to(np.linalg.cholesky(arm.covariances), shape)
        inverses = np.broadcast_to(np.linalg.inv(arm.covariances), shape)
        z = rng.standard_normal((len(truths), q))
        m = means[truths] + np.einsum("mij,mj->mi", roots[truths], z) / np.sqrt(n)
        spread = roots[truths] @ _standard_scatter(len(truths), q, n - 1, rng)
        second = spread @ spread.transpose(0, 2, 1) + n * m[:, :, None] * m[:, None, :]
        s = len(means)
        precise = np.einsum("sij,sj->si", inverses, means)
        logs = 2.0 * np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
        squares = second.reshape(len(truths), -1) @ inverses.reshape(s, -1).T - 2 * n * (m @ precise.T)
        total += -0.5 * (n * logs + squares + n * (means * precise).sum(axis=1))
    return total


def _standard_scatter(m: int, q: int, freedom: int, rng: np.random.Generator) -> FloatArray:
    """Return roots A (m, q, .) of standard scatter matrices A A' with these degrees of freedom (Bartlett 1933)."""
    if freedom < q:
        return rng.standard_normal((m, q, freedom))
    lower = np.tril(rng.standard_normal((m, q, q)), -1)
    lower[:, np.arange(q), np.arange(q)] = np.sqrt(rng.chisquare(freedom - np.arange(q), (m, q)))
    return lower


class ParticleScorer:
    """Gains of batches over equally weighted draws; log densities of independent candidates add up.

    Parameters
    ----------
    names : sequence of str
        Of the candidates.
    answers : sequence of tuple of ArmAnswers
        Already on the draws that are used.
    goal : Uncertainty
    run : tuple of (array (m,) of int, int)
        The draws that are simulated, and the seed.
    """

    diminishing = False

    def __init__(
        self,
        names: Sequence[str],
        answers: Sequence[tuple[ArmAnswers, ...]],
        goal: Uncertainty,
        run: tuple[IntArray, int],
    ) -> None:
        self._names, self._answers, self._goal = names, answers, goal
        self._truths, self._seed = run
        s = len(answers[0][0].means)
        self.before = float(goal.of(np.full((1, s), 1.0 / s))[0])
        self.unit = goal.unit
        self._logs: dict[tuple[int, int], FloatArray] = {}
        self._batch = np.zeros((len(self._truths), s))
        self._gain = 0.0

    def added(self, place: int, times: int) -> float:
        """Return what a candidate adds to the gain of the batch; `times`: how often it is in the batch already."""
        return self._total(self._batch + self._simulated(place, times)) - self._gain

    def choose(self, place: int, times: int) -> None:
        """Put a candidate into the batch."""
        self._batch = self._batch + self._simulated(place, times)
        self._gain = self._total(self._batch)

    def notes(self) -> tuple[str, ...]:
        """Return what the gains rest on."""
        simulations, draws = self._batch.shape
        return (
            f"Gains are estimates from {simulations} simulated outcomes of each candidate and {draws} draws; gains "
            "below about a hundredth of the uncertainty are noise.",
        )

    def _simulated(self, place: int, times: int) -> FloatArray:
        if (place, times) not in self._logs:
            rng = stream(self._seed, "answers of a candidate", self._names[place], times)
            self._logs[place, times] = log_likelihoods(self._answers[place], self._truths, rng)
        return self._logs[place, times]

    def _total(self, logs: FloatArray) -> float:
        """Return the share of the uncertainty of the mean weights that is lost on average, times the uncertainty now.

        Never negative, zero without news, and no more than there is to know, whatever was simulated.
        """
        weights = np.exp(logs - logs.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        there = float(self._goal.of(weights.mean(axis=0, keepdims=True))[0])
        if there <= 0:
            return 0.0
        share = 1.0 - float(self._goal.of(weights).mean()) / there
        return self.before * share if share > ROUNDING else 0.0
