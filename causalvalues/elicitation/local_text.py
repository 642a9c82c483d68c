"""Text from a local model, word after word, from a random stream of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from causalvalues.elicitation.local_steering import Fed, Watch
from causalvalues.elicitation.questions import TextQuestion, digest_of_talk
from causalvalues.randomness import stream

if TYPE_CHECKING:
    import torch


def write_on(
    model: Any, prompt: Sequence[int], question: TextQuestion, repeat: int, watch: Watch | None = None
) -> list[int]:
    """Return the tokens that the model says after a prompt, without the end of the turn.

    Parameters
    ----------
    model : transformers causal language model
    prompt : sequence of int
    question : TextQuestion
        At temperature 0 the likeliest token is taken; else tokens are drawn from a stream that belongs to the seed, the
        repeat and the conversation, so that different questions do not share their luck.
    repeat : int
        Repeats draw different texts.
    watch : callable, optional
        Told before each step which tokens predict the answer.

    Returns
    -------
    list of int
    """
    import torch

    draws = stream(question.seed, "local text", repeat, digest_of_talk(question.conversation))
    ends = _ends(model)
    said: list[int] = []
    feed, cache = torch.tensor([list(prompt)], device=model.device), None
    while len(said) < question.max_tokens:
        if watch is not None:
            depths = (len(prompt) + len(said) - feed.shape[1] + np.arange(feed.shape[1]))[None]
            watch(Fed(depths >= len(prompt) - 1, depths))
        out = model(input_ids=feed, past_key_values=cache, use_cache=True, logits_to_keep=1)
        cache = out.past_key_values
        token = _choose(out.logits[0, -1], question.temperature, draws)
        if token in ends:
            break
        said.append(token)
        feed = torch.tensor([[token]], device=model.device)
    return said


def _choose(logits: torch.Tensor, temperature: float, draws: np.random.Generator) -> int:
    """Return the likeliest token, or one drawn by inverting the distribution function."""
    if temperature == 0:
        return int(logits.argmax())
    values = logits.double().cpu().numpy() / temperature
    heights = np.cumsum(np.exp(values - values.max()))
    return int(np.searchsorted(heights, draws.random() * heights[-1], side="right"))


def _ends(model: Any) -> frozenset[int]:
    named = [model.generation_config.eos_token_id, model.config.eos_token_id]
    return frozenset(int(one) for end in named for one in (end if isinstance(end, list) else [end]) if one is not None)
