"""The mechanism of levers as a predictor: saturation, interactions, persistence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray
from causalvalues.prediction.lever_response import LeverResponse
from causalvalues.prediction.mechanism_errors import coefficient_draws, left_out_residuals
from causalvalues.prediction.mechanism_penalties import Settings, Solution, choose, solve
from causalvalues.prediction.mechanism_sums import row_sums
from causalvalues.prediction.mechanism_terms import EFFECT, OFFSET, PAIR, STEP, Terms, terms_of
from causalvalues.prediction.paired_rows import PairedRows
from causalvalues.prediction.variance_components import calibrated, first_components, told_factor
from causalvalues.randomness import require_whole

UNSEEN_SHARE = 0.5
"""Spread of an interaction where no pair of levers was ever tried, in root mean squares of the single effects."""

ROUNDING = 1e-12
"""A change below this share of a value's largest score is rounding."""

Persistence = Literal["full", "own", "none"]


@dataclass(frozen=True)
class Mechanism:
    """Settings of the mechanism that is fitted to rows under levers; see `LeverResponse` for its equation.

    Penalties of each kind of coefficient (effects, offset, interactions, what a value keeps of itself and of others,
    moderation) and the saturations w and w' maximise the restricted likelihood; the coefficients are then its
    posterior mean. So interactions that the data do not need shrink to zero. A pair of levers that was not tried has an
    interaction drawn from its prior; where no pair was tried at all, effects are taken to add up and the prior's spread
    is half the root mean square of the single effects.

    Parameters
    ----------
    saturation : bool, default True
        Whether effects lose strength with the total dose; otherwise w = 0, they add up.
    persistence : {"full", "own", "none"}, default "full"
        Whether what a unit keeps depends on its whole profile, on the same value only, or is everything.
    interactions : bool, default True
        Of pairs of levers tried together.
    moderated : bool, default True
        Whether each lever moves different starts differently.
    draws : int, default 200
        Of the coefficients.
    name : str
    """

    saturation: bool = True
    persistence: Persistence = "full"
    interactions: bool = True
    moderated: bool = True
    draws: int = 200
    name: str = "mechanism"

    def __post_init__(self) -> None:
        if self.persistence not in ("full", "own", "none"):
            raise ModelError(f"`persistence` is {self.persistence!r}. Choose 'full', 'own' or 'none'.")
        require_whole("draws", self.draws)

    def fit(self, rows: PairedRows, seed: int) -> LeverResponse:
        """Learn the mechanism.

        Parameters
        ----------
        rows : PairedRows
            Of at least three units.
        seed : int
            Of the draws.

        Raises
        ------
        ModelError
            If fewer than three units answered under levers, or a value never changes or was never answered.
        """
        require_whole("seed", seed, 0)
        if not isinstance(rows, PairedRows):
            raise ModelError(f"A mechanism is fitted to `paired_rows(matrix)`, not to a {type(rows).__name__}.")
        if len(set(rows.units)) < 3:
            raise ModelError("A mechanism needs rows of at least three units under levers. Ask more units.")
        _refuse_still_values(rows)
        ordered, values, levers = in_name_order(rows)
        terms = terms_of(ordered, self.persistence != "none", self.interactions, self.moderated)
        sums = row_sums(terms, ordered, self.persistence == "own")
        settings = choose(sums, self.saturation)
        found = solve(sums.at(settings.shape), terms, settings)
        residuals = left_out_residuals(sums, ordered.units, settings, found)
        draws = coefficient_draws(sums, ordered.units, settings, found, (residuals, self.draws, seed))
        # the draws stand around the estimate exactly
        draws = draws - draws.mean(axis=0) + found.coefficients
        untried = _untried(found, settings, terms)
        noise = first_components(residuals * terms.spread, ordered, settings.shape)
        fitted = LeverResponse(
            terms, settings.shape, draws, np.full(self.draws, 1 / self.draws), noise, untried, _tried(ordered), seed
        )
        spread = fitted.spread_of(ordered.start, ordered.doses)
        noise = calibrated(noise, residuals * terms.spread, (spread, ordered.doses, settings.shape))
        told = told_factor(noise, residuals * terms.spread, (ordered, spread, settings.shape[0]))
        noise = replace(noise, told=told)
        return _in_given_order(replace(fitted, components=noise), values, levers)


