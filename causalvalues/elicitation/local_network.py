"""A loaded model, and which of the two ways of scoring it may be trusted with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from causalvalues.elicitation.local_precision import Precision, arithmetic, rounded_products, split_products
from causalvalues.elicitation.local_scoring import Pair, padded_scores, tree_scores
from causalvalues.elicitation.local_steering import Watch
from causalvalues.elicitation.local_weights import ModelFolder, quiet
from causalvalues.errors import ElicitationError, ProviderError

# Shared and unshared beginnings, one continuation that begins another, one branch inside a continuation.
PROBE: tuple[Pair, ...] = (
    ((5, 9, 7, 12), (8, 6, 11)),
    ((5, 9, 7, 12), (8, 6)),
    ((5, 9, 7, 12), (8, 13, 10)),
    ((5, 9, 14), (6, 15)),
)


@dataclass(frozen=True)
class Network:
    """A model in memory.

    Parameters
    ----------
    model : transformers causal language model
    packs : bool
        Whether packed trees give its own numbers (tried when it was loaded).
    window : int or None
        Longest sequence that its attention sees whole; None if always.
    limit : int or None
        Longest sequence that it was made for.
    """

    model: Any
    packs: bool
    window: int | None
    limit: int | None


def load_network(files: ModelFolder, precision: Precision, device: str) -> Network:
    """Load a model from its folder, never from the network, and try on a few tokens whether trees can be packed.

    Parameters
    ----------
    files : ModelFolder
    precision : {"float32", "split", "bfloat16"}
    device : str
        ``"cpu"`` or ``"cuda"``.

    Returns
    -------
    Network

    Raises
    ------
    ProviderError
        If transformers cannot load it.
    """
    import torch
    from transformers import AutoModelForCausalLM

    try:
        with quiet():
            # Nothing that can hold code is opened: no pickle, no module of the folder.
            model: Any = AutoModelForCausalLM.from_pretrained(
                files.folder, dtype=torch.float32, local_files_only=True, trust_remote_code=False, use_safetensors=True
            )
    except Exception as problem:  # a damaged file can fail in many ways
        raise ProviderError(
            f"The model in {str(files.folder)!r} cannot be loaded ({type(problem).__name__}: {str(problem)[:300]}). "
            "If it lies in our cache, delete that folder and run again; else check that the folder is whole. Weights "
            "are read from safetensors only, and code of a model folder is never run."
        ) from problem
    model = model.eval().to(device)
    packs = _packs(model)
    if precision == "split":
        split_products(model)
    elif precision == "bfloat16":
        rounded_products(model)
    settings = model.config.get_text_config()
    return Network(model, packs, _window(settings), getattr(settings, "max_position_embeddings", None))


def _packs(model: Any) -> bool:
    """Whether a packed tree gives what whole sequences give; masks that a model ignores move it by much more."""
    with arithmetic(None):
        plain = padded_scores(model, PROBE)
        try:
            packed = tree_scores(model, PROBE, chunk=4)
        except Exception:  # an architecture that takes no such mask or cache: it is read plainly
            return False
    return all(math.isclose(one, other, abs_tol=1e-3) for one, other in zip(plain, packed, strict=True))


def _window(settings: Any) -> int | None:
    kinds = getattr(settings, "layer_types", None)
    width = getattr(settings, "sliding_window", None)
    return None if width is None or (kinds and set(kinds) == {"full_attention"}) else int(width)


def score(network: Network, pairs: Sequence[Pair], watch: Watch | None = None) -> list[float]:
    """Return the log-probability of each continuation after its prompt (nats), in the quickest right way.

    `watch` as in `tree_scores`.

    Raises
    ------
    ElicitationError
        If a sequence is longer than the model can read.
    ProviderError
        If the model gives a number that is not finite.
    """
    longest = max(len(prompt) + len(continuation) for prompt, continuation in pairs)
    require_room(network, longest)
    whole = network.window is None or longest <= network.window
    sums = (tree_scores if network.packs and whole else padded_scores)(network.model, pairs, watch=watch)
    if not all(map(math.isfinite, sums)):
        raise ProviderError("The local model gives log-probabilities that are not finite. Try precision='float32'.")
    return sums


def require_room(network: Network, tokens: int) -> None:
    """Raise `ElicitationError` when a conversation does not fit into the model."""
    if network.limit is not None and tokens > network.limit:
        raise ElicitationError(
            f"A conversation with its answer has {tokens} tokens; the model reads {network.limit}. Shorten the "
            "persona, the lever or the answers before it."
        )
