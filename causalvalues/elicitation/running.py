"""Running interviews: only what the store lacks is asked, and every answer is stored before it counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from causalvalues.elicitation.backend import Backend
from causalvalues.elicitation.cost import Limits
from causalvalues.elicitation.meter import Meter
from causalvalues.elicitation.questions import LOST, Asked, Reply
from causalvalues.elicitation.sheets import Answer, Interview, Sheet
from causalvalues.elicitation.store import Store
from causalvalues.elicitation.talk import Talk
from causalvalues.errors import ElicitationError


@dataclass(frozen=True)
class Tally:
    """How far a run is.

    Parameters
    ----------
    sheets : int
        Rows of the design.
    done : int
        Sheets that are answered, those included that needed no call.
    done_from_store : int
        Sheets that needed no call.
    asked : int
        Questions that the backend answered in this run, those lost on the way included.
    from_store : int
        Replies taken from the store, a question counted each time that a sheet needs it.
    waiting : int
        Questions that the backend has been given and has not answered yet.
    statuses : tuple of (str, int)
        How many replies of this run had which status, by name.
    prompt_tokens, completion_tokens : int
        As the backend counted them; 0 when it does not.
    """

    sheets: int
    done: int = 0
    done_from_store: int = 0
    asked: int = 0
    from_store: int = 0
    waiting: int = 0
    statuses: tuple[tuple[str, int], ...] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def lost(self) -> int:
        """Replies of this run that were lost on the way; the next run asks for them again."""
        return sum(number for status, number in self.statuses if status in LOST)

    def remaining(self, elapsed: float) -> float | None:
        """Return about how many seconds are left, from those since the start; None before one was asked and done.

        Sheets that the store answered are done at once, so only the others are counted.
        """
        worked = self.done - self.done_from_store
        return elapsed * (self.sheets - self.done) / worked if worked else None


Progress = Callable[[Tally], None]


def run_interviews(
    sheets: Sequence[Sheet],
    interview: Callable[[Sheet], Interview],
    backend: Backend,
    store: Store,
    *,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> list[list[Answer]]:
    """Interview a model, one sheet after the other, `backend.at_once` sheets together.

    Parameters
    ----------
    sheets : sequence of Sheet
    interview : callable
        Begins the interview of a sheet.
    backend : Backend
        Asked only for what the store does not have.
    store : Store
        Has every answer before an interview hears it.
    limits : Limits, optional
        On calls and cost of this run.
    progress : callable, optional
        Given a `Tally` whenever something was stored or a sheet is done.

    Returns
    -------
    list of list of Answer
        One list a sheet, in the order of `sheets`. Scores come from stored replies alone, so a run that was stopped
        and goes on ends with those of an undisturbed one.

    Raises
    ------
    ProviderError
        If a limit is hit; what was answered is stored, and the same call goes on from there.
    ElicitationError, DataError
        From the backend and the store.
    """
    run = _Run(backend, store, Meter(limits or Limits(), backend), progress or _nobody, Tally(len(sheets)))
    answers: dict[int, list[Answer]] = {}
    to_come = iter(enumerate(sheets))
    talks: list[Talk] = []
    try:
        while True:
            while len(talks) < max(1, backend.at_once):
                place, sheet = next(to_come, (-1, None))
                if sheet is None:
                    break
                talks.append(Talk(place, interview(sheet), backend.identity))
                run.look_up(talks[-1], new=True)
                answers |= _finished(talks)
            if not talks:
                return [answers[place] for place in range(len(sheets))]
            run.ask(talks)
            for talk in talks:
                run.look_up(talk)
            answers |= _finished(talks)
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(f"Interrupted. {run.meter.stored_words(run.tally.done, len(sheets))}") from interrupt
    finally:
        for talk in talks:
            talk.close()


def _nobody(tally: Tally) -> None:
    """Watch nothing."""


def _finished(talks: list[Talk]) -> dict[int, list[Answer]]:
    """Take the interviews that are over from the list, and return their answers."""
    over = {talk.place: talk.answers for talk in talks if talk.answers is not None}
    talks[:] = [talk for talk in talks if talk.answers is None]
    return over


@dataclass
class _Run:
    """What one run works with."""

    backend: Backend
    store: Store
    meter: Meter
    progress: Progress
    tally: Tally
    statuses: dict[str, int] = field(default_factory=dict)

    def look_up(self, talk: Talk, new: bool = False) -> None:
        """Let an interview go on as far as the store has its answers."""
        while talk.answers is None:
            found = self.store.get(talk.asked)
            self.tally = replace(self.tally, from_store=self.tally.from_store + len(found))
            step = talk.step
            talk.hear(found)
            if talk.answers is None and talk.step == step:
                return
        once = self.tally.done_from_store + (1 if new else 0)
        self.tally = replace(self.tally, done=self.tally.done + 1, done_from_store=once)
        self.progress(self.tally)

    def ask(self, talks: Sequence[Talk]) -> None:
        """Ask what the interviews miss, each question once; store each list that comes back before it counts."""
        missing: dict[str, Asked] = {}
        for talk in talks:
            missing |= talk.missing
        keys, batch = list(missing), list(missing.values())
        allowed = self.meter.allowed(batch)
        if allowed < len(batch) and self.backend.whole_sheets:
            allowed = 0
        known: dict[str, Reply] = {}
        self.tally = replace(self.tally, waiting=allowed)
        for answered in self.backend.answer(batch[:allowed]) if allowed else ():
            known |= self.store.put(self.backend, [(batch[place], reply) for place, reply in answered])
            self._count([(batch[place], reply) for place, reply in answered])
        if len(known) < allowed:
            silent = keys[:allowed]
            raise ElicitationError(
                f"{self.backend.model} left {sum(key not in known for key in silent)} of {allowed} questions without a "
                "reply. What it answered is stored; run the same again to ask for the rest."
            )
        if allowed < len(batch):
            raise self.meter.hit(self.tally.done, self.tally.sheets)
        for talk in talks:
            talk.hear(known)

    def _count(self, answered: Sequence[tuple[Asked, Reply]]) -> None:
        for asked, reply in answered:
            self.statuses[reply.status] = self.statuses.get(reply.status, 0) + 1
            self.meter.count(asked, reply)
        self.tally = replace(
            self.tally,
            asked=self.tally.asked + len(answered),
            waiting=self.tally.waiting - len(answered),
            statuses=tuple(sorted(self.statuses.items())),
            prompt_tokens=self.tally.prompt_tokens + sum(reply.prompt_tokens for _, reply in answered),
            completion_tokens=self.tally.completion_tokens + sum(reply.completion_tokens for _, reply in answered),
        )
        self.progress(self.tally)
