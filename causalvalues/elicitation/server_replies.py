"""Reading what a server answered: every field is checked, nothing is believed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from causalvalues.elicitation.key_hiding import Secrets
from causalvalues.elicitation.questions import OptionsQuestion, Reply, StatementQuestion, TextQuestion
from causalvalues.elicitation.refusals import is_refusal
from causalvalues.elicitation.trouble import Trouble

IMPOSSIBLE = -100.0
ROUNDING = 0.01
LETTERS_PER_TOKEN = 50
MOST_BOUND = 0.1
"""The largest share of the options' probability that may be bounds instead of reports."""


def dig(content: Any, *path: str | int) -> Any:
    """Return what lies at a path of names and places in JSON, or None."""
    for step in path:
        if isinstance(step, str) and isinstance(content, dict):
            content = content.get(step)
        elif isinstance(step, int) and isinstance(content, list) and step < len(content):
            content = content[step]
        else:
            return None
    return content


def charged(content: Any) -> tuple[int, int]:
    """Return (prompt tokens, completion tokens) as the server counts them, 0 where it does not say."""
    counts = [dig(content, "usage", name) for name in ("prompt_tokens", "completion_tokens")]
    prompt, completion = (count if type(count) is int and 0 <= count < 10**9 else 0 for count in counts)
    return prompt, completion


def log_probability(number: Any) -> float | None:
    """Return a log-probability, or None when it is none: no number, NaN, or above 0 by more than rounding."""
    if isinstance(number, bool) or not isinstance(number, int | float):
        return None
    try:
        found = float(number)
    except OverflowError:
        return None
    return min(found, 0.0) if found <= ROUNDING else None


def top_tokens(content: Any) -> list[tuple[str, float]] | None:
    """Return the reported next tokens with their log-probabilities, or None when they are not (all) well formed.

    Reads both forms that servers use: a list of objects for each token, and the older one with a table for each token.
    Entries below -100 stand for "impossible" in several servers and are left out.
    """
    reported = dig(content, "choices", 0, "logprobs", "content", 0, "top_logprobs")
    if reported is None:
        table = dig(content, "choices", 0, "logprobs", "top_logprobs", 0)
        reported = (
            [{"token": token, "logprob": value} for token, value in table.items()] if type(table) is dict else None
        )
    if not isinstance(reported, list):
        return None
    found = []
    for entry in reported:
        token, value = dig(entry, "token"), log_probability(dig(entry, "logprob"))
        if not isinstance(token, str) or value is None:
            return None
        if value > IMPOSSIBLE:
            found.append((token, value))
    return found


def read_options(content: dict[str, Any], question: OptionsQuestion) -> Reply | Trouble:
    """Read the log-probability of each option as the next token.

    Tokens that differ only in surrounding spaces and in upper or lower case are one option, and their probabilities are
    added. An option that was not reported gets the smallest reported log-probability: it has at most that.

    Parameters
    ----------
    content : dict
        The answer of the server.
    question : OptionsQuestion

    Returns
    -------
    Reply or Trouble
        Status "not_offered" when no option was reported; when one was not and another is its beginning ("1" and "10"),
        so that one token cannot tell them apart; or when the bounds together are more than a tenth of the probability
        of all options, so that the numbers would say more about the server than about the model.
    """
    reported = top_tokens(content)
    if not reported:
        return Trouble("malformed", "the answer holds no log-probabilities", code=200)
    if sum(math.exp(value) for _, value in reported) > 1 + ROUNDING:
        return Trouble("malformed", "the reported probabilities sum to more than 1", code=200)
    prompt, completion = charged(content)
    folds = len({option.strip().casefold() for option in question.options}) == len(question.options)
    pooled: dict[str, list[float]] = {}
    for token, value in reported:
        pooled.setdefault(_plain(token, folds), []).append(value)
    found = [pooled.get(_plain(option, folds)) for option in question.options]
    missing = [option for option, values in zip(question.options, found, strict=True) if values is None]
    unclear = next((long for long in missing if _starts_with_another(long, question.options)), None)
    if len(missing) == len(question.options):
        detail = f"none of the options is among the {len(reported)} likeliest next tokens"
        return Reply("not_offered", prompt_tokens=prompt, completion_tokens=completion, detail=detail)
    if unclear is not None:
        detail = f"one token cannot tell {unclear!r} from a shorter option"[:200]
        return Reply("not_offered", prompt_tokens=prompt, completion_tokens=completion, detail=detail)
    bound = min(value for _, value in reported)
    numbers = tuple(bound if values is None else min(0.0, float(np.logaddexp.reduce(values))) for values in found)
    share = len(missing) * math.exp(bound) / math.fsum(math.exp(number) for number in numbers)
    if share > MOST_BOUND:
        detail = (
            f"{len(missing)} of {len(numbers)} options are not among the {len(reported)} likeliest next tokens and "
            f"might have {100 * share:.0f}% of their probability"
        )
        return Reply("not_offered", prompt_tokens=prompt, completion_tokens=completion, detail=detail)
    return Reply("ok", numbers, prompt_tokens=prompt, completion_tokens=completion)


