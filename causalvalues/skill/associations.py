"""What a lever does to other values, foreseen from correlations, or from who descends from whom, without equations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from causalvalues.discovery import Learner
from causalvalues.errors import ModelError
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.prediction import PairedRows
from causalvalues.skill.fitted_effects import EffectTable, FittedEffects
from causalvalues.skill.graphs import PlainGraph, learned_graphs
from causalvalues.skill.single_effects import needed_aims, only_own, single_effects, unit_starts

HALF = 0.5
"""Share of the correlation that passes where no lever says how much."""


@dataclass(frozen=True)
class Correlations:
    """A lever moves other values as they correlate with its own: E_lj = share x o_l r_ij s_j / s_i.

    o_l is the effect of lever l on its own value i; correlations r and standard deviations s are those of the units
    without levers. One share for all levers is fitted by least squares to the effects that were seen, in standard
    deviations; it is .5 where none was.

    Parameters
    ----------
    own : mapping of lever to value, optional
        By default levers named ``<prefix>_<value>``, such as ``do_power``.
    """

    own: Mapping[str, str] | None = None
    name: str = "correlations instead of the graph"

    def fit(self, rows: PairedRows, seed: int) -> FittedEffects:  # noqa: ARG002
        """Take correlations from the starts of the units, and the share from the levers.

        Raises
        ------
        ModelError
            If no lever aims at a value or there are fewer than three units.
        """
        deviation, correlation = start_moments(rows)
        return shared_effects(rows, correlation, deviation, self.own)


@dataclass(frozen=True)
class GraphDescendants:
    """Only descendants of a lever's own value move, by one common size: the graph without its equations.

    E_lj = share x o_l P(i leads to j) sign(r_ij) s_j / s_i, with the same share for all levers; P is the share of the
    graphs in which j descends from i.

    Parameters
    ----------
    own : mapping of lever to value, optional
        By default levers named ``<prefix>_<value>``, such as ``do_power``.
    learner : Learner, default PlainGraph()
        Of the graphs.
    """

    own: Mapping[str, str] | None = None
    learner: Learner = field(default_factory=PlainGraph)
    name: str = "graph descendants only"

    def fit(self, rows: PairedRows, seed: int) -> FittedEffects:
        """Learn the graphs, with the levers partialled out, and the share from the levers.

        Raises
        ------
        CausalValuesError
            As `Correlations.fit`, or if no graph can be learned.
        """
        deviation, correlation = start_moments(rows)
        posterior = learned_graphs(rows, self.learner, seed)[0]
        reach = np.einsum("s,sij->ij", posterior.weights, descendants(posterior.draws))
        return shared_effects(rows, reach * np.sign(correlation), deviation, self.own)


def descendants(graphs: BoolArray) -> FloatArray:
    """Return 1 where a directed path leads from i to j (s, p, p), else 0."""
    reach: FloatArray = np.array(graphs, dtype=np.float64)
    for _ in range(int(np.ceil(np.log2(max(reach.shape[1], 2))))):
        reach = np.minimum(reach + np.einsum("sij,sjk->sik", reach, reach), 1.0)
    return reach


def start_moments(rows: PairedRows) -> tuple[FloatArray, FloatArray]:
    """Return standard deviations (p,) and correlations (p, p) of the units' starts; zero for a value that is constant.

    Raises
    ------
    ModelError
        If there are fewer than three units.
    """
    units, starts = unit_starts(rows)
    if len(units) < 3:
        raise ModelError(f"Correlations between values need three units or more; there are {len(units)}.")
    apart = starts - starts.mean(axis=0)
    covariance = np.einsum("ui,uj->ij", apart, apart) / (len(units) - 1)
    deviation = np.sqrt(np.diag(covariance))
    scale = np.where(deviation > 0, deviation, 1.0)
    return deviation, np.asarray(covariance / np.outer(scale, scale))


def shared_effects(
    rows: PairedRows, pattern: FloatArray, deviation: FloatArray, own: Mapping[str, str] | None
) -> FittedEffects:
    """Fit the share of a pattern (p, p), [own value, other value] in standard deviations, that levers pass on."""
    observed, places = single_effects(rows), needed_aims(rows, own)
    effects = only_own(observed, places)
    scale = np.where(deviation > 0, deviation, 1.0)
    shape = np.zeros_like(effects)
    for lever, value in places.items():
        shape[lever] = effects[lever, value] / scale[value] * pattern[value]
        shape[lever, value] = 0.0
    share = fitted_share(observed / scale, shape, places)
    table = effects + share * shape * deviation
    return FittedEffects.on(EffectTable(table, table, observed, places), rows)


def fitted_share(observed: FloatArray, shape: FloatArray, own: Mapping[int, int]) -> float:
    """Return the least-squares share of `shape` in the cross-effects of the levers that are known."""
    cross = np.isfinite(observed) & (shape != 0)
    for lever, value in own.items():
        cross[lever, value] = False
    size = float(np.square(shape[cross]).sum())
    return float((observed[cross] * shape[cross]).sum() / size) if size > 0 else HALF
