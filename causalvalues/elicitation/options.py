"""Probabilities over a few options."""

from __future__ import annotations

import math
from collections.abc import Sequence


def probabilities(logs: Sequence[float]) -> list[float]:
    """Normalise log-probabilities over the options.

    Examples
    --------
    >>> probabilities([-1.0, -1.0])
    [0.5, 0.5]
    """
    top = max(logs)
    weights = [math.exp(log - top) for log in logs]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def expected(logs: Sequence[float], amounts: Sequence[float]) -> float:
    """Return the expectation of amounts under the normalised probabilities.

    Examples
    --------
    >>> expected([-0.5, -0.5], [1, 2])
    1.5
    """
    return math.fsum(p * amount for p, amount in zip(probabilities(logs), amounts, strict=True))
