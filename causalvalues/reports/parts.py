"""Parts that all reports share: what they are, what the answers mean, and what the claims rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from causalvalues.numerals import estimate, number
from causalvalues.reports.frame import Given
from causalvalues.study.document import Block, Bullets, Code, Heading, Paragraph, Table

Claim = tuple[str, str]
ENDS = ("mean", "lower", "upper")
MEANINGS = {
    "salience": (
        "These scores are salience: they show which values the model talks about in a role, not which it endorses. "
        "Nothing here says what the model would do."
    ),
    "endorsement": "These scores were declared to be endorsement. Whether the model acts on them is another question.",
    "unknown": (
        "Whether these scores show what the model endorses, or only what it talks about, was not said. Read them as "
        "salience until a check, such as negated statements, says otherwise."
    ),
}


def opening(title: str, lead: Sequence[Claim], about: tuple[str, str, str]) -> list[Block]:
    """Return the beginning of a report.

    Parameters
    ----------
    title : str
    lead : sequence of (short beginning, text)
        The first lines.
    about : tuple of three str
        What the report is; what the published system does; what is added here.
    """
    heads = ("This report.", "The published system.", "Added here.")
    return [
        Heading(title, 1),
        Bullets(tuple(lead), lead=True),
        Heading("What this is"),
        Bullets(tuple(zip(heads, about, strict=True))),
    ]


def below_the_first_lines(blocks: Sequence[Block]) -> list[Block]:
    """Return blocks without their first lines, for a page that has them at its head."""
    return [block for block in blocks if not (isinstance(block, Bullets) and block.lead)]


def closing(name: str, given: Given, claims: Sequence[Claim], caveats: Sequence[str] = ()) -> list[Block]:
    """Return the end of a report: what each claim rests on, what to bear in mind, and how to do it again.

    Parameters
    ----------
    name : str
        Of the report.
    given : Given
    claims : sequence of (claim, what it rests on)
    caveats : sequence of str
        Besides what the scores mean.
    """
    answers = given.answers
    meaning = MEANINGS[answers.matrix.measures]
    study = "demo" if given.settings.data.demo else "STUDY.toml"
    return [
        Heading("What to bear in mind"),
        Bullets(tuple(("", said) for said in (meaning, *caveats))),
        Heading("What all this rests on"),
        Table(("Claim", "Rests on"), tuple(claims), "The ledger of this report."),
        Heading("Do it again"),
        Paragraph(
            f"Input: {answers.source} (SHA-256 {answers.sha256[:16]}...); seed {given.seed}. All settings are in "
            "manifest.json; the same settings and the same seed give the same files."
        ),
        Code(f"causalvalues report {name} {study}"),
    ]


def effect_words(mean: float, lower: float, upper: float, decimals: int = 2) -> str:
    """Return an effect with its sign and interval.

    Examples
    --------
    >>> effect_words(0.4, 0.3, 0.5)
    '+.40 [.30, .50]'
    """
    sign = "+" if mean > 0 and number(mean, decimals) != number(0.0, decimals) else ""
    ends = f" [{number(lower, decimals)}, {number(upper, decimals)}]" if lower == lower and upper == upper else ""  # noqa: PLR0124
    return f"{sign}{number(mean, decimals)}{ends}"


def range_words(row: Mapping[Any, Any], signed: bool = False, names: tuple[str, str, str] = ENDS) -> str:
    """Return the mean and interval that a row of a table holds, with the sign where that is asked for."""
    mean, lower, upper = (float(row[name]) for name in names)
    return effect_words(mean, lower, upper) if signed else estimate(mean, lower, upper)
