"""Reading the logs of evaluation tools into one long table of answers."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from causalvalues.elicitation.answers_table import harmless
from causalvalues.elicitation.edsl_results import (
    is_edsl_csv,
    is_edsl_json,
    is_edsl_zip,
    read_edsl_csv,
    read_edsl_json,
    read_edsl_zip,
)
from causalvalues.elicitation.inspect_logs import is_inspect_json, is_inspect_zip, read_inspect_json, read_inspect_zip
from causalvalues.elicitation.lm_eval_logs import is_lm_eval, read_lm_eval
from causalvalues.elicitation.log_answers import Taken, known_answers, take
from causalvalues.elicitation.log_json import parse_json, read_log_bytes
from causalvalues.elicitation.log_records import Log, LogFields, LogRow, Source
from causalvalues.elicitation.log_rows import Roles, known_fields, roles_of, rows_of
from causalvalues.elicitation.zip_members import open_zip
from causalvalues.errors import DataError
from causalvalues.files import write_bytes

FORMATS = "inspect (.eval, .json), lm-evaluation-harness (samples_*.jsonl), EDSL results (.json, .ep, .csv)"
_ENDINGS = (".eval", ".json", ".jsonl", ".csv", ".ep", ".gz")
_MOST_FILES = 10_000


def read_log(path: str | Path, fields: LogFields | None = None) -> Log:
    """Read the answers in a log of an evaluation tool, or in all logs of a folder.

    What the file is, is told by its content, not its name: inspect's `.eval` and JSON logs, `samples_*.jsonl` of
    the lm-evaluation-harness, EDSL's results as JSON, `.ep` package or CSV. Which field is the item, the persona, the
    prompt and the levers is found among usual names in what the log says of a sample (inspect: metadata, id, task
    arguments; lm-eval: doc; EDSL: agent, scenario, question), said in the first note, and overridden by `fields`. No
    answer is dropped: one that is lost has its reason as status. Of several tries of one inspect task the last is read.

    Parameters
    ----------
    path : str or Path
        A file, or a folder whose files (and those in folders below) are read together; other files in it are noted.
    fields : LogFields, optional
        What is not to be detected.

    Returns
    -------
    Log

    Raises
    ------
    DataError
        If a file is damaged or of another kind, a field is not there, all answers are text and no scale is given, or
        two answers cannot be told apart.
    """
    path, fields = Path(path), fields or LogFields()
    if path.is_dir():
        sources, notes = _folder(path)
    else:
        sources, notes = [_source(path, read_log_bytes(path))], []
    if not any(source.records for source in sources):
        raise DataError(f"{path} is a log without a single answer. Run the evaluation to its end.")
    roles, taken = roles_of(sources, fields), take(sources, fields)
    log = Log(rows_of(sources, roles, taken))
    found = _found(path, sources, (roles, taken), (log, fields))
    return Log(log.rows, (found, *taken.notes, *notes, *(note for source in sources for note in source.notes)))


class _OtherFileError(DataError):
    """A file that is whole, but no log of answers."""


def _folder(path: Path) -> tuple[list[Source], list[str]]:
    """Return the logs in a folder, and what was passed over."""
    files = sorted(each for each in path.rglob("*") if each.suffix.lower() in _ENDINGS and each.is_file())
    if len(files) > _MOST_FILES:
        raise DataError(f"{path} holds more than {_MOST_FILES} files. Give a folder of logs only.")
    sources: list[Source] = []
    passed: list[str] = []
    for each in files:
        try:
            sources.append(_source(each, read_log_bytes(each)))
        except _OtherFileError:
            passed += [] if each.name.startswith("results_") else [each.name]
    if not sources:
        raise DataError(f"{path} holds no log that is read here: {FORMATS}. Give the folder with the logs.")
    kept = _last_tries(sources)
    notes = [f"Passed over, no logs of answers: {_listed(passed)}."] if passed else []
    earlier = [source.path.name for source in sources if source not in kept]
    notes += [f"Earlier tries of a task that are left out: {_listed(earlier)}."] if earlier else []
    return kept, notes


def _last_tries(sources: Sequence[Source]) -> list[Source]:
    last: dict[str, Source] = {}
    for source in sources:
        if source.run and (source.run not in last or last[source.run].made <= source.made):
            last[source.run] = source
    return [source for source in sources if not source.run or last[source.run] is source]


def _source(path: Path, data: bytes) -> Source:
    """Read one file by what it holds."""
    if data[:4] == b"PK\x03\x04" or path.suffix.lower() in (".eval", ".ep"):
        members = open_zip(path, data)
        if is_inspect_zip(members):
            return read_inspect_zip(members)
        if is_edsl_zip(members):
            return read_edsl_zip(members)
        raise _unknown(path, f"a zip file with {_names(members.names)}")
    if is_edsl_csv(data):
        return read_edsl_csv(path, data)
    first = data.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0]
    if first[:1] != b"{":
        raise _unknown(path, "neither JSON nor a zip file nor a table with columns answer.QUESTION")
    lines = path.suffix.lower() == ".jsonl"
    if _starts_with_sample(path, first, lines):
        return read_lm_eval(path, data)
    if lines:
        raise _unknown(path, f"lines of JSON with {_names(parse_json(first, str(path)))}")
    held = parse_json(data, str(path))
    if is_inspect_json(held):
        return read_inspect_json(path, held)
    if is_edsl_json(held):
        return read_edsl_json(path, held)
    if "results" in held and ("n-shot" in held or "configs" in held):
        raise _OtherFileError(
            f"{path} holds the summary of the lm-evaluation-harness, not the answers. Give the samples_*.jsonl beside "
            "it; it is written when the harness runs with --log_samples."
        )
    raise _unknown(path, f"JSON with {_names(held)}")


def _starts_with_sample(path: Path, first: bytes, lines: bool) -> bool:
    """Whether the first line is a sample of the harness; in a file of lines one that is no JSON is an error."""
    if not lines and b'"doc_id"' not in first:
        return False
    try:
        return is_lm_eval(parse_json(first, f"{path}, line 1"))
    except DataError:
        if lines:
            raise
        return False


def _names(held: Iterable[object]) -> str:
    return ", ".join(map(repr, list(held)[:5])) or "nothing in it"


def _unknown(path: Path, what: str) -> DataError:
    return _OtherFileError(
        f"{path} is no log that is read here, but {what}. Read are: {FORMATS}. A table of answers needs no such "
        "reading."
    )


def _found(path: Path, sources: Sequence[Source], how: tuple[Roles, Taken], got: tuple[Log, LogFields]) -> str:
    """Return the line that says what was found and how to say otherwise."""
    (roles, taken), (log, fields) = how, got
    kinds = ", ".join(dict.fromkeys(source.what for source in sources))
    answers = "/".join(dict.fromkeys(taken.name))
    scale = f" from {fields.low} to {fields.high}" if fields.low is not None else ""
    counts = ", ".join(f"{count} {word}" for word, count in log.counts.items())
    records = [record for source in sources for record in source.records]
    files = f"{len(sources)} files, " if len(sources) > 1 else ""
    asides = [name for source in sources for name in known_answers(source)]
    alone = "" if roles.persona else "; no field names a persona, so all answers of a model and repeat are one row"
    return (
        f"Read {path.name or path}: {kinds}, {files}{len(log.rows)} answers ({counts}); {roles.words()}, "
        f"answer = {answers}{scale}{alone}. Say otherwise with LogFields or --item, --persona, --prompt, --levers, "
        f"--answer; fields: {_listed(known_fields(records))}; answers: {_listed(list(dict.fromkeys(asides)))}."
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (f", ... ({len(names)} in all)" if len(names) > 12 else "")


def write_log_table(log: Log, path: str | Path) -> Path:
    """Write a log as a long table that `causalvalues.responses.read_responses` reads.

    Columns: model, persona_id, prompt_id, repeat, one ``lever:NAME`` with the dose of each lever (0 without it), item,
    response (empty when lost), status, text (what the model said, as a JSON string, so that a cell is one line and
    never a formula; at most 2,000 letters). persona_id and prompt_id are left out when no row has any.

    Parameters
    ----------
    log : Log
    path : str or Path
        ``.csv`` or ``.tsv``, also with ``.gz``.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        If the ending is another one or the place cannot be written to.
    """
    path = Path(path)
    name = path.name.lower().removesuffix(".gz")
    if not name.endswith((".csv", ".tsv")):
        raise DataError(f"{path} ends in {path.suffix!r}. Choose .csv or .tsv, also with .gz.")
    levers = sorted({lever for row in log.rows for lever, _ in row.levers})
    ids = [each for each in ("persona_id", "prompt_id") if any(getattr(row, each) for row in log.rows)]
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t" if name.endswith(".tsv") else ",", lineterminator="\n")
    writer.writerow(
        ["model", *ids, "repeat", *(f"lever:{name}" for name in levers), "item", "response", "status", "text"]
    )
    writer.writerows(_cells(row, ids, levers) for row in log.rows)
    content = out.getvalue().encode("utf-8")
    return write_bytes(path, gzip.compress(content, mtime=0) if path.name.lower().endswith(".gz") else content)


def _cells(row: LogRow, ids: Sequence[str], levers: Sequence[str]) -> list[str]:
    doses = dict(row.levers)
    return [
        harmless(row.model),
        *(harmless(getattr(row, each)) for each in ids),
        str(row.repeat),
        *(f"{doses.get(lever, 0.0):g}" for lever in levers),
        harmless(row.item),
        f"{row.response:.12g}" if row.status == "ok" else "",
        row.status,
        json.dumps(row.text[:2000]) if row.text else "",
    ]
