"""Doses of forced answers: what one and what two statements of a value do to it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from causalvalues.frozen import FloatArray
from causalvalues.model.quantiles import interval_shares
from causalvalues.reports.frame import Given
from causalvalues.reports.settings import ConvaSettings
from causalvalues.responses import demo_responses
from causalvalues.skill.forced_answers import AGREES, REJECTS, ForcedAnswers, ForcedLabels, forced_answers


def forced_of(given: Given, asked: ConvaSettings) -> ForcedAnswers | None:
    """Return the rows after forced answers of a study; None where there are none.

    Raises
    ------
    DataError
        As `forced_answers`.
    """
    answers = given.answers
    if given.settings.data.demo:
        return forced_answers(demo_responses("forced"), answers.key)
    if not asked.forced_by:
        return None
    matrix = answers.matrix if answers.items is None else answers.items
    return forced_answers(matrix, answers.key, ForcedLabels(forced=asked.forced_by, stances=asked.stances_by))


def forced_table(found: ForcedAnswers, sd: pd.Series, level: float) -> pd.DataFrame:
    """Return the effect of one and of two forced statements of a value on that value.

    Rows in which all statements are of one value and have one stance; means over units, with t intervals over units.

    Returns
    -------
    DataFrame
        ``value, stance, dose, units, effect, lower, upper`` in standard deviations of `sd`; a value "all values" pools
        them, each in its own units.
    """
    rows = []
    for stance in (AGREES, REJECTS):
        doses = found.doses(stance)
        other = found.doses(REJECTS if stance == AGREES else AGREES).any(axis=1)
        alone = (doses != 0).sum(axis=1) == 1
        for dose in sorted(set(doses[alone & ~other].max(axis=1).tolist())) if (alone & ~other).any() else []:
            pooled: list[tuple[str, float]] = []
            for j, value in enumerate(found.values):
                if value not in sd.index:
                    continue
                mine = alone & ~other & (doses[:, j] == dose) & np.isfinite(found.change[:, j])
                changes = found.change[mine, j] / float(sd[value])
                units = [unit for unit, own in zip(found.units, mine, strict=True) if own]
                pooled += list(zip(units, changes.tolist(), strict=True))
                rows.append({"value": value, "stance": stance, "dose": dose} | _mean(units, changes, level))
            units, changes = [unit for unit, _ in pooled], np.array([change for _, change in pooled])
            rows.append({"value": "all values", "stance": stance, "dose": dose} | _mean(units, changes, level))
    return pd.DataFrame(rows, columns=["value", "stance", "dose", "units", "effect", "lower", "upper"])


def _mean(units: list[str], changes: FloatArray, level: float) -> dict[str, float]:
    from scipy.special import stdtrit

    means = pd.Series(changes, index=units, dtype=float).groupby(level=0, sort=True).mean()
    size = len(means)
    if size < 2:
        return {"units": size, "effect": float(means.mean()), "lower": np.nan, "upper": np.nan}
    mean, half = float(means.mean()), float(means.std() / np.sqrt(size))
    half *= float(stdtrit(size - 1, interval_shares(level)[1]))
    return {"units": size, "effect": mean, "lower": mean - half, "upper": mean + half}
