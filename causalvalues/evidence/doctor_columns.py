"""Checks of single columns: nothing to learn from, or numbers that are not answers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from causalvalues.evidence.finding import Finding, columns
from causalvalues.evidence.relations import LARGEST, LITTLE, SMALLEST
from causalvalues.frozen import FloatArray
from causalvalues.responses.matrix import ResponseMatrix

EDGE_CODES = (-1.0, -9.0, 0.0, 9.0, 8.0, 7.0, 6.0)
FAR_CODES = tuple(
    float(sign * int(f"{digit}" * length)) for sign in (1, -1) for digit in (6, 7, 8, 9) for length in (2, 3, 4)
)


def constant_columns(matrix: ResponseMatrix) -> Iterator[Finding]:
    """CV101, CV102, CV103: columns without any answer, with one value, or nearly so."""
    empty, constant, nearly = [], [], []
    for name, answers in _answers(matrix):
        if not len(answers):
            empty.append(name)
        elif np.isinf(answers).any():
            continue
        elif (answers == answers[0]).all():
            constant.append(name)
        elif len(answers) >= 20 and np.unique(answers, return_counts=True)[1].max() >= 0.95 * len(answers):
            nearly.append(name)
    if empty:
        yield Finding("CV101", "blocking", columns(empty), "Not one answer, so no row is complete.", _drop(empty))
    if constant:
        first = next(answers[0] for name, answers in _answers(matrix) if name == constant[0])
        yield Finding(
            "CV102",
            "blocking",
            columns(constant),
            f"One value in all rows ({constant[0]!r}: {first:g}), so no effect of or on it can be learned.",
            f"{_drop(constant)} Or ask with a wider set of personas.",
        )
    if nearly:
        yield Finding(
            "CV103",
            "warning",
            columns(nearly),
            "At least 95% of the answers are the same, so a few rows decide every correlation.",
            f"{_drop(nearly)} Or ask with a wider set of personas.",
        )


def unfit_sizes(matrix: ResponseMatrix) -> Iterator[Finding]:
    """CV111, CV112: columns with too little spread for the size of their numbers, or too large or small a spread."""
    little, extreme = [], []
    for name, answers in _answers(matrix):
        size = float(np.abs(answers).max()) if len(answers) else 0.0
        if not 0 < size < np.inf or (answers == answers[0]).all():
            continue
        parts = answers / size
        spread = float(np.sqrt(((parts - parts.mean()) ** 2).mean()))
        if spread <= LITTLE * abs(float(parts.mean())):
            little.append(name)
        elif size > LARGEST or spread < SMALLEST / size:
            extreme.append(name)
    if little:
        yield Finding(
            "CV111",
            "blocking",
            columns(little),
            "Too little spread for the size of the numbers: the differences between rows are less than 1e-10 of the "
            "mean, where rounding decides.",
            f"Subtract a constant from all rows (for example the mean), and read the file again. {_drop(little)}",
        )
    if extreme:
        yield Finding(
            "CV112",
            "blocking",
            columns(extreme),
            f"Numbers too large or too small: sums of their squares cannot be held (above {LARGEST:g}, or a spread "
            f"below {SMALLEST:g}).",
            f"Give the answers in another unit, so that their spread is near 1. {_drop(extreme)}",
        )


def infinite_answers(matrix: ResponseMatrix) -> Iterator[Finding]:
    """CV109: infinities."""
    infinite = np.isinf(matrix.scores)
    names = [matrix.names[j] for j in np.flatnonzero(infinite.any(axis=0))]
    if names:
        rows = np.flatnonzero(infinite.any(axis=1))
        yield Finding(
            "CV109",
            "blocking",
            columns(names),
            f"Infinite answers in {len(rows)} rows (row {_numbers(rows)}, counted from 0); no moment exists.",
            "Mark these answers as missing in the file, or drop the columns.",
        )


def few_values(matrix: ResponseMatrix) -> Iterator[Finding]:
    """CV107: columns with two distinct values."""
    names = [name for name, answers in _answers(matrix) if len(answers) and len(np.unique(answers)) == 2]
    if names:
        yield Finding(
            "CV107",
            "warning",
            columns(names),
            "Only two distinct values. Correlations of such columns are bounded and lean on how the answers are split, "
            "so a linear model describes them poorly.",
            "Score more items into the dimension, or treat it as a label of the rows.",
        )


def ceiling_and_floor(matrix: ResponseMatrix) -> Iterator[Finding]:
    """CV108: many answers at the highest or lowest value.

    More than 15% at an end (McHorney and Tarlov, 1995, Quality of Life Research 4, 293-307), or more than twice the
    share that each value would have when there are few values.
    """
    for word, end in (("ceiling", np.max), ("floor", np.min)):
        names, shares = [], []
        for name, answers in _answers(matrix):
            levels = len(np.unique(answers)) if len(answers) >= 20 else 0
            share = float((answers == end(answers)).mean()) if levels > 2 else 0.0
            if share > max(0.15, 2.0 / max(levels, 1)) and share < 0.95:
                names.append(name)
                shares.append(share)
        if names:
            yield Finding(
                "CV108",
                "warning",
                columns(names),
                f"A {word}: up to {max(shares):.0%} of the answers are at this end. "
                "Differences beyond the end are lost, which weakens and bends effects.",
                "Use more graded items, or read effects on these dimensions as lower bounds.",
            )


def missing_codes(matrix: ResponseMatrix) -> Iterator[Finding]:
    """CV110: numbers such as 99, 66 or -1 that stand apart from the range of the answers, or 0 below a scale from 1."""
    far: dict[float, list[str]] = {}
    near: dict[float, list[str]] = {}
    for name, answers in _answers(matrix):
        for code in _far_codes(answers):
            far.setdefault(code, []).append(name)
        for code in _near_codes(answers):
            near.setdefault(code, []).append(name)
    for code, names in sorted(far.items()):
        yield _code_finding("blocking", code, names, "far outside the range of the other answers")
    for code, names in sorted(near.items()):
        if (matrix.scores == code).mean() > 0.02:
            continue
        yield _code_finding("warning", code, names, "rare and at the edge of the scale")


def _code_finding(severity: str, code: float, names: list[str], how: str) -> Finding:
    return Finding(
        "CV110",
        "blocking" if severity == "blocking" else "warning",
        columns(names),
        f"The number {code:g} is {how}; it looks like a code for a missing answer and would be taken as a score.",
        f"If it is a code, declare it (`missing` in the scoring key, or blank it in the file) and read the file again; "
        f"if {code:g} is an answer, declare the range in the key.",
    )


def _far_codes(answers: FloatArray) -> list[float]:
    """Return codes further from the bulk of the answers than the bulk is wide."""
    values = np.unique(answers[np.isfinite(answers)])
    suspects = [code for code in (*EDGE_CODES, *FAR_CODES) if code in values]
    bulk = values[~np.isin(values, FAR_CODES)]
    found = []
    for code in suspects:
        rest = bulk[bulk != code]
        if len(rest) < 2:
            continue
        away = max(rest[0] - code, code - rest[-1])
        if away > rest[-1] - rest[0] and (answers == code).mean() < 0.5:
            found.append(code)
    return found


def _near_codes(answers: FloatArray) -> list[float]:
    """Return codes at the edge of whole-number answers: 0 or -1 below a scale from 1, 8 or 9 after a hole."""
    values, counts = np.unique(answers, return_counts=True)
    if len(values) < 3 or len(answers) < 20 or values[-1] > 9 or (values != np.round(values)).any():
        return []
    found = []
    share = counts / counts.sum()
    if values[0] in (0.0, -1.0) and values[1] == 1.0 and share[0] < min(0.05, share[1]):
        found.append(float(values[0]))
    gap = values[-1] - values[-2]
    if values[-1] in (7.0, 8.0, 9.0) and 1 < gap <= values[-2] - values[0] and share[-1] < 0.1:
        found.append(float(values[-1]))
    return found


def _answers(matrix: ResponseMatrix) -> Iterator[tuple[str, FloatArray]]:
    for j, name in enumerate(matrix.names):
        column = matrix.scores[:, j]
        yield name, column[~np.isnan(column)]


def _numbers(rows: np.ndarray) -> str:
    return ", ".join(str(i) for i in rows[:5]) + (", ..." if len(rows) > 5 else "")


def _drop(names: list[str]) -> str:
    shown = repr(names[:8])[:-1] + (", ...]" if len(names) > 8 else "]")
    return f"Drop: `matrix.drop({shown})`."
