"""Reading scoring keys from TOML."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from causalvalues.errors import KeyFileError, did_you_mean
from causalvalues.theories.files import check_fields, find, read_toml, shipped, strings
from causalvalues.theories.key import ItemKey, ScoringKey
from causalvalues.theories.theory import theory

FORMAT = "causalvalues-key 1"
_TYPES: dict[str, type] = {
    "id": str, "name": str, "theory": str, "extends": str, "low": float, "high": float, "most": str, "missing": dict,
    "min_answered": int, "centring": str, "level": str, "combine": str, "constants": dict, "unscored": list,
    "attention": dict, "verified": bool, "measures": str, "source": str, "items": dict, "aliases": dict, "prefix": str,
    "number_aliases": list, "keep": list, "guardrails": dict,
}  # fmt: skip
_PLAIN = ("name", "low", "high", "most", "min_answered", "centring", "level", "combine", "constants", "attention",
          "verified", "measures", "source")  # fmt: skip
_NOT_WITH_EXTENDS = ("theory", "items", "aliases", "prefix", "number_aliases", "unscored", "guardrails")


def scoring_keys() -> tuple[str, ...]:
    """Return the ids of the scoring keys that ship with the package.

    Examples
    --------
    >>> "pvq-21" in scoring_keys()
    True
    """
    return shipped("keys")


def scoring_key(id_or_path: str | Path) -> ScoringKey:
    """Return a scoring key by its id, or read one from a TOML file.

    Parameters
    ----------
    id_or_path : str or Path
        One of `scoring_keys()`, or the path of a file such as::

            format = "causalvalues-key 1"
            id = "my-key"
            name = "My questionnaire"
            theory = "mft-5"            # an id, or a path beside this file
            low = 1
            high = 5
            most = "high"               # which end of the scale means most; "low" when 1 = "very much like me"
            min_answered = 2            # without it: half of the items of a dimension
            prefix = "q"                # the number 7 below is the item "q7"

            [items]
            care = [1, 3, { item = 7, sign = -1, weight = 0.5 }]
            fairness = [2, 4]

            [missing]
            99 = "refusal"              # or "missing", "parse_error", "api_error"

            [aliases]
            q7 = ["compassion"]

        A file with ``extends = "pvq-21"`` starts from another key and may change its plain fields, its missing codes
        and, with ``keep = [...]``, the items that are used. All fields are described at `ScoringKey`.

    Raises
    ------
    KeyFileError
        If there is no such key, or the file is malformed.

    Examples
    --------
    >>> key = scoring_key("pvq-21")
    >>> key.canonical("ipcrtiv"), key.items["pvq21_1"].dimension, key.most
    ('pvq21_1', 'self_direction', 'low')
    """
    path = find(id_or_path, "keys", "scoring key")
    fields = read_toml(path, FORMAT)
    check_fields(path, fields, _TYPES, ("id",))
    plain = {name: fields[name] for name in _PLAIN if name in fields}
    if "missing" in fields:
        plain["missing"] = _missing_codes(path, fields["missing"])
    try:
        return _extended(path, fields, plain) if "extends" in fields else _complete(path, fields, plain)
    except (KeyFileError, TypeError, ValueError) as error:
        if str(path) in str(error):
            raise
        raise KeyFileError(f"{path}: {error}") from None


def _extended(path: Path, fields: Mapping[str, Any], plain: dict[str, Any]) -> ScoringKey:
    for name in _NOT_WITH_EXTENDS:
        if name in fields:
            raise KeyFileError(f"{path}: `extends` and {name!r} do not go together. Leave one out.")
    base = scoring_key(_beside(path, fields["extends"]))
    if "keep" in fields:
        base = base.subset([str(item) for item in fields["keep"]])
    return replace(base, id=fields["id"], **plain)


def _complete(path: Path, fields: Mapping[str, Any], plain: dict[str, Any]) -> ScoringKey:
    check_fields(path, fields, _TYPES, ("name", "theory", "items"))
    if "keep" in fields:
        raise KeyFileError(f"{path}: `keep` needs `extends`. List the items under [items] instead.")
    prefix = fields.get("prefix", "")
    name = _beside(path, fields["theory"])
    dimensions = theory(name).dimensions
    items: dict[str, ItemKey] = {}
    for dimension, entries in fields["items"].items():
        if dimension not in dimensions:
            raise KeyFileError(f"{path} scores {dimension!r}." + did_you_mean(dimension, dimensions))
        if not isinstance(entries, list):
            raise KeyFileError(f"{path}: the items of {dimension!r} must be a list such as [1, 2]; it is {entries!r}.")
        for entry in entries:
            item, scored = _item(path, dimension, entry, prefix)
            if item in items:
                raise KeyFileError(f"{path}: the item {item!r} is listed more than once.")
            items[item] = scored
    unscored = [_item_name(entry, prefix) for entry in fields.get("unscored", ())]
    attention = {_item_name(entry, prefix): limits for entry, limits in fields.get("attention", {}).items()}
    guardrails = {
        name: tuple(strings(path, f"`guardrails.{name}`", ids)) for name, ids in fields.get("guardrails", {}).items()
    }
    return ScoringKey(
        **{"low": -math.inf, "high": math.inf} | plain,
        id=fields["id"],
        theory=name,
        items=dict(sorted(items.items(), key=lambda pair: dimensions.index(pair[1].dimension))),
        item_aliases=_aliases(path, fields, [*items, *unscored, *attention]),
        unscored=tuple(unscored),
        guardrails=guardrails,
    )


def _item(path: Path, dimension: str, entry: Any, prefix: str) -> tuple[str, ItemKey]:
    table: dict[str, Any] = entry if isinstance(entry, dict) else {"item": str(entry)}
    table = {**table, "item": str(table["item"])} if "item" in table else table
    check_fields(path, table, {"item": str, "sign": int, "weight": float, "optional": bool}, ("item",))
    sign, weight, optional = table.get("sign", 1), float(table.get("weight", 1.0)), table.get("optional", False)
    return _item_name(table["item"], prefix), ItemKey(dimension, sign, weight, optional)


def _item_name(entry: Any, prefix: str) -> str:
    return f"{prefix}{entry}" if str(entry).isdigit() else str(entry)


def _aliases(path: Path, fields: Mapping[str, Any], items: Iterable[str]) -> dict[str, str]:
    """Return alias -> item, from the listed aliases and from the patterns for numbered items."""
    prefix = fields.get("prefix", "")
    known = list(items)
    aliases: dict[str, str] = {}
    for pattern in strings(path, "`number_aliases`", fields.get("number_aliases", [])):
        for item in known:
            number = item.removeprefix(prefix)
            if number.isdigit():
                aliases[pattern.replace("{n}", number)] = item
    for entry, others in fields.get("aliases", {}).items():
        item = _item_name(entry, prefix)
        if item not in known:
            raise KeyFileError(f"{path} has aliases for {item!r}, which is no item." + did_you_mean(item, known))
        for alias in strings(path, f"`aliases` of {entry!r}", others):
            if aliases.setdefault(alias, item) != item:
                raise KeyFileError(
                    f"{path}: the alias {alias!r} stands for {aliases[alias]!r} and for {item!r}. Take it away from "
                    "one of them."
                )
    return aliases


def _missing_codes(path: Path, codes: Mapping[str, Any]) -> dict[float, str]:
    try:
        return {float(code): str(status) for code, status in codes.items()}
    except ValueError as error:
        raise KeyFileError(f"{path}: codes for missing answers are numbers; {error}.") from None


def _beside(path: Path, name: str) -> str:
    """Return a path relative to the file that names it; an id stays as it is."""
    return str(path.parent / name) if name.endswith(".toml") else name
