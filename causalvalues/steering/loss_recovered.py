"""What a language model loses when a sparse autoencoder stands in for a layer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from causalvalues.elicitation.local_model import LocalModel
from causalvalues.elicitation.local_precision import arithmetic
from causalvalues.errors import SteeringError
from causalvalues.steering.modules import layer_at, stream_width
from causalvalues.steering.sparse_autoencoder import Floats, SparseAutoencoder

AT_ONCE = 512
"""Tokens that are read at once: their log-probabilities take up 512 x vocabulary numbers."""


@dataclass(frozen=True)
class LossRecovered:
    """Cross-entropy of texts (nats per predicted token) as the layer is, and with something else in its place.

    Parameters
    ----------
    tokens : int
        Predicted tokens.
    plain : float
        As the model is.
    reconstructed : float
        The autoencoder's reconstruction instead of the states.
    mean, zero : float
        One state for all tokens: the mean over the texts, or nothing at all.
    """

    tokens: int
    plain: float
    reconstructed: float
    mean: float
    zero: float

    @property
    def recovered(self) -> float:
        """(mean - reconstructed) / (mean - plain): 1 as good as the states, 0 as bad as their mean."""
        return (self.mean - self.reconstructed) / (self.mean - self.plain)

    @property
    def recovered_from_zero(self) -> float:
        """The same against nothing at all, as often reported; zero is far from all states, so it flatters."""
        return (self.zero - self.reconstructed) / (self.zero - self.plain)


def loss_recovered(autoencoder: SparseAutoencoder, model: LocalModel, texts: Sequence[str]) -> LossRecovered:
    """Measure what the model's predictions lose when the autoencoder stands in for its layer.

    The first token of each text keeps its state in every case: its massive state serves attention as a resting place
    (Xiao et al. 2024), says nothing about the text, and is not what the autoencoder was trained on.

    Parameters
    ----------
    autoencoder : SparseAutoencoder
    model : LocalModel
        In float32: the differences are small.
    texts : sequence of str
        Of three tokens or more, not among those that it was trained on.

    Returns
    -------
    LossRecovered

    Raises
    ------
    SteeringError
        If the autoencoder was made for another model or layer, or a text is too short.
    """
    d = stream_width(model.network.model)
    if autoencoder.width != d:
        raise SteeringError(
            f"The autoencoder reads states of {autoencoder.width} numbers; the model's have {d}. It was made for "
            "another model."
        )
    tokens = [list(ids) for ids in model.tokenizer(list(texts))["input_ids"]] if len(texts) else []
    short = [text for text, ids in zip(texts, tokens, strict=True) if len(ids) < 3]
    if short or not tokens:
        raise SteeringError(f"Texts of three tokens or more are needed; {short[0] if short else 'no text'!r} is none.")
    tokens.sort(key=lambda ids: (len(ids), ids))
    seen: list[Floats] = []

    def listen(states: Floats) -> Floats:
        seen.append(states)
        return states

    layer = autoencoder.layer
    plain = _loss(model, layer, tokens, listen)
    mean = np.concatenate(seen).mean(0, dtype=np.float64).astype(np.float32)
    return LossRecovered(
        sum(len(ids) - 1 for ids in tokens),
        plain,
        _loss(model, layer, tokens, autoencoder.reconstructed),
        _loss(model, layer, tokens, lambda states: np.broadcast_to(mean, states.shape)),
        _loss(model, layer, tokens, np.zeros_like),
    )


def _loss(model: LocalModel, layer: int, tokens: Sequence[list[int]], instead: Callable[[Floats], Floats]) -> float:
    """Return the mean cross-entropy while other states are put in the place of a layer's."""
    import torch
    from torch.nn.functional import cross_entropy

    network, total = model.network.model, 0.0
    with arithmetic(model.threads):
        for group in _groups(tokens):
            width = max(map(len, group))
            ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in group], device=network.device)
            real = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in group], device=network.device)
            chosen = real.bool()
            chosen[:, 0] = False
            with _replaced(network, layer, chosen, instead):
                logits = network(input_ids=ids, attention_mask=real, use_cache=False).logits
            wanted = chosen[:, 1:]
            total += float(cross_entropy(logits[:, :-1][wanted].float(), ids[:, 1:][wanted], reduction="sum"))
    return total / sum(len(ids) - 1 for ids in tokens)


@contextlib.contextmanager
def _replaced(network: Any, layer: int, chosen: Any, instead: Callable[[Floats], Floats]) -> Iterator[None]:
    """Put other states in the place of some of a layer's; the hook is removed whatever happens."""
    import torch

    def hook(_module: Any, _inputs: Any, output: Any) -> Any:
        states = (output[0] if isinstance(output, tuple) else output).clone()
        found = np.ascontiguousarray(instead(states[chosen].float().cpu().numpy()))
        states[chosen] = torch.tensor(found, device=states.device, dtype=states.dtype)
        return (states, *output[1:]) if isinstance(output, tuple) else states

    handle = layer_at(network, layer).register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def _groups(tokens: Sequence[list[int]]) -> Iterator[list[list[int]]]:
    group: list[list[int]] = []
    for ids in tokens:
        if group and (len(group) + 1) * len(ids) > AT_ONCE:
            yield group
            group = []
        group.append(ids)
    yield group
