"""What carries each claim: the design, the graph, the prior alone, or nothing that was seen."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError
from causalvalues.evidence.moments import Evidence
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.graph.equivalence import ancestors, compelled_edges
from causalvalues.graph.posterior import GraphPosterior
from causalvalues.model.structural import StructuralModel


class Basis(Enum):
    """What a claim rests on."""

    DESIGN = "by design"
    GRAPH = "by graph"
    PRIOR = "by prior only"
    EXTRAPOLATED = "extrapolated"


COLUMNS = ["kind", "cause", "effect", "basis", "probability", "sentence"]


def effect_ledger(model: StructuralModel, posterior: GraphPosterior, evidence: Evidence) -> pd.DataFrame:
    """Say for each lever effect, each arrow and each effect between values what it rests on.

    Parameters
    ----------
    model : StructuralModel
    posterior : GraphPosterior
        The graphs that the model was fitted to.
    evidence : Evidence

    Returns
    -------
    DataFrame
        Columns ``kind`` (lever, arrow, effect), ``cause, effect, basis, probability, sentence``.

        - *lever*: every lever and tried combination on every value; basis "by design".
        - *arrow*: the edges of `GraphPosterior.averaged_graph`; ``probability`` is that of the edge being compelled in
          its equivalence class. "by graph" when that exceeds .5, else "by prior only".
        - *effect*: every ordered pair of values; ``probability`` is that of a directed path. The claim is that there is
          one when it exceeds .5, else that there is none; it stands "by graph" when more than half of the weight lies
          in classes that imply it (a path of compelled edges, or no path even of reversible ones), else "by prior
          only".

    Raises
    ------
    ModelError
        If model, graphs and evidence do not speak of the same values.
    """
    if not set(model.values) == set(posterior.names) == set(evidence.names):
        raise ModelError("Model, graphs and evidence speak of different values. Use the ones that belong together.")
    rows = [*_lever_rows(model), *_arrow_rows(posterior), *_effect_rows(model, posterior)]
    return pd.DataFrame(rows, columns=COLUMNS)


def plan_ledger(
    model: StructuralModel, posterior: GraphPosterior, evidence: Evidence, doses: Mapping[str, float]
) -> pd.DataFrame:
    """Say what each part of a plan rests on.

    Parameters
    ----------
    model, posterior, evidence
        As in `effect_ledger`.
    doses : mapping of str to float
        Lever, or value that is pushed directly -> dose, as in `Plan.doses`.

    Returns
    -------
    DataFrame
        Columns as in `effect_ledger`, ``kind`` "plan". A lever at a dose that was tried stands "by design"; another
        dose, and levers used together that were never tried together, are "extrapolated"; a direct push of a value
        stands "by graph", or "by prior only" when most of its effects on other values do.
    """
    used = {node: float(dose) for node, dose in doses.items() if dose != 0}
    levers = [node for node in used if model.place(node) >= len(model.values)]
    rows = []
    for node, dose in used.items():
        rows.append(_dose_row(evidence, node, dose) if node in levers else _push_row(model, posterior, node))
    if len(levers) > 1:
        rows.append(_joint_row(model, levers))
    return pd.DataFrame(rows, columns=COLUMNS)


def start_ledger(evidence: Evidence, start: Mapping[str, float], within: float = 2.5) -> pd.DataFrame:
    """Say which starting levels lie outside the data: more than `within` standard deviations from the mean.

    Parameters
    ----------
    evidence : Evidence
    start : mapping of str to float
        Score of each value before the plan.
    within : float, default 2.5

    Returns
    -------
    DataFrame
        One row for each value that starts outside, basis "extrapolated"; columns as in `effect_ledger`.
    """
    rows = []
    spread = np.sqrt(np.diag(evidence.scatter)[: len(evidence.names)] / max(evidence.n - 1, 1))
    for name, mean, sd in zip(evidence.names, evidence.mean, spread, strict=False):
        if name in start and abs(start[name] - mean) > within * sd:
            sentence = (
                f"{name} starts at {start[name]:.3g}, {abs(start[name] - mean) / sd:.1f} standard deviations from the "
                "mean of the data; effects may differ so far out."
            )
            rows.append(_row("plan", ("", name), Basis.EXTRAPOLATED, np.nan, sentence))
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(kind: str, ends: tuple[str, str], basis: Basis, probability: float, sentence: str) -> dict[str, object]:
    return dict(zip(COLUMNS, (kind, *ends, basis.value, probability, sentence), strict=True))


def _lever_rows(model: StructuralModel) -> list[dict[str, object]]:
    rows = []
    for node in model.nodes[len(model.values) :]:
        for value in model.values:
            sentence = f"{node} -> {value}: contrast of the design; needs only that the experimenter chose who got it."
            rows.append(_row("lever", (node, value), Basis.DESIGN, 1.0, sentence))
    return rows


def _arrow_rows(posterior: GraphPosterior) -> list[dict[str, object]]:
    rows = []
    for cause, effect, compelled in posterior.averaged_graph()[["cause", "effect", "compelled"]].itertuples(
        index=False
    ):
        arrow = f"{cause} -> {effect}"
        if compelled > 0.5:
            sentence = (
                f"{arrow}: the data compel this direction with probability {compelled:.2f}, given no hidden cause."
            )
            rows.append(_row("arrow", (cause, effect), Basis.GRAPH, compelled, sentence))
        else:
            sentence = (
                f"{arrow}: joined, but the direction comes from the prior (compelled with probability {compelled:.2f})."
            )
            rows.append(_row("arrow", (cause, effect), Basis.PRIOR, compelled, sentence))
    return rows


def path_support(posterior: GraphPosterior) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return P(path i -> j), P(path of compelled edges) and P(path of compelled or reversible edges), each (p, p)."""
    compelled = compelled_edges(posterior.draws)
    reversible = posterior.draws & ~compelled
    possible = _closure(compelled | reversible | reversible.transpose(0, 2, 1))
    stacks = (ancestors(posterior.draws), ancestors(compelled), possible)
    path, sure, may = (np.tensordot(posterior.weights, stack.astype(float), axes=1) for stack in stacks)
    return path, sure, may


