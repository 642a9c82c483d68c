"""What is learned from and what is foreseen: rows by left-out lever, lever set or unit, or new rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.frozen import BoolArray, IntArray
from causalvalues.prediction import PairedRows
from causalvalues.prediction.left_out import base_lever
from causalvalues.randomness import stream
from causalvalues.skill.single_effects import aims

BY_LEVER, BY_PAIR, BY_UNIT, NEW = "left-out lever", "left-out pair", "left-out unit", "new rows"
MOST_LEVERS = 30
"""Levers are left out one at a time up to this many, else some together."""


@dataclass(frozen=True, eq=False)
class Fold:
    """Rows to learn from and rows to foresee.

    Parameters
    ----------
    train, test : PairedRows
        With the same values and levers.
    scored : array (m, p) of bool
        Which cells of `test` count.
    groups : tuple of str, length m
        The lever, lever set or unit of each row of `test`; what a bootstrap draws.
    """

    train: PairedRows
    test: PairedRows
    scored: BoolArray
    groups: tuple[str, ...]


def lever_folds(
    rows: PairedRows, own: Mapping[str, str] | None, seed: int, test: PairedRows | None = None
) -> tuple[Fold, ...]:
    """Leave out each lever but for what it did to the value that it aims at.

    Learned from: all rows in which the lever does not act, and its own single rows with every answer taken away but
    that to its own value. Foreseen: the other values in its single rows.

    Parameters
    ----------
    rows : PairedRows
    own : mapping of lever to value, optional
    seed : int
        Deals the levers into folds where there are more than 30.
    test : PairedRows, optional
        Rows of the same levers to be foreseen in place of `rows`.

    Raises
    ------
    ModelError
        If fewer than three levers that aim at a value act alone.
    """
    asked = rows if test is None else test
    bases = _levers_of(rows)
    alone = {name for i in np.flatnonzero(rows.used == 1) for name in bases[i]}
    places = {base_lever(lever): rows.values.index(v) for lever, v in aims(rows.levers, rows.values, own).items()}
    names = sorted(alone & set(places) & {name for levers in _levers_of(asked) for name in levers})
    if len(names) < 3:
        raise ModelError(
            f"Three levers that aim at a value and act alone are needed to leave one out; there are {len(names)}. Name "
            "levers do_<value> (or <prefix>_<value>), or say with `own` what each aims at."
        )
    return tuple(
        _lever_fold(rows, asked, {name: places[name] for name in together})
        for together in dealt(names, MOST_LEVERS, seed, BY_LEVER)
    )


def _lever_fold(rows: PairedRows, asked: PairedRows, places: Mapping[str, int]) -> Fold:
    reached, keep = np.array(rows.reached), np.ones(len(rows), dtype=bool)
    for i, levers in enumerate(_levers_of(rows)):
        if levers[0] in places and len(levers) == 1:
            gone = np.arange(len(rows.values)) != places[levers[0]]
            reached[i, gone] = np.nan
        elif set(levers) & set(places):
            keep[i] = False
    train = PairedRows(rows.values, rows.levers, rows.units, rows.start, rows.doses, reached, rows.weights).on(keep)
    chosen = [i for i, levers in enumerate(_levers_of(asked)) if len(levers) == 1 and levers[0] in places]
    groups = tuple(_levers_of(asked)[i][0] for i in chosen)
    scored = np.ones((len(chosen), len(rows.values)), dtype=bool)
    scored[np.arange(len(chosen)), [places[name] for name in groups]] = False
    return Fold(train, asked.on(np.array(chosen, dtype=np.int64)), scored, groups)


def pair_folds(rows: PairedRows, folds: int, seed: int) -> tuple[Fold, ...]:
    """Leave out sets of two levers or more, in all their wordings and doses; all else is learned from.

    Raises
    ------
    ModelError
        If there are fewer than two such sets.
    """
    sets = ["+".join(levers) if len(levers) > 1 else "" for levers in _levers_of(rows)]
    names = sorted(set(sets) - {""})
    if len(names) < 2:
        raise ModelError(f"There are {len(names)} sets of two levers or more; two are needed to leave one out.")
    return tuple(_plain_fold(rows, sets, together) for together in dealt(names, folds, seed, BY_PAIR))


def unit_folds(rows: PairedRows, folds: int, seed: int) -> tuple[Fold, ...]:
    """Leave out units with all their rows.

    Raises
    ------
    ModelError
        If there are fewer than two units.
    """
    names = sorted(set(rows.units))
    if len(names) < 2:
        raise ModelError("There is one unit only, so no unit can be left out. Ask more units.")
    return tuple(_plain_fold(rows, rows.units, together) for together in dealt(names, folds, seed, BY_UNIT))


def new_fold(rows: PairedRows, test: PairedRows) -> tuple[Fold, ...]:
    """Learn from all rows and foresee others."""
    return (Fold(rows, test, np.ones(test.start.shape, dtype=bool), test.units),)


def dealt(names: Sequence[str], folds: int, seed: int, what: str) -> list[frozenset[str]]:
    """Deal names into at most so many folds of about one size."""
    order = stream(seed, "skill", what).permutation(len(names)).tolist()
    number = min(folds, len(names))
    return [frozenset(names[i] for i in order[first::number]) for first in range(number)]


def _plain_fold(rows: PairedRows, groups: Sequence[str], together: frozenset[str]) -> Fold:
    out = np.array([group in together for group in groups])
    chosen: IntArray = np.flatnonzero(out)
    named = tuple(groups[i] for i in chosen.tolist())
    return Fold(rows.on(~out), rows.on(out), np.ones((len(chosen), len(rows.values)), dtype=bool), named)


def _levers_of(rows: PairedRows) -> list[tuple[str, ...]]:
    """Return the levers that act in each row, without wordings, in name order."""
    bases = [base_lever(lever) for lever in rows.levers]
    return [tuple(sorted({bases[i] for i in np.flatnonzero(row)})) for row in rows.doses]
