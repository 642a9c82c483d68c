"""A folder with a very small model that was never trained: whole commands run on it in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from causalvalues.elicitation.guardrails import neutral_texts
from causalvalues.elicitation.local_model import LocalModel

LAYERS, WIDTH = 5, 24


def write_toy_model(folder: Path, seed: int = 0) -> Path:
    """Write a random Llama with the tokenizer of the embedded model.

    Activation 0 of every token is large, and makes the tokens of matter-of-fact texts likely. Whatever else is added
    takes its share away, so that every lever has its price.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer: Any = LocalModel().tokenizer
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=WIDTH, intermediate_size=32, num_hidden_layers=LAYERS,
        num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=512, initializer_range=0.2,
        tie_word_embeddings=False, eos_token_id=tokenizer.eos_token_id, bos_token_id=tokenizer.bos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    model: Any = LlamaForCausalLM(config).eval()
    plain = sorted({token for text in neutral_texts() for token in tokenizer(text)["input_ids"]})
    with torch.no_grad():
        model.model.embed_tokens.weight.mul_(4.0)
        model.model.embed_tokens.weight[:, 0] = 3.0
        model.lm_head.weight[:, 0] = 0.0
        model.lm_head.weight[plain, 0] = 2.0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
