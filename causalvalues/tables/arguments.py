"""What users give to tables, checked once: a wrong thing is refused in words, with what to give instead."""

from __future__ import annotations

from typing import TypeVar

from causalvalues.errors import FigureError
from causalvalues.tables.nouns import Table

EFFECTS = "Give total_effects(model) or direct_effects(model)."
FITS = "Give fit_indices(graph, evidence), or a mapping of names to such."
PLAN = "Give what `plan` returns."
Thing = TypeVar("Thing")
POSTERIOR = "Give what `discover` returns, or load(run / 'graph' / 'posterior.json')."
MODEL = "Give what `fit` returns, or load(run / 'graph' / 'model.json')."


def needed(thing: object, kind: type[Thing], use: str, remedy: str) -> Thing:
    """Return a thing of the kind that is needed; raise `FigureError` for another.

    Parameters
    ----------
    thing : object
    kind : type
    use : str
        What needs it, as in ``"A table of edges"``.
    remedy : str
        What to give instead, a sentence.
    """
    if isinstance(thing, kind):
        return thing
    held = "None" if thing is None else _one(type(thing).__name__)
    raise FigureError(f"{use} needs {_one(kind.__name__)}, and {held} was given. {remedy}")


def _one(name: str) -> str:
    return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"


def a_table(table: object) -> Table:
    """Return a table; raise `FigureError` for anything else."""
    return needed(
        table,
        Table,
        "A writer of tables",
        "Make one first, for example edge_table(posterior) or effects_table(effects).",
    )
