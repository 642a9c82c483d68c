"""Packed trees against whole sequences, one at a time, in small random models of several architectures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from causalvalues.elicitation.local_network import Network, load_network, score
from causalvalues.elicitation.local_precision import arithmetic, rounded_products, split_products
from causalvalues.elicitation.local_scoring import padded_scores, tree_scores
from causalvalues.elicitation.local_text import write_on
from causalvalues.elicitation.local_weights import ModelFolder
from causalvalues.elicitation.questions import Message, TextQuestion
from causalvalues.errors import ElicitationError, ProviderError

pytestmark = pytest.mark.local

SIZES = {"vocab_size": 60, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2}
HEADS = {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 64}

# one prompt, another that shares two tokens, one that shares none; a continuation twice, one that begins another
PAIRS = [
    ((5, 9, 7, 12), (8, 20, 11)),
    ((5, 9, 7, 12), (8, 20)),
    ((5, 9, 7, 12), (8, 20, 11)),
    ((5, 9, 7, 12), (30, 13, 10, 44, 45, 46)),
    ((5, 9, 14), (8, 15)),
    ((33,), (8, 20, 11)),
    ((5, 9), (7, 12, 8)),
]


@cache
def small(kind: str) -> Any:
    import torch
    import transformers

    torch.manual_seed(3)
    settings = {
        "llama": lambda: transformers.LlamaConfig(**SIZES, **HEADS),
        "qwen3": lambda: transformers.Qwen3Config(**SIZES, **HEADS),
        "gpt2": lambda: transformers.GPT2Config(vocab_size=60, n_embd=32, n_layer=2, n_head=4, n_positions=64),
        "gemma3": lambda: transformers.Gemma3TextConfig(**SIZES, **HEADS, sliding_window=6, initializer_range=0.4),
        "gemma2": lambda: transformers.Gemma2Config(
            **SIZES, **HEADS, sliding_window=6, final_logit_softcapping=0.5, initializer_range=0.4
        ),
        "mistral": lambda: transformers.MistralConfig(**SIZES, **HEADS, sliding_window=6, initializer_range=0.4),
        "mamba": lambda: transformers.MambaConfig(vocab_size=60, hidden_size=32, num_hidden_layers=2, state_size=4),
    }[kind]()
    settings.initializer_range = max(getattr(settings, "initializer_range", 0.4) or 0.4, 0.4)
    return transformers.AutoModelForCausalLM.from_config(settings, dtype=torch.float32).eval()


@cache
def saved(kind: str, folder: str) -> Network:
    small(kind).save_pretrained(folder)
    return load_network(ModelFolder(kind, Path(folder), ""), "float32", "cpu")


def alone(model: Any, pairs: Sequence[tuple[Sequence[int], Sequence[int]]]) -> list[float]:
    """Each whole sequence by itself through the plain model: no cache, no mask, no batch."""
    import torch

    out = []
    with torch.no_grad():
        for prompt, continuation in pairs:
            whole = torch.tensor([[*prompt, *continuation]])
            chances = torch.log_softmax(model(input_ids=whole).logits[0].double(), dim=-1)
            out.append(sum(float(chances[at - 1, whole[0, at]]) for at in range(len(prompt), whole.shape[1])))
    return out


@pytest.mark.parametrize("chunk", [1, 2, 5, 256])
@pytest.mark.parametrize("kind", ["llama", "qwen3", "gpt2"])
def test_a_packed_tree_gives_what_each_sequence_gives_alone(kind: str, chunk: int) -> None:
    with arithmetic(None):
        packed = tree_scores(small(kind), PAIRS, chunk)
    assert packed == pytest.approx(alone(small(kind), PAIRS), abs=1e-4)


@pytest.mark.parametrize("kind", ["llama", "mistral", "gemma2", "mamba"])
def test_padded_batches_give_what_each_sequence_gives_alone(kind: str) -> None:
    with arithmetic(None):
        padded = padded_scores(small(kind), PAIRS, batch=3)
    assert padded == pytest.approx(alone(small(kind), PAIRS), abs=1e-4)


@pytest.mark.parametrize(
    ("kind", "packs", "window"),
    [
        ("llama", True, None),
        ("gpt2", True, None),
        ("gemma3", True, 6),
        ("mistral", True, 6),
        ("gemma2", False, 6),  # its last layer bends the logits, which the tree's last product leaves out
        ("mamba", False, None),  # has no attention to mask
    ],
)
def test_every_architecture_is_scored_rightly_and_packed_only_where_that_is_right(
    kind: str, packs: bool, window: int | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    network = saved(kind, str(tmp_path_factory.mktemp("models") / kind))
    assert (network.packs, network.window) == (packs, window)
    with arithmetic(None):
        assert score(network, PAIRS) == pytest.approx(alone(small(kind), PAIRS), abs=1e-4)
        within = [pair for pair in PAIRS if len(pair[0]) + len(pair[1]) <= 6]  # of the window
        assert score(network, within) == pytest.approx(alone(small(kind), within), abs=1e-4)


def test_random_trees_are_scored_as_their_sequences() -> None:
    draws = np.random.default_rng(5)
    for _ in range(10):
        pairs = [
            (tuple(draws.integers(0, 3, draws.integers(1, 6))), tuple(draws.integers(0, 3, draws.integers(1, 6))))
            for _ in range(12)
        ]
        with arithmetic(None):
            packed = tree_scores(small("llama"), pairs, int(draws.integers(1, 20)))
        assert packed == pytest.approx(alone(small("llama"), pairs), abs=1e-4)


def test_the_same_call_gives_the_same_bytes_with_one_thread_and_with_two() -> None:
    found = []
    for threads in (1, 2, 1):
        with arithmetic(threads):
            found.append(tree_scores(small("llama"), PAIRS))
    assert found[0] == found[1] == found[2]


def test_the_order_of_asking_changes_no_bit() -> None:
    with arithmetic(None):
        forward, backward = tree_scores(small("llama"), PAIRS), tree_scores(small("llama"), PAIRS[::-1])
    assert forward == backward[::-1]


def test_split_products_agree_with_float32_and_rounded_ones_only_roughly() -> None:
    import copy

    def error(change: Any) -> float:
        model = copy.deepcopy(small("llama"))
        change(model)
        with arithmetic(None):
            return float(np.abs(np.subtract(tree_scores(model, PAIRS), alone(small("llama"), PAIRS))).max())

    assert error(split_products) < 1e-3
    assert 1e-3 < error(rounded_products) < 0.5


def test_computing_leaves_the_settings_of_torch_as_they_were() -> None:
    import torch

    before = (torch.get_num_threads(), torch.get_float32_matmul_precision(), torch.is_inference_mode_enabled())
    with arithmetic(before[0] + 1):
        assert torch.get_num_threads() == before[0] + 1
        assert torch.is_inference_mode_enabled()
    assert (torch.get_num_threads(), torch.get_float32_matmul_precision(), torch.is_inference_mode_enabled()) == before


@pytest.mark.parametrize("kind", ["llama", "gemma3"])
def test_the_likeliest_text_is_that_of_the_library(kind: str) -> None:
    import torch

    model = small(kind)
    model.config.eos_token_id = model.generation_config.eos_token_id = None
    question = TextQuestion((Message("user", "?"),), max_tokens=12, temperature=0.0)
    with arithmetic(None):
        said = write_on(model, [5, 9, 7], question, 0)
        tokens = torch.tensor([[5, 9, 7]])
        expected = model.generate(
            tokens, attention_mask=torch.ones_like(tokens), max_new_tokens=12, do_sample=False, pad_token_id=0
        )
    assert said == expected[0, 3:].tolist()


def test_drawn_text_follows_its_seed_and_repeat_and_the_probabilities() -> None:
    import torch

    model = small("llama")

    def said(seed: int, repeat: int = 0, length: int = 1) -> list[int]:
        question = TextQuestion((Message("user", "?"),), max_tokens=length, temperature=2.0, seed=seed)
        with arithmetic(None):
            return write_on(model, [5, 9, 7], question, repeat)

    assert said(1, length=8) == said(1, length=8)
    assert len({tuple(said(1, repeat, 8)) for repeat in range(3)} | {tuple(said(2, length=8))}) == 4
    with torch.no_grad():
        chances = torch.softmax(model(input_ids=torch.tensor([[5, 9, 7]])).logits[0, -1].double() / 2, dim=-1).numpy()
    drawn = np.bincount([token for seed in range(300) for token in said(seed)], minlength=60)
    likely = chances * 300 >= 5
    misfit = ((drawn - 300 * chances)[likely] ** 2 / (300 * chances)[likely]).sum()
    assert misfit < 2.5 * likely.sum()  # a chi-square of about as many degrees of freedom


def test_different_questions_do_not_share_their_random_numbers() -> None:
    model = small("llama")

    def said(text: str) -> tuple[int, ...]:
        question = TextQuestion((Message("user", text),), max_tokens=8, temperature=2.0)
        with arithmetic(None):
            return tuple(write_on(model, [5, 9, 7], question, 0))

    assert said("one") == said("one")
    assert len({said(text) for text in ("one", "two", "three")}) == 3


def test_a_sequence_longer_than_the_model_is_refused_with_both_numbers(tmp_path: Path) -> None:
    network = saved("llama", str(tmp_path))
    with pytest.raises(ElicitationError, match=r"has 70 tokens; the model reads 64\. Shorten the persona"):
        score(network, [((1,) * 66, (2,) * 4)])


def test_numbers_that_are_not_finite_are_an_error_and_not_an_answer(tmp_path: Path) -> None:
    import copy
    from dataclasses import replace

    network = saved("llama", str(tmp_path))
    broken = copy.deepcopy(network.model)
    broken.lm_head.weight.data[:] = float("nan")
    with arithmetic(None), pytest.raises(ProviderError, match="not finite"):
        score(replace(network, model=broken), PAIRS)
