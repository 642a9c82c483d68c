"""Prompt levers: sentences that are meant to move one value, in doses and in paraphrases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from causalvalues.elicitation.data_files import find, read_fields, tables, texts
from causalvalues.elicitation.sheets import ActivationLever, DesignLever, PromptLever
from causalvalues.errors import DataError, ElicitationError, did_you_mean

FORMAT = "causalvalues-levers 1"
_FILE: dict[str, type] = {"id": str, "theory": str, "licence": str, "source": str, "levers": list}
_LEVER: dict[str, type] = {"name": str, "value": str, "doses": list}
_DOSE: dict[str, type] = {"dose": float, "wordings": list}
_MARKS = "+=|,;\n\r\t"
_Lever = TypeVar("_Lever", PromptLever, DesignLever)


def prompt_levers(id_or_path: str | Path) -> tuple[PromptLever, ...]:
    """Return shipped levers by the id of a theory, or read levers from a file.

    Parameters
    ----------
    id_or_path : str or Path
        ``"schwartz-10"`` or ``"mft-5"`` (one lever a value, doses .5, 1 and 2 with two wordings each), or the path of
        a TOML file such as::

            format = "causalvalues-levers 1"

            [[levers]]
            name = "do_power"
            value = "power"             # optional: what it aims at
            doses = [
                { dose = 1, wordings = ["Above all, seek status.", "More than anything, gain prestige."] },
                { dose = 2, wordings = ["Always seek status.", "At any price, gain prestige."] },
            ]

    Returns
    -------
    tuple of PromptLever

    Raises
    ------
    ElicitationError
        If there are no such levers and no such file.
    DataError
        If the file is malformed.

    Examples
    --------
    >>> lever = prompt_levers("schwartz-10")[4]
    >>> lever.name, lever.doses
    ('do_power', (0.5, 1.0, 2.0))
    """
    path = find(id_or_path, "levers-", "levers")
    fields = read_fields(path, FORMAT, _FILE, ("levers",))
    levers = tuple(_lever(path, entry) for entry in tables(path, "levers", fields["levers"], _LEVER, ("name", "doses")))
    try:
        check_levers(levers)
    except ElicitationError as error:
        raise DataError(f"{path}: {error}") from None
    return levers


def check_levers(levers: Iterable[DesignLever]) -> None:
    """Refuse levers that a design cannot use.

    Raises
    ------
    ElicitationError
        If a name is empty, repeated or has a mark that the cells of a table need (``+ = | , ;``), a lever has no dose,
        doses are not positive and ascending, or doses differ in the number of their wordings.
    """
    seen: set[str] = set()
    for lever in levers:
        if not lever.name.strip() or any(mark in lever.name for mark in _MARKS):
            raise ElicitationError(f"A lever has the name {lever.name!r}. Give a short name without any of + = | , ;")
        if lever.name in seen:
            raise ElicitationError(f"Two levers have the name {lever.name!r}. Rename one of them.")
        seen.add(lever.name)
        if isinstance(lever, ActivationLever):
            continue
        doses = lever.doses
        if not doses or not all(0 < dose < float("inf") for dose in doses) or list(doses) != sorted(set(doses)):
            raise ElicitationError(f"The lever {lever.name!r} has the doses {doses}. Give positive, ascending numbers.")
        counts = {len(wordings) for _, wordings in lever.wordings}
        if len(counts) > 1 or 0 in counts:
            raise ElicitationError(f"The lever {lever.name!r} has not the same number of wordings for each dose.")


def lever_text(lever: DesignLever, dose: float, wording: int) -> str:
    """Return the sentence of a lever; "" for one inside the model, which takes any dose.

    Raises
    ------
    ElicitationError
        If the lever has no such dose or wording.
    """
    if isinstance(lever, ActivationLever):
        return ""
    offered = dict(lever.wordings)
    if dose not in offered:
        known = ", ".join(f"{known:g}" for known in lever.doses)
        raise ElicitationError(f"The lever {lever.name!r} has no dose {dose:g}. It has {known}.")
    if not 0 <= wording < len(offered[dose]):
        raise ElicitationError(
            f"The lever {lever.name!r} has {len(offered[dose])} wordings of the dose {dose:g}, not {wording + 1}. "
            "Ask for fewer wordings, or add some."
        )
    return offered[dose][wording]


def choose_levers(levers: Sequence[_Lever], names: Iterable[str]) -> tuple[_Lever, ...]:
    """Return the levers with these names, in the order of `levers`.

    Raises
    ------
    ElicitationError
        For a name that is no lever.
    """
    known = [lever.name for lever in levers]
    wanted = set(names)
    for name in sorted(wanted):
        if name not in known:
            raise ElicitationError(f"There is no lever {name!r}.{did_you_mean(name, known)}")
    return tuple(lever for lever in levers if lever.name in wanted)


def _lever(path: Path, entry: dict[str, Any]) -> PromptLever:
    name = f"doses of {entry['name']}"
    doses = tables(path, name, entry["doses"], _DOSE, ("dose", "wordings"))
    where = f"wordings of {entry['name']}"
    wordings = tuple((float(dose["dose"]), texts(path, where, dose["wordings"])) for dose in doses)
    return PromptLever(entry["name"], wordings, entry.get("value", ""))
