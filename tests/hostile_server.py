"""A server on this machine, made of plain sockets, that answers each request with whatever bytes a test wants."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from causalvalues.elicitation.http_client import Timeouts
from causalvalues.elicitation.openai_server import OpenAIServer
from causalvalues.elicitation.questions import Asked, Message, OptionsQuestion, Reply, TextQuestion
from causalvalues.elicitation.retries import Retries
from causalvalues.elicitation.server_probe import PROBE
from causalvalues.elicitation.server_requests import messages

ASKED = (Message("user", "How much does it matter, from 1 to 3?"),)
OPTIONS = Asked(OptionsQuestion(ASKED, ("1", "2", "3")))
TEXT = Asked(TextQuestion(ASKED, 8))
QUICK = Retries(attempts=2, first_wait=0.01, longest_wait=0.02, patience=5.0)
SHORT = Timeouts(connect=5.0, read=0.5, total=0.7)


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


Behaviour = Callable[[Seen, socket.socket], bytes | None]


@dataclass
class ScriptedServer:
    """Answers with what its behaviour returns, then closes the connection."""

    behave: Behaviour
    seen: list[Seen] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.threads = [threading.Thread(target=self._listen)]
        self.threads[0].start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}/v1"

    def chats(self) -> list[Seen]:
        return [one for one in self.seen if one.path.endswith("/chat/completions")]

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            if self.done.is_set():
                connection.close()
                return
            self.threads.append(threading.Thread(target=self._serve, args=(connection,)))
            self.threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(30)
            seen = read_request(connection)
            if seen is None:
                return
            self.seen.append(seen)
            answer = self.behave(seen, connection)
            if answer is not None:
                connection.sendall(answer)
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(5)
                while connection.recv(65536):
                    pass

    def stop(self) -> None:
        self.done.set()
        with contextlib.suppress(OSError):
            socket.create_connection(self.listener.getsockname(), 5).close()
        self.listener.close()
        for thread in self.threads:
            thread.join(30)


def read_request(connection: socket.socket) -> Seen | None:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return None
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65536)
    method, path, _ = first.split(" ")
    return Seen(method, path, headers, json.loads(body) if body else {})


def answer(body: bytes | dict[str, Any], code: int = 200, **headers: str) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = {"Content-Type": "application/json", "Content-Length": str(len(content)), "Connection": "close"}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {code} Whatever", *(f"{name}: {value}" for name, value in told.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + content


def chat(text: object = "3", tops: dict[str, object] | None = None) -> dict[str, Any]:
    """The JSON of a chat completion."""
    reported = [{"token": token, "logprob": value} for token, value in (tops or {}).items()]
    logprobs = {"content": [{"token": "3", "logprob": -0.5, "top_logprobs": reported}]} if tops is not None else None
    message = {"role": "assistant", "content": text}
    return {"choices": [{"index": 0, "message": message, "logprobs": logprobs, "finish_reason": "stop"}]}


def polite(seen: Seen, _: socket.socket) -> bytes:
    """A server with log-probabilities of the next token and nothing else."""
    if not seen.path.endswith("/chat/completions"):
        return answer({"error": {"message": "not here"}}, 404)
    return answer(chat("3", {"3": -0.5, "2": -1.5, "1": -2.5} if "logprobs" in seen.body else None))


def after_probe(hostile: Behaviour) -> Behaviour:
    """Polite while it is probed, and hostile to every question."""

    def behave(seen: Seen, connection: socket.socket) -> bytes | None:
        if seen.path.endswith("/chat/completions") and seen.body["messages"] != messages(PROBE.conversation):
            return hostile(seen, connection)
        return polite(seen, connection)

    return behave


@contextlib.contextmanager
def served(behave: Behaviour) -> Iterator[ScriptedServer]:
    """Run a scripted server."""
    server = ScriptedServer(behave)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def ask(backend: OpenAIServer, *asked: Asked) -> list[Reply]:
    """Replies in the order of the questions; each comes exactly once."""
    found = dict(pair for part in backend.answer(asked) for pair in part)
    assert sorted(found) == list(range(len(asked)))
    return [found[place] for place in range(len(asked))]
