"""Doses with a price: how much of a lever costs a stated loss on matter-of-fact texts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from causalvalues.elicitation.frames import frames
from causalvalues.elicitation.guardrails import neutral_texts
from causalvalues.elicitation.local_model import LocalModel
from causalvalues.elicitation.local_network import score
from causalvalues.elicitation.local_precision import arithmetic
from causalvalues.elicitation.local_scoring import Pair
from causalvalues.elicitation.questions import Message
from causalvalues.errors import SteeringError
from causalvalues.frozen import FloatArray
from causalvalues.steering.acts import SteeringLever
from causalvalues.steering.hooks import Dosed, steered

CLOSE = 0.03
"""A loss within this share of the wanted one is close enough."""
TURNS = 24
"""Doses that are tried at most for a lever."""
BOLD = 0.3


@dataclass(frozen=True)
class Calibrated:
    """A lever whose dose of 1 has a known price.

    Parameters
    ----------
    lever : SteeringLever
    factor : float
        By which its coefficients were multiplied.
    loss : float
        Of a dose of 1 on the texts that it was set by, in nats per token.
    """

    lever: SteeringLever
    factor: float
    loss: float


def text_scores(
    model: LocalModel, texts: Sequence[str], levers: Sequence[Dosed] = (), prompt: Sequence[int] = ()
) -> FloatArray:
    """Return the mean log-probability per token of texts (nats), shape (n,).

    Parameters
    ----------
    model : LocalModel
    texts : sequence of str
        Of two tokens or more.
    levers : sequence of (SteeringLever, float), default none
    prompt : sequence of int, default none
        Tokens of a conversation that the texts are answers in (see `prompt_for`). Without any the first token of each
        text stands for the prompt: it is read and not scored.

    Raises
    ------
    SteeringError
        If a text has one token only, a lever does not fit the model or sends its activations to infinity.
    """
    pairs = [_pair(model, text, tuple(prompt)) for text in texts]
    if not prompt and any(lever.positions != "all" for lever, _ in levers):
        found = [_scores(model, [pair], levers)[0] for pair in pairs]
    else:
        found = _scores(model, pairs, levers)
    return np.asarray(np.array(found) / np.array([len(end) for _, end in pairs]))


def prompt_for(model: LocalModel, lever: SteeringLever) -> tuple[int, ...]:
    """Return the tokens of a conversation that a text must be an answer in, for a lever to act on it at all.

    None but for a lever that acts on the prompt alone: plain texts have no prompt.
    """
    if lever.positions != "prompt":
        return ()
    return model.prompt_tokens((Message("user", frames().statement_request(0)),))


def _pair(model: LocalModel, text: str, prompt: tuple[int, ...]) -> Pair:
    if prompt:
        return prompt, model.answer_tokens(text)
    ids = tuple(model.tokenizer(text, add_special_tokens=False)["input_ids"])
    if len(ids) < 2:
        raise SteeringError(f"The text {text!r} has one token only, so nothing of it is foretold. Give a sentence.")
    return ids[:1], ids[1:]


def _scores(model: LocalModel, pairs: Sequence[Pair], levers: Sequence[Dosed]) -> list[float]:
    network = model.network
    with arithmetic(model.threads), steered(network.model, levers) as watch:
        return score(network, pairs, watch)


def calibrated(
    model: LocalModel, levers: Sequence[SteeringLever], loss: float = 0.08, texts: Sequence[str] | None = None
) -> tuple[Calibrated, ...]:
    """Scale levers so that a dose of 1 costs each of them the same on matter-of-fact texts.

    The loss of a lever grows about with the square of its dose, so its square root is searched by false position.

    Parameters
    ----------
    model : LocalModel
    levers : sequence of SteeringLever
    loss : float, default 0.08
        Nats per token.
    texts : sequence of str, optional
        Default: every other one of `neutral_texts`; the rest is for measuring.

    Returns
    -------
    tuple of Calibrated

    Raises
    ------
    SteeringError
        If a lever does not fit the model, or no dose of it costs so much: it does next to nothing to this model, or its
        coefficients are beyond all measure.
    """
    if not 0 < loss < 10:
        raise SteeringError(f"The loss to calibrate for is {loss}. Give nats per token above zero, such as .08.")
    texts = neutral_texts()[::2] if texts is None else texts
    prompts = [prompt_for(model, lever) for lever in levers]
    plain = {prompt: float(text_scores(model, texts, (), prompt).mean()) for prompt in sorted(set(prompts))}
    on = [_Texts(tuple(texts), prompt, plain[prompt]) for prompt in prompts]
    return tuple(_one(model, lever, loss, each) for lever, each in zip(levers, on, strict=True))


@dataclass(frozen=True)
class _Texts:
    """What a loss is measured on: texts after a prompt, and their mean score without levers."""

    texts: tuple[str, ...]
    prompt: tuple[int, ...]
    plain: float


def _one(model: LocalModel, lever: SteeringLever, loss: float, on: _Texts) -> Calibrated:
    with steered(model.network.model, [(lever, 1.0)]):
        pass  # a lever that does not fit says so here; errors below are of doses

    def cost(factor: float) -> float:
        try:
            return on.plain - float(text_scores(model, on.texts, [(lever, factor)], on.prompt).mean())
        except SteeringError:
            return math.inf

    low, high, factor = (0.0, 0.0), None, 1.0
    nearest = (1.0, math.inf)
    for _ in range(TURNS):
        found = cost(factor)
        if abs(found - loss) < abs(nearest[1] - loss):
            nearest = (factor, found)
        if abs(found - loss) <= CLOSE * loss:
            break
        if found < loss:
            low = (factor, math.sqrt(max(found, 0.0)))
        else:
            high = (factor, math.sqrt(found))
        factor = _next(low, high, math.sqrt(loss))
    else:
        if high is None:
            raise SteeringError(
                f"No dose of {lever.name!r} up to {low[0]:,.0f} times its own costs {loss:g} nats per token. Its "
                "direction does next to nothing to this model."
            )
    factor, found = nearest
    if not abs(found - loss) <= 0.5 * loss:
        raise SteeringError(
            f"No dose of {lever.name!r} was found that costs {loss:g} nats per token; {factor:g} times its own costs "
            f"{found:g}. Give it a coefficient of another size."
        )
    acts = tuple(replace(act, coefficient=act.coefficient * factor) for act in lever.acts)
    return Calibrated(replace(lever, acts=acts), factor, found)


def _next(low: tuple[float, float], high: tuple[float, float] | None, goal: float) -> float:
    """Return the next factor: further out while nothing costs enough, else between, and never too near an end."""
    if high is None:
        return low[0] * min(max(goal / low[1], 1.2), 3.0) if low[1] > 0 else max(low[0], 0.5) * 3.0
    if not math.isfinite(high[1]):
        return (low[0] + high[0]) / 2 if low[0] else high[0] / 1000
    if not low[0]:  # where texts are lost already, more of the lever costs no more: step back boldly
        ratio = goal / high[1]
        return high[0] * (ratio if ratio > BOLD else ratio**2)
    share = (goal - low[1]) / (high[1] - low[1])
    return low[0] + (high[0] - low[0]) * min(max(share, 0.1), 0.9)
