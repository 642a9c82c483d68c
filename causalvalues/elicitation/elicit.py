"""`elicit`: a design, a model and a store in; the answers of every sheet out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from causalvalues.elicitation.backend import Backend, require
from causalvalues.elicitation.cost import Estimate, Limits, Prices, estimate
from causalvalues.elicitation.frames import Frames
from causalvalues.elicitation.guardrails import GUARDED, Guardrails, guarded
from causalvalues.elicitation.items import ItemSet
from causalvalues.elicitation.method import Form, Method
from causalvalues.elicitation.rubric import Judged
from causalvalues.elicitation.running import Progress, Tally, run_interviews
from causalvalues.elicitation.sheets import Answer, Interview, Kind, Sheet
from causalvalues.elicitation.store import Store
from causalvalues.errors import ElicitationError, did_you_mean


@dataclass(frozen=True)
class Elicitation:
    """What is to be asked.

    Parameters
    ----------
    items : ItemSet
    method : Method
    sheets : tuple of Sheet
        Their ids are all different.
    frames : Frames
        The sentences around the items.
    sequential_items : tuple of str, default ()
        Ids of the items that sequential sheets ask; default all.
    guardrails : Guardrails, optional
        Measured beside the items on plain and held-out sheets.
    """

    items: ItemSet
    method: Method
    sheets: tuple[Sheet, ...]
    frames: Frames
    sequential_items: tuple[str, ...] = ()
    guardrails: Guardrails | None = None

    def __post_init__(self) -> None:
        ids = [sheet.id for sheet in self.sheets]
        if len(set(ids)) < len(ids):
            twice = next(name for name in ids if ids.count(name) > 1)
            raise ElicitationError(f"Two sheets have the id {twice!r}. Give every row of the design its own.")
        known = [item.id for item in self.items.items]
        for name in self.sequential_items:
            if name not in known:
                raise ElicitationError(f"{self.items.id} has no item {name!r}.{did_you_mean(name, known)}")

    def form(self, kind: Kind) -> Form:
        """Return what a sheet of a kind is asked: known groups get the negated wordings, too."""
        items = self.items
        if kind == "sequential" and self.sequential_items:
            chosen = tuple(item for item in items.items if item.id in set(self.sequential_items))
            items = replace(items, items=chosen)
        return Form(items, self.frames, control=kind == "known_group")

    def interview(self, sheet: Sheet) -> Interview:
        """Begin the interview of a sheet."""
        interview = self.method.interview(sheet, self.form(sheet.kind))
        if self.guardrails is None or sheet.kind not in GUARDED:
            return interview
        return guarded(interview, sheet, self.frames, self.guardrails)


@dataclass(frozen=True, eq=False)
class Elicited:
    """What came back.

    Parameters
    ----------
    elicitation : Elicitation
    model : str
        Short name of the model.
    answered : tuple of (Sheet, tuple of Answer)
        In the order of the sheets.
    tally : Tally
        Of this run: what was asked, what was in the store.
    guarded : tuple of tuple of Answer
        What the guardrails measured on each sheet; empty where they were not asked.
    """

    elicitation: Elicitation
    model: str
    answered: tuple[tuple[Sheet, tuple[Answer, ...]], ...]
    tally: Tally
    guarded: tuple[tuple[Answer, ...], ...] = ()

    def of(self, kinds: Collection[Kind]) -> tuple[tuple[Sheet, tuple[Answer, ...]], ...]:
        """Return the sheets of some kinds with their answers."""
        return tuple((sheet, answers) for sheet, answers in self.answered if sheet.kind in kinds)


def elicit(
    elicitation: Elicitation,
    backend: Backend,
    store: Store,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Elicited:
    """Ask a model everything that the store does not have yet.

    Parameters
    ----------
    elicitation : Elicitation
    backend : Backend
    store : Store
        Every answer is in it before it counts, so an interrupted run goes on where it was.
    limits : Limits, optional
        On calls and cost of this run.
    progress : callable, optional
        Given a `Tally` after every step.

    Returns
    -------
    Elicited

    Raises
    ------
    ElicitationError
        If the method needs what the backend cannot do, or the design is not well formed.
    ProviderError
        If the model cannot be reached or a limit is hit; what was answered is stored.
    """
    _require_all(elicitation, backend)
    seen = [Tally(len(elicitation.sheets))]

    def watch(tally: Tally) -> None:
        seen[0] = tally
        if progress is not None:
            progress(tally)

    answers = run_interviews(elicitation.sheets, elicitation.interview, backend, store, limits=limits, progress=watch)
    rails = set(elicitation.guardrails.names) if elicitation.guardrails else set()
    pairs, guards = [], []
    for sheet, given in zip(elicitation.sheets, answers, strict=True):
        begin = len(given) - (len(rails) if sheet.kind in GUARDED else 0)
        pairs.append((sheet, tuple(given[:begin])))
        guards.append(tuple(given[begin:]))
    return Elicited(elicitation, backend.model, tuple(pairs), seen[0], tuple(guards))


def cost_of(elicitation: Elicitation, backend: Backend, store: Store, prices: Prices | None = None) -> Estimate:
    """Say how many calls and tokens an elicitation would take, and what they cost; the model is not asked.

    Parameters as in `elicit`. Whether the model can do what the method needs is not looked into, for a server would
    have to be asked.
    """
    return estimate(elicitation.sheets, elicitation.interview, backend, store, prices)


def _require_all(elicitation: Elicitation, backend: Backend) -> None:
    if isinstance(backend, Judged):
        require(backend.judge, "options", "Judging free text")
    if elicitation.guardrails is not None:
        require(backend, "statements", "Measuring guardrails")
    for capability in elicitation.method.needs:
        require(backend, capability, f"The method {elicitation.method.name!r}")
    steered = next((sheet for sheet in elicitation.sheets if sheet.steering), None)
    if steered is not None:
        require(backend, "steering", f"The row {steered.id!r}")
