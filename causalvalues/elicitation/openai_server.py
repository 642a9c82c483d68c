"""Any server that speaks the chat protocol of OpenAI, asked over HTTP."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from causalvalues.elicitation.backend import WORDS, require
from causalvalues.elicitation.http_client import HttpClient, Timeouts
from causalvalues.elicitation.loop_thread import LoopThread
from causalvalues.elicitation.questions import (
    Asked,
    Capability,
    Conversation,
    OptionsQuestion,
    Question,
    Reply,
    StatementQuestion,
)
from causalvalues.elicitation.rate_limits import RateLimiter, RateLimits
from causalvalues.elicitation.retries import Asker, Request, Retries
from causalvalues.elicitation.server_address import DEFAULT_KEY, ServerAddress, read_address, read_secrets
from causalvalues.elicitation.server_probe import ServerAbility, explained, probe_server, rendered_prompt
from causalvalues.elicitation.server_replies import read_options, read_statement, read_text
from causalvalues.elicitation.server_requests import Dialect, chat, echo, tokens_of
from causalvalues.elicitation.trouble import Trouble
from causalvalues.errors import ElicitationError, ProviderError
from causalvalues.randomness import require_whole

READING = "1"
LARGEST_ANSWER = 2_000_000
PROBE_ATTEMPTS = 2
PROMPTS_KEPT = 64

Waiting = queue.SimpleQueue[tuple[int, Reply] | str | BaseException | None]


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
    _line: _Line = field(init=False, repr=False)

    def __post_init__(self) -> None:
        require_whole("parallel", self.parallel)
        if not self.model.strip() or not self.model.isprintable():
            raise ElicitationError("The model of a server needs a name. Give it as the server calls it.")
        object.__setattr__(self, "address", read_address(self.url))
        object.__setattr__(self, "url", self.address.shown)
        object.__setattr__(self, "_line", _Line(self))

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
                    self._line.say(found)
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


class _Line:
    """The open connections of an `OpenAIServer`, made when first needed."""

    def __init__(self, server: OpenAIServer) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._loop: LoopThread | None = None
        self._asker: Asker | None = None
        self._ability: ServerAbility | None = None
        self._prompts: dict[Conversation, str] = {}
        self._lost_in_a_row = 0

    def say(self, sentence: str) -> None:
        if self._server.notice is not None:
            self._server.notice(sentence)

    def _open(self) -> tuple[LoopThread, Asker]:
        if self._loop is None or self._asker is None:
            server = self._server
            secrets = read_secrets(server.address, server.key_env)
            client = HttpClient(server.address, secrets, server.timeouts, server.parallel, LARGEST_ANSWER)
            self._asker = Asker(client, RateLimiter(server.limits), server.retries, lambda _: None)
            self._loop = LoopThread()
        return self._loop, self._asker

    def ability(self) -> ServerAbility:
        with self._lock:
            if self._ability is None:
                loop, asker = self._open()
                fewer = replace(asker.retries, attempts=min(PROBE_ATTEMPTS, asker.retries.attempts))
                said: list[str] = []
                try:
                    self._ability = loop.run(
                        probe_server(replace(asker, retries=fewer, notice=said.append), self._server.model)
                    )
                finally:
                    for sentence in said:
                        self.say(sentence)
            return self._ability

    def begin(self, asked: Sequence[Asked], dialect: Dialect, waiting: Waiting) -> Any:
        with self._lock:
            loop, asker = self._open()
            job = loop.start(self._answer_all(asked, dialect, replace(asker, notice=waiting.put), waiting))
        job.add_done_callback(lambda _: waiting.put(None))
        return job

    async def _answer_all(self, asked: Sequence[Asked], dialect: Dialect, asker: Asker, waiting: Waiting) -> None:
        places = iter(range(len(asked)))

        async def work() -> None:
            for place in places:
                waiting.put((place, await self._reply(place, asked[place], asker, dialect)))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._server.parallel, len(asked))):
                    group.create_task(work())
        except* Exception as errors:
            waiting.put(errors.exceptions[0])

    async def _reply(self, place: int, one: Asked, asker: Asker, dialect: Dialect) -> Reply:
        found = await self._found(place, one, asker, dialect)
        if not isinstance(found, Trouble):
            self._lost_in_a_row = 0
            return found
        if found.mending == "fatal":
            raise await explained(found, asker, self._server.model)
        reply = Reply(found.status, detail=found.detail)
        self._lost_in_a_row = self._lost_in_a_row + 1 if reply.lost else 0
        if self._lost_in_a_row >= asker.retries.give_up_after:
            raise ProviderError(
                f"{self._server.address.shown} gave no usable answer to {self._lost_in_a_row} questions in a row "
                f"(last: {found.status}, {found.detail}). What was answered is kept; run the same command again later."
            )
        return reply

    async def _found(self, place: int, one: Asked, asker: Asker, dialect: Dialect) -> Reply | Trouble:
        model, question = self._server.model, one.question
        tokens = sum(tokens_of(question))
        if isinstance(question, StatementQuestion):
            prompt = await self._prompt(question.conversation, asker, dialect.template)
            if isinstance(prompt, Trouble):
                return prompt
            body = echo(model, prompt + question.statement) | {"add_special_tokens": False}
            request = Request("/completions", body, tokens, place)
            return await asker.persist(request, lambda content: read_statement(content, prompt, question))
        request = Request("/chat/completions", chat(model, one, dialect), tokens, place)
        if isinstance(question, OptionsQuestion):
            return await asker.persist(request, lambda content: read_options(content, question))
        secrets = asker.client.secrets
        return await asker.persist(request, lambda content: read_text(content, question, secrets))

    async def _prompt(self, conversation: Conversation, asker: Asker, template: str) -> str | Trouble:
        if conversation not in self._prompts:
            prompt = await rendered_prompt(asker, self._server.model, conversation, template)
            if isinstance(prompt, Trouble):
                return prompt
            while len(self._prompts) >= PROMPTS_KEPT:
                self._prompts.pop(next(iter(self._prompts)))
            self._prompts[conversation] = prompt
        return self._prompts[conversation]

    def close(self) -> None:
        with self._lock:
            if self._loop is not None and self._asker is not None:
                self._loop.close(self._asker.client.close())
            self._loop = self._asker = self._ability = None
