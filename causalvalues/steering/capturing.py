"""What a model computes inside while it reads a text: states behind its layers, and the neurons of their blocks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from causalvalues.elicitation.local_model import LocalModel
from causalvalues.elicitation.local_precision import arithmetic
from causalvalues.errors import SteeringError
from causalvalues.steering.modules import layer_at, layers_of, neuron_count, neurons_at, stream_width

if TYPE_CHECKING:
    import torch

What = Literal["mean", "last"]
Site = Literal["residual", "neurons"]
States = NDArray[np.float32]
Seen = Callable[[int, "torch.Tensor"], None]
"""Hears the place of a layer and its states (texts, tokens, d)."""

TOKENS_AT_ONCE = 1024


def capture(
    model: LocalModel,
    texts: Sequence[str],
    layers: Sequence[int] | None = None,
    what: What = "mean",
    site: Site = "residual",
    *,
    starts: Sequence[str] | None = None,
) -> States:
    """Return one state for each text and layer.

    Texts are read as they are, without a chat template. The first token of a text is not counted (unless it is the only
    one): whatever it says, behind most layers its state is massive, many times as long as any other, and would drown
    the rest (Sun et al. 2024, Massive activations in large language models).

    Parameters
    ----------
    model : LocalModel
    texts : sequence of str
    layers : sequence of int, optional
        From 0. Default: all.
    what : {"mean", "last"}, default "mean"
        The mean over the tokens of a text, or the state of its last token.
    site : {"residual", "neurons"}, default "residual"
        The residual stream behind the layer, or the neurons of its feed-forward block after the activation.
    starts : sequence of str, optional
        For each text the beginning that is read but not counted, such as the context that two texts share. Tokens
        belong to it as far as it is cut into the same tokens as the text.

    Returns
    -------
    array (n, layers, d), float32
        The same for a text whatever the order of the texts; alone and among others it differs by rounding.

    Raises
    ------
    SteeringError
        If a layer does not exist or is named twice, a text is empty, nothing but a start, too long for the model, or
        has states that are not finite (the message names it).
    """
    _require("what", what, What)
    tokens = _tokens(model, texts)
    firsts = _first_counted(model, tokens, texts, starts)
    chosen = _layers(model, layers)
    width = _width(model, site)
    found = np.empty((len(texts), len(chosen), width), np.float32)
    for group in _groups(tokens):

        def keep(place: int, states: torch.Tensor, group: list[int] = group) -> None:
            for row, i in enumerate(group):
                counted = states[row, firsts[i] : len(tokens[i])]
                found[i, place] = (counted.mean(0) if what == "mean" else counted[-1]).float().cpu().numpy()

        _read(model, [tokens[i] for i in group], chosen, site, keep)
    _require_finite(found.reshape(len(texts), -1), np.arange(len(texts)), texts)
    return found


def capture_tokens(
    model: LocalModel,
    texts: Sequence[str],
    layer: int,
    site: Site = "residual",
    *,
    starts: Sequence[str] | None = None,
) -> tuple[States, NDArray[np.int64]]:
    """Return the state of every token, the first one of each text left out (see `capture`).

    Parameters
    ----------
    model : LocalModel
    texts : sequence of str
    layer : int
    site : {"residual", "neurons"}, default "residual"
    starts : sequence of str, optional
        Beginnings whose tokens are left out, as in `capture`.

    Returns
    -------
    states : array (tokens, d), float32
        In the order of the texts and of their tokens.
    which : array (tokens,), int
        The place of the text that a token belongs to.

    Raises
    ------
    SteeringError
        As `capture`.
    """
    tokens = _tokens(model, texts)
    firsts = _first_counted(model, tokens, texts, starts)
    counts = np.array([len(ids) - first for ids, first in zip(tokens, firsts, strict=True)], dtype=np.int64)
    places = np.concatenate([[0], np.cumsum(counts)])
    found = np.empty((int(places[-1]), _width(model, site)), np.float32)
    for group in _groups(tokens):

        def keep(_: int, states: torch.Tensor, group: list[int] = group) -> None:
            for row, i in enumerate(group):
                found[places[i] : places[i + 1]] = states[row, firsts[i] : len(tokens[i])].float().cpu().numpy()

        _read(model, [tokens[i] for i in group], _layers(model, [layer]), site, keep)
    which = np.repeat(np.arange(len(texts)), counts)
    _require_finite(found, which, texts)
    return found, which


def typical_norms(
    model: LocalModel, texts: Sequence[str], layers: Sequence[int] | None = None, site: Site = "residual"
) -> NDArray[np.float64]:
    """Return the median length of the states of tokens behind each layer, the first token of each text left out.

    Parameters
    ----------
    model, texts, layers, site
        As in `capture`.

    Returns
    -------
    array (layers,)

    Raises
    ------
    SteeringError
        As `capture`.
    """
    _require("site", site, Site)
    tokens = _tokens(model, texts)
    firsts = _first_counted(model, tokens, texts, None)
    chosen = _layers(model, layers)
    lengths: list[list[float]] = [[] for _ in chosen]
    for group in _groups(tokens):

        def keep(place: int, states: torch.Tensor, group: list[int] = group) -> None:
            norms = states.float().norm(dim=-1).cpu().numpy()
            for row, i in enumerate(group):
                lengths[place] += norms[row, firsts[i] : len(tokens[i])].tolist()

        _read(model, [tokens[i] for i in group], chosen, site, keep)
    found: NDArray[np.float64] = np.median(np.array(lengths, dtype=np.float64), axis=1)
    if not np.isfinite(found).all():
        raise SteeringError("The model computes states that are not finite. Try precision='float32'.")
    return found


def _read(model: LocalModel, tokens: Sequence[Sequence[int]], layers: Sequence[int], site: Site, seen: Seen) -> None:
    """Let the model read texts side by side, no further than the last of the layers; `seen` hears of each at once."""
    import torch

    network = model.network.model
    width = max(map(len, tokens))
    ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in tokens], device=network.device)
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in tokens], device=network.device)
    last = max(layers)

    def heard(place: int, states: torch.Tensor) -> None:
        seen(place, states)
        if layers[place] == last:
            raise _Enough

    with contextlib.suppress(_Enough), arithmetic(model.threads), _watched(network, layers, site, heard):
        network.base_model(input_ids=ids, attention_mask=mask, use_cache=False)


class _Enough(Exception):  # noqa: N818
    """All wanted layers were computed."""


@contextlib.contextmanager
def _watched(network: Any, layers: Sequence[int], site: Site, seen: Seen) -> Iterator[None]:
    """Let `seen` hear of the layers; the hooks are removed whatever happens."""

    def behind(place: int) -> Callable[[Any, Any, Any], None]:
        return lambda _module, _inputs, output: seen(place, output[0] if isinstance(output, tuple) else output)

    def before(place: int) -> Callable[[Any, Any], None]:
        return lambda _module, inputs: seen(place, inputs[0])

    with contextlib.ExitStack() as hooks:
        for place, layer in enumerate(layers):
            if site == "residual":
                hook = layer_at(network, layer).register_forward_hook(behind(place))
            else:
                hook = neurons_at(network, layer).register_forward_pre_hook(before(place))
            hooks.callback(hook.remove)
        yield


def _tokens(model: LocalModel, texts: Sequence[str]) -> list[list[int]]:
    if isinstance(texts, str) or not len(texts):
        raise SteeringError("There is no text to read. Give a list of one text or more.")
    for i, text in enumerate(texts):
        if not text.strip():
            raise SteeringError(f"Text {i + 1} of {len(texts)} is empty. Leave it out.")
    tokens: list[list[int]] = model.tokenizer(list(texts))["input_ids"]
    limit = model.network.limit
    for text, ids in zip(texts, tokens, strict=True):
        if limit is not None and len(ids) > limit:
            raise SteeringError(f"{_shown(text)} has {len(ids)} tokens; the model reads {limit}. Cut it into parts.")
    return tokens


def _first_counted(
    model: LocalModel, tokens: Sequence[Sequence[int]], texts: Sequence[str], starts: Sequence[str] | None
) -> list[int]:
    """Return the place of the first token of each text that counts."""
    if starts is None:
        return [min(1, len(ids) - 1) for ids in tokens]
    if isinstance(starts, str) or len(starts) != len(texts):
        raise SteeringError(f"There are {len(texts)} texts and {len(starts)} starts. Give one start for each text.")
    firsts = []
    for text, start, ids in zip(texts, starts, tokens, strict=True):
        if not text.startswith(start):
            raise SteeringError(f"{_shown(text)} does not begin with its start {start[:60]!r}. Give its own beginning.")
        own = model.tokenizer(start)["input_ids"] if start else []
        same = next((i for i, (one, other) in enumerate(zip(own, ids, strict=False)) if one != other), len(own))
        if same >= len(ids):
            raise SteeringError(f"{_shown(text)} holds nothing but its start. Give a longer text or a shorter start.")
        firsts.append(max(same, min(1, len(ids) - 1)))
    return firsts


def _groups(tokens: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yield places of texts of about the same length, the shortest first, with a bounded number of tokens in all."""
    group: list[int] = []
    for i in sorted(range(len(tokens)), key=lambda i: (len(tokens[i]), tokens[i])):
        if group and (len(group) + 1) * len(tokens[i]) > TOKENS_AT_ONCE:
            yield group
            group = []
        group.append(i)
    yield group


