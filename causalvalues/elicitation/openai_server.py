"""Any server that speaks the chat protocol of OpenAI, asked over HTTP."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from causalvalues.elicitation.backend import WORDS, require
from causalvalues.elicitation.http_client import HttpClient, Timeouts
from causalvalues.elicitation.questions import Asked, Capability, Question, Reply
from causalvalues.elicitation.rate_limits import RateLimiter, RateLimits
from causalvalues.elicitation.retries import Asker, Retries
from causalvalues.elicitation.server_address import DEFAULT_KEY, ServerAddress, read_address, read_secrets
from causalvalues.elicitation.server_line import ServerLine, Waiting
from causalvalues.elicitation.server_probe import ServerAbility
from causalvalues.elicitation.server_requests import tokens_of
from causalvalues.errors import ElicitationError, ProviderError
from causalvalues.randomness import require_whole

READING = "1"
LARGEST_ANSWER = 2_000_000


@dataclass(frozen=True, eq=False)
class OpenAIServer:
    """A language model behind a server with chat completions: a provider, vLLM, llama.cpp, Ollama and others.

    Nothing is asked of the server before `capabilities`, `probe` or `answer` is first used.

    What it can do depends on the server. "text" always. "options" where it reports log-probabilities of the next token:
    one token is asked for and up to 200 of the likeliest are read (20 or 5 where it allows no more). Tokens that differ
    in surrounding spaces and case are pooled; an option that is not reported gets the smallest reported
    log-probability, an upper bound; when none is reported the status is "not_offered". "statements" only where the
    server says how it writes a conversation as text (llama.cpp, vLLM) and echoes log-probabilities that agree with its
    own; many do not.

    A question that gets no usable answer after all attempts has a status: "server_error", "timed_out", "malformed",
    "too_long", "refusal" (see `is_refusal`). A key that is not accepted and a model that is not known end the run.

    Parameters
    ----------
    url : str
        ``"https://api.example.org/v1"``, without user and password.
    model : str
        As the server calls it. Some servers answer for any name: give the name of what they serve, because answers are
        stored under it.
    key_env : str, default "OPENAI_API_KEY"
        Environment variable that holds the key; "" for none. The default one is not sent to servers on this machine.
    parallel : int, default 8
        Questions on their way at the same time.
    limits : RateLimits
    timeouts : Timeouts
    retries : Retries
    notice : callable, optional
        Is told in a short sentence when a question is asked again or waits for a rate limit; called from the thread
        that reads the answers.

    Raises
    ------
    ElicitationError
        If the address or a setting is not well formed.
    """

    url: str = field(repr=False)
    model: str
    key_env: str = DEFAULT_KEY
    parallel: int = 8
    limits: RateLimits = field(default_factory=RateLimits)
    timeouts: Timeouts = field(default_factory=Timeouts)
    retries: Retries = field(default_factory=Retries)
    notice: Callable[[str], None] | None = field(default=None, repr=False)
    address: ServerAddress = field(init=False)
    _line: ServerLine = field(init=False, repr=False)

    def __post_init__(self) -> None:
        require_whole("parallel", self.parallel)
        if not self.model.strip() or not self.model.isprintable():
            raise ElicitationError("The model of a server needs a name. Give it as the server calls it.")
        object.__setattr__(self, "address", read_address(self.url))
        object.__setattr__(self, "url", self.address.shown)
        object.__setattr__(self, "_line", ServerLine(self.model, self.parallel, self._open, self._say))

    @property
    def identity(self) -> str:
        """Kind, address and model, and the version of the rules by which answers are read."""
        return f"openai-server {READING}; {self.address.shown}; {self.model}"

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the server can do; asks it when that is not yet known."""
        return self.probe().capabilities

    @property
    def at_once(self) -> int:
        """As many sheets as questions may be on their way."""
        return self.parallel

    def probe(self) -> ServerAbility:
        """Find out what the server can do; a second call asks nothing.

        Returns
        -------
        ServerAbility

        Raises
        ------
        ProviderError
            If the server cannot be reached or used.
        """
        return self._line.ability()

    @property
    def whole_sheets(self) -> bool:
        """Each question is asked by itself."""
        return False

    def answer(self, asked: Sequence[Asked]) -> Iterator[list[tuple[int, Reply]]]:
        """Answer questions, each as soon as it is done; see `Backend`.

        Raises
        ------
        ElicitationError
            If a question needs what the server cannot do.
        ProviderError
            If the server refuses the key or the model, or many questions in a row got no answer.
        """
        if not asked:
            return
        dialect = self.probe().dialect
        for wanted in sorted({one.question.capability for one in asked}):
            require(self, wanted, f"A question about {WORDS[wanted]}")
        waiting: Waiting = queue.SimpleQueue()
        job = self._line.begin(asked, dialect, waiting)
        left = len(asked)
        try:
            while left:
                found = waiting.get()
                if isinstance(found, str):
                    self._say(found)
                elif isinstance(found, BaseException):
                    raise found
                elif found is None:
                    raise ProviderError(f"{self.address.shown} was closed while questions were on their way.")
                else:
                    left -= 1
                    yield [found]
        finally:
            job.cancel()

    def tokens(self, question: Question) -> tuple[int, int]:
        """Estimate (prompt tokens, completion tokens) from the length of the texts."""
        return tokens_of(question)

    def close(self) -> None:
        """Close the connections; may be called twice."""
        self._line.close()

    def _say(self, sentence: str) -> None:
        if self.notice is not None:
            self.notice(sentence)

    def _open(self) -> Asker:
        secrets = read_secrets(self.address, self.key_env)
        try:
            client = HttpClient(self.address, secrets, self.timeouts, self.parallel, LARGEST_ANSWER)
        except (ValueError, ImportError):
            # the words of these errors would show the address of the proxy with its password
            raise ProviderError(
                "The proxy that the environment names (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY) cannot be used. Give it as "
                f"http://host:port, or leave out {self.address.host} with NO_PROXY."
            ) from None
        return Asker(client, RateLimiter(self.limits), self.retries, lambda _: None)
