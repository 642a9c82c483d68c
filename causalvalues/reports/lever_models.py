"""What foresees levers in a report: the response fitted to paired rows, or the graph."""

from __future__ import annotations

from typing import Literal

from causalvalues.errors import ModelError
from causalvalues.model import StructuralModel
from causalvalues.prediction import LeverResponse, Mechanism, paired_rows
from causalvalues.reports.frame import Given

Model = StructuralModel | LeverResponse
Which = Literal["auto", "levers", "graph"]


def lever_model(given: Given, which: Which) -> Model:
    """Return the model of what levers do.

    Parameters
    ----------
    given : Given
    which : {"auto", "levers", "graph"}
        "levers": a `LeverResponse`, in which effects saturate and a unit keeps a part of its start; it needs units
        that answered with and without levers. "graph": the structural model, in which effects add up. "auto": the
        first where it can be had.

    Raises
    ------
    ModelError
        If "levers" is asked for and no units are paired.
    """
    if which == "graph":
        return given.results.model
    given.say("fit what levers do")
    try:
        return Mechanism().fit(paired_rows(given.answers.matrix), given.seed)
    except ModelError:
        if which == "levers":
            raise
        return given.results.model


def model_words(model: Model) -> str:
    """Return what a model of levers is, for a ledger."""
    if isinstance(model, LeverResponse):
        return "the response fitted to units with and without levers: effects saturate, starts persist in part"
    return "the structural model: effects add up, and a unit keeps its residuals whole"
