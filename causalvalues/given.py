"""Numbers and tables that a user gives: taken as they are meant, or refused in words that name them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from types import UnionType
from typing import Any

import pandas as pd

from causalvalues.errors import CausalValuesError, PlanError

Refusal = type[CausalValuesError]


def as_number(given: Any, what: str, error: Refusal = PlanError) -> float:
    """Return a number, which may be infinite or NaN.

    Parameters
    ----------
    given : object
    what : str
        What it is, for the message.
    error : type, default PlanError

    Raises
    ------
    CausalValuesError
        Of the kind `error`, if it is text, a truth value or no single number.

    Examples
    --------
    >>> as_number("much", "The cost")
    Traceback (most recent call last):
    causalvalues.errors.PlanError: The cost is 'much', which is no number. Give a number.
    """
    try:
        if isinstance(given, str | bytes | bool):
            raise TypeError
        return float(given)
    except (TypeError, ValueError):
        raise error(f"{what} is {given!r}, which is no number. Give a number.") from None


def as_numbers(given: Any, what: str, error: Refusal = PlanError) -> tuple[float, ...]:
    """Return a sequence of numbers; a single number or a text is refused."""
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise error(f"{what}: {given!r} is no list. Give a list of numbers.")
    return tuple(as_number(each, f"A number of {what[:1].lower()}{what[1:]}", error) for each in given)


def as_ends(given: Any, what: str, error: Refusal = PlanError) -> tuple[float, float]:
    """Return two numbers."""
    found = as_numbers(given, what, error)
    if len(found) != 2:
        raise error(f"{what}: {given!r} has {len(found)} numbers. Give two.")
    return found[0], found[1]


def as_named(given: Any, what: str, error: Refusal = PlanError) -> dict[str, float]:
    """Return a mapping (or Series) of names to numbers."""
    return {name: as_number(number, f"{what}, {name!r},", error) for name, number in as_items(given, what, error)}


def as_items(given: Any, what: str, error: Refusal = PlanError) -> list[tuple[str, Any]]:
    """Return the names and entries of a mapping or Series."""
    if not isinstance(given, Mapping | pd.Series):
        raise error(
            f"{what}: this is a {type(given).__name__}. Give a mapping of names to numbers, such as {{'power': 1}}."
        )
    return [(str(name), entry) for name, entry in given.items()]


def as_table(given: Any, what: str, columns: Sequence[str], error: Refusal = PlanError) -> pd.DataFrame:
    """Return some columns of a table as numbers, in the order asked for; NaN may stand.

    Parameters
    ----------
    given : object
    what : str
    columns : sequence of str
        Others are left out.
    error : type, default PlanError

    Raises
    ------
    CausalValuesError
        Of the kind `error`, if it is no DataFrame, or a column is missing, stands twice, or holds text or an infinite
        number.
    """
    if not isinstance(given, pd.DataFrame):
        raise error(f"{what} is a {type(given).__name__}. Give a DataFrame with a name of each row as its index.")
    found = {}
    for name in columns:
        here = given.loc[:, [column == name for column in given.columns]]
        if here.shape[1] != 1:
            have = "two columns" if here.shape[1] else "no column"
            raise error(
                f"{what} has {have} {str(name)!r}. Give each of these once: {', '.join(map(str, columns[:12]))}."
            )
        try:
            found[name] = here.iloc[:, 0].astype(float)
        except (TypeError, ValueError):
            raise error(f"{what}, column {str(name)!r}, holds something that is no number. Correct it.") from None
        if any(math.isinf(number) for number in found[name]):
            raise error(f"{what}, column {str(name)!r}, holds a number that is not finite. Correct it.")
    return pd.DataFrame(found, index=given.index, columns=list(columns), dtype=float)


def require_kind(given: object, kind: type | UnionType, what: str, error: Refusal = PlanError) -> None:
    """Refuse an object of another kind.

    Parameters
    ----------
    given : object
    kind : type, or a union of types
    what : str
        What it is, and what to give, as in ``"The method: give `Enumerate()`"``; for the message.
    error : type, default PlanError
    """
    if not isinstance(given, kind):
        raise error(f"{what}, not a {type(given).__name__}.")
