"""Logs of the language model evaluation harness: `samples_*.jsonl`, one line a document and filter."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from causalvalues.elicitation.log_json import MOST_PIECE, number, parse_json, part, read_log_bytes, too_large
from causalvalues.elicitation.log_records import Given, Record, Source, cell, flat
from causalvalues.errors import DataError

_GREEDY = {True, False, "True", "False", "true", "false"}


def is_lm_eval(held: object) -> bool:
    """Whether a line of JSON is a sample of the harness."""
    return isinstance(held, dict) and "doc_id" in held and ("resps" in held or "filtered_resps" in held)


def read_lm_eval(path: Path, data: bytes) -> Source:
    """Return the records of a `samples_*.jsonl` file.

    The answer is what the model said before any filter (``"text"``; what a filter made of it is ``"filter.NAME"``).
    For multiple choice, ``"expected"`` is the mean of the choices' numbers under their probabilities,
    sum_k k exp(l_k) / sum_k exp(l_k) with l_k the log-probability of choice k in nats (not divided by its length), and
    ``"choice"`` the likeliest. A choice's number is itself when all choices are numbers, else its place from 1.
    Repeats are numbered from 0.

    Raises
    ------
    DataError
        If a line is no JSON or no sample, by its number.
    """
    documents: dict[tuple[str, int], list[tuple[str, dict[str, Any]]]] = {}
    for where, held in _lines(path, data):
        if not is_lm_eval(held):
            raise DataError(
                f"{where} is no sample: it needs doc_id and resps. Take it out, or run with --log_samples again."
            )
        name = cell(held["doc_id"]) or ""
        filters = [cell(each.get("filter")) for _, each in documents.get((name, 0), [])]
        documents.setdefault((name, filters.count(cell(held.get("filter")))), []).append((where, held))
    model, note = _model(path)
    task = path.name.removeprefix("samples_").rsplit("_", 1)[0] if path.name.startswith("samples_") else path.stem
    records = tuple(record for same in documents.values() for record in _records(same, model, task))
    return Source(path, "lm-evaluation-harness samples", records, "doc_id", ("expected", "loglikelihood"), note)


def _lines(path: Path, data: bytes) -> Iterator[tuple[str, Any]]:
    for i, line in enumerate(data.split(b"\n")):
        if line.strip():
            where = f"{path}, line {i + 1}"
            if len(line) > MOST_PIECE:
                raise too_large(where, MOST_PIECE)
            yield where, parse_json(line, where)


def _records(same: list[tuple[str, dict[str, Any]]], model: str, task: str) -> Iterator[Record]:
    """Return the repeats of one document; `same` holds its lines, one a filter."""
    where, held = same[0]
    fields = flat(held.get("doc"), "doc") | flat(held.get("doc_id"), "doc_id") | {"task": task}
    fields |= flat(held.get("target"), "target")
    given = held.get("resps", held.get("filtered_resps"))
    options = _log_probabilities(given)
    if options is not None:
        yield Record(where, fields, model, 0, _of_options(held, options), "", "" if options else "missing")
        return
    filtered = {cell(each.get("filter")) or "none": _texts(each.get("filtered_resps"), at) for at, each in same}
    said = _texts(given, where)
    for repeat, text in enumerate(said):
        answers: dict[str, Given] = {"text": text}
        for name, texts in filtered.items():
            if len(texts) == len(said):
                answers[f"filter.{name}"] = texts[repeat]
        yield Record(where, fields, model, repeat, answers, text, "" if text.strip() else "missing")


def _texts(held: Any, where: str) -> list[str]:
    """Return what was said in each repeat, from "a", ["a", "b"] or [["a", "b"]]."""
    while isinstance(held, list) and len(held) == 1 and isinstance(held[0], list):
        held = held[0]
    held = held if isinstance(held, list) else [held]
    if not held or not all(each is None or isinstance(each, str | int | float) for each in held):
        raise DataError(
            f"{where}: its responses are neither texts nor pairs of (log-probability, is greedy). Only generate_until, "
            "loglikelihood and multiple_choice tasks are read; take other tasks out."
        )
    return ["" if each is None else str(each) for each in held]


def _is_pair(held: Any) -> bool:
    if not isinstance(held, list) or len(held) != 2 or isinstance(held[0], list | dict | bool):
        return False
    told = isinstance(held[1], bool | str) and held[1] in _GREEDY
    return told and (held[0] is None or isinstance(held[0], int | float) or _spells_number(held[0]))


def _spells_number(held: str) -> bool:
    try:
        float(held)
    except ValueError:
        return False
    return True


def _log_probabilities(held: Any) -> list[float | None] | None:
    """Return the log-probability of each option, from [[l, g], ...] or [[[l, g]], ...]; None for no such pairs."""
    if _is_pair(held):
        held = [held]
    if not isinstance(held, list) or not held:
        return None
    pairs = [_unwrapped(each) for each in held]
    return [number(pair[0]) for pair in pairs] if all(map(_is_pair, pairs)) else None


def _unwrapped(held: Any) -> Any:
    return held[0] if isinstance(held, list) and len(held) == 1 and isinstance(held[0], list) else held


def _of_options(held: dict[str, Any], logs: list[float | None]) -> dict[str, Given]:
    """Return the expected rating and the likeliest choice, or the log-probability of a single continuation."""
    asked = _continuations(held.get("arguments"))
    same = [i for i in range(len(logs)) if len(asked) != len(logs) or asked[i][0] == asked[0][0]]
    texts = [asked[i][1] for i in same] if len(asked) == len(logs) else []
    kept = [logs[i] for i in same]
    if len(kept) == 1:
        return {"loglikelihood": kept[0]}
    known = [each for each in kept if each is not None]
    if len(known) < len(kept):
        return {"expected": None, "choice": None}
    own = [number(text.strip()) for text in texts]
    values = [float(i + 1) for i in range(len(kept))]
    if own and None not in own and len(set(own)) == len(own):
        values = [each for each in own if each is not None]
    weights = [math.exp(each - max(known)) for each in known]
    expected = sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)
    return {"expected": expected, "choice": values[known.index(max(known))]}


def _continuations(held: Any) -> list[tuple[str, str]]:
    """Return (context, continuation) of each request, from {"gen_args_0": {"arg_0": .., "arg_1": ..}} or [[.., ..]]."""
    requests = list(held.values()) if isinstance(held, dict) else held if isinstance(held, list) else []
    pairs = [list(each.values()) if isinstance(each, dict) else each for each in requests]
    usable = all(isinstance(each, list) and len(each) >= 2 and isinstance(each[1], str) for each in pairs)
    return [(str(each[0]), each[1]) for each in pairs] if usable else []


def _model(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return the model's name from the results file of the same run, else from the folder, which is named so."""
    beside = sorted(path.parent.glob("results_*.json"))
    stamp = path.stem.rsplit("_", 1)[-1]
    for results in [each for each in beside if each.stem.endswith(stamp)] or beside[-1:]:
        held = parse_json(read_log_bytes(results), str(results))
        settings = part(held, "config")
        source, name = (held.get("model_source"), held.get("model_name")) if isinstance(held, dict) else ("", "")
        names = [settings.get("model")] if source == "CUSTOM" else [name, settings.get("model")]
        found = next((cell(each) for each in names if isinstance(each, str) and each.strip()), "")
        if found:
            return found, ()
    name = path.resolve().parent.name
    return name, (f"{path.name}: no results file beside it says the model; its folder is called {name!r}.",)
