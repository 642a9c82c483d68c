"""What every backend can be asked, and the error when it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from causalvalues.elicitation.questions import Asked, Capability, Question, Reply
from causalvalues.errors import ElicitationError


class Backend(Protocol):
    """A language model behind one small door.

    Attributes
    ----------
    identity : str
        What it is, which model, which weights (digest) or address, which numerical settings: the part of the store's
        key that says who answered. Never holds a key or a password.
    model : str
        Short name of the model for tables and reports.
    capabilities : frozenset of {"options", "statements", "text", "steering"}
        What it can do. Asking for another is an `ElicitationError` that names those that work.
    at_once : int
        How many sheets (rows of the design) it likes to be given together: 1 for a model in this process, more for a
        server that answers several connections.
    whole_sheets : bool
        Whether the last digits of a reply depend on what is asked with it, so that a limit must not part a sheet.
    """

    @property
    def identity(self) -> str:
        """Who answers, for the store's key."""
        ...

    @property
    def model(self) -> str:
        """Short name for tables."""
        ...

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can be asked."""
        ...

    @property
    def at_once(self) -> int:
        """How many sheets it likes together."""
        ...

    @property
    def whole_sheets(self) -> bool:
        """Whether a sheet must not be parted."""
        ...

    def answer(self, asked: Sequence[Asked]) -> Iterator[list[tuple[int, Reply]]]:
        """Answer questions.

        Yields lists of (position in `asked`, reply) as they are done; each list is stored in one step before the next
        is begun. Every position comes exactly once, in any order. A failure of the way is a `Reply` with a status,
        not an exception; only what no retry can mend (a wrong key, an unknown model) raises `ElicitationError`.
        """
        ...

    def tokens(self, question: Question) -> tuple[int, int]:
        """Return (prompt tokens, completion tokens) that a question will take, estimated where not known."""
        ...

    def close(self) -> None:
        """Give back what is held; may be called twice."""
        ...


def require(backend: Backend, wanted: Capability, why: str) -> None:
    """Refuse to ask a backend for what it cannot do.

    Parameters
    ----------
    backend : Backend
    wanted : {"options", "statements", "text", "steering"}
    why : str
        What needs it, for the message: ``"the statement gain"``.

    Raises
    ------
    ElicitationError
        Naming what the backend can do.
    """
    if wanted in backend.capabilities:
        return
    offered = ", ".join(f"{name!r}" for name in sorted(backend.capabilities)) or "nothing"
    if wanted == "steering":
        raise ElicitationError(
            f"{why} needs {WORDS[wanted]}, and {backend.model} cannot be reached there. It gives {offered}. Ask a "
            "model in this process (LocalModel), with the levers that it may be steered by."
        )
    raise ElicitationError(
        f"{why} needs {WORDS[wanted]} ({wanted!r}), which {backend.model} does not give. It gives {offered}. "
        f"Choose a way of measuring that needs one of these: {', '.join(sorted(_methods(backend.capabilities)))}."
    )


WORDS: dict[Capability, str] = {
    "options": "the probabilities of the next word",
    "statements": "the probability of a given sentence",
    "text": "generated text",
    "steering": "the inside of the model",
}

METHODS: dict[str, frozenset[Capability]] = {
    "rating": frozenset({"options"}),
    "sampled_rating": frozenset({"text"}),
    "statement_gain": frozenset({"statements"}),
    "negation_contrast": frozenset({"statements"}),
    "yes_no": frozenset({"options"}),
    "forced_choice": frozenset({"options"}),
    "rubric": frozenset({"text", "options"}),
}


def _methods(capabilities: frozenset[Capability]) -> list[str]:
    return [name for name, needed in METHODS.items() if needed <= capabilities] or ["none"]
