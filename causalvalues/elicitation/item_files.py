"""Reading items from TOML, from a plain table, and from a table with the columns of ValueBench."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from causalvalues.elicitation.data_files import read_fields, read_rows, tables, texts
from causalvalues.elicitation.items import Item, ItemSet
from causalvalues.errors import CausalValuesError, DataError, KeyFileError, did_you_mean
from causalvalues.theories import theory

FORMAT = "causalvalues-items 1"
_SET: dict[str, type] = {"id": str, "theory": str, "language": str, "licence": str, "source": str, "items": list}
_ITEM: dict[str, type] = {
    "id": str, "value": str, "statement": str, "negated": str, "reverse": bool, "language": str, "paraphrases": list,
}  # fmt: skip
_PLAIN = ("id", "value", "statement", "negated", "reverse", "language")
_VALUEBENCH = ("questionnaire", "item", "value", "agreement", "question")
_YES = {"1", "true", "yes", "y", "r", "reverse", "reversed", "-1"}
_NO = {"", "0", "false", "no", "n", "+1"}


def read_items(path: str | Path) -> ItemSet:
    """Read a set of items.

    Parameters
    ----------
    path : str or Path
        Either TOML::

            format = "causalvalues-items 1"
            id = "my-items"
            theory = "schwartz-10"      # optional; values are then checked, and aliases understood
            language = "en"

            [[items]]
            id = "power_1"
            value = "power"
            statement = "I enjoy giving orders to other people."
            negated = "I do not enjoy giving orders to other people."
            reverse = false
            paraphrases = ["Telling other people what they must do is a joy to me."]

        or a table (CSV, also with semicolons or tabs) with the columns ``id,value,statement`` and, where wanted,
        ``negated,reverse,language``; or one with the columns of ValueBench
        (``questionnaire,item,value,agreement,question``): `item` is the statement, `agreement` -1 makes it
        reverse-keyed, and the id is the questionnaire with a running number.

    Returns
    -------
    ItemSet
        Values of a TOML file with a theory have their canonical names.

    Raises
    ------
    DataError
        If the file is malformed, naming file, line or item, and what to write instead.
    """
    path = Path(path)
    try:
        return _from_toml(path) if path.suffix.casefold() == ".toml" else _from_table(path)
    except CausalValuesError as error:
        if str(path) in str(error):
            raise
        raise DataError(f"{path}: {error}") from None


def _from_toml(path: Path) -> ItemSet:
    fields = read_fields(path, FORMAT, _SET, ("items",))
    name = fields.get("theory", "")
    entries = tables(path, "items", fields["items"], _ITEM, ("id", "value", "statement"))
    canonical = _canonical(path, name)
    items = []
    for entry in entries:
        wordings = texts(path, f"paraphrases of {entry['id']}", entry.get("paraphrases", []), 0)
        plain = {"language": fields.get("language", "en")} | entry
        items.append(Item(**plain | {"value": canonical(entry["value"]), "paraphrases": wordings}))
    licence, source = fields.get("licence", ""), fields.get("source", "")
    return ItemSet(fields.get("id", path.stem), name, tuple(items), licence, source)


def _canonical(path: Path, name: str) -> Any:
    """Return the function that turns a spelling of a value into its canonical name."""
    if not name:
        return str
    try:
        known = theory(str(path.parent / name) if name.endswith(".toml") else name)
    except KeyFileError as error:
        raise DataError(f"{path}: {error}") from None

    def canonical(spelling: str) -> str:
        try:
            return known.canonical(spelling)
        except KeyFileError as error:
            raise DataError(f"{path}: {error}") from None

    return canonical


def _from_table(path: Path) -> ItemSet:
    rows = read_rows(path)
    if not rows:
        raise DataError(f"{path} has a header and no rows. Write one item on each line.")
    columns = set(rows[0])
    if {"item", "value", "agreement"} <= columns:
        items = _valuebench(path, rows)
    else:
        for column in ("id", "value", "statement"):
            if column not in columns:
                raise DataError(
                    f"{path} lacks the column {column!r}; it has {', '.join(rows[0])}. Give the columns id, value, "
                    f"statement, or those of ValueBench ({', '.join(_VALUEBENCH)})."
                )
        items = [_plain_item(path, number, row) for number, row in enumerate(rows, 1)]
    return ItemSet(path.stem, "", tuple(items))


def _plain_item(path: Path, number: int, row: Mapping[str, str]) -> Item:
    for column in row:
        if column not in _PLAIN:
            raise DataError(f"{path} has the unknown column {column!r}.{did_you_mean(column, _PLAIN)}")
    mark = row.get("reverse", "").casefold()
    if mark not in _YES | _NO:
        raise DataError(f"{path}, item {number}: `reverse` is {mark!r}. Write true or false.")
    language = row.get("language", "") or "en"
    return Item(row["id"], row["value"], row["statement"], row.get("negated", ""), mark in _YES, language)


def _valuebench(path: Path, rows: list[dict[str, str]]) -> list[Item]:
    seen: Counter[str] = Counter()
    items = []
    for number, row in enumerate(rows, 1):
        questionnaire = re.sub(r"\W+", "_", row.get("questionnaire", "").casefold()).strip("_") or "item"
        seen[questionnaire] += 1
        try:
            agreement = float(row["agreement"])
        except ValueError:
            agreement = 0.0
        if agreement not in (1.0, -1.0):
            raise DataError(f"{path}, item {number}: `agreement` is {row['agreement']!r}. Write 1, or -1 if reversed.")
        items.append(Item(f"{questionnaire}_{seen[questionnaire]}", row["value"], row["item"], reverse=agreement < 0))
    return items
