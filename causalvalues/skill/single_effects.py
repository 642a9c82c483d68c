"""What single levers did to units, from rows beside their starts; which value each lever aims at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.prediction import PairedRows
from causalvalues.prediction.left_out import base_lever

RANDOM_PREFIXES = ("rand", "random")
"""Of levers that push in a random direction; what follows is a number, or the value whose size they have."""


def named_random(lever: str) -> bool:
    """Return whether the name of a lever says that its direction is random.

    Examples
    --------
    >>> named_random("rand_power"), named_random("random_1"), named_random("vec_power")
    (True, True, False)
    """
    prefix, bar, _ = base_lever(lever).partition("_")
    return bool(bar) and prefix.lower() in RANDOM_PREFIXES


def aims(levers: Sequence[str], values: Sequence[str], own: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the value that each lever aims at: as given, else by the name ``<prefix>_<value>``.

    Parameters
    ----------
    levers, values : sequence of str
    own : mapping of lever to value, optional
        A lever in several wordings may be named without the wording. Levers of other data may stand in it. By default
        what follows the first underscore of a name is its value, where there is such a value: ``do_power`` and
        ``vec_power`` aim at power, ``do_self_direction`` at self_direction; random directions, ``rand_power`` or
        ``random_power``, aim at nothing.

    Raises
    ------
    ModelError
        If `own` names an unknown value.

    Examples
    --------
    >>> aims(("do_power~w0", "vec_security", "persona"), ("power", "security"))
    {'do_power~w0': 'power', 'vec_security': 'security'}
    """
    if own is None:
        named = {lever: base_lever(lever).partition("_") for lever in levers}
        found = {lever: value for lever, (prefix, _, value) in named.items() if prefix and value in values}
        return {lever: value for lever, value in found.items() if not named_random(lever)}
    for lever, value in own.items():
        if value not in values:
            raise ModelError(f"Lever {lever!r} aims at the unknown value {value!r}." + did_you_mean(value, values))
    found = {lever: own.get(lever, own.get(base_lever(lever), "")) for lever in levers}
    return {lever: value for lever, value in found.items() if value}


def known_aims(rows: PairedRows, own: Mapping[str, str] | None) -> dict[int, int]:
    """Return the index of the value that each lever aims at, by the index of the lever."""
    found = aims(rows.levers, rows.values, own)
    return {rows.levers.index(lever): rows.values.index(value) for lever, value in found.items()}


def needed_aims(rows: PairedRows, own: Mapping[str, str] | None) -> dict[int, int]:
    """Return `known_aims`; raise `ModelError` when no lever aims at a value."""
    found = known_aims(rows, own)
    if not found:
        raise ModelError(
            "No lever is known to aim at a value, so its effect on that value foresees nothing. Name levers "
            "do_<value> (or <prefix>_<value>), or say with `own` what each aims at."
        )
    return found


def only_own(effects: FloatArray, own: Mapping[int, int]) -> FloatArray:
    """Return the effects (k, p) of levers on the values that they aim at; zero elsewhere and where unknown."""
    kept = np.zeros_like(effects)
    for lever, value in own.items():
        kept[lever, value] = np.nan_to_num(effects[lever, value], nan=0.0)
    return kept


def single_effects(rows: PairedRows) -> FloatArray:
    """Return the change of each value per unit of dose of each lever, from rows with one lever alone.

    E_lj = sum w d (y_j - x_j) / sum w d^2 over rows in which lever l acts alone and value j was answered.

    Returns
    -------
    array (k, p)
        NaN where no such row is.
    """
    alone = rows.used == 1
    doses, change = rows.doses[alone], rows.change[alone]
    seen = np.isfinite(change)
    pull = rows.weights[alone, None] * doses
    top = np.einsum("rk,rp->kp", pull, np.where(seen, change, 0.0))
    bottom = np.einsum("rk,rp->kp", pull * doses, seen.astype(float))
    return np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), np.nan)


def unit_starts(rows: PairedRows) -> tuple[tuple[str, ...], FloatArray]:
    """Return each unit once, in order, with its profile without levers (u, p)."""
    first = {unit: i for i, unit in reversed(list(enumerate(rows.units)))}
    units = tuple(sorted(first))
    return units, rows.start[[first[unit] for unit in units]]


def most_moved(rows: PairedRows) -> dict[str, str]:
    """Return the value that each lever moves most when it acts alone, in absolute score units.

    For levers that name no value of their own, such as steering features. Choose on other answers than those that
    judge: the largest of many noisy effects is too large.
    """
    effects = np.abs(single_effects(rows))
    known: BoolArray = np.asarray(np.isfinite(effects).all(axis=1))
    order = sorted(range(len(rows.values)), key=lambda j: rows.values[j])
    best = np.argmax(effects[:, order], axis=1)
    return {
        lever: rows.values[order[j]]
        for lever, j, whole in zip(rows.levers, best.tolist(), known.tolist(), strict=True)
        if whole
    }
