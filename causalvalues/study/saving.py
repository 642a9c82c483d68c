"""Saving and loading what was learned: JSON with a format name and a version, no pickle."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from causalvalues.errors import CausalValuesError, DataError
from causalvalues.files import write_text
from causalvalues.frozen import frozen_floats
from causalvalues.graph import Dag, GraphPosterior
from causalvalues.model import StructuralModel
from causalvalues.study.arrays import array_from_json, array_to_json
from causalvalues.study.manifest import json_ready

VERSION = 1
Saved = GraphPosterior | StructuralModel | Dag

_KINDS: Mapping[str, type[GraphPosterior] | type[StructuralModel] | type[Dag]] = {
    "causalvalues-graph-posterior": GraphPosterior,
    "causalvalues-structural-model": StructuralModel,
    "causalvalues-dag": Dag,
}


def save(thing: Saved, path: str | Path) -> Path:
    """Save a graph posterior, a structural model or a graph; `load` gives it back, equal bit by bit.

    Parameters
    ----------
    thing : GraphPosterior, StructuralModel or Dag
    path : str or Path
        Of a JSON file; it appears whole or not at all.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        If the thing is of another kind, or the place cannot be written to.
    """
    name = next((name for name, kind in _KINDS.items() if isinstance(thing, kind)), None)
    if name is None:
        kinds = ", ".join(kind.__name__ for kind in _KINDS.values())
        raise DataError(f"A {type(thing).__name__} cannot be saved. What can: {kinds}.")
    held: dict[str, Any] = {"format": name, "version": VERSION}
    for field in fields(thing):
        value = getattr(thing, field.name)
        held[field.name] = array_to_json(value) if isinstance(value, np.ndarray) else json_ready(value)
    return write_text(path, json.dumps(held, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def load(path: str | Path) -> Saved:
    """Load what `save` wrote.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    GraphPosterior, StructuralModel or Dag

    Raises
    ------
    DataError
        If the file does not exist, was not written by `save`, is damaged, or has a later version.
    """
    held = _read(Path(path))
    kind = _KINDS[held.pop("format")]
    del held["version"]
    known = {field.name for field in fields(kind)}
    if set(held) != known:
        odd = ", ".join(sorted(set(held) ^ known))
        raise DataError(f"{path} is damaged: the entries {odd} are missing or unknown. Save the object again.")
    try:
        values = {name: _value(name, value) for name, value in held.items()}
        thing = kind(**values)
        if "weights" in values:  # making the noun normalises them again, which may move their last bits
            object.__setattr__(thing, "weights", frozen_floats(values["weights"]))
        return thing
    except CausalValuesError as error:
        raise DataError(f"{path}: {error}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{path} is damaged ({error}). Save the object again.") from None


def load_model(path: str | Path) -> StructuralModel:
    """Load a structural model; errors as in `load`, and `DataError` when the file holds something else."""
    thing = load(path)
    if not isinstance(thing, StructuralModel):
        raise DataError(f"{path} holds a {type(thing).__name__}, and a StructuralModel is needed here.")
    return thing


def _read(path: Path) -> dict[str, Any]:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"There is no file {path}.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise DataError(f"{path} is not JSON: {error}. Give a file that was written by `save`.") from None
    if not isinstance(held, dict) or held.get("format") not in _KINDS:
        said = held.get("format") if isinstance(held, dict) else None
        raise DataError(f"{path} was not written by `save`: its format is {said!r}. Known: {', '.join(_KINDS)}.")
    if held.get("version") != VERSION:
        raise DataError(
            f"{path} has version {held.get('version')} of {held['format']}; this package reads version {VERSION}. "
            "Install the release that wrote it, or save the object again."
        )
    return held


def _value(name: str, value: Any) -> Any:
    if isinstance(value, dict) and "type" in value and "shape" in value:
        return array_from_json(value)
    special: Mapping[str, Callable[[Any], Any]] = {
        "combinations": lambda levers: tuple(tuple(each) for each in levers),
        "settings": dict,
    }
    if name in special:
        return special[name](value)
    return tuple(value) if isinstance(value, list) else value
