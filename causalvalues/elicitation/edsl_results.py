"""Results of EDSL: JSON, the package file `.ep`, and CSV with dotted columns; one answer column a question."""

from __future__ import annotations

import ast
import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from causalvalues.elicitation.log_json import number, parse_json, part
from causalvalues.elicitation.log_records import Given, Record, Source, cell, flat
from causalvalues.elicitation.zip_members import ZipMembers
from causalvalues.errors import DataError

_OUR_OWN = re.compile(r".*\.(edsl_version|edsl_class_name|agent_index|scenario_index|model_index|agent_instruction)")
_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?")


def is_edsl_json(held: object) -> bool:
    """Whether a JSON object is EDSL's results."""
    if not isinstance(held, dict) or not isinstance(held.get("data"), list):
        return False
    return "survey" in held or held.get("edsl_class_name") == "Results"


def is_edsl_zip(members: ZipMembers) -> bool:
    """Whether a zip file is a package of EDSL's results."""
    return "results.jsonl" in members.members and "manifest.json" in members.members


def is_edsl_csv(data: bytes) -> bool:
    """Whether a text file has EDSL's dotted columns."""
    head = data[:100_000].split(b"\n")[0].decode("utf-8-sig", "replace")
    return bool(re.search(r"(^|[,\"])answer\.\w", head))


def read_edsl_json(path: Path, held: dict[str, Any]) -> Source:
    """Return the records of results in JSON, one an interview and question.

    Raises
    ------
    DataError
        If an interview is none, by its number.
    """
    records: list[Record] = []
    for i, interview in enumerate(held["data"]):
        records += _of_interview(interview, f"{path}: result {i + 1}")
    return _source(path, records)


def read_edsl_zip(members: ZipMembers) -> Source:
    """Return the records of an `.ep` package; lines of its `results.jsonl` that are no interviews are passed over."""
    records: list[Record] = []
    for i, line in enumerate(members.read("results.jsonl").split(b"\n")):
        where = f"{members.path}: results.jsonl, line {i + 1}"
        held = parse_json(line, where) if line.strip() else None
        if isinstance(held, dict) and "answer" in held and "agent" in held:
            records += _of_interview(held, where)
    return _source(members.path, records)


def read_edsl_csv(path: Path, data: bytes) -> Source:
    """Return the records of results in CSV, melted: one a row and column ``answer.QUESTION``.

    Raises
    ------
    DataError
        If a row is ragged, by its number (the header is row 1), or the file is not UTF-8.
    """
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not UTF-8 text: byte {error.start} is 0x{data[error.start]:02x}. Save it as UTF-8."
        ) from None
    except csv.Error as error:
        raise DataError(f"{path} is no CSV table: {error}. Look for an unclosed quotation mark.") from None
    header = [name.strip() for name in rows[0]]
    questions = [name.removeprefix("answer.") for name in header if name.startswith("answer.")]
    records: list[Record] = []
    for i, row in enumerate(rows[1:]):
        where = f"{path}, row {i + 2}"
        if not row:
            continue
        if len(row) != len(header):
            raise DataError(f"{where} has {len(row)} cells and the header {len(header)}. Export the results again.")
        cells = dict(zip(header, row, strict=True))
        records += [_of_row(cells, question, where) for question in questions]
    return _source(path, records)


def _source(path: Path, records: list[Record]) -> Source:
    return Source(path, "EDSL results", tuple(records), "question", ("answer",))


def _of_interview(held: Any, where: str) -> Iterator[Record]:
    if not isinstance(held, dict) or not isinstance(held.get("answer"), dict):
        raise DataError(f"{where} is no interview: it has no object `answer`. Save the results with EDSL again.")
    model, agent = part(held, "model"), part(held, "agent")
    fields = flat(agent.get("traits"), "agent") | flat(agent.get("name"), "agent.agent_name")
    fields |= flat(held.get("scenario"), "scenario") | flat(model.get("parameters"), "model")
    answered = any(each is not None for each in part(held, "generated_tokens").values())
    for question, answer in held["answer"].items():
        about = part(part(held, "question_to_attributes"), question)
        said = part(held, "generated_tokens").get(f"{question}_generated_tokens")
        text = said if isinstance(said, str) else ""
        given = _given(answer, about.get("question_options"))
        yield Record(
            f"{where}, question {question!r}",
            _known(fields, question, about.get("question_text")),
            cell(model.get("model")) or "",
            _iteration(held.get("iteration"), where),
            {"answer": given, "text": text},
            text or (answer if isinstance(answer, str) else ""),
            _lost(given, text, answered),
        )


def _of_row(cells: Mapping[str, str], question: str, where: str) -> Record:
    fields = {
        name: cell(value) or "" for name, value in cells.items() if name.split(".")[0] in ("agent", "scenario", "model")
    }
    text = cells.get(f"generated_tokens.{question}_generated_tokens", "")
    answered = any(value for name, value in cells.items() if name.startswith("generated_tokens."))
    told = any(name.startswith(("generated_tokens.", "question_type.")) for name in cells)
    answer: str | None = cells[f"answer.{question}"]
    answer = None if answer in ("", "None", "nan") else answer
    kind = cells.get(f"question_type.{question}_question_type", "")
    written = answer is not None and _NUMBER.fullmatch(answer) is not None and kind != "free_text"
    options = _options(cells.get(f"question_options.{question}_question_options", ""))
    given = number(answer) if written else _given(answer, options)
    return Record(
        f"{where}, question {question!r}",
        _known(
            {name: value for name, value in fields.items() if value},
            question,
            cells.get(f"question_text.{question}_question_text"),
        ),
        cells.get("model.model", ""),
        _iteration(cells.get("iteration.iteration") or 0, where),
        {"answer": given, "text": text} if text else {"answer": given},
        text or answer or "",
        _lost(given, text, answered) if told else "" if given is not None else "missing",
    )


def _known(fields: Mapping[str, str], question: str, wording: object) -> dict[str, str]:
    """Return the fields of an answer without EDSL's own bookkeeping."""
    kept = {name: value for name, value in fields.items() if not _OUR_OWN.fullmatch(name) and name != "model.model"}
    return kept | {"question": question} | flat(wording, "question_text")


def _given(answer: object, options: object) -> Given:
    """Return a number for a number, the place (from 1) of a chosen option that is text, and other text as it is."""
    if answer is None or isinstance(answer, list | dict):
        return None
    if isinstance(answer, str):
        if isinstance(options, list) and answer in options:
            found = number(answer)
            return float(options.index(answer) + 1) if found is None else found
        return answer
    return number(answer)


def _options(text: str) -> object:
    """Return the options that a CSV cell lists ("['Not like me', 'Like me']"), or None."""
    try:
        return ast.literal_eval(text) if 0 < len(text) <= 20_000 and text.startswith("[") else None
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _iteration(held: object, where: str) -> int:
    found = number(0 if held is None else held)
    if found is None or not found.is_integer():
        raise DataError(f"{where}: the iteration {held!r} is no whole number. Save the results with EDSL again.")
    return int(found)


def _lost(given: Given, text: str, answered: bool) -> str:
    """Return why there is no answer: nothing came back, or this question was passed over; "" where there is one."""
    if given is not None or text.strip():
        return ""
    return "missing" if answered else "api_error"
