"""Nouns of the sentences that directions inside a model are learned from and tested with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ContrastPair:
    """Two sentences with the same beginning, which differ in the value only.

    Parameters
    ----------
    value : str
    context : str
        The beginning.
    affirmed : str
        The end that expresses the value (``with`` in files).
    plain : str
        The end that does not (``without`` in files).
    """

    value: str
    context: str
    affirmed: str
    plain: str

    @property
    def affirmed_sentence(self) -> str:
        """Context and affirmed end."""
        return f"{self.context} {self.affirmed}"

    @property
    def plain_sentence(self) -> str:
        """Context and plain end."""
        return f"{self.context} {self.plain}"


@dataclass(frozen=True)
class PolePair:
    """Two sentences with the same beginning, one for each pole of a dimension.

    Parameters
    ----------
    dimension, context : str
    high, low : str
        The ends.
    """

    dimension: str
    context: str
    high: str
    low: str

    @property
    def high_sentence(self) -> str:
        """Context and the end of the high pole."""
        return f"{self.context} {self.high}"

    @property
    def low_sentence(self) -> str:
        """Context and the end of the low pole."""
        return f"{self.context} {self.low}"


@dataclass(frozen=True)
class Poles:
    """A dimension with two poles, and the pairs that contrast them.

    Parameters
    ----------
    name : str
    high, low : str
        Names of the poles, for example ``"openness_to_change"`` and ``"conservation"``.
    pairs : tuple of PolePair
    """

    name: str
    high: str
    low: str
    pairs: tuple[PolePair, ...]
