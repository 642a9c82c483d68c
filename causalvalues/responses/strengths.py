"""Pairwise choices -> strengths with intervals, and a matrix with one row of strengths a unit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from causalvalues.errors import DataError
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.randomness import stream
from causalvalues.responses.choices import Choices
from causalvalues.responses.codes import listed
from causalvalues.responses.matrix import AnswerStatus, ResponseMatrix
from causalvalues.responses.ratings import BradleyTerry, Elo, Rating


def strengths(
    choices: Choices, rating: Rating | None = None, level: float = 0.9, resamples: int = 400, seed: int = 0
) -> pd.DataFrame:
    """Rate the options, with intervals from resampling whole dilemmas.

    The order of the choices is never shuffled: an interval says how much another set of dilemmas could change the
    strengths. Resamples that cannot be rated (an option never lost in them) are left out and counted.

    Parameters
    ----------
    choices : Choices
    rating : Rating, default BradleyTerry()
        `BradleyTerry`, `Davidson`, `Thurstone` or `Elo`.
    level : float, default 0.9
        Of the percentile intervals.
    resamples : int, default 400
        Draws of dilemmas with replacement; 0 for no intervals.
    seed : int, default 0

    Returns
    -------
    pandas.DataFrame
        One row an option, strongest first: `option, strength, lower, upper, choices, wins, ties`; strengths have
        mean zero. ``attrs["unrated"]`` is the number of resamples left out.

    Raises
    ------
    DataError
        If some options were never compared with the others, or a set of options never lost to the rest and the
        rating has no prior; the message names them.

    Examples
    --------
    >>> import numpy as np
    >>> chosen = Choices(("care", "power"), np.zeros(30, int), np.ones(30, int), np.repeat([1.0, -1.0], (20, 10)),
    ...                  tuple(str(i) for i in range(30)))
    >>> table = strengths(chosen, resamples=0)
    >>> round(float(table["strength"][0] - table["strength"][1]), 3)  # log(20 / 10)
    0.693
    """
    rating = BradleyTerry() if rating is None else rating
    _refuse_bad_numbers(level, resamples)
    problem = unrated_because(choices, rating)
    if problem:
        raise DataError(problem)
    values = rating.strengths(choices)
    draws, unrated = _draws(choices, rating, resamples, seed)
    tail = (1.0 - level) / 2
    bounds = np.quantile(draws, [tail, 1.0 - tail], axis=0) if len(draws) else np.full((2, len(values)), np.nan)
    met, ties = _counts(choices)
    table = pd.DataFrame(
        {
            "option": list(choices.names),
            "strength": values,
            "lower": bounds[0],
            "upper": bounds[1],
            "choices": met,
            "wins": choices.wins.sum(axis=1).to_numpy() - ties / 2,
            "ties": ties,
        }
    )
    table = table.sort_values(["strength", "option"], ascending=[False, True], ignore_index=True)
    table.attrs["unrated"] = unrated
    return table


def score_choices(choices: Choices, rating: Rating | None = None) -> ResponseMatrix:
    """Rate the options for each unit: a response matrix with one row a unit and one column an option.

    The strengths of a unit have mean zero, so the columns are linearly dependent like centred scores, and the matrix
    says so (`centring` is "person_mean"); `check` and `uncentre` tell what can be learned from it.

    Parameters
    ----------
    choices : Choices
    rating : Rating, default BradleyTerry(prior_wins=0.5)
        A unit makes few choices, so a rating with a prior is needed for most of them.

    Returns
    -------
    ResponseMatrix
        A unit that cannot be rated has the status MISSING in every column, and a note says why.
    """
    rating = BradleyTerry(prior_wins=0.5) if rating is None else rating
    units = tuple(sorted(set(choices.units)))
    scores = np.full((len(units), len(choices.names)), np.nan)
    unrated: dict[str, str] = {}
    for row, unit in enumerate(units):
        part = choices.of(unit)
        problem = unrated_because(part, rating, sparse=False)
        if problem:
            unrated[unit] = problem
        else:
            scores[row] = rating.strengths(part)
    notes = [*choices.notes, f"Strengths of {len(choices.names)} options by {rating}, one row a unit."]
    if unrated:
        first = next(iter(unrated.values()))
        notes.append(f"{len(unrated)} of {len(units)} units could not be rated ({listed(list(unrated))}): {first}")
    status = np.where(np.isnan(scores), AnswerStatus.MISSING, AnswerStatus.OK)
    return ResponseMatrix(
        choices.names, scores, units, status=status.astype(np.int8), centring="person_mean", notes=tuple(notes)
    )


def unrated_because(choices: Choices, rating: Rating, sparse: bool = True) -> str:
    """Return why a rating of these choices has no answer, naming the options; empty when it has one.

    Parameters
    ----------
    choices : Choices
    rating : Rating
    sparse : bool, default True
        Refuse also options that were never compared, directly or through others, under ratings with a prior.
    """
    wins = choices.wins.to_numpy()
    if not wins.any():
        return "No choice has an outcome and a weight above zero. Collect choices."
    parts = groups_of(wins + wins.T > 0, choices.names)
    if len(parts) > 1 and (sparse or not rating.finite):
        return (
            f"The comparisons fall into {len(parts)} groups that were never compared with each other: "
            + "; ".join("{" + listed(part) + "}" for part in parts)
            + ". Strengths across groups mean nothing: rate each group alone, or collect choices between them."
        )
    if rating.finite:
        return ""
    strong = groups_of(wins > 0, choices.names, strongly=True)
    if len(strong) > 1:
        top = next(part for part in strong if not _beaten(part, choices.names, wins))
        return (
            f"{{{listed(top)}}} never lost to the other options, so maximum likelihood puts the difference at "
            "infinity. Use BradleyTerry(prior_wins=0.5) or Thurstone(), or collect more choices."
        )
    return ""


def groups_of(linked: BoolArray, names: tuple[str, ...], strongly: bool = False) -> list[tuple[str, ...]]:
    """Return the (strongly) connected groups of options, the largest first, names sorted."""
    from scipy.sparse.csgraph import connected_components

    count, codes = connected_components(linked, directed=True, connection="strong" if strongly else "weak")
    parts = [tuple(sorted(name for name, code in zip(names, codes, strict=True) if code == k)) for k in range(count)]
    return sorted(parts, key=lambda part: (-len(part), part))


def _beaten(part: tuple[str, ...], names: tuple[str, ...], wins: FloatArray) -> bool:
    inside = np.array([name in part for name in names])
    return bool(wins[np.ix_(~inside, inside)].any())


def _draws(choices: Choices, rating: Rating, resamples: int, seed: int) -> tuple[FloatArray, int]:
    dilemmas, codes = np.unique(np.array(choices.dilemmas, dtype=object), return_inverse=True)
    kept: list[FloatArray] = []
    for number in range(resamples):
        random = stream(seed, "dilemmas", number)
        counts = random.multinomial(len(dilemmas), np.full(len(dilemmas), 1.0 / len(dilemmas)))
        drawn = replace(choices, weights=choices.weights * counts[codes])
        if isinstance(rating, Elo) or not unrated_because(drawn, rating):
            kept.append(rating.strengths(drawn))
    return np.array(kept).reshape(len(kept), len(choices.names)), resamples - len(kept)


def _counts(choices: Choices) -> tuple[FloatArray, FloatArray]:
    k = len(choices.names)
    there = ~np.isnan(choices.outcome)
    met = np.zeros(k)
    ties = np.zeros(k)
    for side in (choices.first, choices.second):
        met += np.bincount(side[there], choices.weights[there], minlength=k)
        tied = choices.outcome == 0
        ties += np.bincount(side[tied], choices.weights[tied], minlength=k)
    return met, ties


def _refuse_bad_numbers(level: float, resamples: int) -> None:
    if not 0 < level < 1:
        raise DataError(f"The level is {level}. Give a number between 0 and 1, such as 0.9.")
    if resamples < 0:
        raise DataError(f"The number of resamples is {resamples}. Give 0 or more.")
