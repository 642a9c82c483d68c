"""What a user may say about a file of answers; everything has a default that is detected and reported."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from causalvalues.errors import DataError
from causalvalues.theories import ScoringKey, ValueTheory, scoring_key, theory

LAYOUTS = ("detect", "wide", "long")


@dataclass(frozen=True)
class ReadOptions:
    """How to read a file of answers.

    Parameters
    ----------
    layout : {"detect", "wide", "long"}, default "detect"
        Wide: one row a unit, one column an item or dimension. Long: one row an answer.
    key : ScoringKey or str or Path, optional
        The columns are items of this scoring key; its codes for no answer, and numbers outside its scale, are lost
        answers.
    theory : ValueTheory or str or Path, optional
        The columns are dimensions of this theory. Give `key` or `theory`, not both.
    columns : sequence of str, default ()
        Wide: which columns are answers; long: which items. Patterns such as ``"q*"`` work; ``("*",)`` is every column
        of numbers. Empty: those that the key or theory knows, or else what is detected.
    drop : sequence of str, default ()
        Columns of the file to leave out.
    labels : sequence of str, default ()
        Further columns of numbers that are labels (``model``, ``persona_id`` and text columns are labels anyway).
    levers : sequence of str, default ()
        Columns of numbers that hold the dose of one lever each.
    cluster_by, group_by : str, default ""
        The label whose rows are not independent, and the one that splits rows into groups.
    strata_by : str, default ""
        The label of the strata that clusters (or rows) were sampled within.
    unit, item, answer, weight : str, default ""
        The columns that hold these, where they are not called ``unit_id``, ``item`` or ``dimension``, ``response`` or
        ``score``, and ``weight``.
    separator, decimal : str, default ""
        Of a text file; empty: detected.
    encoding : str, default "utf-8"
        Of a text file; a byte order mark is understood.
    missing_text : sequence of str, default ()
        Texts in columns of answers that mean no answer, such as ``"NA"``. An empty cell always does.
    measures : {"unknown", "salience", "endorsement"}, default "unknown"
        What the answers stand for; "unknown" takes it from the key.

    Raises
    ------
    DataError
        If a setting has no meaning, or `key` and `theory` are both given.
    """

    layout: str = "detect"
    key: ScoringKey | str | Path | None = None
    theory: ValueTheory | str | Path | None = None
    columns: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    levers: tuple[str, ...] = ()
    cluster_by: str = ""
    group_by: str = ""
    unit: str = ""
    item: str = ""
    answer: str = ""
    weight: str = ""
    separator: str = ""
    decimal: str = ""
    encoding: str = "utf-8"
    missing_text: tuple[str, ...] = ()
    measures: str = "unknown"
    strata_by: str = ""

    def __post_init__(self) -> None:
        for name in ("columns", "drop", "labels", "levers", "missing_text"):
            value = getattr(self, name)
            if isinstance(value, str):
                raise DataError(f'ReadOptions({name}="{value}") must be a sequence: {name}=["{value}"].')
            object.__setattr__(self, name, tuple(value))
        if self.layout not in LAYOUTS:
            raise DataError(f"There is no layout {self.layout!r}. Choose one of {', '.join(LAYOUTS)}.")
        if self.measures not in ("unknown", "salience", "endorsement"):
            raise DataError(f'measures is {self.measures!r}. Choose "unknown", "salience" or "endorsement".')
        if self.key is not None and self.theory is not None:
            raise DataError("Give `key` (the columns are items) or `theory` (the columns are dimensions), not both.")
        if self.decimal not in ("", ".", ","):
            raise DataError(f'The decimal sign is {self.decimal!r}. Choose "." or ",", or leave it empty.')
        unfit = len(self.separator) > 1 or not self.separator.isascii() or self.separator in ('"', "\r", "\n", "\x00")
        if self.separator and (unfit or self.separator == self.decimal):
            raise DataError(
                f"The separator {self.separator!r} must be one character (ASCII), and no quotation mark, line end or "
                'decimal sign. Write for example ";" or ",", or leave it out to have it detected.'
            )

    @property
    def vocabulary(self) -> ScoringKey | ValueTheory | None:
        """The key or the theory that names the columns, read if it was given by id or path."""
        if self.key is not None:
            return self.key if isinstance(self.key, ScoringKey) else scoring_key(self.key)
        if self.theory is not None:
            return self.theory if isinstance(self.theory, ValueTheory) else theory(self.theory)
        return None
