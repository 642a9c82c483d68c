"""A conversation as the tokens that a local model reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from causalvalues.elicitation.questions import Conversation
from causalvalues.errors import ElicitationError
from causalvalues.frozen import BoolArray

NAMES = {"system": "System", "user": "User", "assistant": "Assistant"}


def plain_layout(conversation: Conversation) -> str:
    r"""Return a conversation as text for a model without a chat template.

    One line a turn, ``System:``, ``User:`` or ``Assistant:`` and the text, and at the end ``Assistant:``, after which
    the answer begins with a space.

    Examples
    --------
    >>> from causalvalues.elicitation.questions import Message
    >>> plain_layout((Message("user", "Who are you?"),))
    'User: Who are you?\nAssistant:'
    """
    return "".join(f"{NAMES[turn.role]}: {turn.text}\n" for turn in conversation) + "Assistant:"


def prompt_tokens(tokenizer: Any, conversation: Conversation) -> list[int]:
    """Return the tokens of a conversation up to where the assistant's next turn begins.

    By the model's own chat template where it has one; if that knows no system role, the system's text opens the first
    turn of the user. Otherwise by `plain_layout`.

    Parameters
    ----------
    tokenizer : transformers tokenizer
    conversation : tuple of Message

    Returns
    -------
    list of int

    Raises
    ------
    ElicitationError
        If the template refuses the order of the turns.
    """
    if not getattr(tokenizer, "chat_template", None):
        return list(tokenizer(plain_layout(conversation))["input_ids"])
    turns = [{"role": turn.role, "content": turn.text} for turn in conversation]
    try:
        return _templated(tokenizer, turns)
    except Exception as problem:  # whatever a template raises
        if len(turns) > 1 and turns[0]["role"] == "system" and turns[1]["role"] == "user":
            text = f"{turns[0]['content']}\n\n{turns[1]['content']}"
            return _templated(tokenizer, [{"role": "user", "content": text}, *turns[2:]])
        raise ElicitationError(
            f"The model's chat template refuses this conversation ({', '.join(t['role'] for t in turns)}): {problem}"
        ) from problem


def _templated(tokenizer: Any, turns: list[dict[str, str]]) -> list[int]:
    text = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def continuation_tokens(tokenizer: Any, text: str) -> list[int]:
    """Return the tokens of what the assistant says, as they follow `prompt_tokens`.

    Raises
    ------
    ElicitationError
        If the text is empty.
    """
    lead = "" if getattr(tokenizer, "chat_template", None) else " "
    tokens = list(tokenizer(lead + text.strip(), add_special_tokens=False)["input_ids"]) if text.strip() else []
    if not tokens:
        raise ElicitationError(f"The answer {text!r} holds nothing that the model could say. Give a word or more.")
    return tokens


def tokens_of(tokenizer: Any, tokens: Sequence[int], phrase: str) -> BoolArray:
    """Return which tokens hold a phrase, wherever it stands; a token counts when a letter of it does.

    Parameters
    ----------
    tokenizer : transformers tokenizer
    tokens : sequence of int
    phrase : str

    Returns
    -------
    array (tokens,) of bool
    """
    # A letter may be made of several tokens; what is there of it is decoded to another sign until it is whole.
    texts = [str(tokenizer.decode(list(tokens[: k + 1]))) for k in range(len(tokens))]
    whole = texts[-1] if texts else ""
    sure = [_alike(text, whole) for text in texts]
    begins = [0, *sure[:-1]]
    ends = [end + (end < len(text)) for end, text in zip(sure, texts, strict=True)]
    held = np.zeros(len(tokens), dtype=bool)
    place = whole.find(phrase)
    while place >= 0:
        after = place + len(phrase)
        held |= np.array([begin < after and end > place for begin, end in zip(begins, ends, strict=True)])
        place = whole.find(phrase, place + 1)
    return held


def _alike(text: str, whole: str) -> int:
    """Return how many letters two texts have in common from their beginning."""
    return next((k for k, (a, b) in enumerate(zip(text, whole, strict=False)) if a != b), min(len(text), len(whole)))
