"""Every failure that a user can cause or must expect: one base class, and the exit code on the command line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class CausalValuesError(Exception):
    """Base of all errors of this package; the message names the offender and the remedy.

    Attributes
    ----------
    exit_code : int
        What the command line returns: 1 a check failed, 2 wrong usage, 3 bad data, 4 a model cannot be used or a
        limit on calls or cost was hit.
    """

    exit_code = 3


class DataError(CausalValuesError):
    """A file, a column or a row cannot be used as it is."""


class KeyFileError(CausalValuesError):
    """A scoring key or a value theory is malformed, or does not fit the answers."""


class CheckError(CausalValuesError):
    """The data doctor found something that blocks learning."""

    exit_code = 1


class KnowledgeError(CausalValuesError):
    """Tiers, required and forbidden edges contradict each other, or name unknown nodes."""

    exit_code = 2


class DiscoveryError(CausalValuesError):
    """A graph cannot be learned from this evidence with these settings."""


class ModelError(CausalValuesError):
    """A structural model or a query on it is not well formed."""

    exit_code = 2


class PlanError(CausalValuesError):
    """A target or a set of levers is not well formed."""

    exit_code = 2


class LoopError(CausalValuesError):
    """A closed loop cannot go on: an answer without a score, or a ledger of other settings."""


class FigureError(CausalValuesError):
    """A picture or an export cannot be made as asked."""

    exit_code = 2


class ElicitationError(CausalValuesError):
    """A question cannot be asked of this model, or a design, item file or limit is not well formed."""

    exit_code = 2


class SteeringError(ElicitationError):
    """A lever inside a model does not fit it, is not well formed, or drives its activations to infinity."""


class ProviderError(ElicitationError):
    """A model cannot be used: a wrong key, an unknown name, missing weights, a limit that was hit."""

    exit_code = 4


class StudyError(CausalValuesError):
    """A study file is not well formed."""

    exit_code = 2


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a clause that proposes the nearest known names, for the end of an error message.

    Parameters
    ----------
    name : str
        What the user wrote.
    known : iterable of str
        What would have been understood.

    Returns
    -------
    str
        ``" Did you mean 'power'?"``, or a list of what is known.

    Examples
    --------
    >>> did_you_mean("powr", ["power", "security"])
    " Did you mean 'power'?"
    """
    options = sorted(known)
    folded = {option.casefold(): option for option in options}
    near = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    if near:
        return f" Did you mean {folded[near[0]]!r}?"
    shown = ", ".join(options[:12]) + (f", ... ({len(options)} in all)" if len(options) > 12 else "")
    return f" Known: {shown}."
