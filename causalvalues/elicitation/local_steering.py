"""What a local model asks of levers that act inside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from causalvalues.elicitation.questions import Conversation, Doses
from causalvalues.frozen import BoolArray, IntArray


@dataclass(frozen=True, eq=False)
class Fed:
    """What the model is about to read.

    Parameters
    ----------
    answer : array (rows, m) of bool
        Tokens whose states predict the answer: the last one of the prompt, and the answer itself.
    depths : array (rows, m) of int
        The place of each token in its sequence, from 0.
    """

    answer: BoolArray
    depths: IntArray


Watch = Callable[[Fed], None]
"""Is told what the model is about to read, before it reads it."""
Find = Callable[[str], BoolArray]
"""Returns which tokens of the prompt hold a phrase, (tokens,)."""


class InnerLevers(Protocol):
    """The levers that a model may be steered by, found by their fingerprints."""

    def by_position(self, doses: Doses) -> bool:
        """Whether some of them act on the prompt or on the answer alone, so that `Watch` must be told.

        Raises
        ------
        SteeringError
            If a fingerprint is not known.
        """
        ...

    def acting(self, model: Any, doses: Doses, find: Find | None = None) -> AbstractContextManager[Watch | None]:
        """Let levers act on a transformers model inside the context, and never after it.

        `find` says where a phrase is in the prompt, for levers that act there alone.

        Gives what wants to be told which tokens are read, or None where no lever asks for it.

        Raises
        ------
        SteeringError
            If a lever does not fit the model; or, inside, if it sends activations to infinity.
        """
        ...


def groups(conversations: Sequence[tuple[Doses, Conversation]], levers: InnerLevers | None) -> list[list[int]]:
    """Return which questions can be scored together, as lists of their positions in a fixed order.

    Those under the same levers; where a lever acts on the prompt or the answer alone, those after the same prompt, for
    a token that many questions share is one token.
    """
    found: dict[object, list[int]] = {}
    for place, (doses, said) in enumerate(conversations):
        split = bool(doses) and levers is not None and levers.by_position(doses)
        found.setdefault((doses, said if split else ()), []).append(place)
    return list(found.values())
