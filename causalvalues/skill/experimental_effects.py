"""The value-on-value effects of a respondent by experiment: what each forced answer does to every value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.skill.experimental_nouns import (
    ALL,
    ExperimentalEffects,
    ExperimentalMatrix,
    ExperimentSettings,
)
from causalvalues.skill.forced_answers import ForcedAnswers, ForcedLabels, forced_answers
from causalvalues.theories.key import ScoringKey

__all__ = ["ALL", "ExperimentSettings", "ExperimentalEffects", "ExperimentalMatrix", "experimental_effects"]


def experimental_effects(
    forced: ResponseMatrix | ForcedAnswers,
    key: ScoringKey | None = None,
    labels: ForcedLabels | None = None,
    settings: ExperimentSettings | None = None,
    over: Literal["units", "statements"] = "units",
) -> ExperimentalMatrix:
    """Estimate what forced answers of each value do to every value, from randomised forced answers.

    The change of a row is its score less that of the same unit's neutral rows with as many sentences, over the items
    that were not forced. Statements are chosen at random, so the mean change is the effect of having said them.

    Parameters
    ----------
    forced : ResponseMatrix or ForcedAnswers
        Rows in which statements of one value were forced (rows with two values are left out here), and controls.
    key : ScoringKey, optional
        See `forced_answers`; needed for items.
    labels : ForcedLabels, optional
    settings : ExperimentSettings, optional
    over : {"units", "statements"}, default "units"
        What errors are about: other units after the same statements, or other statements of the same values, said to
        the same units. The second rests on rows with one statement; a statement and its rejection are one.

    Returns
    -------
    ExperimentalMatrix

    Raises
    ------
    DataError
        As `forced_answers`.
    ModelError
        If no row forces statements of a single value.

    Notes
    -----
    Standard errors come from the sums of each unit's rows (Liang and Zeger 1986, Biometrika 73, 13-22) with the factor
    G / (G - 1) and t quantiles with G - 1 degrees of freedom. They speak of other units after the same statements;
    `statement_effects` says how much depends on which statement was said.
    """
    answers = forced if isinstance(forced, ForcedAnswers) else forced_answers(forced, key, labels)
    most = 1 if over == "statements" else np.inf
    single = [
        len(set(said)) == 1 and len(set(how)) == 1 and len(said) <= most
        for said, how in zip(answers.said, answers.stances, strict=True)
    ]
    if not any(single):
        raise ModelError("No row forces statements of one value alone. Ask some rows with one forced value.")
    alone = answers.on(np.array(single, dtype=bool))
    ways = sorted({(how[0], len(how)) for how in alone.stances})
    owner = list(alone.units) if over == "units" else [named[0] for named in alone.statements]
    strata = dict(zip(owner, [("" if over == "units" else said[0]) for said in alone.said], strict=True))
    units = sorted(strata)
    sums, counts = _sums(alone, ways, (owner, units))
    how = settings or ExperimentSettings()
    return ExperimentalMatrix(
        values=alone.values,
        ways=tuple(ways),
        units=tuple(units),
        sums=sums,
        counts=counts,
        smallest=how.smallest * _spread(answers),
        settings=how,
        notes=answers.notes,
        strata=tuple(strata[unit] for unit in units),
        over=over,
    )


def _sums(
    answers: ForcedAnswers, ways: Sequence[tuple[str, int]], named: tuple[Sequence[str], Sequence[str]]
) -> tuple[FloatArray, FloatArray]:
    """Return sums of changes and weights (g, w, p, p); `named` holds the unit of each row, and the units."""
    owner, units = named
    p = len(answers.values)
    sums = np.zeros((len(units), len(ways), p, p))
    counts = np.zeros_like(sums)
    place = {unit: i for i, unit in enumerate(units)}
    at = (
        [place[unit] for unit in owner],
        [ways.index((how[0], len(how))) for how in answers.stances],
        [answers.values.index(said[0]) for said in answers.said],
    )
    seen = np.isfinite(answers.change)
    weights = np.where(seen, answers.weights[:, None], 0.0)
    np.add.at(sums, at, np.where(seen, answers.change, 0.0) * weights)
    np.add.at(counts, at, weights)
    return sums, counts


def _spread(answers: ForcedAnswers) -> FloatArray:
    """Return the standard deviation (p,) of each value between units after neutral sentences."""
    first: dict[str, list[int]] = {}
    for row, unit in enumerate(answers.units):
        first.setdefault(unit, []).append(row)
    profiles = np.array([answers.control[rows].mean(axis=0) for _, rows in sorted(first.items())])
    return np.asarray(profiles.std(axis=0, ddof=1))
