"""Which numbers are answers: declared codes and numbers outside the scale become lost answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from causalvalues.errors import DataError
from causalvalues.responses.matrix import AnswerStatus, ResponseMatrix
from causalvalues.theories import ScoringKey

_STATUS = {"missing": AnswerStatus.MISSING, "refusal": AnswerStatus.REFUSAL, "parse_error": AnswerStatus.PARSE_ERROR,
           "api_error": AnswerStatus.API_ERROR}  # fmt: skip


def status_of(word: str) -> AnswerStatus | None:
    """Return the status that a word such as ``"refusal"`` names (``"ok"`` too), or None."""
    folded = word.strip().casefold().replace(" ", "_").replace("-", "_")
    return AnswerStatus.OK if folded == "ok" else _STATUS.get(folded)


def listed(things: Sequence[object], most: int = 5) -> str:
    """Return the first few things as text on one line, and how many more there are."""
    shown = ", ".join(" ".join(str(thing).split()) for thing in things[:most])
    return shown if len(things) <= most else f"{shown}, ... ({len(things)} in all)"


def blank_codes(matrix: ResponseMatrix, key: ScoringKey) -> ResponseMatrix:
    """Turn the key's codes for no answer, and numbers outside its scale, into lost answers.

    Parameters
    ----------
    matrix : ResponseMatrix
        Answers to items; columns that are no items of the key stay as they are.
    key : ScoringKey
        Declares the codes (they win) and the ends of the scale.

    Returns
    -------
    ResponseMatrix
        With a note on each number outside the scale that the key does not declare.

    Raises
    ------
    DataError
        If more than half of the answers to an item lie outside the scale: then the key does not fit the file.
    """
    scores, status = matrix.scores.copy(), matrix.status.copy()
    strange: dict[float, int] = {}
    where: list[str] = []
    for j, name in enumerate(matrix.names):
        if not key.knows(name):
            continue
        answers = matrix.scores[:, j]
        for code, meaning in key.missing.items():
            status[answers == code, j] = _STATUS[meaning]
        outside = (status[:, j] == AnswerStatus.OK) & ((answers < key.low) | (answers > key.high))
        if outside.any():
            _refuse_wrong_scale(matrix, j, outside, int((status[:, j] == AnswerStatus.OK).sum()), key)
            where.append(f"{name} of unit {matrix.unit_ids[int(np.flatnonzero(outside)[0])]!r}")
            for value, count in zip(*np.unique(answers[outside], return_counts=True), strict=True):
                strange[float(value)] = strange.get(float(value), 0) + int(count)
            status[outside, j] = AnswerStatus.MISSING
    scores[status != AnswerStatus.OK] = np.nan
    notes = matrix.notes
    if strange:
        counts = listed([f"{value:g} ({count} times)" for value, count in sorted(strange.items())])
        notes = (
            *notes,
            f"{counts} outside the scale {key.low:g} to {key.high:g} of {key.id} and not declared as codes: taken as "
            f"missing (first in {listed(where, 3)}). If they are answers, use key.with_range(low, high).",
        )
    return replace(matrix, scores=scores, status=status, notes=notes)


def _refuse_wrong_scale(
    matrix: ResponseMatrix, j: int, outside: NDArray[np.bool_], answered: int, key: ScoringKey
) -> None:
    count = int(outside.sum())
    if 2 * count <= answered:
        return
    units = [repr(matrix.unit_ids[row]) for row in np.flatnonzero(outside)]
    raise DataError(
        f"Item {matrix.names[j]!r}: {count} of {answered} answers lie outside the scale {key.low:g} to {key.high:g} of "
        f"{key.id}, for example {matrix.scores[outside, j][0]:g} (units {listed(units)}). The key does not fit this "
        "column: choose another key, give the scale with key.with_range(low, high), or list the codes under [missing] "
        "in the key file."
    )
