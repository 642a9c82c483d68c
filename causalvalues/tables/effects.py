"""The table of effects: total or direct, one row a pair or as a matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import pandas as pd

from causalvalues.errors import FigureError, did_you_mean
from causalvalues.model.effects import Effects
from causalvalues.numerals import number, percent
from causalvalues.tables.arguments import EFFECTS, needed
from causalvalues.tables.naming import Naming, cell, limits
from causalvalues.tables.nouns import Cell, Column, Table
from causalvalues.theories.theory import ValueTheory

Form = Literal["long", "matrix"]
SIGNS = "P(> 0) and P(< 0): probability of either sign; what is missing to 1 is no effect at all."
DIRECT_SIGNS = (
    "P(> 0) and P(< 0): probability of either sign over all draws; what is missing to 1 is the probability that there "
    "is no such edge."
)


@dataclass(frozen=True)
class EffectRows:
    """Which effects a table shows, and how.

    Parameters
    ----------
    form : {"long", "matrix"}, default "long"
        One row a pair with interval, or one row a cause with a column for each value.
    what : str, default "Total effect"
        What the numbers are. Where it starts with "Direct effect", the note says what `direct_effects` returns: means
        and intervals over the draws that have the edge.
    causes : tuple of str, default ()
        Only these; by default the values, without levers (all causes where none is a value).
    least : float, default 0
        Long form: leave out pairs whose probability of the likelier sign is smaller. .95 keeps what is fairly sure.
    decimals : int, default 2

    Raises
    ------
    FigureError
        If the form is unknown or `least` is no probability.
    """

    form: Form = "long"
    what: str = "Total effect"
    causes: tuple[str, ...] = ()
    least: float = 0.0
    decimals: int = 2

    def __post_init__(self) -> None:
        object.__setattr__(self, "causes", tuple(self.causes))
        if self.form not in get_args(Form):
            raise FigureError(f"There is no form {self.form!r}.{did_you_mean(str(self.form), get_args(Form))}")
        if not 0 <= self.least <= 1:
            raise FigureError(f"The least probability of a sign is {self.least}. Give a number from 0 to 1.")

    @property
    def direct(self) -> bool:
        """Whether the effects are direct ones, which hold given that the edge is there."""
        return self.what.lower().startswith("direct effect")


def effects_table(
    effects: Effects,
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    options: EffectRows | None = None,
) -> Table:
    """Return effects of causes on values.

    Parameters
    ----------
    effects : Effects
        `total_effects(model)` or `direct_effects(model)`.
    theory : ValueTheory, optional
        Order and names.
    labels : mapping of str to str, optional
        Names as shown; they win over the theory's.
    options : EffectRows, optional

    Returns
    -------
    Table
        Long: columns ``cause, effect, mean, interval, positive, negative``. Matrix: ``cause`` and one column a value
        with the mean; columns are numbered as the values in the rows are.

    Raises
    ------
    FigureError
        If a cause is unknown, or one of the arguments is something else.
    """
    effects = needed(effects, Effects, "A table of effects", EFFECTS)
    options = needed(options or EffectRows(), EffectRows, "`options` of effects_table", "Give EffectRows(...).")
    naming = Naming(theory, labels or {})
    causes = _causes(effects, naming, options)
    values = naming.ordered(effects.mean.columns)
    if options.form == "matrix":
        return _matrix(effects, naming, options, (causes, values))
    return _long(effects, naming, options, (causes, values))


def _causes(effects: Effects, naming: Naming, options: EffectRows) -> list[str]:
    known = [str(name) for name in effects.mean.index]
    for name in options.causes:
        if name not in known:
            raise FigureError(f"There is no cause {name!r}.{did_you_mean(name, known)}")
    if options.causes:
        return list(dict.fromkeys(options.causes))
    values = [name for name in known if name in effects.mean.columns]
    return naming.ordered(values or known)


def _long(effects: Effects, naming: Naming, options: EffectRows, names: tuple[list[str], list[str]]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    left_out = 0
    tables = (effects.mean, effects.lower, effects.upper, effects.positive, effects.negative)
    for cause in names[0]:
        for value in names[1]:
            if cause == value:
                continue
            mean, lower, upper, positive, negative = (_at(table, cause, value) for table in tables)
            if options.least and not max(_or_zero(positive), _or_zero(negative)) >= options.least:
                left_out += 1
                continue
            ends = None if lower is None or upper is None else limits(lower, upper)
            rows.append((naming.shown(cause), naming.shown(value), mean, ends, positive, negative))
    signs = DIRECT_SIGNS if options.direct else SIGNS
    columns = (
        Column("cause", "Cause"),
        Column("effect", "Effect"),
        Column("mean", options.what, "number", options.decimals),
        Column("interval", f"{percent(effects.level)} interval", "interval", options.decimals),
        Column("positive", "(> 0)", "probability", symbol="P", rank=1),
        Column("negative", "(< 0)", "probability", symbol="P", rank=2, note=signs),
    )
    note = f"{_meaning(options, f'mean with its {percent(effects.level)} interval')} {signs}"
    if left_out:
        plural = "effect" if left_out == 1 else "effects"
        note += f" {left_out} {plural} whose likelier sign has a probability below {number(options.least)} left out."
    return Table(f"{options.what}s", columns, tuple(rows), note, _label(options))


def _matrix(effects: Effects, naming: Naming, options: EffectRows, names: tuple[list[str], list[str]]) -> Table:
    causes, values = names
    first = "cause"
    while first in values:
        first += "_"
    places = {value: place for place, value in enumerate(values, start=1)}
    columns = [Column(first, "Cause")]
    columns += [Column(value, str(place), "number", options.decimals) for value, place in places.items()]
    rows: list[tuple[Cell, ...]] = []
    for cause in causes:
        head = f"{places[cause]}. {naming.shown(cause)}" if cause in places else naming.shown(cause)
        rows.append((head, *(None if cause == value else _at(effects.mean, cause, value) for value in values)))
    note = f"{_meaning(options, 'mean')} Rows are causes, columns effects, numbered as the rows."
    unseen = [value for value in values if value not in causes]
    if unseen:
        note += f" {_numbered(unseen, places, naming)}."
    return Table(f"{options.what}s", tuple(columns), tuple(rows), note, _label(options))


def _numbered(names: Iterable[str], places: Mapping[str, int], naming: Naming) -> str:
    return ", ".join(f"{places[name]} = {naming.shown(name)}" for name in names)


def _meaning(options: EffectRows, shown: str) -> str:
    """Return what the numbers mean and over which draws they are taken, as sentences."""
    said = f"{options.what}: change of the effect when the cause is raised by one unit"
    if options.direct:
        over = "over the draws that have the edge, 0 where none has it"
        return f"{said} and everything else that acts on the effect is held; {shown} {over}."
    return f"{said}; {shown} over the draws."


def _label(options: EffectRows) -> str:
    return "-".join(options.what.lower().split()) + "s"


def _at(table: pd.DataFrame, cause: str, value: str) -> float | None:
    return cell(table.loc[cause, value])


def _or_zero(share: float | None) -> float:
    return 0.0 if share is None else share
