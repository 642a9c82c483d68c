"""Doses with a price: how much of a lever costs a stated loss on matter-of-fact texts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from causalvalues.elicitation.guardrails import neutral_texts
from causalvalues.elicitation.local_model import LocalModel
from causalvalues.elicitation.local_network import score
from causalvalues.elicitation.local_precision import arithmetic
from causalvalues.errors import SteeringError
from causalvalues.frozen import FloatArray
from causalvalues.steering.acts import SteeringLever
from causalvalues.steering.hooks import Dosed, steered

CLOSE = 0.03
"""A loss within this share of the wanted one is close enough."""
TURNS = 12


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


def text_scores(model: LocalModel, texts: Sequence[str], levers: Sequence[Dosed] = ()) -> FloatArray:
    """Return the mean log-probability per token of plain texts, without any conversation (nats), shape (n,).

    The first token of each text is read and not scored; levers act on all tokens that they would act on in an answer.

    Parameters
    ----------
    model : LocalModel
    texts : sequence of str
        Of two tokens or more.
    levers : sequence of (SteeringLever, float), default none

    Raises
    ------
    SteeringError
        If a text has one token only, a lever does not fit the model or sends its activations to infinity.
    """
    tokens = [list(model.tokenizer(text, add_special_tokens=False)["input_ids"]) for text in texts]
    for text, ids in zip(texts, tokens, strict=True):
        if len(ids) < 2:
            raise SteeringError(f"The text {text!r} has one token only, so nothing of it is foretold. Give a sentence.")
    if any(lever.positions != "all" for lever, _ in levers):
        found = [_scores(model, [ids], levers)[0] for ids in tokens]
    else:
        found = _scores(model, tokens, levers)
    return np.asarray(np.array(found) / np.array([len(ids) - 1 for ids in tokens]))


def _scores(model: LocalModel, tokens: Sequence[list[int]], levers: Sequence[Dosed]) -> list[float]:
    network = model.network
    with arithmetic(model.threads), steered(network.model, levers) as watch:
        return score(network, [(ids[:1], ids[1:]) for ids in tokens], watch)


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
        If a lever does not fit the model, or no dose of it costs so much: it does next to nothing to this model.
    """
    if not 0 < loss < 10:
        raise SteeringError(f"The loss to calibrate for is {loss}. Give nats per token above zero, such as .08.")
    texts = neutral_texts()[::2] if texts is None else texts
    plain = float(text_scores(model, texts).mean())
    return tuple(_one(model, lever, loss, texts, plain) for lever in levers)


def _one(model: LocalModel, lever: SteeringLever, loss: float, texts: Sequence[str], plain: float) -> Calibrated:
    with steered(model.network.model, [(lever, 1.0)]):
        pass  # a lever that does not fit says so here; errors below are of doses

    def cost(factor: float) -> float:
        try:
            return plain - float(text_scores(model, texts, [(lever, factor)]).mean())
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
        if factor > 1e6:
            raise SteeringError(
                f"No dose of {lever.name!r} up to a million times its own costs {loss:g} nats per token. Its direction "
                "does next to nothing to this model."
            )
    factor, found = nearest
    if not math.isfinite(found):
        raise SteeringError(f"Every dose of {lever.name!r} that was tried sends activations to infinity.")
    acts = tuple(replace(act, coefficient=act.coefficient * factor) for act in lever.acts)
    return Calibrated(replace(lever, acts=acts), factor, found)


def _next(low: tuple[float, float], high: tuple[float, float] | None, goal: float) -> float:
    """Return the next factor: further out while nothing costs enough, else between, and never too near an end."""
    if high is None:
        return low[0] * min(max(goal / low[1], 1.2), 3.0) if low[1] > 0 else max(low[0], 0.5) * 3.0
    if not math.isfinite(high[1]):
        return (low[0] + high[0]) / 2 if low[0] else high[0] / 10
    share = (goal - low[1]) / (high[1] - low[1])
    return low[0] + (high[0] - low[0]) * min(max(share, 0.1), 0.9)
