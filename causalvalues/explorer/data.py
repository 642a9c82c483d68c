"""What a page holds: names, draws, edges, what claims rest on, choices; everything as plain JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from causalvalues.explorer.claims import bases_of, finite
from causalvalues.explorer.differences import differences, only_in_one
from causalvalues.explorer.figure import PageGraph
from causalvalues.explorer.offers import plans_of
from causalvalues.explorer.packing import packed_draws, packed_numbers
from causalvalues.explorer.run_files import Run
from causalvalues.frozen import FloatArray
from causalvalues.interventions import Set
from causalvalues.model import StructuralModel, intervene
from causalvalues.scene.nouns import Edge

FORMAT = "causalvalues-explorer 1"
SPREAD = 2.5
"""Standard deviations from the mean of the data up to which a score counts as seen, as in `start_ledger`; about the
mean under any tried levers also the range of the sliders, where the run does not hold that of the data."""


def page_data(run: Run, graph: PageGraph, other: tuple[Run, PageGraph] | None = None) -> dict[str, Any]:
    """Return everything that a page knows, ready for JSON.

    Parameters
    ----------
    run : Run
    graph : PageGraph
        Its figure.
    other : (Run, PageGraph), optional
        A second run to compare with.

    Returns
    -------
    dict
        Values, levers and combinations are counted from zero in the order of the model; matrices of draws are
        [draw, cause, effect].
    """
    model = run.model
    p = len(model.values)
    weights = None if np.ptp(model.weights) <= 1e-12 * model.weights.max() else packed_numbers(model.weights)
    return {
        "format": FORMAT,
        "within": SPREAD,
        "title": run.title,
        "run": run.name,
        "seed": run.posterior.seed,
        "method": run.posterior.method,
        "threshold": round(float(run.posterior.threshold), 6),
        "caption": graph.scene.caption,
        "alt": graph.scene.alt,
        "blocked": run.blocked,
        "givens": list(model.givens),
        "gaps": list(run.gaps),
        "cautions": [list(pair) for pair in run.cautions],
        "values": _values(run, graph),
        "levers": _levers(run),
        "combinations": [[model.levers.index(lever) for lever in levers] for levers in model.combinations],
        "draws": len(model.weights),
        "kind": model.kind,
        "weights": weights,
        "intercepts": packed_numbers(model.intercepts[:, :p]),
        "scales": packed_numbers(model.residual_scales[:, :p]),
        "among": packed_draws(model.coefficients[:, :p, :p]),
        "design": packed_draws(model.coefficients[:, p:, :p], exact=False),
        "edges": [_edge(edge, model) for edge in graph.scene.edges],
        "shown": graph.shown,
        "bases": bases_of(run),
        "plans": plans_of(run),
        "other": None if other is None else _comparison((run, graph), other),
    }


def _values(run: Run, graph: PageGraph) -> list[dict[str, Any]]:
    nodes = {node.name: node for node in graph.scene.nodes}
    spread = intervene(run.model).summary()["sd"]
    means = _tried_means(run.model)
    centres = means.mean(axis=0)
    found = []
    for place, name in enumerate(run.model.values):
        sd = float(spread[name])
        room = SPREAD * sd
        centre, width = run.spreads.get(name, (centres[place], np.hypot(sd, means[:, place].std())))
        low, high = run.observed.get(name, (means[:, place].min() - room, means[:, place].max() + room))
        found.append(
            {
                "name": name,
                "label": run.labels[name],
                "part": nodes[name].part,
                "group": nodes[name].group.replace("self_", "self-").replace("_", " "),
                "low": finite(low),
                "high": finite(high),
                "sd": finite(sd),
                "observed": name in run.observed,
                "centre": finite(centre),
                "spread": finite(width),
            }
        )
    return found


def _tried_means(model: StructuralModel) -> FloatArray:
    """Return the mean profile (cells, p) without levers and under every lever and tried combination at dose 1."""
    cells = [(), *((lever,) for lever in model.levers), *model.combinations]
    profiles = [intervene(model, [Set(lever, 1.0) for lever in cell]).means for cell in cells]
    return np.array([model.weights @ each[:, : len(model.values)] for each in profiles])


def _levers(run: Run) -> list[dict[str, Any]]:
    doses = _listed_doses(run)
    found = []
    for name in run.model.levers:
        least, most = run.observed.get(name, (min(0.0, *doses.get(name, [1.0])), max(0.0, *doses.get(name, [1.0]))))
        found.append(
            {
                "name": name,
                "label": run.labels[name],
                "text": run.texts.get(name, ""),
                "low": min(least, 0.0),
                "high": most if most > min(least, 0.0) else min(least, 0.0) + 1.0,
                "observed": name in run.observed,
            }
        )
    return found


def _listed_doses(run: Run) -> dict[str, list[float]]:
    """Return the doses that the plans of a study list; 1 always counts."""
    found: dict[str, list[float]] = {name: [1.0] for name in run.model.levers}
    for asked in run.settings.get("plan") or []:
        for each in (asked.get("levers") if isinstance(asked, dict) else None) or []:
            if isinstance(each, dict) and each.get("node") in found:
                found[each["node"]] += [float(dose) for dose in each.get("doses") or []]
    return found


def _edge(edge: Edge, model: StructuralModel) -> dict[str, Any]:
    return {
        "part": edge.part,
        "cause": model.values.index(edge.cause),
        "effect": model.values.index(edge.effect),
        "ends": edge.ends,
        "p": edge.adjacent,
        "direction": edge.direction,
        "compelled": edge.compelled,
        "reverse": edge.compelled_reverse,
        "open": edge.open,
        "verdict": edge.verdict,
        "prior": edge.prior_direction,
        "mean": edge.mean,
        "lower": edge.lower,
        "upper": edge.upper,
        "positive": edge.positive,
    }


def _comparison(mine: tuple[Run, PageGraph], other: tuple[Run, PageGraph]) -> dict[str, Any]:
    run, graph = mine
    second, drawn = other
    shown = (graph.shown, drawn.shown)
    names = run.model.values
    rows = []
    for row in differences(graph.scene, drawn.scene, shown):
        rows.append({**row, "cause": names.index(row["cause"]), "effect": names.index(row["effect"])})
    lacking, added = only_in_one(run, second)
    here = [run.labels[name] for name in lacking]
    same_title = second.title == run.title
    return {
        "title": f"{second.title} ({second.name})" if same_title else second.title,
        "first": f"{run.title} ({run.name})" if same_title else run.title,
        "rows": rows,
        "only_first": here,
        "only_second": [second.labels[name] for name in added],
    }
