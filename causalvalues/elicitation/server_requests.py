"""What is sent to a server that speaks the protocol of OpenAI, and how to say it more simply when it objects."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from causalvalues.elicitation.questions import (
    Asked,
    Conversation,
    OptionsQuestion,
    Question,
    TextQuestion,
    digest_of_talk,
    parted,
)
from causalvalues.errors import ElicitationError
from causalvalues.randomness import stream

TOPS = (200, 20, 5, 0)
BYTES_PER_TOKEN = 3.5
TOKENS_PER_MESSAGE = 5


@dataclass(frozen=True)
class Dialect:
    """What a server understands.

    Parameters
    ----------
    top : int, default 200
        How many of the likeliest tokens it reports; 0 when it reports none.
    limit : str, default "max_tokens"
        What it calls the largest number of tokens.
    temperature, seed : bool, default True
        Whether it lets them be chosen.
    template : str, default ""
        How it writes a conversation as the text that the model reads: ``"apply-template"`` (llama.cpp), ``"tokenize"``
        (vLLM), or "" when it does not say, and then statements cannot be scored.
    """

    top: int = TOPS[0]
    limit: str = "max_tokens"
    temperature: bool = True
    seed: bool = True
    template: str = ""

    def simpler(self, objection: str) -> Dialect | None:
        """Return what to try after an objection of the server, or None when nothing is left to leave out."""
        said = objection.lower()
        if "max_completion_tokens" in said and self.limit == "max_tokens":
            return replace(self, limit="max_completion_tokens")
        if "temperature" in said and self.temperature:
            return replace(self, temperature=False)
        if "seed" in said and self.seed:
            return replace(self, seed=False)
        smaller = [top for top in TOPS if top < self.top]
        return replace(self, top=smaller[0]) if smaller else None


def messages(conversation: Conversation) -> list[dict[str, str]]:
    """Return a conversation as the protocol writes it."""
    acting, said = parted(conversation)
    if acting:
        raise ElicitationError("A server cannot be steered from inside. Ask a model in this process (LocalModel).")
    return [{"role": message.role, "content": message.text} for message in said]


def chat(model: str, asked: Asked, dialect: Dialect) -> dict[str, Any]:
    """Return the body of a chat completion that asks for options or for text.

    Options are asked for one token at temperature 1, because some servers report probabilities after dividing by the
    temperature. The seed depends on the seed of the question, its repeat and the conversation.

    Parameters
    ----------
    model : str
    asked : Asked
    dialect : Dialect

    Returns
    -------
    dict
    """
    question = asked.question
    body: dict[str, Any] = {"model": model, "messages": messages(question.conversation), "stream": False}
    if isinstance(question, TextQuestion):
        body[dialect.limit] = question.max_tokens
        temperature, seed = question.temperature, question.seed
    else:
        body[dialect.limit] = 1
        temperature, seed = 1.0, 0
        if dialect.top:
            body |= {"logprobs": True, "top_logprobs": dialect.top}
    if dialect.temperature:
        body["temperature"] = temperature
    if dialect.seed:
        draws = stream(seed, "server", asked.repeat, digest_of_talk(question.conversation))
        body["seed"] = int(draws.integers(2**31 - 1))
    return body


def echo(model: str, prompt: str) -> dict[str, Any]:
    """Return the body of a completion that reports the log-probabilities of its own prompt."""
    return {"model": model, "prompt": prompt, "max_tokens": 1, "temperature": 0, "echo": True, "logprobs": 1}


def generate(model: str, prompt: str, tokens: int) -> dict[str, Any]:
    """Return the body of a completion that goes on with the likeliest tokens and reports their log-probabilities."""
    return {"model": model, "prompt": prompt, "max_tokens": tokens, "temperature": 0, "logprobs": 1}


def tokens_of(question: Question) -> tuple[int, int]:
    """Estimate what a question takes: (prompt tokens, completion tokens at most).

    One token for 3.5 bytes of UTF-8 and five for each message, which is a little too many for English.

    Parameters
    ----------
    question : OptionsQuestion, StatementQuestion or TextQuestion

    Returns
    -------
    tuple of (int, int)
    """
    texts = [message.text for message in question.conversation]
    completion = 1
    if isinstance(question, TextQuestion):
        completion = question.max_tokens
    elif not isinstance(question, OptionsQuestion):
        texts.append(question.statement)
    prompt = sum(math.ceil(len(text.encode("utf-8", "replace")) / BYTES_PER_TOKEN) for text in texts)
    return prompt + TOKENS_PER_MESSAGE * (len(texts) + 1), completion
