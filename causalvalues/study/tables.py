"""The tables of a study, one CSV file each, with all their digits."""

from __future__ import annotations

import numpy as np
import pandas as pd

from causalvalues.evidence import Environments, Evidence
from causalvalues.model import Effects, LeverEffects, direct_effects
from causalvalues.responses import ResponseMatrix
from causalvalues.study.report_conditions import by_forcing
from causalvalues.study.results import StudyResults


def tables(results: StudyResults) -> dict[str, pd.DataFrame]:
    """Return every table by the name of its file, without suffix."""
    direct = direct_effects(results.model, results.settings.model.level)
    rows = results.evidence if results.conditions is None else results.conditions.evidence
    found = {
        "findings": _findings(results),
        "observed": _observed(results.answers.matrix, rows),
        "pairs": results.posterior.pairs(),
        "edges": _edges(results),
        "direct_effects": long_effects(direct),
        "total_effects": long_effects(results.effects),
        "ledger": results.ledger,
    }
    if rows is not None:
        found["correlation"] = _named(rows.correlation)
    if results.posterior.lever_mode == "sparse":
        found["lever_probabilities"] = _named(results.posterior.lever_probabilities)
    if results.conditions is not None:
        found |= _condition_tables(results.conditions.environments)
    if results.sensitivity is not None:
        found["prior_sensitivity"] = results.sensitivity
    if results.pooled is not None:
        found["pooled_edges"] = results.pooled.averaged_graph()
    if results.levers is not None:
        found["lever_effects"] = long_lever_effects(results.levers.design)
        if results.levers.comparison is not None:
            found["predictors"] = _named(results.levers.comparison.scores)
            found["cross_effects"] = results.levers.comparison.cross_effects
        if results.levers.other is not None:
            found["other_lever_model_edges"] = results.levers.other.averaged_graph()
    found |= _check_tables(results)
    if results.paired is not None:
        found["paired_check"] = results.paired.table
    for number, answered in enumerate(results.queries, start=1):
        plain = answered.table if "path" in answered.table else _named(answered.table)
        if "path" in plain and results.checks.blocked:
            plain = plain.assign(blocked="measurement error")
        found[f"query_{number}"] = plain
    for number, planned in enumerate(results.plans, start=1):
        found[f"plan_{number}"] = _named(planned.plan.predicted)
        found[f"plan_{number}_side_effects"] = _named(planned.plan.side_effects)
        found[f"plan_{number}_alternatives"] = _alternatives(planned.plan.alternatives)
        found[f"plan_{number}_ledger"] = planned.plan.ledger
        if planned.explanation is not None:
            found[f"plan_{number}_shares"] = planned.explanation.shares
    return found


def _condition_tables(environments: Environments) -> dict[str, pd.DataFrame]:
    """Return what was forced where, and the rows that the equation of each value rests on."""
    conditions = [
        (each.name, ", ".join(each.forced), each.rows, each.evidence.n_score if each.evidence else None, each.note)
        for each in environments.conditions
    ]
    parts = [(name, environments.of(name)) for name in environments.names]
    equations = [(name, part.n, part.n_score) for name, part in parts]
    return {
        "conditions": pd.DataFrame(conditions, columns=["condition", "forced", "rows", "effective_n", "note"]),
        "equation_rows": pd.DataFrame(equations, columns=["value", "rows", "effective_n"]),
    }


def _check_tables(results: StudyResults) -> dict[str, pd.DataFrame]:
    """Return the tables of what stands beside the graph."""
    checks, found = results.checks, {}
    if results.evidence.thresholds:
        rows = [
            (name, k, each) for name, steps in results.evidence.thresholds.items() for k, each in enumerate(steps, 1)
        ]
        found["thresholds"] = pd.DataFrame(rows, columns=["value", "step", "threshold"])
    if checks.measurement is not None:
        measured = checks.measurement
        found["reliability"] = _named(measured.table)
        if measured.false_edges is not None:
            found["false_edges"] = measured.false_edges.table
        if measured.stability is not None:
            found["item_stability"] = measured.stability.pairs
    if checks.falsification is not None:
        found["held_out_test"] = checks.falsification.table
        found["held_out_prediction"] = pd.concat(
            [_named(table).assign(split=k) for k, table in enumerate(checks.falsification.predictions, 1)]
        )
    if checks.fit is not None:
        found["fit_indices"] = _named(checks.fit.table)
    if checks.assumptions is not None:
        found["assumption_tests"] = checks.assumptions.table
    if checks.hidden is not None:
        found["hidden_causes"] = checks.hidden.pairs
        found["hidden_cause_models"] = _named(checks.hidden.comparison)
    if checks.sensitivity is not None:
        found["sensitivity_values"] = checks.sensitivity
    if checks.latent is not None:
        found["latent_check"] = checks.latent.table
    if checks.conditions is not None:
        found["condition_checks"] = checks.conditions
    if checks.lever_ratios is not None:
        found["lever_ratios"] = checks.lever_ratios
    return found


