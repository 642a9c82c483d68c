"""How the rows of a study become moments."""

from __future__ import annotations

from causalvalues.errors import StudyError
from causalvalues.evidence import (
    CorrectedMoments,
    Evidence,
    Moments,
    PolychoricMoments,
    ProductMoments,
    RankMoments,
    summarise,
)
from causalvalues.study.answers import Answers
from causalvalues.study.settings import EvidenceSettings, StudySettings
from causalvalues.theories import ScoringKey

LATENT = ("polychoric", "rank")
"""Ways of making moments that leave the units of the scores."""


def moments_of(settings: EvidenceSettings, key: ScoringKey | None = None) -> Moments:
    """Return the way of making moments that the settings stand for.

    Parameters
    ----------
    settings : EvidenceSettings
    key : ScoringKey, optional
        For corrected moments.

    Raises
    ------
    StudyError
        If corrected moments are asked for without a key.
    """
    if settings.moments == "polychoric":
        return PolychoricMoments(ordinal=tuple(settings.ordinal) or None)
    if settings.moments == "rank":
        return RankMoments()
    plain = ProductMoments(missing=settings.missing)
    if settings.moments == "product":
        return plain
    if key is None:
        raise StudyError(
            "Corrected moments estimate measurement error from items, and these columns are dimensions already. "
            "Give a scoring `key`, or choose other moments."
        )
    return CorrectedMoments(key, settings.reliability, settings.over, items=plain)


def evidence_of(answers: Answers, settings: EvidenceSettings) -> Evidence:
    """Summarise the answers of a study as its settings say.

    Parameters
    ----------
    answers : Answers
    settings : EvidenceSettings

    Raises
    ------
    StudyError
        As `moments_of`.
    CausalValuesError
        As `summarise`.
    """
    moments = moments_of(settings, answers.key)
    if settings.moments != "corrected" or answers.items is None:
        return summarise(answers.matrix, settings.within, moments)
    if answers.matrix.centring != "none":
        raise StudyError("Corrected moments are those of uncentred scores. Leave `centring` out.")
    return summarise(answers.items, settings.within, moments)


def refuse_other_units(settings: StudySettings) -> None:
    """Refuse questions and plans in score units where the moments have left them.

    Raises
    ------
    StudyError
        With the place of the question or plan.
    """
    if settings.evidence.moments not in LATENT:
        return
    said = (
        f"[evidence] moments = {settings.evidence.moments!r} puts values on a scale of their own, and this speaks of "
        'answers as they were given. Take it out, or use moments = "product".'
    )
    for number, query in enumerate(settings.query, start=1):
        if query.kind == "counterfactual":
            raise StudyError(f"[[query]] number {number}: {said}")
    if settings.plan:
        raise StudyError(f"[[plan]] number 1: {said}")
