"""Asking for one profile: a persona under levers, through the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from causalvalues.elicitation.backend import Backend
from causalvalues.elicitation.cost import Limits
from causalvalues.elicitation.elicit import Elicitation, Elicited, elicit
from causalvalues.elicitation.frames import Frames
from causalvalues.elicitation.guardrails import Guardrails
from causalvalues.elicitation.items import ItemSet
from causalvalues.elicitation.method import Method
from causalvalues.elicitation.running import Progress
from causalvalues.elicitation.sheets import DesignLever, Persona, Sheet
from causalvalues.elicitation.store import Store
from causalvalues.elicitation.variation import Setting, repeated
from causalvalues.errors import ElicitationError, LoopError
from causalvalues.frozen import FloatArray
from causalvalues.responses import ResponseMatrix, score
from causalvalues.theories import ScoringKey

DECIMALS = 4
"""Answers to items are rounded as the tables of answers are, so that both ways give the same profile."""

Said = tuple[tuple[str, float], ...]
"""Levers that are said, as (name, dose) in name order; () is none."""


@dataclass(frozen=True)
class Request:
    """One sheet that is to be asked.

    Parameters
    ----------
    persona : Persona
    levers : tuple of (str, float), default none
    frame : int, default 0
        Wording of the question.
    sentence : str, default ""
        Said in place of levers.
    """

    persona: Persona
    levers: Said = ()
    frame: int = 0
    sentence: str = ""


@dataclass(frozen=True, eq=False)
class Heard:
    """What came back.

    Parameters
    ----------
    profile : array (p,)
        In score units, values in the order of the asker.
    asked : int
        Questions that the model was asked in this run.
    stored : int
        Answers that the store already had.
    """

    profile: FloatArray
    asked: int
    stored: int


@dataclass(frozen=True, eq=False)
class Asker:
    """Everything that is needed to ask for profiles.

    Parameters
    ----------
    values : tuple of str, length p
        In name order.
    items : ItemSet
    method : Method
    frames : Frames
    key : ScoringKey
        The items -> values.
    levers : tuple of PromptLever or ActivationLever
    wording : int
        Which paraphrase of the levers is said.
    backend : Backend
    store : Store
    limits : Limits
        On calls and cost of this run, all requests together.
    guardrails : Guardrails, optional
        Measured in every row; their dimensions are among `values`.
    """

    values: tuple[str, ...]
    items: ItemSet
    method: Method
    frames: Frames
    key: ScoringKey
    levers: tuple[DesignLever, ...]
    wording: int
    backend: Backend
    store: Store
    limits: Limits = field(default_factory=Limits)
    guardrails: Guardrails | None = None

    def sheet(self, request: Request) -> Sheet:
        """Return the row of a design that a request is: the same one as `full_design` makes."""
        if request.sentence:
            name = f"{request.persona.id}|{request.sentence}|w0|f{request.frame}|r0|plain"
            return Sheet(name, "plain", request.persona, (), (request.sentence,), 0, request.frame)
        named = {lever.name: lever for lever in self.levers}
        unknown = [name for name, _ in request.levers if name not in named]
        if unknown:
            raise ElicitationError(f"There is no lever {unknown[0]!r}. There are {', '.join(sorted(named))}.")
        acting = tuple(named[name] for name, _ in request.levers)
        setting = Setting(tuple(dose for _, dose in request.levers), self.wording if acting else 0, request.frame)
        return repeated(request.persona, acting, setting, 1)[0]

    def hear(self, requests: Sequence[Request], progress: Progress | None = None) -> list[Heard]:
        """Ask for profiles one after the other; what the store has is not asked again.

        Raises
        ------
        LoopError
            If a profile has no number for a value, so that nothing can be compared with it.
        ProviderError
            If the model cannot be reached or a limit is hit; what was answered is stored.
        """
        return [self._hear(request, progress) for request in requests]

    def hear_all(self, requests: Sequence[Request], progress: Progress | None = None) -> FloatArray:
        """Ask for many profiles together, (m, p); the same request twice is asked once."""
        if not requests:
            return np.empty((0, len(self.values)))
        wanted = [self.sheet(request) for request in requests]
        sheets = tuple({sheet.id: sheet for sheet in wanted}.values())
        found = elicit(self._elicitation(sheets), self.backend, self.store, self.limits, progress)
        scores = self._scores(found, sheets)
        place = {sheet.id: i for i, sheet in enumerate(sheets)}
        return np.asarray(scores[[place[sheet.id] for sheet in wanted]])

    def _hear(self, request: Request, progress: Progress | None) -> Heard:
        sheets = (self.sheet(request),)
        found = elicit(self._elicitation(sheets), self.backend, self.store, self.limits, progress)
        profile = self._scores(found, sheets)[0]
        return Heard(profile, found.tally.asked, found.tally.from_store)

    def _elicitation(self, sheets: tuple[Sheet, ...]) -> Elicitation:
        return Elicitation(self.items, self.method, sheets, self.frames, guardrails=self.guardrails)

    def _scores(self, found: Elicited, sheets: tuple[Sheet, ...]) -> FloatArray:
        names = tuple(item.id for item in self.items.items)
        names += () if self.guardrails is None else self.guardrails.names
        both = zip(found.answered, found.guarded, strict=True)
        answers = [[answer.score for answer in (*answered, *beside)] for (_, answered), beside in both]
        held = ResponseMatrix(names, np.round(np.array(answers), DECIMALS), tuple(sheet.id for sheet in sheets))
        scored = score(held, self.key, guardrails=self.guardrails is not None)
        reached = scored.scores[:, [scored.names.index(name) for name in self.values]]
        lost = np.argwhere(np.isnan(reached))
        if len(lost):
            row, value = lost[0].tolist()
            raise LoopError(
                f"The answers of {sheets[row].id!r} give no score for {self.values[value]!r}: too many were refused or "
                "lost. Ask again later, or leave this value or persona out."
            )
        return np.asarray(reached)
