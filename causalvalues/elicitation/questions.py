"""What can be asked of a language model, and what comes back: plain data with one key each."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Literal

from causalvalues.errors import ElicitationError

Role = Literal["system", "user", "assistant", "steering"]
Capability = Literal["options", "statements", "text", "steering"]
ReplyStatus = Literal["ok", "refusal", "unparsed", "not_offered", "server_error", "timed_out", "malformed", "too_long"]

CAPABILITIES: tuple[Capability, ...] = ("options", "statements", "text", "steering")
ROLES: tuple[Role, ...] = ("system", "user", "assistant", "steering")
LOST: frozenset[str] = frozenset({"server_error", "timed_out", "malformed", "too_long"})


@dataclass(frozen=True)
class Message:
    """One turn of a conversation.

    Parameters
    ----------
    role : {"system", "user", "assistant", "steering"}
        The last is nothing that is said, but what is done inside the model while it answers, see `steering_turn`.
    text : str
    """

    role: Role
    text: str

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise ElicitationError(f"A message has the role {self.role!r}. Use 'system', 'user' or 'assistant'.")


Conversation = tuple[Message, ...]
Doses = tuple[tuple[str, float], ...]
"""Levers inside a model, as (fingerprint, dose), sorted."""


def steering_turn(doses: Doses) -> Message:
    """Return the turn that opens a conversation which is held under levers inside the model.

    Parameters
    ----------
    doses : tuple of (str, float)
        Fingerprints of levers and their doses.

    Examples
    --------
    >>> steering_turn((("b7", 1.0), ("a3", 0.5)))
    Message(role='steering', text='[["a3",0.5],["b7",1.0]]')
    """
    return Message("steering", json.dumps(sorted([name, float(dose)] for name, dose in doses), separators=(",", ":")))


def parted(conversation: Conversation) -> tuple[Doses, Conversation]:
    """Return the levers that act inside the model, and what is said.

    Raises
    ------
    ElicitationError
        If a turn of steering is not the first one.
    """
    acting: Doses = ()
    said = conversation
    if conversation and conversation[0].role == "steering":
        acting = tuple((str(name), float(dose)) for name, dose in json.loads(conversation[0].text))
        said = conversation[1:]
    if any(turn.role == "steering" for turn in said):
        raise ElicitationError("A conversation has a turn of steering that is not its first one. Put all levers there.")
    return acting, said


@dataclass(frozen=True)
class OptionsQuestion:
    """Ask how likely each of a few short answers is as the next words of the assistant.

    Parameters
    ----------
    conversation : tuple of Message
        Ends with the user's turn.
    options : tuple of str
        For example ``("1", ..., "6")`` or ``("Yes", "No")``; two or more, all different.
    """

    conversation: Conversation
    options: tuple[str, ...]
    capability: Capability = field(default="options", init=False)

    def __post_init__(self) -> None:
        if len(self.options) < 2 or len(set(self.options)) < len(self.options):
            raise ElicitationError(f"The options {self.options} are not two or more different answers.")


@dataclass(frozen=True)
class StatementQuestion:
    """Ask how likely a statement is, word for word, as the assistant's next turn.

    Parameters
    ----------
    conversation : tuple of Message
        Ends with the user's turn.
    statement : str
    """

    conversation: Conversation
    statement: str
    capability: Capability = field(default="statements", init=False)

    def __post_init__(self) -> None:
        if not self.statement.strip():
            raise ElicitationError("A statement to score is empty. Give one sentence or more.")


@dataclass(frozen=True)
class TextQuestion:
    """Ask what the assistant says next.

    Parameters
    ----------
    conversation : tuple of Message
    max_tokens : int, default 64
    temperature : float, default 1.0
        0 takes the likeliest word each time.
    seed : int, default 0
        Of the sampling, where the backend takes one.
    """

    conversation: Conversation
    max_tokens: int = 64
    temperature: float = 1.0
    seed: int = 0
    capability: Capability = field(default="text", init=False)


Question = OptionsQuestion | StatementQuestion | TextQuestion


@dataclass(frozen=True)
class Reply:
    """What came back for one question.

    Parameters
    ----------
    status : str
        ``"ok"``, or why there is no answer: ``"refusal"`` and ``"unparsed"`` are answers of the model that are no
        number; ``"not_offered"`` means that the backend saw none of the options; ``"server_error"``, ``"timed_out"``,
        ``"malformed"`` and ``"too_long"`` are failures of the way (`LOST`), which are asked again by the next run.
    numbers : tuple of float
        Options: the log-probability of each, natural logarithm, not normalised over the options (``-inf`` is not used:
        an option that the backend did not report has the bound that the backend gives, see its docstring).
        Statement: its total log-probability (nats), the end of the turn not counted.
    tokens : int
        Statement: how many tokens it has; 0 for the others.
    text : str
        What the assistant said; "" for the others.
    prompt_tokens, completion_tokens : int
        What a provider would charge for; 0 when unknown.
    detail : str
        For a status other than ``"ok"``: what happened, in a few words and without any key.
    """

    status: ReplyStatus
    numbers: tuple[float, ...] = ()
    tokens: int = 0
    text: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    detail: str = ""

    @property
    def lost(self) -> bool:
        """Whether the question should be asked again by the next run."""
        return self.status in LOST


@dataclass(frozen=True)
class Asked:
    """A question with the repeat that it belongs to; the unit of the store.

    Parameters
    ----------
    question : OptionsQuestion, StatementQuestion or TextQuestion
    repeat : int, default 0
        Repeats of the same question are different answers.
    judge : bool, default False
        Whether the question goes to the model that judges free text, see `Judged`.
    """

    question: Question
    repeat: int = 0
    judge: bool = False


def canonical(backend: str, asked: Asked) -> str:
    """Return the text that a question is known by: JSON with sorted keys of backend, question and repeat.

    Parameters
    ----------
    backend : str
        Identity of the backend: what it is, which model, which weights or address, which settings.
    asked : Asked

    Returns
    -------
    str
    """
    question = asked.question
    turns = [vars(turn) for turn in question.conversation]
    plain = {**vars(question), "conversation": turns, "capability": question.capability}
    content: dict[str, object] = {"backend": backend, "question": plain, "repeat": asked.repeat}
    if asked.judge:
        content["judge"] = True
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def key_of(backend: str, asked: Asked) -> str:
    """Return the SHA-256 (64 hexadecimal digits) of `canonical`."""
    return digest_of(canonical(backend, asked))


def digest_of_talk(conversation: Conversation) -> str:
    """Return the SHA-256 of a conversation as JSON, by which the random numbers of different prompts differ."""
    return digest_of(json.dumps([vars(turn) for turn in conversation], sort_keys=True, ensure_ascii=False))


def digest_of(text: str) -> str:
    """Return the SHA-256 (64 hexadecimal digits) of any text, half characters included."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
