"""What carries each claim: the design, the graph, graphs that disagree, the prior alone, or nothing that was seen."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError
from causalvalues.evidence.moments import Evidence
from causalvalues.graph.posterior import GraphPosterior
from causalvalues.model.basis import COLUMNS, Basis, claim_row
from causalvalues.model.dose_rows import dose_row, joint_row, tried_dose
from causalvalues.model.path_support import lever_support, path_support
from causalvalues.model.structural import StructuralModel

__all__ = ["Basis", "effect_ledger", "plan_ledger", "start_ledger", "tried_dose"]

_WEAKEST_FIRST = (Basis.PRIOR, Basis.CONTESTED, Basis.GRAPH)


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

        - *lever*: every lever and tried combination on every value. "by design", ``probability`` 1; in the sparse lever
          mode only where the lever acts directly in more than half of the graphs (``probability`` is that share): its
          other effects pass through the graph and are judged like *effect*, from P(path).
        - *arrow*: the edges of `GraphPosterior.averaged_graph`; ``probability`` is its ``compelled``, that of the
          direction being compelled given the edge. "by graph" where the verdict is compelled, "contested" where it is
          contested, "by prior only" where it is open or given by knowledge (the sentence says which).
        - *effect*: every ordered pair of values; ``probability`` is that of a directed path. The claim is that there is
          one when it exceeds .5, else that there is none. "by graph" when more than half of the weight, by more than
          twice its Monte Carlo error, lies in classes that imply it (a path of compelled edges, or no path even of
          reversible ones), "by prior only" when more than half lies in classes that leave it open, else "contested".

    Raises
    ------
    ModelError
        If model, graphs and evidence do not speak of the same values.
    """
    if not set(model.values) == set(posterior.names) == set(evidence.names):
        raise ModelError("Model, graphs and evidence speak of different values. Use the ones that belong together.")
    rows = [*_lever_rows(model, posterior), *_arrow_rows(posterior), *_effect_rows(model, posterior)]
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
        Columns as in `effect_ledger`, ``kind`` "plan". A lever at a dose that was tried, or between two tried doses of
        the same sign, stands "by design"; in the sparse lever mode "by graph" unless it acts directly on every value in
        every graph. Another dose, and levers used together that were never tried together, are "extrapolated". A direct
        push of a value has the most frequent basis of its paths to other values (the weaker one of a tie; of all claims
        where there is no path), ``probability`` the share of them that stand by graph.
    """
    used = {node: float(dose) for node, dose in doses.items() if dose != 0}
    levers = [node for node in used if model.place(node) >= len(model.values)]
    rows = []
    for node, dose in used.items():
        rows.append(dose_row(posterior, evidence, node, dose) if node in levers else _push_row(model, posterior, node))
    if len(levers) > 1:
        rows.append(joint_row(model, evidence, {node: used[node] for node in levers}))
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
            rows.append(claim_row("plan", ("", name), Basis.EXTRAPOLATED, np.nan, sentence))
    return pd.DataFrame(rows, columns=COLUMNS)


def _lever_rows(model: StructuralModel, posterior: GraphPosterior) -> list[dict[str, object]]:
    sparse = posterior.levers if posterior.lever_mode == "sparse" else ()
    direct = posterior.lever_probabilities
    support = lever_support(posterior) if sparse else ()
    rows = []
    for node in model.nodes[len(model.values) :]:
        for value in model.values:
            share = float(direct.loc[node, value]) if node in sparse else 1.0  # type: ignore[arg-type]
            if share > 0.5:
                needs = "needs only that the experimenter chose who got it"
                how = f", which acts directly with probability {share:.2f}" if node in sparse else ""
                sentence = f"{node} -> {value}: contrast of the design{how}; {needs}."
                rows.append(claim_row("lever", (node, value), Basis.DESIGN, share, sentence))
            else:
                k, j = posterior.levers.index(node), posterior.names.index(value)
                numbers = tuple(float(table[k, j]) for table in support)
                basis, sentence = _claim(posterior, (node, value), numbers)
                direct_too = f"{node} acts directly on {value} with probability {share:.2f} only. "
                rows.append(claim_row("lever", (node, value), basis, numbers[0], direct_too + sentence))
    return rows


def _assumed(posterior: GraphPosterior) -> str:
    return "given no hidden cause" + (" and your knowledge" if posterior.given_directions.any() else "")


def _arrow_rows(posterior: GraphPosterior) -> list[dict[str, object]]:
    rows = []
    for edge in posterior.averaged_graph().to_dict("records"):
        ends = (str(edge["cause"]), str(edge["effect"]))
        forward, reverse, left = (float(edge[what]) for what in ("compelled", "compelled_reverse", "open"))
        arrow, pair = " -> ".join(ends), " - ".join(ends)
        basis = Basis.PRIOR
        if edge["verdict"] == "compelled":
            basis = Basis.GRAPH
            said = f"{arrow}: given the edge, the data compel this direction with probability {forward:.2f}"
            sentence = f"{said}, {_assumed(posterior)}."
        elif edge["verdict"] == "given":
            sentence = f"{arrow}: joined; the direction is given by your knowledge."
        elif edge["verdict"] == "contested":
            basis = Basis.CONTESTED
            shares = f"{arrow} {forward:.2f}, the reverse {reverse:.2f}, open {left:.2f}"
            sentence = f"{pair}: joined, but {_contest(float(edge['adjacent']), forward)} (given the edge: {shares})."
        elif edge["verdict"] == "open":
            sentence = (
                f"{pair}: joined, but most graphs leave the direction open (probability {left:.2f}), so it comes from "
                "the prior."
            )
        else:
            sentence = f"{pair}: joined, but no drawn graph has the edge, so nothing is known of its direction."
        rows.append(claim_row("arrow", ends, basis, forward, sentence))
    return rows


def _contest(adjacent: float, forward: float) -> str:
    """Return why the direction of an edge is contested."""
    if adjacent * forward > 0.5:
        return (
            f"the share of all graphs that have the edge and compel its direction ({adjacent * forward:.3f}) exceeds "
            "one half by no more than twice its Monte Carlo error"
        )
    return "graphs that fit about equally well lack the edge, compel it in different directions or leave it open"


def _claim(posterior: GraphPosterior, ends: tuple[str, str], numbers: tuple[float, ...]) -> tuple[Basis, str]:
    """Return the basis and sentence of the claim that there is a path, or none, from its numbers of `path_support`."""
    path, sure, may = numbers
    there = path > 0.5
    support, against = (sure, 1 - may) if there else (1 - may, sure)
    left = max(may - sure, 0.0)
    claim = f"{ends[0]} {'acts' if there else 'does not act'} on {ends[1]} (probability of a path {path:.2f})"
    if posterior.more_probable_than_not(support, kept=True):
        reason = f"implied by the equivalence class with probability {support:.2f}, {_assumed(posterior)}"
        return Basis.GRAPH, f"{claim}: {reason}."
    if left > 0.5:
        reason = f"most graphs leave this open (probability {left:.2f}), so the prior decides"
        return Basis.PRIOR, f"{claim}: {reason}."
    shares = f"{support:.2f}, the opposite {against:.2f}, open {left:.2f}"
    return Basis.CONTESTED, (
        f"{claim}: graphs that fit about equally well imply it, imply the opposite or leave it open ({shares})."
    )


def _effect_rows(model: StructuralModel, posterior: GraphPosterior) -> list[dict[str, object]]:
    support = path_support(posterior)
    rows = []
    for cause in model.values:
        for effect in model.values:
            if cause == effect:
                continue
            i, j = posterior.names.index(cause), posterior.names.index(effect)
            numbers = tuple(float(table[i, j]) for table in support)
            basis, sentence = _claim(posterior, (cause, effect), numbers)
            rows.append(claim_row("effect", (cause, effect), basis, numbers[0], sentence))
    return rows


def _push_row(model: StructuralModel, posterior: GraphPosterior, node: str) -> dict[str, object]:
    effects = pd.DataFrame(_effect_rows(model, posterior), columns=COLUMNS)
    mine = effects[effects["cause"] == node]
    paths, none = mine[mine["probability"] > 0.5], mine[mine["probability"] <= 0.5]
    judged = paths if len(paths) else none
    counts = {basis: int((judged["basis"] == basis.value).sum()) for basis in _WEAKEST_FIRST}
    basis = max(_WEAKEST_FIRST, key=lambda one: counts[one])
    share = counts[Basis.GRAPH] / len(judged) if len(judged) else 0.0
    sure, idle = (int((part["basis"] == Basis.GRAPH.value).sum()) for part in (paths, none))
    sentence = (
        f"{node} is pushed directly, as no lever of the data did; what follows for other values rests on the graph: "
        f"it acts on {len(paths)} of {len(mine)} other values ({sure} of these by graph) and not on {len(none)} "
        f"({idle} of these by graph)."
    )
    return claim_row("plan", (node, ""), basis, share, sentence)
