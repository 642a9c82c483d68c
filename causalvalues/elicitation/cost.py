"""What a run will cost, said before it begins; prices and limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from causalvalues.elicitation.backend import Backend
from causalvalues.elicitation.questions import Asked, OptionsQuestion, Question, Reply, StatementQuestion, TextQuestion
from causalvalues.elicitation.sheets import Interview, Sheet
from causalvalues.elicitation.store import Store
from causalvalues.elicitation.talk import Talk
from causalvalues.errors import ElicitationError, ProviderError

COUNTED = 4096
"""So many questions have their tokens counted; with more, this is a sample that stands for all."""

SHORT = 16
"""A text of at most so many tokens is taken for a rating, a longer one for free text of that length."""


@dataclass(frozen=True)
class Prices:
    """What a provider charges.

    Parameters
    ----------
    prompt, completion : float
        For a million tokens, in any currency.
    """

    prompt: float
    completion: float

    def __post_init__(self) -> None:
        for name, price in (("prompt", self.prompt), ("completion", self.completion)):
            _require_amount(f"price of {name} tokens", price)

    def of(self, prompt_tokens: float, completion_tokens: float) -> float:
        """Return what so many tokens cost."""
        return (self.prompt * prompt_tokens + self.completion * completion_tokens) / 1e6


@dataclass(frozen=True)
class Limits:
    """What a run may take.

    Parameters
    ----------
    max_calls : int, optional
        Questions that are asked; what the store has is free. None: no limit.
    max_cost : float, optional
        In the currency of the prices.
    prices : Prices, optional
        Needed for `max_cost`.
    """

    max_calls: int | None = None
    max_cost: float | None = None
    prices: Prices | None = None

    def __post_init__(self) -> None:
        if self.max_calls is not None:
            _require_amount("limit on calls", self.max_calls)
        if self.max_cost is not None:
            _require_amount("limit on cost", self.max_cost)
            if self.prices is None:
                raise ElicitationError(
                    "A limit on cost needs prices. Give the price of a million tokens, or limit calls."
                )


@dataclass(frozen=True)
class Estimate:
    """What a run would take.

    Parameters
    ----------
    sheets : int
    calls : int
        Different questions that would be asked.
    stored : int
        Different questions that the store answers.
    prompt_tokens, completion_tokens : int
        Of the calls.
    money : float or None
        None when prices are not known.
    notes : tuple of str
        What is estimated and how.
    guessed : int, default 0
        Calls whose questions depend on replies that are not there yet.
    """

    sheets: int
    calls: int
    stored: int
    prompt_tokens: int
    completion_tokens: int
    money: float | None
    notes: tuple[str, ...] = ()
    guessed: int = 0


def estimate(
    sheets: Sequence[Sheet],
    interview: Callable[[Sheet], Interview],
    backend: Backend,
    store: Store,
    prices: Prices | None = None,
) -> Estimate:
    """Say what a run would take, without asking the model anything.

    Questions that follow from earlier replies (sequential sheets, the judging of free text) are counted with
    placeholder replies where those are not stored.

    Parameters
    ----------
    sheets, interview, backend, store
        As in `run_interviews`.
    prices : Prices, optional

    Returns
    -------
    Estimate
    """
    missing, stored, guessed, counted = set[str](), set[str](), 0, _Tokens(backend)
    for place, sheet in enumerate(sheets):
        talk, sure = Talk(place, interview(sheet), backend.identity), True
        while talk.answers is None:
            found = store.get(talk.asked)
            stored.update(found)
            rest = {key: asked for key, asked in talk.asked.items() if key not in found}
            for key, asked in rest.items():
                if key not in missing:
                    guessed += not sure
                    missing.add(key)
                    counted.add(key, asked.question)
            sure = sure and not _decides(sheet, rest.values())
            talk.hear(found | {key: _placeholder(key, asked.question) for key, asked in rest.items()})
    prompt, completion = counted.totals(len(missing))
    money = None if prices is None else prices.of(prompt, completion)
    notes = _notes(guessed, len(missing), len(counted.held), prices)
    return Estimate(len(sheets), len(missing), len(stored), round(prompt), round(completion), money, notes, guessed)


def _decides(sheet: Sheet, unanswered: Iterable[Asked]) -> bool:
    """Whether what is asked next depends on these replies: each answer of a questionnaire in turn, and free text."""
    asked = list(unanswered)
    return bool(asked) and (
        sheet.kind == "sequential" or any(isinstance(each.question, TextQuestion) for each in asked)
    )


def refuse(found: Estimate, limits: Limits) -> None:
    """Refuse a run that would go over its limits.

    Raises
    ------
    ProviderError
        Naming the estimate and the limit.
    """
    if limits.max_calls is not None and found.calls > limits.max_calls:
        raise ProviderError(
            f"This would ask {found.calls} questions, more than the limit of {limits.max_calls} calls. "
            "Nothing was asked. Raise the limit, or ask less: fewer personas, levers, wordings or repeats."
        )
    cost = None if limits.prices is None else limits.prices.of(found.prompt_tokens, found.completion_tokens)
    if limits.max_cost is not None and cost is not None and cost > limits.max_cost:
        raise ProviderError(
            f"This would cost about {money_words(cost)}, more than the limit of {limits.max_cost:g}. "
            "Nothing was asked. Raise the limit, or ask less: fewer personas, levers, wordings or repeats."
        )


def money_words(amount: float | None) -> str:
    """Return an amount for people: small ones are not rounded to nothing, and an unknown one is not zero.

    Examples
    --------
    >>> money_words(12.345), money_words(0.00042), money_words(None)
    ('12.35', '0.00042', 'unknown')
    """
    if amount is None:
        return "unknown"
    return f"{amount:.2f}" if amount >= 1 else f"{amount:.2g}"


@dataclass
class _Tokens:
    """Tokens of a sample of questions: those whose keys, which are as good as random, are below a bound."""

    backend: Backend
    held: dict[str, tuple[int, int]] = field(default_factory=dict)
    bound: float = 1.0

    def add(self, key: str, question: Question) -> None:
        """Take a question into the sample, and halve the sample when it grows too large."""
        if int(key[:13], 16) / 16**13 >= self.bound:
            return
        self.held[key] = self.backend.tokens(question)
        if len(self.held) > COUNTED:
            self.bound /= 2
            self.held = {key: held for key, held in self.held.items() if int(key[:13], 16) / 16**13 < self.bound}

    def totals(self, questions: int) -> tuple[float, float]:
        """Return prompt and completion tokens of so many questions."""
        share = questions / len(self.held) if self.held else 0.0
        prompt, completion = (sum(each[part] for each in self.held.values()) for part in (0, 1))
        return prompt * share, completion * share


def _placeholder(key: str, question: Question) -> Reply:
    """Return a reply that says nothing, of about the length of a true one, and its own for each question."""
    if isinstance(question, OptionsQuestion):
        return Reply("ok", (-math.log(len(question.options)),) * len(question.options))
    if isinstance(question, StatementQuestion):
        tokens = max(1, len(question.statement.split()))
        return Reply("ok", (-2.0 * tokens,), tokens=tokens)
    return Reply(
        "ok", text="3" if question.max_tokens <= SHORT else " ".join([key, *["word"] * (question.max_tokens - 1)])
    )


def _notes(guessed: int, calls: int, counted: int, prices: Prices | None) -> tuple[str, ...]:
    notes = []
    if guessed:
        notes.append(
            f"{guessed} of the {calls} calls follow from replies that are not there yet: "
            "their number and length are estimates."
        )
    if counted < calls:
        notes.append(f"Tokens were counted for {counted} of the {calls} calls and scaled up.")
    if calls and prices is None:
        notes.append("Prices are unknown, so the cost is unknown.")
    return tuple(notes)


def _require_amount(what: str, number: float) -> None:
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number < math.inf:
        raise ElicitationError(f"The {what} is {number!r}. Give a number of zero or more.")