def _layers(model: LocalModel, layers: Sequence[int] | None) -> list[int]:
    network = model.network.model
    if layers is None:
        return list(range(len(layers_of(network))))
    if not len(layers):
        raise SteeringError("No layer was asked for. Give one or more, or None for all.")
    for layer in layers:
        layer_at(network, layer)
    found = [int(layer) for layer in layers]
    twice = next((layer for layer in found if found.count(layer) > 1), None)
    if twice is not None:
        raise SteeringError(f"The layer {twice} is asked for twice. Name each layer once.")
    return found


def _width(model: LocalModel, site: Site) -> int:
    _require("site", site, Site)
    network = model.network.model
    return stream_width(network) if site == "residual" else neuron_count(network, 0)


def _require(name: str, given: str, kind: Any) -> None:
    if given not in get_args(kind):
        raise SteeringError(f"`{name}` is {given!r}. Use one of {', '.join(get_args(kind))}.")


def _require_finite(states: States, which: NDArray[np.int64], texts: Sequence[str]) -> None:
    lost = np.flatnonzero(~np.isfinite(states).all(1))
    if lost.size:
        raise SteeringError(
            f"The model computes states that are not finite for {_shown(texts[which[lost[0]]])} Leave it out, or try "
            "precision='float32' and smaller doses of what steers the model."
        )


def _shown(text: str) -> str:
    return f"The text {text[:60] + ('...' if len(text) > 60 else '')!r}"
