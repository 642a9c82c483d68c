"""What is known of a target's feasibility, in sentences."""

from __future__ import annotations

import pandas as pd

from causalvalues.numerals import number, percent
from causalvalues.planning.menus import Doses
from causalvalues.planning.profiles import doses_in_words

_MOST_STEPS = 3


def sentences_of(
    known: tuple[float, bool, float, bool, float],
    searched: tuple[Doses, int, tuple[str, ...]],
    profile: pd.DataFrame,
    conflict: tuple[str, ...],
    helps: pd.DataFrame,
) -> tuple[str, ...]:
    """Return the sentences.

    Parameters
    ----------
    known : (error, inside, unreachable, flagged, chance)
    searched : (nearest choice, number of choices, offered levers)
    profile, conflict, helps
        As in `Feasibility`.
    """
    error, inside, unreachable, flagged, chance = known
    nearest, choices, offered = searched
    levers = f"{choices:,} choices of {len(offered)} lever{'s' if len(offered) != 1 else ''}"
    if inside:
        said = [f"Of {levers}, {doses_in_words(nearest)} comes nearest, and some choice ends inside the target."]
    else:
        said = [
            f"None of {levers} ends inside the target. The nearest is {doses_in_words(nearest)}, "
            f"with a sum of absolute errors of {number(error)}."
        ]
    verdict = "is flagged as unreachable" if flagged else "is not flagged as unreachable"
    said.append(
        f"The probability that no choice reaches it is {number(unreachable)}, so it {verdict}; "
        f"one answer under the most promising choice ends inside with a chance of {number(chance)}."
    )
    if inside:
        return tuple(said)
    if len(conflict) == 1:
        said.append(f"One wish alone cannot be met: {conflict[0]}.")
    elif conflict:
        said.append(
            f"These {len(conflict)} wishes cannot be met together, though fewer of them can: {'; '.join(conflict)}."
        )
    widest = profile["gap"].abs().sort_values(ascending=False, kind="stable").dropna().index[:_MOST_STEPS]
    gaps = [f"{name} {number(float(profile['gap'].loc[name]))}" for name in widest]
    if gaps:
        said.append(f"What is left to go (target minus nearest): {', '.join(gaps)}.")
    return (*said, _helps(helps, error))


def _helps(helps: pd.DataFrame, error: float) -> str:
    if not len(helps):
        return "No single step that was looked at would bring it nearer."
    phrases = []
    for kind, rows in helps.groupby("kind", sort=False):
        first = rows.iloc[0]
        ends = ", which ends inside" if first["inside"] else ""
        share = percent(round(100 * first["gain"] / error) / 100)
        phrases.append(f"{kind} ({first['what']} {number(first['amount'])}: {share} of the error{ends})")
    return f"What would help, most first: {'; '.join(phrases)}."