def csv_text(table: pd.DataFrame) -> str:
    """Return a table as CSV with a header, Unix line ends and up to 12 significant digits."""
    return str(table.to_csv(index=False, float_format="%.12g", lineterminator="\n"))


def long_effects(effects: Effects) -> pd.DataFrame:
    """Return one row a pair of cause and effect: ``cause, effect, mean, lower, upper, positive, negative``."""
    frames = {what: getattr(effects, what) for what in ("mean", "lower", "upper", "positive", "negative")}
    rows = [
        {"cause": cause, "effect": effect} | {what: float(frame.loc[cause, effect]) for what, frame in frames.items()}
        for cause in effects.mean.index
        for effect in effects.mean.columns
        if cause != effect
    ]
    return pd.DataFrame(rows)


def long_lever_effects(design: LeverEffects) -> pd.DataFrame:
    """Return one row a design cell and value: ``cell, value, mean, se, lower, upper, clusters, pairing``."""
    frames = {what: getattr(design, what) for what in ("mean", "se", "lower", "upper")}
    rows = [
        {"cell": cell, "value": value}
        | {what: float(frame.loc[cell, value]) for what, frame in frames.items()}
        | {"clusters": int(design.clusters.to_numpy()[i, j]), "pairing": str(design.pairing.iloc[i])}
        for i, cell in enumerate(design.mean.index)
        for j, value in enumerate(design.mean.columns)
    ]
    return pd.DataFrame(rows)


def _edges(results: StudyResults) -> pd.DataFrame:
    """Return the averaged graph with the effective n of each pair alone (``own_n``), where it is one for all rows."""
    edges, names, own = results.posterior.averaged_graph(), results.evidence.names, results.evidence.pairwise_n
    if results.conditions is not None:
        forcing = by_forcing(results.posterior)
        pairs = zip(edges["cause"], edges["effect"], strict=True)
        return edges.assign(by_forcing=[(str(a), str(b)) in forcing for a, b in pairs])
    pairs = zip(edges["cause"], edges["effect"], strict=True)
    return edges.assign(own_n=[float(own[names.index(a), names.index(b)]) for a, b in pairs])


def _findings(results: StudyResults) -> pd.DataFrame:
    columns = ["code", "severity", "where", "message", "remedy"]
    rows = [[getattr(finding, column) for column in columns] for finding in results.findings]
    return pd.DataFrame(rows, columns=columns)


def _observed(matrix: ResponseMatrix, evidence: Evidence | None) -> pd.DataFrame:
    """Return the least and largest score of each value with mean and standard deviation, and dose of each lever."""
    doses = pd.DataFrame(matrix.doses, columns=list(matrix.levers))
    parts = [("value", matrix.frame()[list(matrix.names)]), ("lever", doses)]
    rows = [(name, kind, part[name].min(), part[name].max()) for kind, part in parts for name in part]
    found = pd.DataFrame(rows, columns=["name", "kind", "low", "high"])
    if evidence is None:
        return found
    spread = np.sqrt(np.diag(evidence.scatter)[: len(evidence.names)] / max(evidence.n - 1, 1))
    means = dict(zip(evidence.names, evidence.mean[: len(evidence.names)], strict=True))
    spreads = dict(zip(evidence.names, spread, strict=True))
    return found.assign(mean=found["name"].map(means), sd=found["name"].map(spreads))


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its index as the first column, called ``name``."""
    return table.rename_axis("name").reset_index()


def _alternatives(table: pd.DataFrame) -> pd.DataFrame:
    words = [", ".join(f"{node} x {dose:g}" for node, dose in doses.items()) for doses in table["doses"]]
    return table.assign(doses=words)
