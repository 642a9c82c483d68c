"""A plan for a population in sentences."""

from __future__ import annotations

import pandas as pd

from causalvalues.numerals import number, percent

_MOST_SETS = 3


def sentences_of(
    mixture: pd.DataFrame, distances: tuple[float, float, float], single: str, pluralism: pd.DataFrame, personas: int
) -> tuple[str, ...]:
    """Return what a plan for a population says.

    Parameters
    ----------
    mixture, pluralism : DataFrame
        As in `PopulationPlan`.
    distances : (before, with one lever set for all, with the mixture)
    single : str
        The best one lever set for all, in words.
    personas : int
    """
    before, one, after = distances
    first = mixture.head(_MOST_SETS)
    named = zip(first["levers"], first["share"], strict=True)
    sets = "; ".join(f"{levers} ({percent(round(100 * share) / 100)})" for levers, share in named)
    rest = len(mixture) - len(first)
    said = [
        f"The distance of {personas} personas from the wanted distribution is {number(before, 3)} without levers, "
        f"{number(one, 3)} with the best one lever set for all ({single}) and {number(after, 3)} with the best "
        "mixture of these lever sets.",
        f"The mixture uses {len(mixture)} lever set{'s' if len(mixture) != 1 else ''}: {sets}"
        + (f"; and {rest} more." if rest > 0 else "."),
    ]
    if pluralism.loc[["Overton", "steerable"]].notna().all(axis=None):
        before_after = {
            name: [percent(round(float(pluralism[side].loc[name]), 3)) for side in ("before", "after")]
            for name in ("Overton", "steerable")
        }
        said.append(
            f"Overton: somebody comes near {before_after['Overton'][1]} of the wanted profiles (before: "
            f"{before_after['Overton'][0]}). Steerable: in {before_after['steerable'][1]} of the pairs of a persona "
            f"and a wanted profile some lever set brings the one near the other (without levers: "
            f"{before_after['steerable'][0]})."
        )
    return tuple(said)
