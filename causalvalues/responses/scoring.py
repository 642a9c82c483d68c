"""From items to dimensions, with a scoring key."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from causalvalues.errors import DataError, KeyFileError
from causalvalues.frozen import FloatArray
from causalvalues.responses.codes import blank_codes, listed
from causalvalues.responses.matrix import AnswerStatus, ResponseMatrix
from causalvalues.theories import ScoringKey

CENTRINGS = ("none", "person_mean")


def score(
    matrix: ResponseMatrix,
    key: ScoringKey,
    centring: str = "none",
    min_answered: int | None = None,
    guardrails: bool = False,
) -> ResponseMatrix:
    """Score the items of a questionnaire: one column a dimension.

    With answers x_i turned so that high means most (``low + high - x_i`` where the item, or the coding of the whole
    scale, is reversed; ``-x_i`` where the scale has no ends), dimension d of a row is

        sum of w_i x_i / sum of w_i   over its answered items i        (key.combine "mean")
        c_d + sum of s_i w_i x_i      over all its items i             (key.combine "sum", groups only)

    and ``centring="person_mean"`` subtracts the row's unweighted mean of the turned answers to all answered items of
    the key, unscored ones included (the mean rating, MRAT, of Schwartz's coding instructions). Centred scores are
    linearly dependent and cannot be learned from; the default leaves them as they are.

    Parameters
    ----------
    matrix : ResponseMatrix
        Answers to items (any spelling that the key knows). Columns that are no items are left out, with a note.
        For a key of level "group", `group_by` says which rows are one group; their weighted item means are scored.
    key : ScoringKey
        See `causalvalues.theories.scoring_key`.
    centring : {"none", "person_mean"}, default "none"
        Recorded in the result.
    min_answered : int, optional
        How many items of a dimension must be answered, instead of what the key says. A score with fewer is lost, with
        the highest status code among its lost items.
    guardrails : bool, default False
        Whether the guardrails of the key follow as columns, each the plain mean of its items; they are not centred.

    Returns
    -------
    ResponseMatrix
        One row a unit (a group for group keys), one column a dimension in the order of the theory.

    Raises
    ------
    DataError
        If items are absent, two columns are the same item, or the answers do not fit the scale.
    KeyFileError
        If the key has no such centring, or scores groups and the matrix has none.

    Examples
    --------
    >>> from causalvalues.responses import demo_responses
    >>> from causalvalues.theories import scoring_key
    >>> score(demo_responses(), scoring_key("smollm2-demo"))
    ResponseMatrix(3435 rows x 10 columns, 10 levers, 0 answers lost)
    """
    _refuse_other_keys(key)
    if centring not in CENTRINGS:
        raise KeyFileError(f"There is no centring {centring!r}. Choose one of {', '.join(CENTRINGS)}.")
    if centring == "person_mean" and (key.combine == "sum" or key.level == "group"):
        raise KeyFileError(f"The key {key.id!r} scores groups by formulas; a person mean has no meaning. Leave it out.")
    if min_answered is not None:
        key = replace(key, min_answered=min_answered)
    if matrix.centring != "none":
        raise DataError("These scores are centred already. Score the answers as they were given.")
    answers = _answers(matrix, key, centring)
    matrix = answers.matrix
    columns = [_dimension(answers, key, dimension) for dimension in key.dimensions]
    scores = np.column_stack([scores for scores, _ in columns])
    status = np.column_stack([status for _, status in columns])
    if centring == "person_mean":
        scores = scores - _row_means(answers.turned)[:, None]
    beside = {name: _plain_mean(matrix, ids) for name, ids in key.guardrails.items()} if guardrails else {}
    for means, lost in beside.values():
        scores, status = np.column_stack([scores, means]), np.column_stack([status, lost])
    return replace(
        matrix,
        names=(*key.dimensions, *beside),
        scores=scores,
        status=status,
        centring=centring,
        measures=matrix.measures if key.measures == "unknown" else key.measures,
        notes=(*matrix.notes, *_notes(answers, key, centring)),
    )


def attentive(matrix: ResponseMatrix, key: ScoringKey) -> NDArray[np.bool_]:
    """Return which rows (n,) pass the attention checks of a key; a check that was not answered is passed.

    ``matrix.rows(attentive(matrix, key))`` keeps these rows.

    Raises
    ------
    DataError
        If an attention item of the key is not in the matrix.
    """
    _refuse_other_keys(key)
    columns = _columns(matrix, key)
    passed = np.ones(len(matrix), dtype=bool)
    for item, (low, high) in key.attention.items():
        if item not in columns:
            raise DataError(f"The attention check {item!r} of {key.id} is not among the columns. Read it as well.")
        answers = matrix.scores[:, columns[item]]
        passed &= np.isnan(answers) | ((answers >= low) & (answers <= high))
    return passed


def _refuse_other_keys(key: object) -> None:
    if not isinstance(key, ScoringKey):
        given = f'scoring_key("{key}")' if isinstance(key, (str, Path)) else 'scoring_key("pvq-21")'
        raise KeyFileError(f"The key must be a ScoringKey, and is {key!r}. Give {given}.")


@dataclass(frozen=True, eq=False)
class _Answers:
    """Answers turned so that high means most (n, q), for the items of the key that are there."""

    matrix: ResponseMatrix
    items: tuple[str, ...]
    turned: FloatArray
    status: NDArray[np.int8]
    left_out: tuple[str, ...]
    absent: tuple[str, ...]


def _columns(matrix: ResponseMatrix, key: ScoringKey) -> dict[str, int]:
    """Return item -> column, an error when two columns are the same item."""
    columns: dict[str, int] = {}
    for j, name in enumerate(matrix.names):
        if key.knows(name):
            item = key.canonical(name)
            if item in columns:
                raise DataError(
                    f"The columns {matrix.names[columns[item]]!r} and {name!r} are both item {item!r} of {key.id}. "
                    f"Drop one of them: matrix.drop([{name!r}])."
                )
            columns[item] = j
    return columns


def _answers(matrix: ResponseMatrix, key: ScoringKey, centring: str) -> _Answers:
    columns = _columns(matrix, key)
    _refuse_absent_items(matrix, key, columns, centring)
    left_out = tuple(name for name in matrix.names if not key.knows(name))
    matrix = blank_codes(matrix, key)
    if key.level == "group":
        matrix = _group_means(matrix, key)
    used = tuple(name for name in (*key.items, *key.unscored) if name in columns)
    index = [columns[name] for name in used]
    raw = matrix.scores[:, index]
    turned = raw.copy()
    if key.combine == "mean":
        for j, name in enumerate(used):
            sign = key.items[name].sign if name in key.items else 1
            if (sign < 0) != (key.most == "low"):
                turned[:, j] = turn_round(raw[:, j], key.low, key.high)
    absent = tuple(name for name in key.all_items if name not in columns)
    return _Answers(matrix, used, turned, matrix.status[:, index], left_out, absent)


def turn_round(answers: FloatArray, low: float, high: float) -> FloatArray:
    """Return answers with the scale turned round: ``low + high - x``, or ``-x`` where the scale has no ends."""
    return (low + high - answers) if np.isfinite(high - low) else -answers


def _refuse_absent_items(matrix: ResponseMatrix, key: ScoringKey, columns: dict[str, int], centring: str) -> None:
    absent = [name for name, item in key.items.items() if name not in columns and not item.optional]
    absent += [f"one of {', '.join(key.items_of(dim))}" for dim in key.dimensions if columns.keys().isdisjoint(
        key.items_of(dim)) and all(key.items[name].optional for name in key.items_of(dim))]  # fmt: skip
    if not columns:
        raise DataError(
            f"None of the {len(matrix.names)} columns is an item of {key.id} ({listed(matrix.names, 3)}). Its items "
            f"are {listed(key.all_items, 3)}; other spellings can be added to a key file under [aliases]."
        )
    remedy = "Read these columns too, or score with key.subset(matrix.names) to use only the items that are there."
    if absent:
        raise DataError(f"Items of {key.id} that are not among the columns: {listed(absent)}. {remedy}")
    unscored = [name for name in key.unscored if name not in columns]
    if centring == "person_mean" and unscored:
        raise DataError(
            f"The person mean of {key.id} runs over all items, and these unscored ones are not among the columns: "
            f"{listed(unscored)}. {remedy}"
        )


def _dimension(answers: _Answers, key: ScoringKey, dimension: str) -> tuple[FloatArray, NDArray[np.int8]]:
    """Return the scores (n,) of one dimension and what became of the lost ones."""
    members = [j for j, name in enumerate(answers.items) if name in key.items_of(dimension)]
    turned, status = answers.turned[:, members], answers.status[:, members]
    items = [key.items[answers.items[j]] for j in members]
    answered = status == AnswerStatus.OK
    weights = np.array([item.weight for item in items]) * answered
    filled = np.where(answered, turned, 0.0)
    enough = answered.sum(axis=1) >= key.needed(dimension)
    if key.combine == "sum":
        signs = np.array([item.sign for item in items])
        scores = key.constants[dimension] + (signs * weights * filled).sum(axis=1)
    else:
        total = weights.sum(axis=1)
        scores = (weights * filled).sum(axis=1) / np.where(total > 0, total, 1.0)
    scores = np.where(enough, scores, np.nan)
    return scores, np.where(enough, AnswerStatus.OK, status.max(axis=1)).astype(np.int8)


def _plain_mean(matrix: ResponseMatrix, items: tuple[str, ...]) -> tuple[FloatArray, NDArray[np.int8]]:
    """Return the mean (n,) of a guardrail's items, lost unless at least half are answered, and its status."""
    here = [matrix.names.index(name) for name in items if name in matrix.names]
    if not here:
        raise DataError(f"The items {listed(items, 3)} of a guardrail are not among the columns. Read them as well.")
    status = matrix.status[:, here]
    enough = 2 * (status == AnswerStatus.OK).sum(axis=1) >= len(items)
    means = np.where(enough, _row_means(matrix.scores[:, here]), np.nan)
    return means, np.where(enough, AnswerStatus.OK, status.max(axis=1)).astype(np.int8)


def _row_means(turned: FloatArray) -> FloatArray:
    """Return the mean (n,) of each row's answers; NaN for a row without any."""
    answered = ~np.isnan(turned)
    count = answered.sum(axis=1)
    sums = np.where(answered, turned, 0.0).sum(axis=1)
    return np.where(count > 0, sums / np.maximum(count, 1), np.nan)


def _group_means(matrix: ResponseMatrix, key: ScoringKey) -> ResponseMatrix:
    """Return one row a group: the weighted mean of its answers to each item."""
    if matrix.groups is None:
        raise KeyFileError(
            f"The key {key.id!r} scores groups, never persons, and the answers have no groups. Say which label holds "
            'them, for example ReadOptions(group_by="country").'
        )
    groups = sorted(set(matrix.groups))
    position = {group: i for i, group in enumerate(groups)}
    rows = np.array([position[group] for group in matrix.groups])
    answered = matrix.status == AnswerStatus.OK
    weights = matrix.weights[:, None] * answered
    sums, totals = np.zeros((len(groups), len(matrix.names))), np.zeros((len(groups), len(matrix.names)))
    np.add.at(sums, rows, weights * np.where(answered, matrix.scores, 0.0))
    np.add.at(totals, rows, weights)
    means = np.where(totals > 0, sums / np.where(totals > 0, totals, 1.0), np.nan)
    return ResponseMatrix(
        names=matrix.names,
        scores=means,
        unit_ids=tuple(groups),
        labels={matrix.group_by: tuple(groups)},
        group_by=matrix.group_by,
        measures=matrix.measures,
        notes=(*matrix.notes, f"{len(matrix)} rows averaged into {len(groups)} groups by {matrix.group_by!r}."),
    )


def _notes(answers: _Answers, key: ScoringKey, centring: str) -> list[str]:
    """Return one line on how the scores were made, and one on each thing that the user must know."""
    rule = "at least half of" if key.min_answered is None else f"at least {key.min_answered} of"
    rule = "all of" if key.combine == "sum" else rule
    centred = "not centred" if centring == "none" else f"centred on the person mean of {len(answers.items)} items"
    notes = [f"Scored {len(key.dimensions)} dimensions with {key.id} ({rule} a dimension's items answered); {centred}."]
    if key.most == "low":
        notes.append(
            f"{key.low:g} means most in {key.id}: answers were turned round as {key.low + key.high:g} - x, so high "
            "scores "
            f'mean important. If {key.high:g} means most in your file, use key.with_coding("high").'
        )
    if answers.left_out:
        notes.append(f"Columns that are no items of {key.id} were left out: {listed(answers.left_out)}.")
    if answers.absent:
        notes.append(f"Items of {key.id} that are not in the file: {listed(answers.absent)}.")
    if not key.verified:
        notes.append(f"UNVERIFIED: the key {key.id} was not checked against its publication; its constants are free.")
    return notes
