"""What each effect rests on, as the page says it."""

from __future__ import annotations

import math
from typing import Any

from causalvalues.explorer.run_files import Run
from causalvalues.model.basis import Basis
from causalvalues.model.path_support import path_support


def bases_of(run: Run) -> dict[str, Any]:
    """Return what each effect of a value or lever on a value rests on: [basis, probability of a path, blocked].

    From the ledger of the study; without one, from the graphs alone, in the same words.
    """
    values, levers = run.model.values, run.model.levers
    effects: dict[str, list[Any]] = {}
    acting: dict[str, list[Any]] = {}
    if run.ledger is not None:
        for row in run.ledger.to_dict("records"):
            cell = [str(row["basis"]), finite(row.get("probability")), str(row.get("blocked") or "")]
            cause, effect = str(row["cause"]), str(row["effect"])
            if row["kind"] == "effect" and cause in values and effect in values:
                effects[f"{values.index(cause)} {values.index(effect)}"] = cell
            if row["kind"] == "lever" and cause in levers and effect in values:
                acting[f"{levers.index(cause)} {values.index(effect)}"] = cell
    else:
        effects = _effects_by_graph(run)
    return {"effects": effects, "levers": acting, "ledger": run.ledger is not None}


def _effects_by_graph(run: Run) -> dict[str, list[Any]]:
    values, names = run.model.values, run.posterior.names
    path, sure, may = path_support(run.posterior)
    found: dict[str, list[Any]] = {}
    for i, cause in enumerate(values):
        for j, effect in enumerate(values):
            if i == j:
                continue
            a, b = names.index(cause), names.index(effect)
            support = sure[a, b] if path[a, b] > 0.5 else 1 - may[a, b]
            left = max(may[a, b] - sure[a, b], 0.0)
            basis = Basis.GRAPH if support > 0.5 else Basis.PRIOR if left > 0.5 else Basis.CONTESTED
            found[f"{i} {j}"] = [basis.value, float(path[a, b]), ""]
    return found


def finite(number: Any) -> float | None:
    """Return a number, or None where there is none or it is not finite."""
    try:
        held = float(number)
    except (TypeError, ValueError):
        return None
    return held if math.isfinite(held) else None
