"""Logs of inspect: `.eval` (a zip file with a JSON file or a folder for each sample) and the older one-file JSON."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from causalvalues.elicitation.log_json import number, parse_json, part
from causalvalues.elicitation.log_records import Given, Record, Source, cell, flat
from causalvalues.elicitation.zip_members import ZipMembers
from causalvalues.errors import DataError

_ATTACHMENT = "attachment://"
_SAMPLE = re.compile(r"samples/(?P<name>.+_epoch_\d+)(?P<folder>/sample)?\.json")
_MARKS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
"""Numbers that inspect gives to its marks: correct, partial, incorrect, no answer."""


def is_inspect_zip(members: ZipMembers) -> bool:
    """Whether a zip file is a log of inspect."""
    return "header.json" in members.members or "_journal/start.json" in members.members


def is_inspect_json(held: object) -> bool:
    """Whether a JSON object is a log of inspect."""
    return isinstance(held, dict) and isinstance(held.get("eval"), dict) and ("samples" in held or "status" in held)


def read_inspect_zip(members: ZipMembers) -> Source:
    """Return the records of an `.eval` file; one without a header (a run that was killed) is read as far as it goes.

    Raises
    ------
    DataError
        If a member is damaged or says what it cannot say.
    """
    path = members.path
    name = "header.json" if "header.json" in members.members else "_journal/start.json"
    header = parse_json(members.read(name), f"{path}: {name}")
    if not isinstance(header, dict) or not isinstance(header.get("eval"), dict):
        raise DataError(
            f"{path}: {name} has no object `eval`, so it is no log of inspect. Check that it is the right file."
        )
    records: list[Record] = []
    for found in filter(None, map(_SAMPLE.fullmatch, members.names)):
        where = f"{path}: {found[0]}"
        sample = parse_json(members.read(found[0]), where)
        apart = f"samples/{found['name']}/metadata.json"
        if isinstance(sample, dict) and found["folder"] and apart in members.members:
            sample["metadata"] = parse_json(members.read(apart), f"{path}: {apart}")
        records += _records(header, sample, where, _attachments(members, found))
    return _source(path, header, records)


def read_inspect_json(path: Path, held: dict[str, Any]) -> Source:
    """Return the records of a JSON log.

    Raises
    ------
    DataError
        If it holds no samples, or one says what it cannot say.
    """
    samples = held.get("samples")
    if not isinstance(samples, list):
        raise DataError(
            f"{path} is a log of inspect without samples (status {held.get('status')!r}). Run the evaluation with "
            "samples logged, or convert the whole log again."
        )
    records: list[Record] = []
    for i, sample in enumerate(samples):
        records += _records(held, sample, f"{path}: sample {i + 1}", _inline)
    return _source(path, held, records)


def _source(path: Path, header: dict[str, Any], records: list[Record]) -> Source:
    task = header["eval"]
    records += _never_run(path, header, records)
    status = header.get("status", "not ended")
    notes: tuple[str, ...] = (
        () if status == "success" else (f"{path.name}: the run is {status}; its samples so far are read.",)
    )
    wanted = number(part(task, "dataset").get("samples"))
    epochs = number(part(task, "config").get("epochs")) or 1
    if wanted and len(records) < wanted * epochs:
        notes += (
            f"{path.name}: {int(wanted * epochs) - len(records)} of {int(wanted * epochs)} samples are not in the log.",
        )
    return Source(
        path,
        "inspect log",
        tuple(records),
        "id",
        ("choice",),
        notes,
        run=cell(task.get("task_id")) or "",
        made=cell(task.get("created")) or "",
    )


def _records(header: dict[str, Any], sample: Any, where: str, attached: Callable[[Any, str], str]) -> Iterator[Record]:
    if not isinstance(sample, dict) or cell(sample.get("id")) in (None, ""):
        raise DataError(f"{where} is no sample: it has no id. Check that the log was written by inspect.")
    task, output = header["eval"], part(sample, "output")
    where = f"{where} (id {cell(sample['id'])!r}, epoch {sample.get('epoch', 1)})"
    repeat = number(sample.get("epoch", 1))
    if repeat is None or not repeat.is_integer():
        raise DataError(f"{where}: the epoch is no whole number. Check that the log was written by inspect.")
    text = attached(sample, _said(output, where))
    answers: dict[str, Given] = {"text": text, **_scores(sample)}
    choice = _choice(sample)
    if choice is not None:
        answers["choice"] = choice
    yield Record(
        where, _fields(task, sample), cell(task.get("model")) or "", int(repeat), answers, text, _lost(sample, text)
    )


def _fields(task: dict[str, Any], sample: dict[str, Any]) -> dict[str, str]:
    """Return what may name item, persona, prompt and levers: the sample first, then the task that it belongs to."""
    known = flat(sample.get("metadata"), "metadata") | flat(sample.get("id"), "id")
    parts = re.split(r"/|\||::|__", known["id"])
    known |= {f"id.{i + 1}": each for i, each in enumerate(parts)} if len(parts) > 1 else {}
    for name in ("task_args", "metadata"):
        known |= flat(task.get(name), "task_metadata" if name == "metadata" else name)
    return known | flat(task.get("task"), "task") | flat(sample.get("target"), "target")


def _lost(sample: dict[str, Any], text: str) -> str:
    """Return why a sample has no answer, or ""."""
    choices = part(sample, "output").get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    if sample.get("error") or part(sample, "output").get("error"):
        return "api_error"
    if sample.get("invalidation"):
        return "missing"
    if first.get("stop_reason") == "content_filter":
        return "refusal"
    return "" if text.strip() or first else "missing"


def _said(output: dict[str, Any], where: str) -> str:
    """Return the last words of the model: the completion, or the text parts of its message."""
    completion = output.get("completion")
    if isinstance(completion, str):
        return completion
    choices = output.get("choices")
    content = part(choices[0], "message").get("content", "") if isinstance(choices, list) and choices else ""
    if isinstance(content, list):
        content = "\n".join(
            str(each.get("text", "")) for each in content if isinstance(each, dict) and each.get("type") == "text"
        )
    if not isinstance(content, str):
        raise DataError(f"{where}: the model's message is no text. Check that the log was written by inspect.")
    return content


def _scores(sample: dict[str, Any]) -> dict[str, Given]:
    """Return one number for each score; inspect's marks C, P, I, N are called ``mark.NAME``, for they rate nothing."""
    found: dict[str, Given] = {}
    for name, score in part(sample, "scores").items():
        value = score.get("value") if isinstance(score, dict) else score
        for key, each in value.items() if isinstance(value, dict) else [("", value)]:
            mark = _MARKS.get(each) if isinstance(each, str) else None
            full = f"{name}.{key}" if key else name
            found[f"score.{full}" if mark is None else f"mark.{full}"] = number(each) if mark is None else mark
    return found


