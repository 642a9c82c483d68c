"""The table of edges: what is joined, in which direction, how strongly, and what the direction rests on."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from causalvalues.errors import FigureError
from causalvalues.graph.posterior import GraphPosterior
from causalvalues.model.basis import Basis
from causalvalues.model.direct_effects import direct_effects
from causalvalues.model.effects import Effects
from causalvalues.model.structural import StructuralModel
from causalvalues.numerals import number, percent
from causalvalues.tables.arguments import MODEL, POSTERIOR, needed
from causalvalues.tables.naming import Naming, cell, limits
from causalvalues.tables.nouns import Cell, Column, Table
from causalvalues.theories.theory import ValueTheory

ARROW, LINE = "\u2192", "\u2014"
KNOWLEDGE = "given by knowledge"
RESTS_ON = {
    "given": KNOWLEDGE,
    "compelled": Basis.GRAPH.value,
    "contested": Basis.CONTESTED.value,
    "open": Basis.PRIOR.value,
    "": "unknown",
}
"""Verdict of `GraphPosterior.averaged_graph` -> what the direction rests on, as in `effect_ledger`."""

RULE = (
    f"{ARROW}: knowledge gives the direction, or an arrow this way is more probable than not: P(adjacent) \u00d7 "
    "P(compelled | adjacent) exceeds .5 by more than twice its Monte Carlo error."
)
"""What `GraphPosterior.averaged_graph` calls given or compelled."""
WHAT_RESTS = (
    f"{Basis.GRAPH.value.capitalize()}: the data compel the direction, given no hidden common cause; "
    f"{Basis.CONTESTED.value}: graphs that fit about equally well disagree; {Basis.PRIOR.value}: most graphs leave "
    "it open."
)
BLOCKED = "blocked"
WHAT_BLOCKED = "Blocked: measurement error forbids to claim the edge."
"""What stands in place of it where an edge may not be claimed, and what this means."""
COLUMNS = (
    Column("cause", "Cause"),
    Column("mark", ""),
    Column("effect", "Effect"),
    Column("adjacent", "(adjacent)", "probability", symbol="P"),
    Column(
        "compelled",
        "(compelled)",
        "probability",
        symbol="P",
        rank=2,
        note="P(compelled): among graphs that join them, the share in which the direction shown is the same in every "
        "graph that fits equally well; it alone is evidence of direction.",
    ),
    Column(
        "direction",
        f"({ARROW})",
        "probability",
        symbol="P",
        rank=4,
        note=f"P({ARROW}): among graphs that join them, the share with the direction shown.",
    ),
    Column("prior_direction", "Prior", "probability", rank=5, note="Prior: the same before the data."),
)
LAST = Column("rests_on", "Rests on", rank=3, note=WHAT_RESTS)


@dataclass(frozen=True)
class EdgeRows:
    """Which edges a table shows.

    Parameters
    ----------
    every_pair : bool, default False
        Every pair of values, also below the threshold of the averaged graph.
    level : float, default 0.9
        Level of the intervals of the direct effects.
    blocked : bool, default False
        Whether measurement error forbids to claim any edge: "blocked" then stands in place of what each rests on.

    Raises
    ------
    FigureError
        If the level is not between 0 and 1.
    """

    every_pair: bool = False
    level: float = 0.9
    blocked: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise FigureError(f"The level of the intervals is {self.level}. Give a number between 0 and 1.")


def edge_table(
    posterior: GraphPosterior,
    model: StructuralModel | None = None,
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    options: EdgeRows | None = None,
) -> Table:
    """Return the edges between values, the most probable first.

    Parameters
    ----------
    posterior : GraphPosterior
    model : StructuralModel, optional
        Fitted to these graphs; adds the direct effect (`direct_effects`) with its interval.
    theory, labels : optional
        Names as shown, as in `effects_table`.
    options : EdgeRows, optional

    Returns
    -------
    Table
        Columns ``cause, mark, effect, adjacent, compelled, direction, prior_direction`` as in
        `GraphPosterior.averaged_graph`, ``mean`` and ``interval`` with a model, and ``rests_on``. The mark is an arrow
        where the direction is compelled or given, else a line. Where edges are blocked, all ``rests_on`` say so.

    Raises
    ------
    FigureError
        If model and graphs speak of different values, or one of the arguments is something else.
    """
    posterior = needed(posterior, GraphPosterior, "A table of edges", POSTERIOR)
    if model is not None:
        needed(model, StructuralModel, "The second argument of edge_table", MODEL)
    options = needed(options or EdgeRows(), EdgeRows, "`options` of edge_table", "Give EdgeRows(...), or leave it out.")
    naming = Naming(theory, labels or {})
    effects = None if model is None else _effects_of(model, posterior, options.level)
    found = posterior.pairs() if options.every_pair else posterior.averaged_graph()
    columns = [*COLUMNS]
    if effects is not None:
        columns += _effect_columns(options.level)
    last = replace(LAST, note=WHAT_BLOCKED) if options.blocked else LAST
    rows = tuple(_row(edge, naming, effects) for edge in found.to_dict("records"))
    if options.blocked:
        rows = tuple((*row[:-1], BLOCKED) for row in rows)
    title = "Pairs of values" if options.every_pair else "Edges of the averaged graph"
    return Table(title, (*columns, last), rows, _note(posterior, options, (*columns, last)), "edges")


def _effects_of(model: StructuralModel, posterior: GraphPosterior, level: float) -> Effects:
    odd = sorted(set(model.values) ^ set(posterior.names))
    if odd:
        raise FigureError(
            f"Model and graphs speak of different values ({odd[0]!r} is in one of them only). Use the ones that belong "
            "together."
        )
    return direct_effects(model, level)


def _level(level: float) -> str:
    return f"{percent(level)} interval"


def _row(edge: Mapping[Hashable, object], naming: Naming, effects: Effects | None) -> tuple[Cell, ...]:
    cause, effect, verdict = str(edge["cause"]), str(edge["effect"]), str(edge["verdict"])
    mark = ARROW if verdict in ("given", "compelled") else LINE
    shares = [_share(edge[name]) for name in ("adjacent", "compelled", "direction", "prior_direction")]
    row: list[Cell] = [naming.shown(cause), mark, naming.shown(effect), *shares]
    if effects is not None:
        at: list[object] = [_at(table, cause, effect) for table in (effects.mean, effects.lower, effects.upper)]
        row += [cell(at[0]), limits(at[1], at[2])]
    return (*row, RESTS_ON.get(verdict, verdict))


def _at(table: pd.DataFrame, cause: str, effect: str) -> object:
    return table.loc[cause, effect]


def _share(value: object) -> float | None:
    """Return a probability; sums of floats that end a hair outside [0, 1] are brought back."""
    share = cell(value)
    return None if share is None else min(max(share, 0.0), 1.0)


def _effect_columns(level: float) -> list[Column]:
    said = "Direct effect: change of the effect for one unit of the cause, in the graphs with this arrow."
    return [
        Column("mean", "Direct effect", "number", note=said),
        Column("interval", _level(level), "interval", rank=1, note=f"In brackets its {_level(level)}."),
    ]


def _note(posterior: GraphPosterior, options: EdgeRows, columns: Sequence[Column]) -> str:
    """Return the note; what belongs to one column are whole sentences, so that they can go with it."""
    shown = "" if options.every_pair else f"Edges with P(adjacent) > {number(posterior.threshold)}."
    joined = "P(adjacent): the two values are joined."
    rule = f"{RULE[:-1]}; {LINE}: open or contested."
    of_columns = [column.note for column in columns if column.note]
    method = posterior.method[:1].upper() + posterior.method[1:]
    drawn = f"{method}; {len(posterior.draws):,} {posterior.kind} draws."
    return " ".join(filter(None, [shown, joined, *of_columns, rule, drawn]))
