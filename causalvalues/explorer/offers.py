"""What the target editor offers: choices, starts, and the targets of the study."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from causalvalues.explorer.choices import menu_of
from causalvalues.explorer.claims import finite
from causalvalues.explorer.run_files import Run


def plans_of(run: Run) -> dict[str, Any] | None:
    """Return options (0 value or 1 lever, place, dose), choices among them, starts and targets; None without any."""
    menu = menu_of(run)
    if menu is None:
        return None
    model = run.model
    place = {name: [0, i] for i, name in enumerate(model.values)} | {
        name: [1, i] for i, name in enumerate(model.levers)
    }
    options = sorted({(node, dose) for choice in menu.choices for node, dose in choice})
    number = {option: k for k, option in enumerate(options)}
    by = sorted({str(each.get("by", "auto")) for each in run.settings.get("plan") or [] if isinstance(each, dict)})
    return {
        "options": [[*place[node], dose] for node, dose in options],
        "choices": [[number[option] for option in choice] for choice in menu.choices],
        "costs": list(menu.costs),
        "max_levers": menu.max_levers,
        "note": menu.note,
        "by": by,
        "starts": [[title, _profile(run, start)] for title, start in run.starts.items() if _profile(run, start)],
        "targets": [[title, _wanted(run, target), _tolerance(run, title)] for title, target in run.targets.items()],
    }


def _profile(run: Run, start: Mapping[str, float]) -> list[float] | None:
    """Return a start in the order of the model; None where it lacks a value."""
    found = [start.get(name, math.nan) for name in run.model.values]
    return found if all(math.isfinite(score) for score in found) else None


def _wanted(run: Run, target: Mapping[str, float]) -> list[float | None]:
    return [finite(target.get(name, math.nan)) for name in run.model.values]


def _tolerance(run: Run, title: str) -> float:
    for number, each in enumerate(run.settings.get("plan") or [], start=1):
        if isinstance(each, dict) and title in (each.get("title"), f"Plan {number}"):
            return float(each.get("tolerance", 0.25))
    return 0.25
