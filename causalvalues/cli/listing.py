"""What `causalvalues theories` lists."""

from __future__ import annotations

from typing import Any

from causalvalues.errors import KeyFileError, did_you_mean
from causalvalues.theories import scoring_key, scoring_keys, theories, theory


def listing_of(name: str) -> dict[str, Any]:
    """Return all theories and keys, or one of them in full.

    Raises
    ------
    KeyFileError
        If the name is neither.
    """
    if not name:
        return {
            "theories": {each: theory(each).name for each in theories()},
            "keys": {each: scoring_key(each).name for each in scoring_keys()},
        }
    if name in scoring_keys():
        return _key(name)
    try:
        found = theory(name)
    except KeyFileError:
        known = [*theories(), *scoring_keys()]
        if name.endswith(".toml"):
            raise
        raise KeyFileError(f"There is no theory or key {name!r}." + did_you_mean(name, known)) from None
    groups = {group: list(members) for group, members in found.groups.items()}
    shown = {"theory": found.id, "name": found.name, "dimensions": list(found.dimensions), "groups": groups}
    return shown | {"circular": found.circular, "source": found.source}


def _key(name: str) -> dict[str, Any]:
    key = scoring_key(name)
    items = {dimension: list(key.items_of(dimension)) for dimension in key.dimensions}
    shown = {"key": key.id, "name": key.name, "theory": key.theory, "level": key.level, "verified": key.verified}
    return shown | {"scale": f"{key.low:g} to {key.high:g}", "items": items, "source": key.source}


def listing_lines(held: dict[str, Any]) -> list[str]:
    """Return a listing as lines for people."""
    lines = []
    for name, value in held.items():
        if isinstance(value, dict):
            lines.append(f"{name}:")
            lines += [
                f"  {key:<18} {', '.join(each) if isinstance(each, list) else each}" for key, each in value.items()
            ]
        else:
            lines.append(f"{name}: {', '.join(value) if isinstance(value, list) else value}")
    return lines
