"""What a manifest holds of the study behind a run folder, and in words what of it is damaged."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

NAME = "manifest.json"
NUMBERS = {"tolerance": 0.25, "max_levers": 3, "budget": 0.0}
LISTS = ("doses", "interval")

Lost = Literal["", "settings", "plans"]


@dataclass(frozen=True)
class Manifest:
    """What is whole of a manifest.

    Parameters
    ----------
    title : str
        "" where there is none.
    settings : mapping
        Of the study; ``plan``, where there is one, is a list of mappings whose numbers are numbers.
    damage : str
        What is damaged, a sentence without its full stop, or "". A folder without a manifest has no damage: it is of no
        study.
    lost : {"", "settings", "plans"}
        What is left out for it: all settings, or the plans among them.
    """

    title: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    damage: str = ""
    lost: Lost = ""


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a run folder; a damaged one is told in `Manifest.damage` and raises nothing."""
    if not (folder / NAME).exists():
        return Manifest()
    held, damage = parsed_manifest(folder)
    if damage:
        return Manifest(damage=damage, lost="settings")
    settings, title = held.get("settings", {}), held.get("title")
    title = title if isinstance(title, str) else ""
    if not isinstance(settings, dict):
        return Manifest(title, damage=f"{NAME} is damaged: its settings are no object", lost="settings")
    wrong = _wrong_plan(settings.get("plan"))
    if wrong:
        settings = {key: each for key, each in settings.items() if key != "plan"}
        return Manifest(title, settings, f"{NAME} is damaged: {wrong}", "plans")
    return Manifest(title, settings)


def parsed_manifest(folder: Path) -> tuple[dict[str, Any], str]:
    """Return the manifest of a folder as it stands and "", or nothing and why it cannot be read."""
    try:
        held = json.loads((folder / NAME).read_text(encoding="utf-8"))
    except OSError as error:
        return {}, f"{NAME} cannot be read ({error.strerror or error})"
    except (ValueError, RecursionError) as error:
        return {}, f"{NAME} is damaged: it is no JSON ({_short(error)})"
    return (held, "") if isinstance(held, dict) else ({}, f"{NAME} is damaged: it holds no object")


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:120]


def _wrong_plan(plans: object) -> str:
    """Return what is wrong with the plans of a manifest, or ""."""
    if plans is None:
        return ""
    if not isinstance(plans, list) or not all(isinstance(each, dict) for each in plans):
        return "its plans are no list of objects"
    for number, each in enumerate(plans, start=1):
        for key, otherwise in NUMBERS.items():
            if not _is_number(each.get(key, otherwise), whole=key == "max_levers"):
                return f"{key} of plan {number} is no number"
        levers = each.get("levers") or []
        if not isinstance(levers, list) or not all(isinstance(one, str | dict) for one in levers):
            return f"the levers of plan {number} are no list of names or objects"
        for one in levers:
            if isinstance(one, dict) and not _lever_is_whole(one):
                return f"a lever of plan {number} has a dose or a cost that is no number"
    return ""


def _lever_is_whole(lever: Mapping[str, Any]) -> bool:
    lists = [lever.get(key) or [] for key in LISTS]
    listed = all(isinstance(each, list) and all(map(_is_number, each)) for each in lists)
    return listed and _is_number(lever.get("cost", 1.0))


def _is_number(held: object, whole: bool = False) -> bool:
    """Say whether something is a number as a manifest writes it: an infinite one stands as text."""
    if isinstance(held, bool) or not isinstance(held, int | float | str):
        return False
    try:
        number = float(held)
    except ValueError:
        return False
    return math.isfinite(number) if whole else not math.isnan(number)
