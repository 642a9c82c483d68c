"""Saving and loading what was learned: JSON with a format name and a version, no pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from causalvalues.errors import CausalValuesError, DataError
from causalvalues.files import write_text
from causalvalues.frozen import frozen_floats
from causalvalues.graph import Dag, GraphPosterior
from causalvalues.model import StructuralModel
from causalvalues.model.structural import any_cycle
from causalvalues.study.arrays import array_from_json, array_to_json
from causalvalues.study.manifest import json_ready

VERSION = 1
Saved = GraphPosterior | StructuralModel | Dag

_KINDS: Mapping[str, type[GraphPosterior] | type[StructuralModel] | type[Dag]] = {
    "causalvalues-graph-posterior": GraphPosterior,
    "causalvalues-structural-model": StructuralModel,
    "causalvalues-dag": Dag,
}

BOOLEAN = ("adjacency", "draws", "lever_draws")
NUMBERS = (
    *("weights", "edge", "prior_edge", "order_modular", "compelled"),
    *("coefficients", "intercepts", "residual_scales"),
)
OPTIONAL = ("order_modular", "compelled", "independent_draws")
WORDS: Mapping[tuple[type, str], tuple[str, ...]] = {
    (GraphPosterior, "kind"): ("posterior", "bootstrap"),
    (GraphPosterior, "lever_mode"): ("none", "saturated", "sparse"),
    (StructuralModel, "kind"): ("posterior", "bootstrap", "point"),
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
        values = {name: _value(kind, name, value) for name, value in held.items()}
        if kind is GraphPosterior:
            _check_posterior(values)
        thing = kind(**values)
        if "weights" in values and abs(values["weights"].sum() - 1) < 1e-9:  # normalising may move their last bits
            object.__setattr__(thing, "weights", frozen_floats(values["weights"]))
        return thing
    except CausalValuesError as error:
        raise DataError(f"{path}: {error}") from None
    except (TypeError, ValueError, AttributeError, MemoryError) as error:
        raise DataError(f"{path} is damaged ({error}). Save the object again.") from None


def load_model(path: str | Path) -> StructuralModel:
    """Load a structural model; errors as in `load`, and `DataError` when the file holds something else."""
    thing = load(path)
    if not isinstance(thing, StructuralModel):
        raise DataError(f"{path} holds a {type(thing).__name__}, and a StructuralModel is needed here.")
    return thing


def model_beside(path: Path, posterior: GraphPosterior) -> StructuralModel | None:
    """Return the model in the file ``model.json`` beside a graph posterior, where it speaks of the same values."""
    beside = path.parent / "model.json"
    model = load(beside) if beside.is_file() else None
    return model if isinstance(model, StructuralModel) and set(model.values) == set(posterior.names) else None


def _read(path: Path) -> dict[str, Any]:
    try:
        held = json.loads(path.read_bytes().decode("utf-8-sig"), parse_constant=_no_number)
    except FileNotFoundError:
        raise DataError(f"There is no file {path}.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not JSON: byte {error.start} is not UTF-8. Give a file written by `save`."
        ) from None
    except ValueError as error:
        raise DataError(f"{path} is not JSON: {error}. Give a file that was written by `save`.") from None
    except RecursionError:
        raise DataError(f"{path} was not written by `save`: it is nested too deeply.") from None
    said = held.get("format") if isinstance(held, dict) else None
    if not isinstance(held, dict) or not isinstance(said, str) or said not in _KINDS:
        raise DataError(f"{path} was not written by `save`: its format is {said!r}. Known: {', '.join(_KINDS)}.")
    version = held.get("version")
    if type(version) is not int or version != VERSION:
        raise DataError(
            f"{path} has version {version!r} of {said}; this package reads version {VERSION}. "
            "Install the release that wrote it, or save the object again."
        )
    return held


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number in JSON")


def _value(kind: type, name: str, value: Any) -> Any:
    """Return an entry as the noun wants it; raise `ValueError` or `TypeError` when it has another type."""
    if value is None and name in OPTIONAL:
        return None
    if name in BOOLEAN or name in NUMBERS:
        array = array_from_json(value)
        if (array.dtype == np.bool_) != (name in BOOLEAN):
            raise TypeError(f"{name} holds {array.dtype} numbers")
        return array
    if name in ("names", "values", "levers", "givens"):
        return _texts(name, value)
    if name in ("combinations", "targets"):
        if not isinstance(value, list):
            raise TypeError(f"{name} should be a list")
        return tuple(_texts(name, each) for each in value)
    known = WORDS.get((kind, name))
    if known is not None and value not in known:
        raise ValueError(f"{name} is {value!r}, and should be one of {', '.join(known)}")
    wanted = {"exact": bool, "seed": int, "settings": dict, "independent_draws": float}.get(name, str)
    if type(value) is not wanted:
        raise TypeError(f"{name} should be of the type {wanted.__name__}")
    return value


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise TypeError(f"{name} should be a list of text")
    for each in value:
        each.encode("utf-8")
    return tuple(value)


def _check_posterior(values: Mapping[str, Any]) -> None:
    """Raise `ValueError` for numbers that no graph posterior has; its shapes are checked when it is made."""
    weights, draws = values["weights"], values["draws"]
    if not (np.isfinite(weights).all() and (weights >= 0).all() and 0 < weights.sum() < np.inf):
        raise ValueError("weights should be finite, not negative, and more than 0 in all")
    for name in ("edge", "prior_edge", "order_modular", "compelled"):
        numbers = values[name]
        unknown = np.isnan(numbers) if numbers is not None and name == "prior_edge" else False
        if numbers is not None and not (unknown | ((numbers > -1e-6) & (numbers < 1 + 1e-6))).all():
            raise ValueError(f"{name} should hold probabilities")
    for name in ("names", "levers"):
        if len(set(values[name])) < len(values[name]):
            raise ValueError(f"{name} has a name twice")
    p = len(values["names"])
    if draws.ndim != 3 or draws.shape[1:] != (p, p):
        raise ValueError(f"draws has the shape {draws.shape}, and there are {p} names")
    if any_cycle(draws):
        raise ValueError("a draw has a cycle")
