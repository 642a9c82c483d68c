"""The gate between asking and learning: is the measure valid, biased, reliable, and of what is it a measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from causalvalues.elicitation.agreement import Agreement, agreement
from causalvalues.elicitation.biases import Biases, biases
from causalvalues.elicitation.gate_words import (
    agreement_words,
    bias_words,
    embedded_words,
    group_words,
    lost_words,
    verdict_words,
)
from causalvalues.elicitation.instrument import Instrument
from causalvalues.elicitation.items import ItemSet
from causalvalues.elicitation.known_groups import Answered
from causalvalues.elicitation.validity import Validity, validity
from causalvalues.errors import ElicitationError, did_you_mean

Measures = Literal["salience", "endorsement"]


@dataclass(frozen=True)
class Gate:
    """What the answers of one model to one way of measuring are worth.

    Parameters
    ----------
    about : Instrument
    declared : {"salience", "endorsement"}
        What the study, or the method, claims to measure.
    validity : Validity
    biases : Biases
    agreement : Agreement
    """

    about: Instrument
    declared: Measures
    validity: Validity
    biases: Biases
    agreement: Agreement

    @property
    def measures(self) -> Measures:
        """What the answers may be said to show: endorsement only if it was claimed and passed the negation control."""
        return "endorsement" if self.declared == self.validity.verdict == "endorsement" else "salience"

    def first_lines(self) -> tuple[tuple[str, str], ...]:
        """Return the first page of a report: short bold beginnings and sentences, the verdict first.

        The words hold names that come from files and models: escape them.
        """
        said = [
            verdict_words(self.validity, self.about, self.declared),
            embedded_words(self.validity, self.about),
            group_words(self.validity),
            agreement_words(self.agreement),
            *bias_words(self.biases, self.about),
            lost_words(self.biases.nonresponse, self.about),
        ]
        return tuple(line for line in said if line[1])


def gate(
    answered: Answered, items: ItemSet, measures: Measures, seed: int = 0, about: Instrument | None = None
) -> Gate:
    """Check the validity, the biases and the reliability of one model's answers.

    Parameters
    ----------
    answered : sequence of (Sheet, sequence of Answer)
        All sheets of one model and one method.
    items : ItemSet
        That was asked.
    measures : {"salience", "endorsement"}
        What is claimed.
    seed : int, default 0
        Of bootstraps and permutations; the same seed gives the same numbers.
    about : Instrument, optional
        Who was asked and how, see `instrument`. Without it there is no middle of the scale, and so no acquiescence.

    Returns
    -------
    Gate

    Raises
    ------
    ElicitationError
        If `measures` is neither of the two, there is no answer, or answers and items do not fit.
    """
    if measures not in ("salience", "endorsement"):
        raise ElicitationError(
            f"`measures` is {measures!r}.{did_you_mean(str(measures), ['salience', 'endorsement'])} "
            "Give 'salience' (what is talked about) or 'endorsement'."
        )
    if not any(answers for _, answers in answered):
        raise ElicitationError("There are no answers to check. Run the elicitation first.")
    who = Instrument() if about is None else about
    turned = any(item.reverse for item in items.items)
    return Gate(
        about=who,
        declared=measures,
        validity=validity(answered, items, seed),
        biases=biases(answered, items, who, seed),
        agreement=agreement(answered, items, seed, keyed=measures == "endorsement" or not turned),
    )
