"""Words and numbers that several parts of a report share."""

from __future__ import annotations

import re

from causalvalues.numerals import MINUS, number
from causalvalues.planning import Plan
from causalvalues.planning.nouns import Status

_DECIMAL = re.compile(r"(?<![\w.,=/\\+\-\u2212])([+\-\u2212]?)(\d+\.\d+)(?![\w.]*[\w])")

OUTCOMES = {
    Status.OPTIMAL: "Optimal: no other admissible choice of these levers and doses does better by what was minimised",
    Status.TRADE_OFF: (
        "A trade-off: the best choice by what was minimised ends outside the tolerance, but another choice ends "
        "inside; it is the first of the next best choices"
    ),
    Status.UNREACHABLE: (
        "Out of reach: no admissible choice of these levers and doses ends inside the tolerance. What is missed, and "
        "what would help, is said under 'Out of reach'"
    ),
    Status.INFEASIBLE: (
        "Impossible as asked: no admissible choice meets the ranking and bounds. Relax one of the constraints that are "
        "named under 'Out of reach'"
    ),
    Status.TIME_LIMIT: (
        "Not finished: the time limit ended the search; this is the best plan so far, with its lower bound"
    ),
}
"""How planning ended, in words that point to places of a report."""

CHANCES = {
    "a unit": "that every part of the target holds for one unit",
    "the average effect": (
        "that the average effect hits every part of the target; it is not known how single units differ, and they "
        "differ more"
    ),
    "a new unit": "that every part of the target holds for a new unit of the population",
}
"""What `Plan.chance` is the chance of."""


def journal(text: str) -> str:
    """Return a sentence with its decimal numbers as psychology journals print them, to two decimals.

    Numbers that are part of a name (``calm=0.5``) stay as they are.

    Examples
    --------
    >>> journal("R2 = 0.241 (-0.07 to +0.0312), calm=0.5, do_x x 0.5, 10% of 0.5.")
    'R2 = .24 (−.07 to +.03), calm=0.5, do_x x .5, 10% of .5.'
    """

    def said(found: re.Match[str]) -> str:
        sign, digits = found.groups()
        short = number(float(digits), min(len(digits.split(".")[1]), 2))
        return {"": "", "+": "+"}.get(sign, "" if float(f"{float(digits):.2f}") == 0 else MINUS) + short

    return _DECIMAL.sub(said, text)


def chance_words(plan: Plan) -> str:
    """Return the chance of a plan with what it is the chance of."""
    return f"{plan.chance:.0%} {CHANCES[plan.chance_of]}"
