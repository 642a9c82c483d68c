"""Environments: moments of several conditions, in each of which some values were forced.

Forcing a value from outside cuts it off from its causes, so the rows in which it was forced say nothing about its own
equation. They say all the more about the others: an edge between a forced and a free value shows its direction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalvalues.errors import DataError, did_you_mean
from causalvalues.evidence.aligned_clusters import ClusterTable, cluster_table
from causalvalues.evidence.condition_levers import condition_labels
from causalvalues.evidence.moments import Evidence, Moments
from causalvalues.evidence.summarise import summarise
from causalvalues.frozen import BoolArray, IntArray
from causalvalues.responses.matrix import ResponseMatrix


@dataclass(frozen=True, eq=False)
class Condition:
    """Rows that were made in the same way.

    Parameters
    ----------
    name : str
    forced : tuple of str
        Values that were forced in it, in name order; empty for an observational condition.
    rows : int
        Rows of the matrix.
    evidence : Evidence or None
        Moments of these rows alone; None where there are too few of them.
    note : str, default ""
        Why there is no evidence.
    """

    name: str
    forced: tuple[str, ...]
    rows: int
    evidence: Evidence | None
    note: str = ""


@dataclass(frozen=True, eq=False)
class Environments:
    """Moments of several conditions with known targets: for each value, those of the rows in which it was free.

    Parameters
    ----------
    names : tuple of str, length p
        Value dimensions.
    by : str
        The label that names the condition of a row.
    conditions : tuple of Condition
        In the order of their names.
    free : tuple of Evidence
        Moments of the rows in which some values were free: one for each distinct set of conditions. Their cluster sums
        hold the same clusters (with weight 0 where a cluster has no such row), so one draw of clusters holds in all.
    which : array (p,) of int
        The place in `free` of the evidence of each value.
    """

    names: tuple[str, ...]
    by: str
    conditions: tuple[Condition, ...]
    free: tuple[Evidence, ...]
    which: IntArray

    def __post_init__(self) -> None:
        which = np.array(self.which, dtype=np.int64)
        which.setflags(write=False)
        object.__setattr__(self, "which", which)

    def __repr__(self) -> str:
        forced = sum(bool(condition.forced) for condition in self.conditions)
        return f"Environments({len(self.names)} values, {len(self.conditions)} conditions, {forced} with forced values)"

    @property
    def targets(self) -> tuple[tuple[str, ...], ...]:
        """The distinct sets of values that were forced together, the empty one included where it occurs; sorted."""
        return tuple(sorted({condition.forced for condition in self.conditions}))

    @property
    def levers(self) -> tuple[str, ...]:
        """Names of the levers; the same in all conditions."""
        return self.free[0].levers

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns: values, levers, tried combinations."""
        return self.free[0].columns

    @property
    def measures(self) -> str:
        """As in `ResponseMatrix`."""
        return self.free[0].measures

    @property
    def notes(self) -> tuple[str, ...]:
        """How many rows carry the equation of each value, and which conditions are too small for moments of their own.

        The notes of a single evidence say how its moments were made.
        """
        lines = []
        for place, evidence in enumerate(self.free):
            values = [name for name, own in zip(self.names, self.which, strict=True) if own == place]
            free = [condition.name for condition in self.conditions if not set(values) & set(condition.forced)]
            lines.append(
                f"Equation of {', '.join(sorted(values))}: {evidence.n} rows of {len(free)} of {len(self.conditions)} "
                f"conditions, a score uses n = {evidence.n_score:.0f}."
            )
        return (*lines, *(condition.note for condition in self.conditions if condition.note))

    def of(self, name: str) -> Evidence:
        """Return the moments of the rows in which a value was free.

        Raises
        ------
        DataError
            If there is no such value.
        """
        if name not in self.names:
            raise DataError(f"There is no value {name!r}." + did_you_mean(name, self.names))
        return self.free[int(self.which[self.names.index(name)])]


