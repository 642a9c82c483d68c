"""Structural models as predictors of what levers do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from causalvalues.discovery import ExactPosterior, Learner
from causalvalues.frozen import FloatArray
from causalvalues.model import MaximumLikelihood, StructuralModel, fit
from causalvalues.prediction import PairedRows
from causalvalues.skill.fitted_effects import EffectTable, FittedEffects
from causalvalues.skill.graphs import PlainGraph, learned_graphs
from causalvalues.skill.single_effects import known_aims, single_effects


def sparse_levers() -> ExactPosterior:
    """Return a learner in which a lever acts on few values directly, and on the others through the graph."""
    return ExactPosterior(levers="sparse", draws=100, moment_draws=0)


@dataclass(frozen=True)
class StructuralPredictor:
    """Linear structural equations; the unit's residual is carried over unchanged.

    Known levers act by their total effects in the fitted equations, tried combinations included. Of a lever that was
    left out but for its effect o_l on its own value i, the effect on value j is o_l T_ij, with T the mean total effects
    between values.

    Parameters
    ----------
    learner : Learner, default PlainGraph()
        With saturated levers the effects of known levers do not depend on the graph, so that this says of pairs and
        units what the least-squares effects of the levers say.
    own : mapping of lever to value, optional
        By default levers named ``<prefix>_<value>``, such as ``do_power``.
    """

    learner: Learner = field(default_factory=PlainGraph)
    own: Mapping[str, str] | None = None
    name: str = "plain graph"

    def fit(self, rows: PairedRows, seed: int) -> FittedEffects:
        """Learn graphs and fit their equations.

        Raises
        ------
        CausalValuesError
            If no graph can be learned or fitted.
        """
        posterior, evidence = learned_graphs(rows, self.learner, seed)
        model = fit(posterior, evidence, MaximumLikelihood())
        total = np.einsum("s,sij->ij", model.weights, model.total)
        p = len(rows.values)
        table = pushed_table(rows, total[:p, :p], self.own)
        return FittedEffects.on(with_levers(table, rows, model, total), rows)


def pushed_table(rows: PairedRows, between: FloatArray, own: Mapping[str, str] | None) -> EffectTable:
    """Return the effects of levers as if each pushed its own value alone, given effects between values (p, p)."""
    observed, places = single_effects(rows), known_aims(rows, own)
    foreseen = np.zeros_like(observed)
    for lever, value in places.items():
        push = observed[lever, value]
        foreseen[lever] = np.nan_to_num(push, nan=0.0) * between[value]
        foreseen[lever, value] = np.nan_to_num(push, nan=0.0)
    return EffectTable(foreseen, foreseen, observed, places)


def with_levers(table: EffectTable, rows: PairedRows, model: StructuralModel, total: FloatArray) -> EffectTable:
    """Return the table with the total effects of the levers and combinations that the model holds."""
    p, effects = len(rows.values), np.array(table.effects)
    for place, lever in enumerate(model.levers, start=p):
        effects[rows.levers.index(lever)] = total[place, :p]
    first = p + len(model.levers)
    combinations = tuple(tuple(rows.levers.index(lever) for lever in levers) for levers in model.combinations)
    return EffectTable(effects, table.foreseen, table.observed, table.own, combinations, total[first:, :p])
