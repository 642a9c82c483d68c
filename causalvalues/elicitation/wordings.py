"""What an answer says about the affirmed and about the negated wording of its item."""

from __future__ import annotations

import math

from causalvalues.elicitation.sheets import Answer


def affirmed(answer: Answer) -> float:
    """Return the score of the item's own wording alone, in the units of the method.

    Gains are taken from their parts, because a negation contrast has both wordings in its score.

    Examples
    --------
    >>> affirmed(Answer("a", 0.5, parts=(("with", -2.0), ("without", -3.0), ("negated_with", -1.0))))
    1.0
    """
    if answer.status != "ok":
        return math.nan
    parts = dict(answer.parts)
    if {"with", "without"} <= parts.keys():
        return parts["with"] - parts["without"]
    return answer.score


def negated(answer: Answer) -> float:
    """Return the score of the negated wording, NaN where it was not asked."""
    if answer.status != "ok":
        return math.nan
    parts = dict(answer.parts)
    if {"negated_with", "negated_without"} <= parts.keys():
        return parts["negated_with"] - parts["negated_without"]
    return parts.get("negated", math.nan)
