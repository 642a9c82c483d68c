"""What a language model needs to write a response anew: one JSON record a unit, and the schema of these records."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from causalvalues.reports.couple_priorities import PriorityError, priorities_of
from causalvalues.reports.couple_units import PLANNED, Journey, Way

FORMAT = "causalvalues-couple 1"
KEEP = 0.5
"""A named value whose priority is to change by less than this is to be kept."""


def records(
    way: Way, journeys: list[Journey], related: pd.DataFrame, texts: Mapping[str, str], blocked: bool
) -> dict[str, Any]:
    """Return all records as plain data, see `schema`.

    Parameters
    ----------
    way : Way
    journeys : list of Journey
    related : DataFrame
        Of `relations`.
    texts : mapping of lever to str
    blocked : bool
        Whether measurement error forbids claims about paths between values.
    """
    columns = ["first", "second", "relation", "consistent", "opposing", "unrelated"]
    return {
        "format": FORMAT,
        "scale": {name: list(knots) for name, knots in sorted(way.scale.knots.items())},
        "target": {name: float(at) for name, at in sorted(way.asked.target.items())},
        "theta": way.asked.theta,
        "relations": {
            "blocked_by_measurement_error": blocked,
            "pairs": [{name: row[name] for name in columns} for row in related.to_dict("records")],
        },
        "records": [_record(way, each, texts) for each in journeys],
    }


def _record(way: Way, each: Journey, texts: Mapping[str, str]) -> dict[str, Any]:
    target, found = way.asked.target, each.plan
    delta = {name: wanted - each.observed[name] for name, wanted in sorted(target.items())}
    planned = None
    if found is not None:
        planned = {
            "status": found.status.name,
            "levers": [{"name": name, "dose": dose, "text": texts.get(name)} for name, dose in found.doses.items()],
            "chance": _known(found.chance),
            "limits": list(found.limits),
        }
    return {
        "unit": each.unit,
        "question": None,
        "response": None,
        "observed": {name: _scored(way, each.scores, name) for name in sorted(each.observed)},
        "delta": {"sum": each.apart, "values": delta},
        "intervene": found is not None,
        "abduction": {name: float(mean) for name, mean in each.residuals["mean"].sort_index().items()},
        "do": {name: _predicted(way, row) for name, row in each.held.sort_index().iterrows()},
        "plan": planned,
        "predicted": None
        if found is None
        else {name: _predicted(way, row) for name, row in found.predicted.sort_index().iterrows()},
        "errors": {name: error_json(error) for name, error in each.errors.items()},
        "answered": {name: error_json(error) for name, error in each.answered.items()},
        "instruction": _instruction(delta, each, way),
    }


def _instruction(delta: Mapping[str, float], each: Journey, way: Way) -> dict[str, Any]:
    raised = [name for name, change in delta.items() if change >= KEEP]
    lowered = [name for name, change in delta.items() if change <= -KEEP]
    return {
        "task": "rewrite" if each.plan is not None else "keep",
        "raise": sorted(raised, key=lambda name: -delta[name]),
        "lower": sorted(lowered, key=lambda name: delta[name]),
        "keep": [name for name in delta if name not in (*raised, *lowered)],
        "free": [name for name in sorted(each.observed) if name not in way.asked.target],
        "keep_style": True,
        "by": list(each.doses[PLANNED]),
    }


def _scored(way: Way, scores: pd.Series, name: str) -> dict[str, float]:
    return {"score": float(scores[name]), "priority": priorities_of(way.scale, {name: float(scores[name])})[name]}


def _predicted(way: Way, row: pd.Series) -> dict[str, float | None]:
    found: dict[str, float | None] = {what: _known(float(row[what])) for what in ("mean", "lower", "upper")}
    return found | {"priority": priorities_of(way.scale, {str(row.name): float(row["mean"])})[str(row.name)]}


def error_json(error: PriorityError) -> dict[str, float | None]:
    """Return an error as plain data."""
    return {"sum": error.total, "mean": error.mean, "spearman": _known(error.rank)}


def _known(amount: float) -> float | None:
    return amount if math.isfinite(amount) else None


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the records, with a sentence on each field."""
    number, text = {"type": "number"}, {"type": "string"}
    maybe = {"type": ["number", "null"]}
    by_value = {"type": "object", "additionalProperties": number}
    predicted = {
        "type": "object",
        "additionalProperties": _object({"mean": number, "lower": maybe, "upper": maybe, "priority": number}),
    }
    error = _object({"sum": number, "mean": number, "spearman": maybe})
    names = {"type": "array", "items": text}
    lever = _object({"name": text, "dose": number, "text": {"type": ["string", "null"]}})
    planned = _object({"status": text, "levers": {"type": "array", "items": lever}, "chance": maybe, "limits": names})
    record = {
        "unit": text | {"description": "Who answered."},
        "question": {"type": ["string", "null"], "description": "To be filled in by the caller."},
        "response": {"type": ["string", "null"], "description": "The text to rewrite, to be filled in by the caller."},
        "observed": {
            "type": "object",
            "additionalProperties": _object({"score": number, "priority": number}),
            "description": "Value attribution: the profile without levers.",
        },
        "delta": _object({"sum": number, "values": by_value})
        | {"description": "Target minus observed priority, and the sum of its absolute values."},
        "intervene": {"type": "boolean", "description": "Whether the sum exceeds theta."},
        "abduction": by_value | {"description": "Residuals of the structural equations, in score units; kept."},
        "do": predicted | {"description": "Scores when the named values are set to the target."},
        "plan": {"anyOf": [{"type": "null"}, planned], "description": "Levers that come nearest to the target."},
        "predicted": {"anyOf": [{"type": "null"}, predicted], "description": "Scores under the plan."},
        "errors": {"type": "object", "additionalProperties": error, "description": "Predicted, in priorities."},
        "answered": {"type": "object", "additionalProperties": error, "description": "Where it was really asked."},
        "instruction": _object(
            {"task": {"enum": ["rewrite", "keep"]}, "raise": names, "lower": names, "keep": names, "free": names}
            | {"keep_style": {"type": "boolean"}, "by": names}
        )
        | {"description": "For the language model: which values the new text raises, lowers and keeps."},
    }
    pair = _object(
        {"first": text, "second": text, "relation": {"enum": ["consistent", "opposing", "unrelated", "undecided"]}}
        | {"consistent": number, "opposing": number, "unrelated": number}
    )
    five = {"type": "array", "items": number, "minItems": 5, "maxItems": 5}
    scale = {"type": "object", "additionalProperties": five, "description": "Scores of the priorities 1 to 5."}
    related = _object({"blocked_by_measurement_error": {"type": "boolean"}, "pairs": {"type": "array", "items": pair}})
    whole = {
        "format": {"const": FORMAT},
        "scale": scale,
        "target": by_value,
        "theta": number,
        "relations": related,
        "records": {"type": "array", "items": _object(record)},
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_object(whole)}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }
