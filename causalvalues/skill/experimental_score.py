"""Structural models held against the experiment: which of them foresees what forced answers do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.numerals import interval, number, percent
from causalvalues.skill.experimental_agreement import (
    CORRELATIONS,
    LEVERS,
    Candidate,
    ScoreSettings,
    arrays_of,
    as_it_is,
    lead_table,
    permutation_p,
    score_table,
)
from causalvalues.skill.experimental_measures import agreement
from causalvalues.skill.experimental_nouns import ExperimentalMatrix

__all__ = ["CORRELATIONS", "LEVERS", "Candidate", "ModelScores", "ScoreSettings", "permutation_p", "score_models"]


@dataclass(frozen=True, eq=False)
class ModelScores:
    """Structural models and simple predictors, scored on experimental effects.

    Parameters
    ----------
    table : DataFrame
        One row a candidate, best first within structural and simple: ``structural, learned_from``, all of `MEASURES`,
        ``lower, upper`` (interval of ``pearson`` over units and values), ``units_lower, units_upper`` (over units
        alone: for these values), ``p`` (permutation of the names of the values).
    leads : DataFrame
        One row a structural model, on the units of the confirmation: ``pearson``, and for each rival and for ``better``
        (the better of them in each resample) the difference of ``pearson`` with ``lower, upper`` over units and values
        and ``units_lower, units_upper`` over units alone.
    chosen : str
        The structural model that is put forward.
    chosen_on : str
        What put it forward.
    beats : bool
        Whether the chosen model's differences to every rival have intervals over units and values above zero.
    beats_here : bool
        The same over units alone: for these values only.
    level : float
    verdict : str
    """

    table: pd.DataFrame
    leads: pd.DataFrame
    chosen: str
    chosen_on: str
    beats: bool
    beats_here: bool
    level: float
    verdict: str

    def __repr__(self) -> str:
        return f"ModelScores({len(self.table)} candidates; {self.verdict})"


def score_models(
    truth: ExperimentalMatrix,
    candidates: Iterable[Candidate],
    settings: ScoreSettings | None = None,
    chosen: str = "",
    seed: int = 0,
) -> ModelScores:
    """Score structural models on predicting the experimental effects of values on other values.

    Parameters
    ----------
    truth : ExperimentalMatrix
    candidates : iterable of Candidate
        Structural models and simple predictors over the same values, the rivals among them.
    settings : ScoreSettings, optional
    chosen : str, default ""
        The structural model that other data put forward. By default the units of `truth` are halved, the model is
        chosen on one half and confirmed on the other.
    seed : int, default 0

    Returns
    -------
    ModelScores

    Raises
    ------
    ModelError
        If values differ, names repeat, a rival is missing, there is no structural model, or fewer than four values.

    Notes
    -----
    Intervals: units are drawn with replacement, and values are drawn with replacement as nodes, so that a cell counts
    as often as its two values together and never on the diagonal (Snijders and Borgatti 1999, Connections 22, 161-170);
    predictions stay as they are. p: share of permutations of the names of the values that agree as well (quadratic
    assignment; Hubert and Schultz 1976, British Journal of Mathematical and Statistical Psychology 29, 190-241).
    A model that beats every rival, each with an interval above zero, needs no correction for their number
    (intersection-union). Halves of units share their statements, so a choice on one half fits the same statements.
    """
    how = settings or ScoreSettings()
    each = _checked(truth, candidates, how)
    structural = [one.name for one in each if one.structural]
    if chosen and chosen not in structural:
        raise ModelError(f"There is no structural model {chosen!r}." + did_you_mean(chosen, structural))
    confirmed, where = truth, "other data"
    if not chosen:
        first, confirmed = truth.halves(seed)
        chosen = _best(first, each, how)
        where = f"one half of the {truth.over} ({len(first.units)} of {len(truth.units)})"
    table = score_table(truth, each, how, seed)
    leads = lead_table(confirmed, each, how, seed)
    beats, here = (
        bool((leads.loc[chosen, [f"{rival} {end}" for rival in how.rivals]] > 0).all())
        for end in ("lower", "units_lower")
    )
    verdict = _verdict(leads.loc[[chosen]], (beats, here), (how.rivals, where, confirmed))
    return ModelScores(table, leads, chosen, where, beats, here, truth.settings.level, verdict)


def _checked(truth: ExperimentalMatrix, candidates: Iterable[Candidate], how: ScoreSettings) -> list[Candidate]:
    if len(truth.values) < 4:
        raise ModelError(f"There are {len(truth.values)} values; agreement of matrices needs four or more.")
    found = sorted(candidates, key=lambda candidate: candidate.name)
    names = [candidate.name for candidate in found]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ModelError(f"Two candidates are called {repeated[0]!r}. Rename one of them.")
    for rival in how.rivals:
        if rival not in names:
            raise ModelError(f"The rival {rival!r} is not among the candidates." + did_you_mean(rival, names))
    if not any(candidate.structural for candidate in found):
        raise ModelError("No candidate is a structural model. Add one, or score predictors by `measures`.")
    for candidate in found:
        table = candidate.prediction
        odd = sorted((set(table.index) ^ set(truth.values)) | (set(table.columns) ^ set(truth.values)))
        if odd:
            raise ModelError(
                f"The candidate {candidate.name!r} and the experiment differ in the value {odd[0]!r}."
                + did_you_mean(str(odd[0]), truth.values)
            )
    return found


def _best(truth: ExperimentalMatrix, each: Sequence[Candidate], how: ScoreSettings) -> str:
    once, arrays = as_it_is(truth, how), arrays_of(truth, each)
    found = {one.name: float(agreement(once, arrays[one.name])[0]) for one in each if one.structural}
    return max(sorted(found), key=lambda name: found[name] if np.isfinite(found[name]) else -np.inf)


def _verdict(
    lead: pd.DataFrame, beats: tuple[bool, bool], said: tuple[tuple[str, ...], str, ExperimentalMatrix]
) -> str:
    (chosen, one), *_ = [(str(name), {str(what): float(x) for what, x in row.items()}) for name, row in lead.iterrows()]
    names, where, truth = said
    over, level = truth.over, percent(truth.settings.level)
    rivals = "; ".join(
        f"{rival} {number(one['pearson'] - one[rival])}, difference {number(one[rival])} with {level} intervals "
        f"{interval(one[f'{rival} units_lower'], one[f'{rival} units_upper'])} over {over} and "
        f"{interval(one[f'{rival} lower'], one[f'{rival} upper'])} over {over} and values"
        for rival in names
    )
    start = (
        f"The structural model put forward by {where} is {chosen!r}. Where it was not chosen its correlation with the "
        f"effects is {number(one['pearson'])} ({rivals})"
    )
    if beats[0]:
        return f"{start}. It beats every simple predictor, also for other values than these."
    if beats[1]:
        return (
            f"{start}. It beats every simple predictor for these values and other {over}; that it would for other "
            "values is not shown. Where forced answers were asked, plans should use their effects."
        )
    return f"{start}. It is not shown to beat the simple predictors: plans should use the experimental matrix."