def _closure(edges: BoolArray) -> BoolArray:
    """Return which nodes a walk of one or more edges reaches (s, p, p); cycles are allowed."""
    reached = edges.astype(float)
    for _ in range(int(np.ceil(np.log2(max(edges.shape[1], 2))))):
        reached = ((reached + reached @ reached) > 0).astype(float)
    return reached > 0


def _effect_rows(model: StructuralModel, posterior: GraphPosterior) -> list[dict[str, object]]:
    path, sure, may = path_support(posterior)
    place = [posterior.names.index(name) for name in model.values]
    rows = []
    for a, i in enumerate(place):
        for b, j in enumerate(place):
            if i == j:
                continue
            cause, effect = model.values[a], model.values[b]
            there = path[i, j] > 0.5
            support = sure[i, j] if there else 1 - may[i, j]
            basis = Basis.GRAPH if support > 0.5 else Basis.PRIOR
            claim = (
                f"{cause} {'acts' if there else 'does not act'} on {effect} (probability of a path {path[i, j]:.2f})"
            )
            reason = f"implied by the equivalence class with probability {support:.2f}"
            if basis is Basis.GRAPH:
                sentence = f"{claim}: {reason}, given no hidden cause."
            else:
                sentence = f"{claim}: {reason} only, so the prior decides."
            rows.append(_row("effect", (cause, effect), basis, float(path[i, j]), sentence))
    return rows


def _push_row(model: StructuralModel, posterior: GraphPosterior, node: str) -> dict[str, object]:
    effects = pd.DataFrame(_effect_rows(model, posterior), columns=COLUMNS)
    mine = effects[effects["cause"] == node]
    share = float((mine["basis"] == Basis.GRAPH.value).mean()) if len(mine) else 0.0
    basis = Basis.GRAPH if share > 0.5 else Basis.PRIOR
    sentence = (
        f"{node} is pushed by itself, which no lever of the data did; what follows for other values rests on the graph "
        f"({share:.0%} of its effects, the rest on the prior)."
    )
    return _row("plan", (node, ""), basis, share, sentence)


def _dose_row(evidence: Evidence, lever: str, dose: float) -> dict[str, object]:
    tried = tried_dose(evidence, lever)
    if np.isclose(dose, tried, rtol=1e-6):
        return _row("plan", (lever, ""), Basis.DESIGN, 1.0, f"{lever} at dose {dose:g}: tried, contrast of the design.")
    sentence = f"{lever} at dose {dose:g}: the data speak of dose {tried:.3g}; the rest is a straight line."
    return _row("plan", (lever, ""), Basis.EXTRAPOLATED, np.nan, sentence)


def tried_dose(evidence: Evidence, lever: str) -> float:
    """Return E[dose^2] / E[dose] of a lever: the one dose that was tried, or a mean of several.

    With group means removed (`Evidence.within`) the moments hold only the spread inside groups: the answer is too low.
    """
    if lever not in evidence.levers:
        raise ModelError(f"The evidence has no lever {lever!r}. Use the evidence that the model was fitted to.")
    place = evidence.columns.index(lever)
    mean = float(evidence.mean[place])
    return float((evidence.scatter[place, place] / evidence.n + mean * mean) / mean) if mean else np.nan


def _joint_row(model: StructuralModel, levers: list[str]) -> dict[str, object]:
    together = " and ".join(levers)
    if any(set(levers) == set(combination) for combination in model.combinations):
        return _row("plan", (together, ""), Basis.DESIGN, 1.0, f"{together}: tried together, contrast of the design.")
    sentence = (
        f"{together}: never tried together, so the sum of what was tried is assumed; joint effects are often smaller."
    )
    return _row("plan", (together, ""), Basis.EXTRAPOLATED, np.nan, sentence)
