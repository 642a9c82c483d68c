"""What the report of an elicitation is written from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from causalvalues.elicitation.gate import Gate
from causalvalues.elicitation.items import ItemSet
from causalvalues.elicitation.sheets import Persona, Sheet
from causalvalues.theories.theory import ValueTheory

KINDS = {
    "plain": "personas, with and without levers",
    "held_out": "held-out personas and pairs of levers",
    "forced": "after forced answers",
    "sequential": "one item after another, every answer left in the conversation",
    "known_group": "personas that hold a known value",
    "control": "after neutral sentences",
    "paraphrase": "asked again in other words",
}


@dataclass(frozen=True)
class Spending:
    """What the answers took.

    Parameters
    ----------
    questions : int
        Different ones that the design puts, whoever answered: the model now, or the store.
    prompt_tokens, completion_tokens : int, default 0
        0 where not known.
    money : float or None, default None
        None without prices.
    currency : str, default ""
    """

    questions: int
    prompt_tokens: int = 0
    completion_tokens: int = 0
    money: float | None = None
    currency: str = ""


@dataclass(frozen=True)
class DesignCounts:
    """How many of each thing a design has.

    Parameters
    ----------
    by_kind : tuple of (str, int)
        Sheets of each kind, in words.
    personas, levers, combinations, wordings, repeats : int
        Different ones; combinations are sets of two levers or more.
    without_lever : int
        Plain sheets without lever.
    """

    by_kind: tuple[tuple[str, int], ...]
    personas: int
    levers: int
    combinations: int
    wordings: int
    repeats: int
    without_lever: int


def design_counts(sheets: Sequence[Sheet]) -> DesignCounts:
    """Count the sheets of a design."""
    kinds = Counter(sheet.kind for sheet in sheets)
    return DesignCounts(
        by_kind=tuple((KINDS[kind], kinds[kind]) for kind in kinds),
        personas=len({sheet.persona.id for sheet in sheets}),
        levers=len({name for sheet in sheets for name, _ in sheet.levers}),
        combinations=len({sheet.lever_cell for sheet in sheets if len(sheet.levers) > 1}),
        wordings=len({sheet.wording for sheet in sheets}),
        repeats=len({sheet.repeat for sheet in sheets}),
        without_lever=sum(sheet.kind == "plain" and not sheet.levers for sheet in sheets),
    )


def known_personas(sheets: Sequence[Sheet]) -> tuple[Persona, ...]:
    """Return the personas of the known groups, each once."""
    return tuple(dict.fromkeys(sheet.persona for sheet in sheets if sheet.kind == "known_group"))


@dataclass(frozen=True)
class ElicitationFacts:
    """All that the report of an elicitation says; texts may hold anything, for they are escaped when written.

    Parameters
    ----------
    title : str
    gate : Gate
        Of one model and one method; it names both.
    items : ItemSet
    design : DesignCounts
    known : tuple of Persona
        Of the known groups, whose texts are shown.
    spending : Spending
    learn : tuple of str
        Command lines that learn from the answers, and the one that makes them again.
    theory : ValueTheory, optional
        Order and names of the values.
    profile : tuple of (str, float, float, float), default ()
        Value, its mean over personas without lever, and the ends of a 95% interval; in the units of the method.
    notes : tuple of str, default ()
        Anything else that a reader must know, for example an interrupted run or a limit that was reached.
    """

    title: str
    gate: Gate
    items: ItemSet
    design: DesignCounts
    known: tuple[Persona, ...]
    spending: Spending
    learn: tuple[str, ...] = ()
    theory: ValueTheory | None = None
    profile: tuple[tuple[str, float, float, float], ...] = ()
    notes: tuple[str, ...] = ()

    def label(self, value: str) -> str:
        """Return the name of a value as shown."""
        return value if self.theory is None else self.theory.labels.get(value, value)
