"""Causal-graph analysis of values: from a response matrix to a counterfactual plan, with honest uncertainty.

The names below are the public interface. Each is imported when it is first used (PEP 562), so importing the package
is quick. More lies in the rooms: `theories`, `responses`, `evidence`, `graph`, `discovery`, `model`, `planning`,
`figures`, `study`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from causalvalues.discovery import ExactPosterior, OrderSearch, discover
    from causalvalues.errors import CausalValuesError
    from causalvalues.evidence import Evidence, check, refuse, summarise
    from causalvalues.figures import direct_effects, draw, effects_heatmap, plan_figure, value_graph
    from causalvalues.graph import Dag, GraphPosterior, Knowledge
    from causalvalues.interventions import Lever, Set, Shift
    from causalvalues.model import (
        MaximumLikelihood,
        PosteriorDraws,
        StructuralModel,
        counterfactual,
        fit,
        intervene,
        lever_effects,
        total_effects,
    )
    from causalvalues.planning import Enumerate, Heterogeneity, MixedInteger, Plan, Target, half_models, plan
    from causalvalues.responses import ReadOptions, ResponseMatrix, demo_responses, read_responses, score
    from causalvalues.study import load, run_study, save
    from causalvalues.theories import scoring_key, theory

__version__ = "0.1.0"

_ROOM_OF = {
    "CausalValuesError": "errors",
    "Dag": "graph",
    "Enumerate": "planning",
    "Evidence": "evidence",
    "ExactPosterior": "discovery",
    "GraphPosterior": "graph",
    "Knowledge": "graph",
    "Lever": "interventions",
    "MaximumLikelihood": "model",
    "Heterogeneity": "planning",
    "MixedInteger": "planning",
    "OrderSearch": "discovery",
    "Plan": "planning",
    "PosteriorDraws": "model",
    "ReadOptions": "responses",
    "ResponseMatrix": "responses",
    "Set": "interventions",
    "Shift": "interventions",
    "StructuralModel": "model",
    "Target": "planning",
    "check": "evidence",
    "counterfactual": "model",
    "demo_responses": "responses",
    "direct_effects": "figures",
    "discover": "discovery",
    "draw": "figures",
    "effects_heatmap": "figures",
    "fit": "model",
    "intervene": "model",
    "lever_effects": "model",
    "load": "study",
    "half_models": "planning",
    "plan": "planning",
    "plan_figure": "figures",
    "read_responses": "responses",
    "refuse": "evidence",
    "run_study": "study",
    "save": "study",
    "score": "responses",
    "scoring_key": "theories",
    "summarise": "evidence",
    "theory": "theories",
    "total_effects": "model",
    "value_graph": "figures",
}

__all__ = [
    "CausalValuesError",
    "Dag",
    "Enumerate",
    "Evidence",
    "ExactPosterior",
    "GraphPosterior",
    "Heterogeneity",
    "Knowledge",
    "Lever",
    "MaximumLikelihood",
    "MixedInteger",
    "OrderSearch",
    "Plan",
    "PosteriorDraws",
    "ReadOptions",
    "ResponseMatrix",
    "Set",
    "Shift",
    "StructuralModel",
    "Target",
    "check",
    "counterfactual",
    "demo_responses",
    "direct_effects",
    "discover",
    "draw",
    "effects_heatmap",
    "fit",
    "half_models",
    "intervene",
    "lever_effects",
    "load",
    "plan",
    "plan_figure",
    "read_responses",
    "refuse",
    "run_study",
    "save",
    "score",
    "scoring_key",
    "summarise",
    "theory",
    "total_effects",
    "value_graph",
]


def __getattr__(name: str) -> object:
    """Import a public name from its room."""
    from importlib import import_module

    if name not in _ROOM_OF:
        raise AttributeError(f"module 'causalvalues' has no attribute {name!r}")
    return getattr(import_module(f"causalvalues.{_ROOM_OF[name]}"), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return [*__all__, "__version__"]
