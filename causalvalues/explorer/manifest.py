"""The manifest of a run, and in words what of it cannot be used."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE = "manifest.json"
LOST = "Left out: the title of the study, its theory, its plans and their targets."
LOST_PLANS = "Left out: the plans of the study and their targets; levers are offered at dose 1."
NUMBERS = {"tolerance": 0.25, "max_levers": 3, "budget": 0.0}
LISTS = ("doses", "interval")


@dataclass(frozen=True)
class Manifest:
    """What a page takes from a manifest.

    Parameters
    ----------
    title : str
        "" where there is none.
    settings : mapping
        Of the study; ``plan``, where there is one, is a list of mappings whose numbers are numbers.
    gaps : tuple of str
        What is damaged and what is left out for it, a sentence each. A run without a manifest has no gap: it is of no
        study.
    """

    title: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    gaps: tuple[str, ...] = ()


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a run folder; a damaged one is told in `Manifest.gaps`, and never stops the page.

    Parameters
    ----------
    folder : Path
    """
    path = folder / FILE
    if not path.exists():
        return Manifest()
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        return Manifest(gaps=(f"{FILE} cannot be read ({error.strerror or error}). {LOST}",))
    except (ValueError, RecursionError) as error:
        return Manifest(gaps=(f"{FILE} is damaged: it is no JSON ({_short(error)}). {LOST}",))
    if not isinstance(held, dict):
        return Manifest(gaps=(f"{FILE} is damaged: it holds no object. {LOST}",))
    settings = held.get("settings", {})
    title = held.get("title")
    title = title if isinstance(title, str) else ""
    if not isinstance(settings, dict):
        return Manifest(title, gaps=(f"{FILE} is damaged: its settings are no object. {LOST}",))
    wrong = _wrong_plan(settings.get("plan"))
    if wrong:
        settings = {key: each for key, each in settings.items() if key != "plan"}
        return Manifest(title, settings, (f"{FILE} is damaged: {wrong}. {LOST_PLANS}",))
    return Manifest(title, settings)


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
