"""Moments of true scores: what the correlations of dimensions would be without measurement error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from causalvalues.errors import DataError, did_you_mean
from causalvalues.evidence.coefficients import COEFFICIENTS, Coefficient, CoefficientName
from causalvalues.evidence.moments import Evidence, Moments
from causalvalues.evidence.part_scores import part_scores
from causalvalues.evidence.parts import item_parts, repeat_parts
from causalvalues.evidence.product_moments import ProductMoments
from causalvalues.evidence.true_scores import FLOOR, Reliabilities, refuse_unreliable, true_score_evidence
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.theories import ScoringKey

UNRELATED = "Errors of different dimensions are taken as unrelated; nothing in the data can test it."


@dataclass(frozen=True)
class CorrectedMoments:
    """Moments of the dimensions' true scores, estimated from the answers to their items.

    The variance of each dimension is its true-score variance, reliability times variance; covariances of different
    dimensions are as observed. The estimation of the reliabilities counts: effective n are those of the corrected
    correlations (delta method over clusters), far below the number of rows, and draws of the evidence spread
    accordingly.

    Parameters
    ----------
    key : ScoringKey
        Which item belongs to which dimension; signs and weights are honoured.
    reliability : {"alpha", "omega", "split_half"}, default "alpha"
        How the error variances are estimated; see `causalvalues.evidence.coefficients`. Split-half needs `over`. Where
        the key weights the items of a dimension unequally, alpha can lie above the reliability, and so correct too
        little (the notes name these dimensions): take omega.
    over : str, default ""
        For split-half: the label of repeats or paraphrases (``"repeat"``, ``"prompt_id"``). Scores are then averaged
        over its levels: one row a respondent.
    floor : float, default 0.2
        Dimensions of a lower reliability are refused by name.
    items : Moments, optional
        How the moments of the items are made; default `ProductMoments()`.
    """

    key: ScoringKey
    reliability: CoefficientName = "alpha"
    over: str = ""
    floor: float = FLOOR
    items: Moments | None = None

    def __post_init__(self) -> None:
        if self.reliability not in COEFFICIENTS:
            raise DataError(
                f"There is no reliability {self.reliability!r}." + did_you_mean(self.reliability, COEFFICIENTS)
            )
        if (self.reliability == "split_half") != bool(self.over):
            raise DataError(
                "Split-half reliability needs `over`, the label of repeats or paraphrases, and alpha and omega take "
                'none: CorrectedMoments(key, "split_half", over="repeat").'
            )

    def summarise(self, matrix: ResponseMatrix, within: str) -> Evidence:
        """Return the evidence of the true scores; `matrix` holds items. See `causalvalues.evidence.summarise`.

        Raises
        ------
        DataError
            If items are absent, a dimension has too few of them, or is too unreliable.
        """
        made = repeat_parts(matrix, self.key, self.over) if self.over else item_parts(matrix, self.key)
        parts = (ProductMoments() if self.items is None else self.items).summarise(made.matrix, within)
        scores = part_scores(parts, made.weights)
        coefficients = [scores.coefficient(j, self.reliability) for j in range(len(scores.names))]
        values = [one.value for one in coefficients]
        refuse_unreliable(scores.names, values, self.floor)
        known = Reliabilities(coefficients, np.zeros(len(values)))
        shown = ", ".join(f"{name} {value:.2f}" for name, value in zip(scores.names, values, strict=True))
        notes = [f"Corrected for measurement error ({self.reliability}: {shown}). {UNRELATED}"]
        uneven = [name for name, own in zip(scores.names, scores.weights, strict=True) if np.ptp(own) > 0]
        if uneven and self.reliability == "alpha":
            notes.append(
                f"The key weights the items of {', '.join(uneven)} unequally, so alpha can lie above the reliability "
                'and correct too little; CorrectedMoments(key, "omega") does not.'
            )
        return true_score_evidence(parts, scores, tuple(made.weights), known, tuple(notes))


def correct_for_error(
    evidence: Evidence, reliabilities: Mapping[str, float], standard_errors: Mapping[str, float] | None = None
) -> Evidence:
    """Correct the moments of scores with reliabilities that are known from elsewhere.

    Parameters
    ----------
    evidence : Evidence
        Of scores, with cluster sums.
    reliabilities : mapping of str to float
        For each value: the share of its variance within design cells that is no error, from .2 to 1.
    standard_errors : mapping of str to float, optional
        Standard error of each reliability; default 0. It enters effective n and draws.

    Returns
    -------
    Evidence
        Of the true scores.

    Raises
    ------
    DataError
        If a value has no reliability, a name is unknown, or a reliability lies outside .2 to 1.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from causalvalues.evidence import summarise
    >>> rows = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 2)), columns=["power", "security"])
    >>> correct_for_error(summarise(rows), {"power": 0.5, "security": 0.8}).n
    200
    """
    errors = {} if standard_errors is None else standard_errors
    for name in (*reliabilities, *errors):
        if name not in evidence.names:
            raise DataError(f"There is no value {name!r}." + did_you_mean(name, evidence.names))
    missing = sorted(set(evidence.names) - set(reliabilities))
    if missing:
        raise DataError(
            f"No reliability was given for {', '.join(map(repr, missing))}. Give 1 for a value without error."
        )
    if any(not error >= 0 for error in errors.values()):
        raise DataError("Standard errors of reliabilities must be zero or more.")
    scores = part_scores(evidence, {name: {name: 1.0} for name in evidence.names})
    values = [float(reliabilities[name]) for name in scores.names]
    refuse_unreliable(scores.names, values, FLOOR)
    known = Reliabilities(
        [Coefficient(value, np.zeros((1, 1))) for value in values],
        np.array([float(errors.get(name, 0.0)) for name in scores.names]),
    )
    shown = ", ".join(f"{name} {value:.2f}" for name, value in zip(scores.names, values, strict=True))
    notes = (f"Corrected for measurement error with given reliabilities ({shown}). {UNRELATED}",)
    return true_score_evidence(evidence, scores, evidence.names, known, notes)
