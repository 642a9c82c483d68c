"""Many questions on their way to one server at the same time."""

from __future__ import annotations

import asyncio
import concurrent.futures
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from causalvalues.elicitation.loop_thread import LoopThread
from causalvalues.elicitation.questions import Asked, Conversation, OptionsQuestion, Reply, StatementQuestion
from causalvalues.elicitation.retries import Asker, Request
from causalvalues.elicitation.server_probe import ServerAbility, explained, probe_server, rendered_prompt
from causalvalues.elicitation.server_replies import read_options, read_statement, read_text
from causalvalues.elicitation.server_requests import Dialect, chat, echo, tokens_of
from causalvalues.elicitation.trouble import Trouble
from causalvalues.errors import ProviderError

PROBE_ATTEMPTS = 2
PROMPTS_KEPT = 64

Waiting = queue.SimpleQueue[tuple[int, Reply] | str | BaseException | None]
Job = concurrent.futures.Future[None]


class ServerLine:
    """The connections to one server, opened when first needed.

    Parameters
    ----------
    model : str
    parallel : int
        Questions on their way at the same time.
    opened : callable
        Makes the client; it is called again after `close`.
    notice : callable
        Is told what happens while the server is probed.
    """

    def __init__(self, model: str, parallel: int, opened: Callable[[], Asker], notice: Callable[[str], None]) -> None:
        self._model, self._parallel, self._opened, self._notice = model, parallel, opened, notice
        self._lock = threading.Lock()
        self._loop: LoopThread | None = None
        self._asker: Asker | None = None
        self._ability: ServerAbility | None = None
        self._prompts: dict[Conversation, str] = {}
        self._lost_in_a_row = 0

    def _open(self) -> tuple[LoopThread, Asker]:
        if self._loop is None or self._asker is None:
            self._asker = self._opened()
            self._loop = LoopThread()
        return self._loop, self._asker

    def ability(self) -> ServerAbility:
        """Return what the server can do, found out once."""
        with self._lock:
            if self._ability is None:
                loop, asker = self._open()
                fewer = replace(asker.retries, attempts=min(PROBE_ATTEMPTS, asker.retries.attempts))
                said: list[str] = []
                try:
                    self._ability = loop.run(
                        probe_server(replace(asker, retries=fewer, notice=said.append), self._model)
                    )
                finally:
                    for sentence in said:
                        self._notice(sentence)
            return self._ability

    def begin(self, asked: Sequence[Asked], dialect: Dialect, waiting: Waiting) -> Job:
        """Begin to ask.

        Parameters
        ----------
        asked : sequence of Asked
        dialect : Dialect
        waiting : queue
            Gets (position, reply) as they are done, sentences for the progress line, an error that ends it all, and
            None when nothing more comes.

        Returns
        -------
        concurrent.futures.Future
            Can be cancelled.
        """
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
                for _ in range(min(self._parallel, len(asked))):
                    group.create_task(work())
        except* Exception as errors:
            waiting.put(errors.exceptions[0])

    async def _reply(self, place: int, one: Asked, asker: Asker, dialect: Dialect) -> Reply:
        found = await self._found(place, one, asker, dialect)
        if not isinstance(found, Trouble):
            self._lost_in_a_row = 0
            return found
        if found.mending == "fatal":
            raise await explained(found, asker, self._model)
        reply = Reply(found.status, detail=found.detail)
        self._lost_in_a_row = self._lost_in_a_row + 1 if reply.lost else 0
        if self._lost_in_a_row >= asker.retries.give_up_after:
            lost, self._lost_in_a_row = self._lost_in_a_row, 0
            raise ProviderError(
                f"{asker.client.address.shown} gave no usable answer to {lost} questions in a row (last: "
                f"{found.status}, {found.detail}). What was answered is kept; run the same command again later."
            )
        return reply

    async def _found(self, place: int, one: Asked, asker: Asker, dialect: Dialect) -> Reply | Trouble:
        model, question = self._model, one.question
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
            prompt = await rendered_prompt(asker, self._model, conversation, template)
            if isinstance(prompt, Trouble):
                return prompt
            while len(self._prompts) >= PROMPTS_KEPT:
                self._prompts.pop(next(iter(self._prompts)))
            self._prompts[conversation] = prompt
        return self._prompts[conversation]

    def close(self) -> None:
        """Close the connections; may be called twice."""
        with self._lock:
            if self._loop is not None and self._asker is not None:
                self._loop.close(self._asker.client.close())
            self._loop = self._asker = self._ability = None
