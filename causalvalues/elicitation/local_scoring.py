"""Log-probabilities of many continuations by a local model: a packed tree, or padded batches where that is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from causalvalues.elicitation.local_steering import Fed, Watch
from causalvalues.elicitation.token_tree import Chunk, Floats, Ints, TokenTree, chunks, grow, totals

if TYPE_CHECKING:
    import torch

Pair = tuple[Sequence[int], Sequence[int]]
CHUNK = 256
ROWS = 16  # of logits, in the sum over the vocabulary: few, so that they stay in the processor's cache


def tree_scores(model: Any, pairs: Sequence[Pair], chunk: int = CHUNK, watch: Watch | None = None) -> list[float]:
    """Return the log-probability of each continuation after its prompt, shared tokens computed once.

    Parameters
    ----------
    model : transformers causal language model
        One that takes a mask of shape (1, 1, queries, keys) and gives logits by its output embeddings alone.
    pairs : sequence of (prompt, continuation)
        Token numbers, none empty.
    chunk : int, default 256
        Tokens fed at a time.
    watch : callable, optional
        Told before each piece is read which of its tokens predict the answer; all prompts must then be the same.

    Returns
    -------
    list of float
        Sums over the tokens of the continuation, natural logarithm.
    """
    tree = grow(pairs)
    scores = np.zeros(len(tree.tokens))
    heirs: dict[int, list[int]] = {}
    for node in tree.scored.tolist():
        heirs.setdefault(int(tree.parents[node]), []).append(node)
    cache = None
    for piece in chunks(tree, chunk):
        cache = _carried(cache, piece)
        if watch is not None:
            depths = tree.depths[piece.nodes][None]
            watch(Fed(depths >= len(pairs[0][0]) - 1, depths))
        hidden = _read(model, tree, piece, cache)
        read = piece.nodes.tolist()
        places = [place for place, node in enumerate(read) if node in heirs]
        if places:
            logits = model.get_output_embeddings()(hidden[places])
            children = [(row, child) for row, place in enumerate(places) for child in heirs[read[place]]]
            nodes = np.array([child for _, child in children])
            scores[nodes] = _chances(logits, [row for row, _ in children], tree.tokens[nodes])
    return totals(tree, scores)


def _carried(cache: Any, piece: Chunk) -> Any:
    """Return a cache of the keys and values that the chunk has before it."""
    import torch
    from transformers import DynamicCache

    fresh = DynamicCache()
    if cache is not None and len(piece.keep):
        for number, layer in enumerate(cache.layers):
            keep = torch.from_numpy(piece.keep).to(layer.keys.device)
            fresh.update(layer.keys[:, :, keep], layer.values[:, :, keep], number)
    return fresh


def _read(model: Any, tree: TokenTree, piece: Chunk, cache: Any) -> torch.Tensor:
    """Return the last hidden states of the chunk's nodes, shape (m, d)."""
    import torch

    hidden = torch.from_numpy(~piece.visible).to(model.device)
    mask = torch.zeros(hidden.shape, dtype=model.dtype, device=model.device).masked_fill_(hidden, float("-inf"))
    states = model.base_model(
        input_ids=torch.from_numpy(tree.tokens[piece.nodes]).to(model.device)[None],
        position_ids=torch.from_numpy(tree.depths[piece.nodes]).to(model.device)[None],
        attention_mask=mask[None, None],
        past_key_values=cache,
        use_cache=True,
    )
    last: torch.Tensor = states.last_hidden_state[0]
    return last


def _chances(logits: torch.Tensor, rows: list[int], tokens: Ints) -> Floats:
    """Return the log-probability of token j in row `rows[j]` of the logits."""
    import torch

    at = torch.tensor(rows, device=logits.device)
    found = logits[at, torch.from_numpy(tokens).to(logits.device)].double()
    whole = torch.cat([torch.logsumexp(part.float(), dim=-1) for part in logits.split(ROWS)]).double()
    out: Floats = (found - whole[at]).cpu().numpy()
    return out


def padded_scores(model: Any, pairs: Sequence[Pair], batch: int = 8, watch: Watch | None = None) -> list[float]:
    """Return the same numbers as `tree_scores` for any causal model: whole sequences, padded on the right.

    Parameters
    ----------
    model : transformers causal language model
    pairs : sequence of (prompt, continuation)
    batch : int, default 8
        Sequences at a time.
    watch : callable, optional
        Told before each batch is read which of its tokens predict the answer.

    Returns
    -------
    list of float
    """
    import torch

    out: list[float] = [0.0] * len(pairs)
    order = sorted(range(len(pairs)), key=lambda i: len(pairs[i][0]) + len(pairs[i][1]))
    for start in range(0, len(order), batch):
        group = order[start : start + batch]
        whole = [[*pairs[i][0], *pairs[i][1]] for i in group]
        width = max(map(len, whole))
        tokens = torch.tensor([row + [0] * (width - len(row)) for row in whole], device=model.device)
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in whole], device=model.device)
        if watch is not None:
            begins = np.array([len(pairs[i][0]) - 1 for i in group])
            depths = np.broadcast_to(np.arange(width), (len(group), width))
            watch(Fed(depths >= begins[:, None], depths))
        logits = model(input_ids=tokens, attention_mask=mask, use_cache=False).logits
        for row, i in enumerate(group):
            begin, end = len(pairs[i][0]), len(whole[row])
            chances = torch.log_softmax(logits[row, begin - 1 : end - 1].float(), dim=-1)
            out[i] = float(chances.gather(1, tokens[row, begin:end, None]).double().sum())
    return out
