"""Graphs over the values, learned from units without and with levers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.discovery import ExactPosterior, Learner, OrderSearch, discover
from causalvalues.evidence import Evidence, summarise
from causalvalues.graph import GraphPosterior, Knowledge
from causalvalues.prediction import PairedRows
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.skill.single_effects import unit_starts

FEW = 12
"""Values up to which the sum over all graphs is quick enough to be repeated for every fold."""


@dataclass(frozen=True)
class PlainGraph:
    """The exact posterior with few draws up to 12 values, else order search on bootstrap samples.

    Levers are partialled out (saturated).

    Parameters
    ----------
    draws : int, default 100
        Graphs of the exact posterior.
    moment_draws : int, default 10
        Bootstrap moments that it is averaged over.
    resamples : int, default 20
        Of the order search.
    """

    draws: int = 100
    moment_draws: int = 10
    resamples: int = 20

    def learn(self, evidence: Evidence, knowledge: Knowledge, seed: int) -> GraphPosterior:
        """Return the posterior; see `causalvalues.discover`."""
        if len(evidence.names) <= FEW:
            return ExactPosterior(draws=self.draws, moment_draws=self.moment_draws).learn(evidence, knowledge, seed)
        search = OrderSearch(resamples=self.resamples, restarts=5, draw_restarts=1, workers=1)
        return search.learn(evidence, knowledge, seed)


def as_matrix(rows: PairedRows) -> ResponseMatrix:
    """Return each unit's start without lever and all complete rows with levers, clustered by unit.

    Levers that act in no complete row are left out: of these, rows say nothing about all values at once.
    """
    units, starts = unit_starts(rows)
    whole = np.asarray(np.isfinite(rows.reached).all(axis=1), dtype=bool)
    doses = rows.doses[whole]
    used = [lever for lever in range(len(rows.levers)) if doses[:, lever].any()]
    who = (*units, *(unit for unit, there in zip(rows.units, whole.tolist(), strict=True) if there))
    return ResponseMatrix(
        names=rows.values,
        scores=np.concatenate([starts, rows.reached[whole]]),
        unit_ids=tuple(f"{unit}#{i}" for i, unit in enumerate(who)),
        labels={"unit": who},
        cluster_by="unit",
        weights=np.concatenate([np.ones(len(units)), rows.weights[whole]]),
        levers=tuple(rows.levers[lever] for lever in used),
        doses=np.concatenate([np.zeros((len(units), len(used))), doses[:, used]]),
    )


def learned_graphs(rows: PairedRows, learner: Learner, seed: int) -> tuple[GraphPosterior, Evidence]:
    """Learn graphs from rows, and return them with the evidence.

    Raises
    ------
    CausalValuesError
        If the rows are too few or cannot carry a graph.
    """
    evidence = summarise(as_matrix(rows))
    return discover(evidence, learner, Knowledge(), seed), evidence
