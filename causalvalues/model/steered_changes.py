"""What happened to every value when one value was pushed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.frozen import FloatArray, frozen_floats
from causalvalues.model.levers import LeverEffects
from causalvalues.model.reference import own_values


@dataclass(frozen=True, eq=False)
class SteeredChanges:
    """What happened to every value when one value was pushed.

    Parameters
    ----------
    names : tuple of str, length p
        Values.
    steered : tuple of str, length r
        For each row the value that was pushed.
    changes : array (r, p)
        Change of each value, in any unit; NaN where it is not known. Rows may be effects of levers or raw differences.
    weights : array (r, p) or (r,), optional
        Not negative; default 1.

    Raises
    ------
    ModelError
        If a steered value is unknown, shapes differ, or a number is infinite.
    """

    names: tuple[str, ...]
    steered: tuple[str, ...]
    changes: FloatArray
    weights: FloatArray = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "names", tuple(self.names))
        put(self, "steered", tuple(self.steered))
        shape = (len(self.steered), len(self.names))
        for name in self.steered:
            if name not in self.names:
                raise ModelError(f"The steered value {name!r} is unknown." + did_you_mean(str(name), self.names))
        weights = np.ones(shape) if self.weights is None else np.asarray(self.weights, dtype=np.float64)
        weights = np.repeat(weights[:, None], shape[1], axis=1) if weights.ndim == 1 else weights
        try:
            put(self, "changes", frozen_floats(self.changes, shape, "changes"))
            put(self, "weights", frozen_floats(weights, shape, "weights"))
        except ValueError as error:
            raise ModelError(f"{error}: one row for each steered value, one column for each value.") from None
        if np.isinf(self.changes).any() or not (np.isfinite(self.weights) & (self.weights >= 0)).all():
            raise ModelError("Changes must be finite or NaN, and weights finite and not negative.")

    @classmethod
    def from_frame(
        cls,
        changes: pd.DataFrame,
        steered: Mapping[str, str] | Sequence[str],
        weights: Sequence[float] | FloatArray | None = None,
    ) -> SteeredChanges:
        """Take changes from a DataFrame [row, value].

        Parameters
        ----------
        changes : DataFrame (r, p)
        steered : mapping of row label to value, or sequence of str (r,)
            Rows that a mapping does not name are left out.
        weights : array (r,) or (r, p), optional
            For all rows of `changes`.
        """
        whole = np.ones(changes.shape) if weights is None else np.asarray(weights, dtype=np.float64)
        keep = np.ones(len(changes), dtype=bool)
        if isinstance(steered, Mapping):
            unknown = sorted(str(label) for label in steered if label not in changes.index)
            if unknown:
                raise ModelError(f"There is no row {unknown[0]!r}." + did_you_mean(unknown[0], map(str, changes.index)))
            keep = np.array([label in steered for label in changes.index], dtype=bool)
            steered = [steered[label] for label in changes.index[keep]]
        names = tuple(str(name) for name in changes.columns)
        return cls(names, tuple(steered), changes.to_numpy(dtype=np.float64)[keep], whole[keep])

    @classmethod
    def from_changed_answers(cls, after: pd.DataFrame, before: pd.DataFrame | pd.Series) -> SteeredChanges:
        """Take every value that changed as pushed, and ask which others changed with it.

        This is how a role or a steering feature that aims at no value in particular has been turned into evidence: each
        row gives one entry for each value that differs from its answer before, with 1 where another value differs too.

        Parameters
        ----------
        after : DataFrame (r, p)
            Answers under a role or a feature.
        before : DataFrame (r, p) or Series (p,)
            Answers without it: a row for each row of `after`, in the same order, or one for all.

        Raises
        ------
        ModelError
            If the two have other columns or rows, or nothing changed.

        Notes
        -----
        Whatever moves all values at once makes them change together. Nothing here says which value moved first.

        References
        ----------
        Kang et al. (2025), Findings of ACL, "Are the Values of LLMs Structurally Aligned with Humans? A Causal
        Perspective", table 2.

        Examples
        --------
        >>> after = pd.DataFrame([[1.0, 0.0, 0.5], [0.2, 0.0, 0.3]], columns=["a", "b", "c"])
        >>> moved = SteeredChanges.from_changed_answers(after, pd.Series({"a": 0.2, "b": 0.0, "c": 0.3}))
        >>> moved.steered, moved.changes.tolist()
        (('a', 'c'), [[1.0, 0.0, 1.0], [1.0, 0.0, 1.0]])
        """
        names = [str(name) for name in after.columns]
        other = [str(name) for name in (before.index if isinstance(before, pd.Series) else before.columns)]
        if sorted(names) != sorted(other) or (isinstance(before, pd.DataFrame) and len(before) != len(after)):
            raise ModelError("The answers before and after differ in their columns or rows. Give the same for both.")
        earlier = before.to_numpy(dtype=np.float64)[..., [other.index(name) for name in names]]
        later = after.to_numpy(dtype=np.float64)
        unknown = np.isnan(later) | np.isnan(np.broadcast_to(earlier, later.shape))
        changed = np.where(unknown, np.nan, later != earlier)
        row, column = np.nonzero(changed == 1)
        if not len(row):
            raise ModelError("No answer changed, so there is nothing to compare.")
        return cls(tuple(names), tuple(names[j] for j in column), changed[row])

    @classmethod
    def from_lever_effects(cls, effects: LeverEffects, own: Mapping[str, str] | None = None) -> SteeredChanges:
        """Take the mean effects of single levers that aim at a value.

        Parameters
        ----------
        effects : LeverEffects
        own : mapping of lever to value, optional
            By default levers named ``do_<value>``.
        """
        levers = tuple(str(lever) for lever in effects.doses.columns)
        aims = own_values(levers, tuple(str(name) for name in effects.mean.columns), own)
        used = effects.doses.to_numpy() != 0
        single = {
            str(cell): aims[levers[int(np.flatnonzero(row)[0])]]
            for cell, row in zip(effects.mean.index, used, strict=True)
            if row.sum() == 1 and levers[int(np.flatnonzero(row)[0])] in aims
        }
        return cls.from_frame(effects.mean, single)
