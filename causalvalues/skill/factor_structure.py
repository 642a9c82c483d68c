"""Values on a graph with latent factors above them, as a predictor of what levers do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from causalvalues.discovery.factor_chain import FactorChain, FactorProblem, one_factor_loadings
from causalvalues.discovery.priors import SparseDags
from causalvalues.errors import ModelError
from causalvalues.evidence import Evidence, require_learnable, summarise
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.prediction import PairedRows
from causalvalues.randomness import stream
from causalvalues.skill.fitted_effects import FittedEffects
from causalvalues.skill.given_effects import GivenEffects
from causalvalues.skill.graphs import as_matrix
from causalvalues.theories import ValueTheory

SHARES = 30


@dataclass(frozen=True)
class FactorGraphPredictor:
    """A sparse graph over the values, given latent factors; a lever may act through the factors of its own value.

    A lever with effect o_l on its own value i changes value j by o_l (T_ij + share x F_ij) s_j / s_i, in standard
    deviations: T are the total effects along the graph given the factors, F = A' D A the covariance that the factors
    bring about (A their total effects, D their variances). The share is fitted by least squares to the levers that are
    known. Known levers and tried lever sets keep their own effects (saturated levers).

    Parameters
    ----------
    groups : mapping of str to sequence of str, default {}
        One factor for each group that has two values here, such as ``theory("schwartz-10").groups``; else one general
        factor.
    own : mapping of lever to value, optional
        By default levers named ``<prefix>_<value>``, such as ``do_power``.
    starts, draws : int, default 4 and 40
        Chains, and draws of the best of them.
    most_columns : int, default 15
        Values and factors together; every step sums over all their subsets, so that each one more doubles the time.
    """

    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    own: Mapping[str, str] | None = None
    starts: int = 4
    draws: int = 40
    most_columns: int = 15
    name: str = "factor plus graph"

    def fit(self, rows: PairedRows, seed: int) -> FittedEffects:
        """Draw graphs, loadings and coefficients, and fit the share.

        Raises
        ------
        CausalValuesError
            If there are too many values, or too few rows.
        """
        return GivenEffects(*self.effects(rows, seed), self.own, self.name).fit(rows, seed)

    def effects(self, rows: PairedRows, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the effects along the graph and through the factors, [own value, other value], in score units."""
        evidence = summarise(as_matrix(rows))
        between, covered = self._standardised(evidence, rows.values, seed)
        scale = evidence.scale
        return tuple(  # type: ignore[return-value]
            pd.DataFrame(part * scale / scale[:, None], index=list(rows.values), columns=list(rows.values))
            for part in (between, covered)
        )

    def _standardised(self, evidence: Evidence, values: Sequence[str], seed: int) -> tuple[FloatArray, FloatArray]:
        """Return T and F (p, p) between values in their order, in standard deviations."""
        require_learnable(evidence)
        names = sorted(values)
        may_load = loadings_of(self.groups, names)
        p, k = may_load.shape
        freedom = evidence.degrees_of_freedom
        if p < 3 or p + k > self.most_columns:
            raise ModelError(
                f"{p} values and {k} factors: the sampler of graphs given factors takes 3 values or more, and values "
                f"and factors {self.most_columns} together at most."
            )
        if freedom < 2 * (p + k) + 4:
            raise ModelError(f"{freedom:.0f} effective rows are too few for {p} values and {k} factors.")
        everywhere = ~np.eye(p, dtype=bool)
        problem = FactorProblem(may_load, everywhere, np.zeros_like(everywhere), SparseDags(odds=0.25), freedom)
        correlation = evidence.correlation.loc[names, names].to_numpy(dtype=float)
        chain = self._best_chain(problem, np.ascontiguousarray(correlation), seed)
        total, covered = np.zeros((p, p)), np.zeros((p, p))
        for _ in range(self.draws):
            chain.step(correlation)
            every = np.linalg.inv(np.eye(p + k) - chain.coefficients)
            total += every[:p, :p] / self.draws
            covered += every[p:, :p].T @ (chain.variances[p:, None] * every[p:, :p]) / self.draws
        back = np.ix_([names.index(name) for name in values], [names.index(name) for name in values])
        return total[back], covered[back]

    def _best_chain(self, problem: FactorProblem, correlation: FloatArray, seed: int) -> FactorChain:
        p, k = problem.may_load.shape
        least = min(max(0.5, 2 * (p + k + 2) / problem.freedom), 1.0)
        best: tuple[float, FactorChain] | None = None
        for number in range(self.starts):
            chain = FactorChain(problem, stream(seed, "factor structure", number))
            loadings = np.zeros((p, k))
            for factor in range(k):
                loadings[:, factor] = one_factor_loadings(correlation, np.flatnonzero(problem.may_load[:, factor]))
            many = np.sqrt(0.9 / np.maximum(np.square(loadings).sum(axis=1), 0.9))
            chain.start(np.asarray(loadings * many[:, None]))
            for share in np.geomspace(least, 1.0, SHARES):
                chain.step(correlation, float(share))
            merit = _merit(chain, correlation)
            if best is None or merit > best[0]:
                best = merit, chain
        if best is None:
            raise ModelError(f"`starts` is {self.starts}. Give one chain or more.")
        return best[1]


def loadings_of(groups: Mapping[str, Sequence[str]], names: Sequence[str]) -> BoolArray:
    """Return which factor may act on which value (p, k): groups with two values or more, else one general factor."""
    kept = [group for group in sorted(groups) if len(set(groups[group]) & set(names)) > 1]
    if not kept:
        return np.ones((len(names), 1), dtype=bool)
    return np.array([[name in groups[group] for group in kept] for name in names])


def theory_groups(theory: ValueTheory, values: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the higher-order groups of a theory that have two values here, as the values are spelled."""
    present = {theory.canonical(name): name for name in values if theory.knows(name)}
    groups = {
        group: tuple(present[member] for member in members if member in present)
        for group, members in theory.groups.items()
    }
    return {group: members for group, members in groups.items() if len(members) > 1}


def _merit(chain: FactorChain, correlation: FloatArray, steps: int = 10) -> float:
    """Return the mean log likelihood over some steps, less the BIC penalty, plus the log prior of the graph."""
    total = 0.0
    for _ in range(steps):
        chain.step(correlation)
        penalty = (chain.parameters - chain.p) / 2 * np.log(chain.problem.freedom)
        prior = float(np.log(chain.problem.prior.odds)) * int(chain.graph.sum())
        total += chain.log_likelihood(correlation) - penalty + prior
    return total / steps
