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
        group_profiles,
        group_ranks,
        ranks_of_means,
        refuse,
        reliability,
        summarise,
        value_map,
    )
    from causalvalues.experiments import AboutEdges, AboutEffect, AboutTarget, design_next
    from causalvalues.explaining import explain, least_push, unreachable
    from causalvalues.explorer import explore
    from causalvalues.figures import (
        Circle,
        GraphOptions,
        Layered,
        Paths,
        dose_response_figure,
        dot_plot,
        draw,
        effects_heatmap,
        graph_difference,
        inside_outside_figure,
        leakage_figure,
        path_diagram,
        plan_figure,
        priorities_figure,
        profile_figure,
        rank_figure,
        side_effects_figure,
        skill_figure,
        skill_kinds_figure,
        stability_figure,
        value_circle,
        value_graph,
    )
    from causalvalues.formats import GraphFile, read_graph
    from causalvalues.graph import Dag, GraphPosterior, Knowledge, MixedGraph
    from causalvalues.interventions import Lever, Set, Shift
    from causalvalues.leakage import (
        dose_response,
        inside_outside,
        measure_leakage,
    )
    from causalvalues.loop import run_steer_loop
    from causalvalues.model import (
        HeldOut,
        MaximumLikelihood,
        PosteriorDraws,
        StructuralModel,
        assumption_tests,
        compare,
        counterfactual,
        direct_effects,
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
        side_effects,
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
    from causalvalues.scene import lint, printed, venue
    from causalvalues.skill import skill_report
    from causalvalues.steering import (
        SteeringLever,
        SteeringLevers,
        read_levers,
        steered,
        write_levers,
    )
    from causalvalues.study import load, run_elicitation, run_study, save
    from causalvalues.tables import (
        Table,
        dose_response_table,
        edge_table,
        effects_table,
        fit_table,
        leakage_table,
        plan_table,
        write_table,
    )
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
    "Circle",
    "CorrectedMoments",
    "Dag",
    "Elicitation",
    "Enumerate",
    "Environments",
    "Evidence",
    "ExactPosterior",
    "Gate",
    "GraphFile",
    "GraphOptions",
    "GraphPosterior",
    "HeldOut",
    "Heterogeneity",
    "Knowledge",
    "Layered",
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
    "Paths",
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
    "SteeringLever",
    "SteeringLevers",
    "Store",
    "StructuralModel",
    "Table",
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
    "dose_response",
    "dose_response_figure",
    "dose_response_table",
    "dot_plot",
    "draw",
    "draw_personas",
    "edge_table",
    "effect_ledger",
    "effects_heatmap",
    "effects_table",
    "elicit",
    "environments",
    "equal_moments",
    "expected_false_edges",
    "explain",
    "explore",
    "falsify",
    "fci",
    "fit",
    "fit_indices",
    "fit_table",
    "frames",
    "gate",
    "graph_difference",
    "group_profiles",
    "group_ranks",
    "half_models",
    "hidden_cause_models",
    "ida",
    "inside_outside",
    "inside_outside_figure",
    "intervene",
    "item_set",
    "item_stability",
    "latent_check",
    "leakage_figure",
    "leakage_table",
    "learn_jointly",
    "least_push",
    "lever_effects",
    "lever_overidentification",
    "lint",
    "load",
    "measure_leakage",
    "measurement_invariance",
    "ordinal_model",
    "paired_rows",
    "path_diagram",
    "pc",
    "plan",
    "plan_figure",
    "plan_table",
    "population_plan",
    "predict_categories",
    "printed",
    "priorities_figure",
    "priority_scale",
    "profile_figure",
    "prompt_levers",
    "random_design",
    "rank_figure",
    "ranks_of_means",
    "read_choices",
    "read_graph",
    "read_levers",
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
    "side_effects",
    "side_effects_figure",
    "skill_figure",
    "skill_kinds_figure",
    "skill_report",
    "stability_figure",
    "steered",
    "strengths",
    "summarise",
    "theory",
    "total_effects",
    "transitivity",
    "unreachable",
    "value_circle",
    "value_graph",
    "value_map",
    "venue",
    "write_levers",
    "write_table",
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
