"""Causal-graph analysis of values: from a response matrix to a counterfactual plan, with honest uncertainty.

The names below are the public interface. Each is imported when it is first used (PEP 562), so importing the package
is quick. More lies in the rooms, which ARCHITECTURE.md lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from causalvalues.public_names import ROOM_OF

if TYPE_CHECKING:
    from causalvalues.discovery import (
        ExactPosterior,
        OrderSearch,
        consensus_dag,
        discover,
        expected_false_edges,
        fci,
        hidden_cause_models,
        item_stability,
        latent_check,
        learn_jointly,
        pc,
        replication,
    )
    from causalvalues.elicitation import (
        Elicitation,
        Gate,
        LocalModel,
        NegationContrast,
        OpenAIServer,
        Rating,
        StatementGain,
        Store,
        draw_personas,
        item_set,
        read_log,
    )
    from causalvalues.elicitation.elicit import elicit
    from causalvalues.elicitation.frames import frames
    from causalvalues.elicitation.gate import gate
    from causalvalues.elicitation.prompt_levers import prompt_levers
    from causalvalues.elicitation.random_design import random_design
    from causalvalues.errors import CausalValuesError
    from causalvalues.evidence import (
        CorrectedMoments,
        Environments,
        Evidence,
        ParquetRows,
        PolychoricMoments,
        ProductMoments,
        RankMoments,
        as_levers,
        check,
        environments,
        refuse,
        reliability,
        summarise,
    )
    from causalvalues.experiments import AboutEdges, AboutEffect, AboutTarget, design_next
    from causalvalues.explaining import explain, least_push, unreachable
    from causalvalues.figures import direct_effects, draw, effects_heatmap, plan_figure, value_graph
    from causalvalues.graph import Dag, GraphPosterior, Knowledge, MixedGraph
    from causalvalues.interventions import Lever, Set, Shift
    from causalvalues.loop import run_steer_loop
    from causalvalues.model import (
        HeldOut,
        MaximumLikelihood,
        PosteriorDraws,
        StructuralModel,
        assumption_tests,
        compare,
        counterfactual,
        effect_ledger,
        equal_moments,
        falsify,
        fit,
        fit_indices,
        ida,
        intervene,
        lever_effects,
        lever_overidentification,
        measurement_invariance,
        same_structure,
        sensitivity_values,
        total_effects,
    )
    from causalvalues.ordinal import (
        SetCategory,
        SetLatent,
        counterfactual_categories,
        ordinal_model,
        predict_categories,
    )
    from causalvalues.planning import (
        CVaR,
        Enumerate,
        Heterogeneity,
        MixedInteger,
        Plan,
        Target,
        half_models,
        plan,
        priority_scale,
    )
    from causalvalues.populations import PolicyTree, PopulationTarget, best_policy, population_plan
    from causalvalues.prediction import (
        LeverResponse,
        Mechanism,
        PairedRows,
        ScaleAndStart,
        counterfactual_under,
        paired_rows,
    )
    from causalvalues.reports import run_report
    from causalvalues.responses import (
        BradleyTerry,
        Choices,
        ReadOptions,
        ResponseMatrix,
        demo_responses,
        read_choices,
        read_responses,
        score,
        strengths,
        transitivity,
    )
    from causalvalues.skill import skill_report
    from causalvalues.study import load, run_elicitation, run_study, save
    from causalvalues.theories import scoring_key, theory

__version__ = "0.1.0"

__all__ = [
    "AboutEdges",
    "AboutEffect",
    "AboutTarget",
    "BradleyTerry",
    "CVaR",
    "CausalValuesError",
    "Choices",
    "CorrectedMoments",
    "Dag",
    "Elicitation",
    "Enumerate",
    "Environments",
    "Evidence",
    "ExactPosterior",
    "Gate",
    "GraphPosterior",
    "HeldOut",
    "Heterogeneity",
    "Knowledge",
    "Lever",
    "LeverResponse",
    "LocalModel",
    "MaximumLikelihood",
    "Mechanism",
    "MixedGraph",
    "MixedInteger",
    "NegationContrast",
    "OpenAIServer",
    "OrderSearch",
    "PairedRows",
    "ParquetRows",
    "Plan",
    "PolicyTree",
    "PolychoricMoments",
    "PopulationTarget",
    "PosteriorDraws",
    "ProductMoments",
    "RankMoments",
    "Rating",
    "ReadOptions",
    "ResponseMatrix",
    "ScaleAndStart",
    "Set",
    "SetCategory",
    "SetLatent",
    "Shift",
    "StatementGain",
    "Store",
    "StructuralModel",
    "Target",
    "as_levers",
    "assumption_tests",
    "best_policy",
    "check",
    "compare",
    "consensus_dag",
    "counterfactual",
    "counterfactual_categories",
    "counterfactual_under",
    "demo_responses",
    "design_next",
    "direct_effects",
    "discover",
    "draw",
    "draw_personas",
    "effect_ledger",
    "effects_heatmap",
    "elicit",
    "environments",
    "equal_moments",
    "expected_false_edges",
    "explain",
    "falsify",
    "fci",
    "fit",
    "fit_indices",
    "frames",
    "gate",
    "half_models",
    "hidden_cause_models",
    "ida",
    "intervene",
    "item_set",
    "item_stability",
    "latent_check",
    "learn_jointly",
    "least_push",
    "lever_effects",
    "lever_overidentification",
    "load",
    "measurement_invariance",
    "ordinal_model",
    "paired_rows",
    "pc",
    "plan",
    "plan_figure",
    "population_plan",
    "predict_categories",
    "priority_scale",
    "prompt_levers",
    "random_design",
    "read_choices",
    "read_log",
    "read_responses",
    "refuse",
    "reliability",
    "replication",
    "run_elicitation",
    "run_report",
    "run_steer_loop",
    "run_study",
    "same_structure",
    "save",
    "score",
    "scoring_key",
    "sensitivity_values",
    "skill_report",
    "strengths",
    "summarise",
    "theory",
    "total_effects",
    "transitivity",
    "unreachable",
    "value_graph",
]


def __getattr__(name: str) -> object:
    """Import a public name from its room."""
    from importlib import import_module

    if name not in ROOM_OF:
        raise AttributeError(f"module 'causalvalues' has no attribute {name!r}")
    return getattr(import_module(f"causalvalues.{ROOM_OF[name]}"), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return [*__all__, "__version__"]
