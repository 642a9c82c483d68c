"""The parts that a score is the sum of: the items of a dimension, or its scores under repeats and paraphrases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from causalvalues.errors import DataError, KeyFileError, did_you_mean
from causalvalues.frozen import FloatArray, IntArray
from causalvalues.responses.codes import blank_codes, listed
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.responses.scoring import score, turn_round
from causalvalues.theories import ScoringKey


@dataclass(frozen=True, eq=False)
class Parts:
    """Answers to the parts of each dimension, all turned so that high means most.

    Parameters
    ----------
    matrix : ResponseMatrix
        One column a part.
    weights : mapping of str to mapping of str to float
        Dimension -> part -> weight; the weights of a dimension add up to 1, and its score is the weighted sum.
    """

    matrix: ResponseMatrix
    weights: Mapping[str, Mapping[str, float]]


def item_parts(matrix: ResponseMatrix, key: ScoringKey) -> Parts:
    """Return the items of each dimension, with signs and weights of the key honoured.

    Parameters
    ----------
    matrix : ResponseMatrix
        Answers to items, as `score` takes them; columns that are no items are left out.
    key : ScoringKey
        Of level "person" that takes means of items.

    Returns
    -------
    Parts

    Raises
    ------
    DataError
        If an item that the key needs is absent, a dimension has none, or two columns are the same item.
    KeyFileError
        If the key scores groups, or by sums.
    """
    _refuse_formulas(key)
    columns: dict[str, int] = {}
    for j, name in enumerate(matrix.names):
        if key.knows(name) and key.canonical(name) in key.items:
            item = key.canonical(name)
            if item in columns:
                raise DataError(
                    f"The columns {matrix.names[columns[item]]!r} and {name!r} are both item {item!r} of {key.id}. "
                    f"Drop one of them: matrix.drop([{name!r}])."
                )
            columns[item] = j
    absent = [item for item, how in key.items.items() if item not in columns and not how.optional]
    absent += [f"any of {dim!r}" for dim in key.dimensions if columns.keys().isdisjoint(key.items_of(dim))]
    if absent:
        raise DataError(
            f"Items of {key.id} that are not among the columns: {listed(absent)}. Give a matrix of items (not of "
            "scores), or use key.subset(matrix.names) for the items that are there."
        )
    answers = blank_codes(matrix, key)
    used = [item for item in key.items if item in columns]
    scores = answers.scores[:, [columns[item] for item in used]].copy()
    for j, item in enumerate(used):
        if (key.items[item].sign < 0) != (key.most == "low"):
            scores[:, j] = turn_round(scores[:, j], key.low, key.high)
    weights = {dim: _shares({item: key.items[item].weight for item in key.items_of(dim) if item in columns})
               for dim in key.dimensions}  # fmt: skip
    status = answers.status[:, [columns[item] for item in used]]
    measures = matrix.measures if key.measures == "unknown" else key.measures
    turned = replace(answers, names=tuple(used), scores=scores, status=status, measures=measures)
    return Parts(turned, weights)


def repeat_parts(matrix: ResponseMatrix, key: ScoringKey, over: str) -> Parts:
    """Return each dimension's score under every level of a label (a paraphrase, a repeat), one row a respondent.

    A respondent is a cluster (`ResponseMatrix.cluster_by`), or a unit id where there are no clusters, at one setting of
    the levers; several rows of a respondent at one level are averaged. Respondents without an answer at some level are
    kept with gaps.

    Parameters
    ----------
    matrix : ResponseMatrix
        Answers to items.
    key : ScoringKey
    over : str
        Label with two levels or more.

    Returns
    -------
    Parts
        Column names are ``"dimension [level]"``.

    Raises
    ------
    DataError
        If there is no such label, it has one level, or no respondent has rows at two levels.
    """
    _refuse_formulas(key)
    if over not in matrix.labels:
        raise DataError(f"There is no label {over!r} of repeats or paraphrases." + did_you_mean(over, matrix.labels))
    if over == matrix.cluster_by:
        raise DataError(f"{over!r} says which rows are one respondent; repeats are told apart by another label.")
    levels, level = np.unique(np.array(matrix.labels[over], dtype=object), return_inverse=True)
    first, unit = _respondents(matrix)
    seen = np.zeros((len(first), len(levels)), dtype=bool)
    seen[unit, level] = True
    if len(levels) < 2 or not (seen.sum(axis=1) > 1).any():
        raise DataError(
            f"No respondent has rows at two levels of {over!r}. Set `cluster_by` to the label of the respondents, or "
            "use a coefficient of items (alpha, omega)."
        )
    scored = score(matrix, key)
    columns = [f"{dim} [{name}]" for dim in scored.names for name in levels]
    wide = np.column_stack([_averages(scored.scores[:, j], unit, level, seen.shape) for j in range(len(scored.names))])
    share = 1.0 / len(levels)
    parts = ResponseMatrix(
        names=tuple(columns),
        scores=wide,
        unit_ids=tuple(scored.unit_ids[i] for i in first),
        labels={matrix.cluster_by: tuple(scored.clusters[i] for i in first)} if scored.clusters else {},
        cluster_by=matrix.cluster_by,
        weights=np.bincount(unit, scored.weights) / np.bincount(unit),
        levers=scored.levers,
        doses=scored.doses[first],
        measures=scored.measures,
        notes=(*scored.notes, f"Averaged over {len(levels)} levels of {over!r}: one row a respondent."),
    )
    return Parts(parts, {dim: {f"{dim} [{name}]": share for name in levels} for dim in scored.names})


def _respondents(matrix: ResponseMatrix) -> tuple[IntArray, IntArray]:
    """Return the first row of each respondent at one setting of the levers, and the respondent of each row."""
    who = matrix.unit_ids if matrix.clusters is None else matrix.clusters
    codes: dict[tuple[str, bytes], int] = {}
    unit = np.array([codes.setdefault((one, dose.tobytes()), len(codes))
                     for one, dose in zip(who, matrix.doses + 0.0, strict=True)], dtype=np.int64)  # fmt: skip
    return np.unique(unit, return_index=True)[1].astype(np.int64), unit


def _averages(column: FloatArray, unit: IntArray, level: IntArray, shape: tuple[int, int]) -> FloatArray:
    """Return the mean answer (respondents, levels) of one column; NaN where there is none."""
    there = ~np.isnan(column)
    place = (unit * shape[1] + level)[there]
    count = np.bincount(place, minlength=shape[0] * shape[1])
    total = np.bincount(place, column[there], minlength=shape[0] * shape[1])
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).reshape(shape)


def _shares(weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    return {item: weight / total for item, weight in weights.items()}


def _refuse_formulas(key: ScoringKey) -> None:
    if key.combine != "mean" or key.level != "person":
        raise KeyFileError(
            f"The key {key.id!r} scores {'groups' if key.level == 'group' else 'by sums of items'}; reliability is "
            "defined here for means of items that persons answered."
        )