def _refuse_still_values(rows: PairedRows) -> None:
    """Refuse a value without any change to learn from: its noise would be zero, and that spoils all other values."""
    seen = np.isfinite(rows.reached) & (rows.weights > 0)[:, None]
    size = np.maximum(np.abs(rows.start), np.abs(np.where(seen, rows.reached, 0.0)))
    moved = seen & (np.abs(np.where(seen, rows.change, 0.0)) > ROUNDING * size.max(axis=0, initial=0.0))
    for j in sorted(range(len(rows.values)), key=lambda j: rows.values[j]):
        if not seen[:, j].any():
            raise ModelError(f"{rows.values[j]!r} was never answered under levers. Leave it out (`drop`).")
        if not moved[:, j].any():
            raise ModelError(
                f"{rows.values[j]!r} is the same with and without levers in every row, so nothing can be learned about "
                "it. Leave it out (`drop`), or check its answers."
            )


def in_name_order(rows: PairedRows) -> tuple[PairedRows, list[int], list[int]]:
    """Return the rows with values and levers in name order, and the places that undo it."""
    values = sorted(range(len(rows.values)), key=lambda i: rows.values[i])
    levers = sorted(range(len(rows.levers)), key=lambda i: rows.levers[i])
    ordered = PairedRows(
        tuple(rows.values[i] for i in values),
        tuple(rows.levers[i] for i in levers),
        rows.units,
        rows.start[:, values],
        rows.doses[:, levers],
        rows.reached[:, values],
        rows.weights,
    )
    return ordered, np.argsort(values).tolist(), np.argsort(levers).tolist()


def _in_given_order(response: LeverResponse, values: list[int], levers: list[int]) -> LeverResponse:
    """Return the response with values and levers placed as the user gave them."""
    old, p, k = response.terms, len(values), len(levers)
    new_place = np.argsort(levers)
    pairs = [tuple(sorted((int(new_place[i]), int(new_place[j])))) for i, j in old.pairs]
    order = sorted(range(len(pairs)), key=lambda c: pairs[c])
    places: list[int] = [*levers, k, k + 1]
    at = k + 2
    if old.kept:
        places += [at + i for i in values]
        at += p
    if old.pairs:
        places += [at + i for i in levers]
        at += k
    places += [at + c for c in order]
    at += len(pairs)
    if old.moderated:
        places += [at + i * p + j for i in levers for j in values]
    terms = replace(
        old,
        values=tuple(old.values[i] for i in values),
        levers=tuple(old.levers[i] for i in levers),
        pairs=tuple((pairs[c][0], pairs[c][1]) for c in order),
        centre=old.centre[values],
        spread=old.spread[values],
    )
    draws = response.draws[:, places][:, :, values]
    components = response.components.placed(values, levers)
    return replace(response, terms=terms, draws=draws, components=components, untried=response.untried[values])


def _untried(found: Solution, settings: Settings, terms: Terms) -> FloatArray:
    """Return the prior standard deviation (p,) of an interaction, score units."""
    if terms.pairs:
        return np.asarray(np.sqrt(found.noise / settings.penalties[PAIR]) * terms.spread)
    common = found.coefficients[(terms.kinds == OFFSET) | (terms.kinds == STEP)].sum(axis=0)
    effects = found.coefficients[terms.kinds == EFFECT] + common
    return np.asarray(UNSEEN_SHARE * np.sqrt((effects**2).mean(axis=0)) * terms.spread)


def _tried(rows: PairedRows) -> frozenset[frozenset[str]]:
    return frozenset(frozenset(rows.levers[i] for i in np.flatnonzero(row)) for row in np.unique(rows.doses, axis=0))