def _choice(sample: dict[str, Any]) -> float | None:
    """Return which of the choices was taken: its own number when all are whole numbers, else its place from 1."""
    choices = sample.get("choices")
    if not isinstance(choices, list) or not 2 <= len(choices) <= 26:
        return None
    letters = [score.get("answer") for score in part(sample, "scores").values() if isinstance(score, dict)]
    letter = next((each for each in letters if isinstance(each, str) and len(each) == 1), "")
    place = string.ascii_uppercase.find(letter) if letter else -1
    if not 0 <= place < len(choices):
        return None
    numbers = [number(each) if isinstance(each, str) else None for each in choices]
    return float(place + 1) if None in numbers else numbers[place]


def _never_run(path: Path, header: dict[str, Any], records: list[Record]) -> list[Record]:
    """Return a missing record for each epoch of a sample that is there in other epochs only."""
    epochs = number(part(header["eval"], "config").get("epochs"))
    if epochs is None or not 1 < epochs <= 10_000:
        return []
    there = {(record.fields["id"], record.repeat) for record in records}
    first = {record.fields["id"]: record for record in reversed(records)}
    return [
        Record(f"{path}: sample {name!r}, epoch {epoch} (not there)", one.fields, one.model, epoch, {}, "", "missing")
        for name, one in first.items()
        for epoch in range(1, int(epochs) + 1)
        if (name, epoch) not in there
    ]


def _inline(sample: Any, text: str) -> str:
    """Return a text, or the attachment of its sample that it refers to."""
    if not text.startswith(_ATTACHMENT):
        return text
    found = part(sample, "attachments").get(text.removeprefix(_ATTACHMENT))
    return found if isinstance(found, str) else text


def _attachments(members: ZipMembers, sample: re.Match[str]) -> Callable[[Any, str], str]:
    """Return what looks attachments up: within the sample, or in the numbered pieces of its folder."""
    if not sample["folder"]:
        return _inline

    def look_up(_: Any, text: str) -> str:
        wanted = text.removeprefix(_ATTACHMENT)
        if wanted == text or not wanted.isascii() or not wanted.isdigit():
            return text
        prefix = f"samples/{sample['name']}/attachments/"
        starts = [
            int(name[len(prefix) : -5])
            for name in members.names
            if re.fullmatch(re.escape(prefix) + r"\d+\.json", name)
        ]
        start = max((each for each in starts if each <= int(wanted)), default=None)
        if start is None:
            return text
        piece = parse_json(members.read(f"{prefix}{start}.json"), f"{members.path}: {prefix}{start}.json")
        place = int(wanted) - start
        return (
            piece[place] if isinstance(piece, list) and place < len(piece) and isinstance(piece[place], str) else text
        )

    return look_up