def _plain(token: str, folds: bool) -> str:
    return token.strip().casefold() if folds else token.strip()


def _starts_with_another(option: str, options: tuple[str, ...]) -> bool:
    return any(option != other and option.strip().startswith(other.strip()) for other in options)


def read_text(content: dict[str, Any], question: TextQuestion, secrets: Secrets) -> Reply | Trouble:
    """Read what the assistant said.

    Parameters
    ----------
    content : dict
    question : TextQuestion
    secrets : Secrets
        Taken out of the text.

    Returns
    -------
    Reply or Trouble
        Status "refusal" when the server marks it so, filtered the text, or `is_refusal` finds one; "unparsed" when all
        tokens went into thinking and none into an answer.
    """
    prompt, completion = charged(content)
    message = dig(content, "choices", 0, "message")
    refusal, text, finish = (
        dig(message, "refusal"),
        dig(message, "content"),
        dig(content, "choices", 0, "finish_reason"),
    )
    if isinstance(refusal, str) and refusal:
        said = secrets.answer(refusal[:5000])
        return Reply("refusal", (), 0, said, prompt, completion, "refused")
    if finish == "content_filter":
        return Reply("refusal", (), 0, "", prompt, completion, "filtered by the server")
    if text is None and isinstance(message, dict) and finish == "length":
        return Reply("unparsed", (), 0, "", prompt, completion, "no text within the largest number of tokens")
    if not isinstance(text, str):
        return Trouble("malformed", "the answer holds no text", code=200)
    if len(text) > LETTERS_PER_TOKEN * (question.max_tokens + 20):
        return Trouble("too_long", f"{len(text)} letters for at most {question.max_tokens} tokens", code=200)
    said = secrets.answer(text)
    if is_refusal(said):
        return Reply("refusal", (), 0, said, prompt, completion, "declines to answer")
    return Reply("ok", (), 0, said, prompt, completion)


def completion_tokens(content: Any) -> list[tuple[str, float]] | None:
    """Return the tokens of a completion with log-probabilities, or None.

    The first token of a prompt has none, which is NaN here.
    """
    tokens = dig(content, "choices", 0, "logprobs", "tokens")
    values = dig(content, "choices", 0, "logprobs", "token_logprobs")
    if not (isinstance(tokens, list) and isinstance(values, list) and len(tokens) == len(values) and tokens):
        return None
    found = []
    for place, (token, value) in enumerate(zip(tokens, values, strict=True)):
        number = math.nan if value is None and place == 0 else log_probability(value)
        if not isinstance(token, str) or number is None:
            return None
        found.append((token, number))
    return found


def read_statement(content: dict[str, Any], prompt: str, question: StatementQuestion) -> Reply | Trouble:
    """Read the log-probability of a statement from the echo of prompt and statement.

    Parameters
    ----------
    content : dict
    prompt : str
        What the model reads before the statement.
    question : StatementQuestion

    Returns
    -------
    Reply or Trouble
        "malformed" when the tokens are not the text that was sent, or none of them begins where the statement begins.
    """
    echoed = completion_tokens(content)
    if echoed is None:
        return Trouble("malformed", "the answer does not hold the log-probabilities of the prompt", code=200)
    start, values = 0, []
    end = len(prompt) + len(question.statement)
    starts = []
    for token, value in echoed:
        if len(prompt) <= start < end:
            starts.append(start)
            values.append(value)
        start += len(token)
    text = "".join(token for token, _ in echoed)
    if not text.startswith(prompt + question.statement):
        return Trouble("malformed", "the echoed tokens are not the text that was sent", code=200)
    if not starts or starts[0] != len(prompt) or not all(math.isfinite(value) for value in values):
        return Trouble("malformed", "no token begins where the statement begins", "lasting", 200)
    paid, completion = charged(content)
    return Reply("ok", (math.fsum(values),), len(values), "", paid, completion)
