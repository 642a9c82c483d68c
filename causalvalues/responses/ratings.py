"""Ways to rate options from pairwise choices; each is a configured object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from causalvalues.errors import DataError
from causalvalues.frozen import FloatArray
from causalvalues.responses.choices import Choices

if TYPE_CHECKING:
    from evalica import Winner


class Rating(Protocol):
    """A way to turn choices between k options into k strengths with mean zero."""

    @property
    def finite(self) -> bool:
        """Whether strengths are finite though some options never lost, or were never compared with others."""

    def strengths(self, choices: Choices) -> FloatArray:
        """Return the strengths (k,) of the options."""


@dataclass(frozen=True)
class BradleyTerry:
    """Log odds of being chosen: P(i over j) = 1 / (1 + exp(s_j - s_i)), by maximum likelihood (package choix).

    A tie counts half a win on both sides.

    Parameters
    ----------
    prior_wins : float, default 0
        Wins added to every ordered pair; above zero, strengths are finite though an option never lost.

    References
    ----------
    Bradley and Terry (1952), Biometrika 39, 324-345; Maystre and Grossglauser (2015), NeurIPS (the iteration).
    """

    prior_wins: float = 0.0

    def __post_init__(self) -> None:
        _within("prior_wins", self.prior_wins, 0.0)

    @property
    def finite(self) -> bool:
        """Whether strengths are finite though some options never lost, or were never compared with others."""
        return self.prior_wins > 0

    def strengths(self, choices: Choices) -> FloatArray:
        """Return log odds (k,) with mean zero."""
        import choix

        wins = choices.wins.to_numpy() + self.prior_wins * (1.0 - np.eye(len(choices.names)))
        try:
            return _centred(choix.ilsr_pairwise_dense(wins, max_iter=10_000, tol=1e-9))
        except RuntimeError:
            raise DataError(
                "The Bradley-Terry strengths did not settle: an option wins or loses nearly all its choices. Use "
                "BradleyTerry(prior_wins=0.5)."
            ) from None


@dataclass(frozen=True)
class Davidson:
    """Log odds with a parameter for ties: P(tie of i and j) is proportional to 2 v sqrt(p_i p_j) (package evalica).

    Use it where a tie says "these two are alike", not "half a win each".

    References
    ----------
    Davidson (1970), JASA 65, 317-328; Newman (2023), Journal of Machine Learning Research 24, 1-25 (the iteration).
    """

    @property
    def finite(self) -> bool:
        """Whether strengths are finite though some options never lost, or were never compared with others."""
        return False

    def strengths(self, choices: Choices) -> FloatArray:
        """Return log odds (k,) with mean zero."""
        import evalica

        first, second, winners = _games(choices)
        rated = evalica.newman(first, second, winners, weights=_weights(choices), tolerance=1e-10, limit=10_000)
        return _centred(np.log([float(rated.scores[name]) for name in choices.names]))


@dataclass(frozen=True)
class Thurstone:
    """Thurstone's case V: P(i over j) = Phi(s_i - s_j); posterior mean by expectation propagation (package choix).

    A tie counts half a win on both sides.

    Parameters
    ----------
    prior_variance : float, default 10
        Of each strength, around zero.

    References
    ----------
    Thurstone (1927), Psychological Review 34, 273-286; Chu and Ghahramani (2005), ICML.
    """

    prior_variance: float = 10.0

    def __post_init__(self) -> None:
        _within("prior_variance", self.prior_variance, 1e-6)

    @property
    def finite(self) -> bool:
        """Whether strengths are finite though some options never lost, or were never compared with others."""
        return True

    def strengths(self, choices: Choices) -> FloatArray:
        """Return strengths (k,) with mean zero, in standard deviations of a difference."""
        import choix

        # The package takes whole choices without ties: each counts twice (a tie once each way), and so does the prior.
        doubled = 2.0 * choices.wins.to_numpy()
        whole = np.rint(doubled).astype(np.int64)
        if not np.allclose(whole, doubled, atol=1e-9):
            raise DataError("Thurstone() takes no fractional weights: a choice must count 1. Use BradleyTerry().")
        data = [(i, j) for i, j in zip(*np.nonzero(whole), strict=True) for _ in range(whole[i, j])]
        return _centred(choix.ep_pairwise(len(whole), data, alpha=2.0 / self.prior_variance, model="probit")[0])


@dataclass(frozen=True)
class Elo:
    """Elo ratings in the order of the rows (package evalica): late choices count most, so the order matters.

    Parameters
    ----------
    step : float, default 4
        Points by which one choice moves a rating at most (K).
    scale : float, default 400
        Difference in points that makes the odds 10 to 1.

    References
    ----------
    Elo (1978), The Rating of Chessplayers, Past and Present.
    """

    step: float = 4.0
    scale: float = 400.0

    def __post_init__(self) -> None:
        _within("step", self.step, 0.0)
        _within("scale", self.scale, 1e-6)

    @property
    def finite(self) -> bool:
        """Whether strengths are finite though some options never lost, or were never compared with others."""
        return True

    def strengths(self, choices: Choices) -> FloatArray:
        """Return points (k,) with mean zero."""
        import evalica

        first, second, winners = _games(choices)
        rated = evalica.elo(first, second, winners, weights=_weights(choices), k=self.step, scale=self.scale)
        return _centred(np.array([float(rated.scores.get(name, rated.initial)) for name in choices.names]))


def _within(what: str, number: float, least: float) -> None:
    if not least <= number <= 1e6:
        raise DataError(f"`{what}` is {number:g}. Give a number from {least:g} to 1e6.")


def _games(choices: Choices) -> tuple[list[str], list[str], list[Winner]]:
    from evalica import Winner

    meaning = {1.0: Winner.X, -1.0: Winner.Y, 0.0: Winner.Draw}
    there = np.flatnonzero(~np.isnan(choices.outcome))
    first = [choices.names[choices.first[i]] for i in there]
    second = [choices.names[choices.second[i]] for i in there]
    return first, second, [meaning[float(choices.outcome[i])] for i in there]


def _weights(choices: Choices) -> list[float]:
    return [float(weight) for weight in choices.weights[~np.isnan(choices.outcome)]]


def _centred(strengths: Any) -> FloatArray:
    values = np.array(strengths, dtype=np.float64)
    values -= values.mean()
    return values
