"""Texts to train a sparse autoencoder on: what the model itself writes, and the contrast sentences of this package."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from causalvalues.elicitation.local_model import LocalModel
from causalvalues.elicitation.local_network import require_room
from causalvalues.elicitation.local_precision import arithmetic
from causalvalues.randomness import require_whole, stream
from causalvalues.steering.contrast_pairs import contrast_pairs, contrast_poles

if TYPE_CHECKING:
    import torch

AT_ONCE = 128
"""Texts that are written at once: one step for all of them costs little more than for a few."""
OPENINGS = (
    "Here is what I think about {}.",
    "A short story about {}:",
    "Dear friend, let me tell you about {}.",
    "What should one know about {}?",
    "They talked about {}.",
    "My advice about {} is",
    "News about {}:",
    "She felt strongly about {}, because",
)
TOPICS = (
    "money", "work", "school", "a family meal", "the sea", "a war", "old age", "a birthday", "religion", "the weather",
    "a garden", "a rich man", "a poor neighbour", "the police", "a long journey", "football", "music", "an illness",
    "an election", "a promise", "friendship", "a fire", "a new job", "a machine", "animals", "a wedding", "a secret",
    "the city", "the forest", "fame", "a mistake", "a lie", "laws", "children", "a holiday", "food", "sleep", "danger",
    "customs", "science", "a painting", "the future", "a quarrel", "a gift", "freedom", "rules", "success",
    "a stranger", "home", "boredom", "courage", "a bank", "a doctor", "the village", "dancing", "a book", "history",
    "trade", "a computer", "mountains", "grief", "luck", "power", "honesty",
)  # fmt: skip


def training_texts(model: LocalModel, number: int = 768, seed: int = 0, tokens: int = 48) -> tuple[str, ...]:
    """Return texts of many kinds without fetching any: the sentences of contrast pairs and poles, and the model's own.

    Statements of item sets, held-out words and neutral texts are not among them: levers are tested with those.

    Parameters
    ----------
    model : LocalModel
        It writes at temperature 1. With ``precision="bfloat16"`` it writes several times as fast as in float32 (200
        tokens a second on one core: the default number in about three minutes), and the texts are as good for
        training; their states should then be captured in float32.
    number : int, default 768
        Texts that the model writes, each from an opening of its own as far as there are different ones (512).
    seed : int, default 0
        The same texts for the same model, number, length, seed and machine.
    tokens : int, default 48
        Tokens that it writes at most after each opening.

    Returns
    -------
    tuple of str
        Sentences first; texts that came out twice are left out.

    Raises
    ------
    ElicitationError
        If the model cannot read so many tokens.
    """
    require_whole("number", number, 0)
    require_whole("tokens", tokens)
    said = [text for pair in contrast_pairs("schwartz-10") for text in (pair.affirmed_sentence, pair.plain_sentence)]
    every = [one for poles in contrast_poles("schwartz-10") for one in poles.pairs]
    said += [text for one in every for text in (one.high_sentence, one.low_sentence)]
    for batch, openings in enumerate(_openings(number, seed)):
        said += _written(model, openings, seed, batch, tokens)
    return tuple(dict.fromkeys(text for text in said if len(text.split()) > 2))


def _openings(number: int, seed: int) -> Iterator[list[str]]:
    """Yield openings of texts; ways and topics in a random order, all of them before any comes again."""
    every = [opening.format(topic) for topic in TOPICS for opening in OPENINGS]
    order: list[str] = []
    while len(order) < number:
        turn = stream(seed, "training texts", "openings", len(order)).permutation(len(every))
        order += [every[i] for i in turn]
    for start in range(0, number, AT_ONCE):
        yield order[start : min(start + AT_ONCE, number)]


def _written(model: LocalModel, openings: list[str], seed: int, batch: int, tokens: int) -> list[str]:
    """Return the texts that begin with the openings, written side by side."""
    import torch

    network = model.network
    prompts = model.tokenizer(openings)["input_ids"]
    width = max(map(len, prompts))
    require_room(network, width + tokens)
    draws = stream(seed, "training texts", "words", batch)
    with arithmetic(model.threads):
        device = network.model.device
        feed = torch.tensor([[0] * (width - len(one)) + list(one) for one in prompts], device=device)
        real = torch.tensor([[0] * (width - len(one)) + [1] * len(one) for one in prompts], device=device)
        places, cache, said = (real.cumsum(1) - 1).clamp(min=0), None, []
        for _ in range(tokens):
            out = network.model(
                input_ids=feed, attention_mask=real, position_ids=places, past_key_values=cache, use_cache=True,
                logits_to_keep=1,
            )  # fmt: skip
            cache = out.past_key_values
            feed = _drawn(out.logits[:, -1], draws.random(len(prompts)))
            said.append(feed)
            real = torch.cat([real, torch.ones_like(feed)], 1)
            places = places[:, -1:] + 1
        written = torch.cat(said, 1).tolist()
    ends = _ends(network.model)
    said_on = [str(model.tokenizer.decode(_until(row, ends), skip_special_tokens=True)) for row in written]
    return [(opening + rest).strip() for opening, rest in zip(openings, said_on, strict=True)]


def _drawn(logits: torch.Tensor, chances: Any) -> torch.Tensor:
    """Return one token for each row, by inverting the distribution function; (texts, 1)."""
    import torch

    sums = logits.float().softmax(-1).cumsum(-1)
    wanted = torch.tensor(chances, dtype=sums.dtype, device=sums.device)[:, None] * sums[:, -1:]
    return torch.searchsorted(sums, wanted, right=True).clamp(max=sums.shape[1] - 1)


def _until(row: list[int], ends: frozenset[int]) -> list[int]:
    return row[: next((place for place, token in enumerate(row) if token in ends), len(row))]


def _ends(model: Any) -> frozenset[int]:
    named = [model.generation_config.eos_token_id, model.config.eos_token_id]
    return frozenset(int(one) for end in named for one in (end if isinstance(end, list) else [end]) if one is not None)