def environments(
    matrix: ResponseMatrix,
    by: str,
    forced: Mapping[str, Sequence[str]],
    within: str = "",
    moments: Moments | None = None,
) -> Environments:
    """Reduce rows to moments for each condition, and for each value over the conditions in which it was free.

    A forced value was set from outside, whatever its causes are (a perfect intervention; what it was set to does not
    matter, and may differ between rows). It stays a possible cause of other values in those rows. Where a manipulation
    only shifts a value and its causes still act on it, take the conditions as levers instead: see `as_levers`.
    `causalvalues.model.condition_checks` tests, for a graph, whether forced values were cut off from their causes.

    Parameters
    ----------
    matrix : ResponseMatrix
    by : str
        The label that names the condition of a row.
    forced : mapping of str to sequence of str
        The values that were forced in each condition; empty for conditions in which none was.
    within : str, default ""
        As in `summarise`. An equation has one intercept for all rows in which its value was free: that a shift of a
        forced cause moves its effects accordingly is what shows the direction. ``within=by`` allows an intercept for
        each condition instead (as the score of GIES does), so that only covariances count.
    moments : Moments, optional
        How moments are made; as in `summarise`.

    Returns
    -------
    Environments

    Raises
    ------
    DataError
        If a label, condition or value is unknown or missing, a value is forced in every condition, one condition forces
        all values, a value was free in fewer than p + 2 rows, or a lever was used only where some value was forced.

    References
    ----------
    Cooper and Yoo (1999), UAI 15, 116-125; Hauser and Bühlmann (2012), Journal of Machine Learning Research 13,
    2409-2464 (equation 10: the score of a value counts the rows in which it is no target).

    Examples
    --------
    Half of the rows force `a`. What follows it moves with it, so the arrow is seen:

    >>> rng = np.random.default_rng(0)
    >>> a = rng.normal(size=400)
    >>> scores = np.column_stack([a, a + rng.normal(size=400)])
    >>> labels = {"condition": ["seen", "set"] * 200}
    >>> matrix = ResponseMatrix(("a", "b"), scores, [str(i) for i in range(400)], labels=labels)
    >>> found = environments(matrix, "condition", {"seen": (), "set": ("a",)})
    >>> [(evidence.n, evidence.names) for evidence in (found.of("a"), found.of("b"))]
    [(200, ('a', 'b')), (400, ('a', 'b'))]
    """
    label = condition_labels(matrix, by)
    sets = _forced_sets(matrix, label, forced)
    masks = {
        name: tuple(condition for condition in sorted(sets) if name not in sets[condition]) for name in matrix.names
    }
    for name, free in masks.items():
        if not free:
            raise DataError(
                f"{name!r} is forced in every condition, so nothing tells what causes it. Add a condition in which it "
                f"is free, or drop it (`matrix.drop([{name!r}])`)."
            )
    distinct = sorted(set(masks.values()))
    table = cluster_table(matrix, label) if len(distinct) > 1 else None
    free_evidence = []
    for conditions in distinct:
        values = [name for name in matrix.names if masks[name] == conditions]
        rows = np.isin(label, conditions)
        free_evidence.append(_free(matrix, rows, (values, conditions), (within, moments), table))
    _same_columns(free_evidence)
    return Environments(
        names=matrix.names,
        by=by,
        conditions=tuple(
            _condition(matrix, label, name, sets[name], ("" if within == by else within, moments))
            for name in sorted(sets)
        ),
        free=tuple(free_evidence),
        which=np.array([distinct.index(masks[name]) for name in matrix.names]),
    )


def value_parts(evidence: Evidence | Environments) -> tuple[tuple[Evidence, ...], IntArray]:
    """Return the parts of the rows, and for each value (in the order of the names) the part that its equation rests on.

    Parameters
    ----------
    evidence : Evidence or Environments

    Returns
    -------
    parts : tuple of Evidence
        One, where the evidence is not split.
    which : array (p,) of int
    """
    if isinstance(evidence, Environments):
        return evidence.free, evidence.which
    return (evidence,), np.zeros(len(evidence.names), dtype=np.int64)


def _forced_sets(
    matrix: ResponseMatrix, label: Iterable[object], forced: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """Return the forced values of each condition that has rows."""
    there = sorted({str(name) for name in label})
    for name in sorted(forced):
        if name not in there:
            raise DataError(f"No row has the condition {name!r}." + did_you_mean(name, there))
        if isinstance(forced[name], str):
            raise DataError(f"The forced values of {name!r} are one text. Write ({forced[name]!r},).")
        for value in forced[name]:
            if value not in matrix.names:
                raise DataError(
                    f"Condition {name!r} forces the unknown value {value!r}." + did_you_mean(value, matrix.names)
                )
        if set(forced[name]) >= set(matrix.names):
            raise DataError(
                f"Condition {name!r} forces all values, so its rows say nothing about any of them. Leave them out."
            )
    missing = [name for name in there if name not in forced]
    if missing:
        raise DataError(
            f"`forced` does not say which values the condition {missing[0]!r} forces. Add it, with () if it is none."
        )
    return {name: tuple(sorted(set(forced[name]))) for name in there}


def _free(
    matrix: ResponseMatrix,
    rows: BoolArray,
    what: tuple[list[str], tuple[str, ...]],
    how: tuple[str, Moments | None],
    table: ClusterTable | None,
) -> Evidence:
    """Return the evidence of the rows in which some values were free, with the clusters of all rows."""
    values, conditions = what
    part = matrix if rows.all() else matrix.rows(rows)
    try:
        evidence = summarise(part, *how)
        return evidence if table is None else table.aligned(evidence, part, rows, how)
    except DataError as error:
        where = ", ".join(repr(name) for name in conditions)
        raise DataError(
            f"In the conditions in which {', '.join(repr(value) for value in values)} was free ({where}): {error}"
        ) from None


def _condition(
    matrix: ResponseMatrix,
    label: NDArray[np.object_],
    name: str,
    forced: tuple[str, ...],
    how: tuple[str, Moments | None],
) -> Condition:
    part = matrix.rows(label == name)
    try:
        return Condition(name, forced, len(part), summarise(part, *how))
    except DataError as error:
        note = f"Condition {name!r} has no moments of its own ({len(part)} rows): {error}"
        return Condition(name, forced, len(part), None, note)


def _same_columns(free: list[Evidence]) -> None:
    every = {column for evidence in free for column in evidence.columns}
    for evidence in free:
        lost = sorted(every - set(evidence.columns))
        if lost:
            raise DataError(
                f"The lever or combination {lost[0]!r} was used only in rows in which some value was forced, so its "
                "effect on that value is not known. Leave out those rows, or the lever."
            )
