"""Who competes in a skill report: simple predictors, fitted mechanisms, and models with a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from causalvalues.prediction import Mechanism, Predictor
from causalvalues.skill.associations import Correlations, GraphDescendants
from causalvalues.skill.factor_structure import FactorGraphPredictor
from causalvalues.skill.flexible import FlexibleRegressor
from causalvalues.skill.rescaled import Rescaled
from causalvalues.skill.scale_start import ScaleStart
from causalvalues.skill.simple import MeanOfOthers, NoChange, SumOfSingles
from causalvalues.skill.structures import StructuralPredictor, sparse_levers

Kind = Literal["simple", "mechanism", "graph"]


@dataclass(frozen=True)
class Contender:
    """A predictor and what it is.

    Parameters
    ----------
    predictor : Predictor
    kind : {"simple", "mechanism", "graph"}
        A graph has to beat the best simple one; `GraphDescendants` counts as simple, since it uses no equations.
    """

    predictor: Predictor
    kind: Kind = "simple"


def baselines(own: Mapping[str, str] | None = None) -> tuple[Contender, ...]:
    """Return the simple predictors.

    No change, sum of single effects, scale + start, mean of the other levers, correlations instead of the graph, graph
    descendants only and a flexible regressor; and, since a graph may be scaled and joined with the start as well, the
    mean change and the correlations with the start.

    Parameters
    ----------
    own : mapping of lever to value, optional
        The value that each lever aims at; by default levers named ``<prefix>_<value>``, such as ``do_power``.
    """
    return tuple(
        Contender(predictor)
        for predictor in (
            NoChange(own),
            SumOfSingles(own),
            ScaleStart(own),
            MeanOfOthers(own),
            Correlations(own),
            GraphDescendants(own),
            FlexibleRegressor(),
            Rescaled(NoChange(own), "mean change + start"),
            Rescaled(Correlations(own), "correlations, scaled + start"),
        )
    )


def structures(
    own: Mapping[str, str] | None = None, groups: Mapping[str, Sequence[str]] | None = None
) -> tuple[Contender, ...]:
    """Return the models with a graph: plain, sparse levers, factor plus graph; each alone, and scaled with the start.

    Parameters
    ----------
    own : mapping of lever to value, optional
    groups : mapping of str to sequence of str, optional
        Latent factors, such as the higher-order groups of a theory; by default one general factor.
    """
    models: tuple[Predictor, ...] = (
        StructuralPredictor(own=own),
        StructuralPredictor(sparse_levers(), own, "sparse levers"),
        FactorGraphPredictor(groups or {}, own),
    )
    return (*(Contender(m, "graph") for m in models), *(Contender(Rescaled(m), "graph") for m in models))


def standard_contenders(
    own: Mapping[str, str] | None = None, groups: Mapping[str, Sequence[str]] | None = None
) -> tuple[Contender, ...]:
    """Return the baselines, the fitted mechanism and the models with a graph."""
    return (*baselines(own), Contender(Mechanism(), "mechanism"), *structures(own, groups))
