"""From the records of logs to rows: which field is the item, the persona, the prompt, the lever."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from causalvalues.elicitation.log_answers import Taken
from causalvalues.elicitation.log_json import number
from causalvalues.elicitation.log_records import NONE, LogFields, LogRow, Record, Source
from causalvalues.errors import DataError, did_you_mean

USUAL = {
    "item": ("item", "item_id", "item_name", "question_id", "question_name", "dimension", "value"),
    "persona": (
        "persona_id", "persona", "persona_name", "agent_id", "agent_name", "agent", "player_name", "player",
        "respondent_id", "respondent", "character",
    ),
    "prompt": ("prompt_id", "paraphrase", "paraphrase_id", "wording", "prompt_template", "template", "frame"),
    "levers": ("levers", "lever", "intervention"),
}  # fmt: skip
"""Names under which fields are looked for, in this order."""

_LONGEST = 60


@dataclass(frozen=True)
class Roles:
    """The field that plays each part; "" for none."""

    item: str
    persona: str
    prompt: str
    levers: str
    dose: str

    def words(self) -> str:
        """Return the parts as text for the note."""
        told = {"item": self.item, "persona": self.persona, "prompt": self.prompt, "levers": self.levers}
        return ", ".join(f"{part} = {name}" for part, name in told.items() if name)


def known_fields(records: Sequence[Record]) -> list[str]:
    """Return the names of all fields of some records, in order of appearance."""
    return list(dict.fromkeys(name for record in records for name in record.fields))


def roles_of(sources: Sequence[Source], fields: LogFields) -> Roles:
    """Return which field plays which part: what the user said, else the first usual name that is there.

    Raises
    ------
    DataError
        If a field that the user named is not there or not the only one of that name, or the ids of samples cannot be
        items.
    """
    records = [record for source in sources for record in source.records]
    known = known_fields(records)
    where = str(sources[0].path)
    found = {part: _field(part, getattr(fields, part), known, where) for part in USUAL}
    if not found["item"]:
        found["item"] = sources[0].default_item
        _refuse_ids(records, found, where)
    levers = found["levers"]
    dose = f"{levers.removesuffix('lever')}dose" if levers.endswith("lever") else ""
    return Roles(**found, dose=dose if dose in known else "")


def _field(part: str, wanted: str, known: Sequence[str], where: str) -> str:
    if wanted == NONE:
        return ""
    nested = {name.rsplit(".", 1)[0] for name in known if "." in name} if part == "levers" else set()
    known = [*known, *sorted(nested)]
    if wanted:
        fit = [name for name in known if name == wanted] or [name for name in known if name.endswith(f".{wanted}")]
        if not fit:
            ends = {name.rsplit(".", 1)[-1] for name in known}
            raise DataError(f"{where} has no field {wanted!r} ({part})." + did_you_mean(wanted, {*known, *ends}))
        if len(fit) > 1:
            raise DataError(f"{where} has several fields {wanted!r}: {', '.join(fit[:6])}. Give the whole name of one.")
        return fit[0]
    for usual in USUAL[part]:
        fit = [name for name in known if name.rsplit(".", 1)[-1] == usual]
        if fit:
            return fit[0]
    return ""


def _refuse_ids(records: Sequence[Record], found: dict[str, str], where: str) -> None:
    """Raise `DataError` when ids would be items that each belong to one persona only."""
    name, persona = found["item"], found["persona"]
    of: dict[str, set[str]] = defaultdict(set)
    for record in records:
        of[record.fields.get(name, "")].add(record.fields.get(persona, ""))
    personas = {each for some in of.values() for each in some}
    if len(personas) > 1 and all(len(some) == 1 for some in of.values()):
        raise DataError(
            f"{where}: no field is called {', '.join(USUAL['item'][:4])} or the like, and the {name} of a sample "
            f"belongs to one persona ({persona}) only, so it is no item. Say which field is the item: "
            f"LogFields(item=...), --item. Fields: {', '.join(known_fields(records)[:20])}."
        )


def rows_of(sources: Sequence[Source], roles: Roles, taken: Taken) -> tuple[LogRow, ...]:
    """Return one row a record.

    Raises
    ------
    DataError
        If an item is empty, a dose is no number, or two rows are the same answer; what tells them apart is named.
    """
    records = [record for source in sources for record in source.records]
    rows: list[LogRow] = []
    seen: dict[tuple[object, ...], Record] = {}
    for record, value, status in zip(records, taken.values, taken.status, strict=True):
        item = short(record.fields.get(roles.item, ""))
        if not item:
            raise DataError(
                f"{record.where} has no item: the field {roles.item!r} is empty. Name another: LogFields(item=...) or "
                "--item."
            )
        persona, prompt = (short(record.fields.get(name, "")) if name else "" for name in (roles.persona, roles.prompt))
        levers = _levers(record, roles)
        row = LogRow(short(record.model), persona, prompt, record.repeat, levers, item, value, status, record.text)
        key = (row.model, persona, prompt, row.repeat, levers, item)
        if key in seen:
            raise _same(seen[key], record, roles, item)
        seen[key] = record
        rows.append(row)
    return tuple(rows)


def _same(one: Record, two: Record, roles: Roles, item: str) -> DataError:
    names = dict.fromkeys([*one.fields, *two.fields])
    differ = [name for name in names if one.fields.get(name) != two.fields.get(name)]
    how = f"They differ in {', '.join(differ[:8])}. " if differ else "No field tells them apart. "
    free = [part for part in ("persona", "prompt") if not getattr(roles, part)] or ["prompt"]
    remedy = (
        f"Say what tells them apart, for example LogFields({free[0]}={differ[0]!r}) or LogFields(item={differ[0]!r})."
        if differ
        else "Leave one of them out."
    )
    return DataError(
        f"Two answers to {item!r} have the same model, persona, prompt, repeat and levers: {one.where} and "
        f"{two.where}. {how}{remedy}"
    )


def _levers(record: Record, roles: Roles) -> tuple[tuple[str, float], ...]:
    """Return the levers of an answer: "a+b", "a=2+b", {"a": 1, "b": 0.5}, or one name beside a dose."""
    if not roles.levers:
        return ()
    inside = {
        n.removeprefix(f"{roles.levers}."): v for n, v in record.fields.items() if n.startswith(f"{roles.levers}.")
    }
    cell = record.fields.get(roles.levers, "")
    pairs = list(inside.items())
    for each in cell.split("+") if cell and cell.casefold() not in ("none", "no", "baseline") else []:
        name, _, amount = each.partition("=")
        pairs.append((name.strip(), amount.strip() or (record.fields.get(roles.dose, "") if roles.dose else "") or "1"))
    doses: dict[str, float] = {}
    for name, amount in pairs:
        dose = number(amount)
        if dose is None or not name or name in doses:
            raise DataError(
                f"{record.where}: {cell or inside!r} in {roles.levers!r} is no list of different levers with doses. "
                'Write "a+b", "a=2+b" or {"a": 2, "b": 1}; or name another field: LogFields(levers=...), "-" for none.'
            )
        if dose:
            doses[short(name)] = dose
    return tuple(sorted(doses.items()))


def short(text: str) -> str:
    """Return an id of at most 60 letters: a longer text is cut, and told apart by nine digits of its SHA-256.

    Examples
    --------
    >>> short("p1")
    'p1'
    >>> len(short("You are a nurse. " * 10))
    60
    """
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST - 10]}~{hashlib.sha256(text.encode()).hexdigest()[:9]}"
