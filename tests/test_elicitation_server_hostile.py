"""Does a client survive a server that hangs, lies, floods, breaks off or answers nonsense, and say what happened?"""

from __future__ import annotations

import base64
import gzip
import json
import socket
import threading
import time
import traceback

import pytest
from hostile_server import OPTIONS, QUICK, SHORT, TEXT, Behaviour, Seen, after_probe, answer, ask, chat, polite, served
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.elicitation.http_client import HttpClient, Timeouts
from causalvalues.elicitation.key_hiding import Secrets
from causalvalues.elicitation.loop_thread import LoopThread
from causalvalues.elicitation.openai_server import OpenAIServer
from causalvalues.elicitation.questions import LOST, Asked, Message, OptionsQuestion
from causalvalues.elicitation.retries import Retries
from causalvalues.elicitation.server_address import read_address
from causalvalues.elicitation.trouble import Trouble
from causalvalues.errors import ProviderError

KEY = "sk-Very/Secret+Key-0123456789"


def says(body: bytes | dict[str, object], code: int = 200, **headers: str) -> Behaviour:
    return lambda _seen, _connection: answer(body, code, **headers)


def raw(content: bytes) -> Behaviour:
    return lambda _seen, _connection: content


def hangs(seen: Seen, connection: socket.socket) -> None:
    connection.recv(1)  # until the client goes away


def drips(beginning: bytes) -> Behaviour:
    def behave(seen: Seen, connection: socket.socket) -> None:
        connection.sendall(beginning)
        for _ in range(600):
            connection.sendall(b"x")
            time.sleep(0.05)

    return behave


def floods(seen: Seen, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{")
    for _ in range(160):
        connection.sendall(b" " * 65536)


def top(*entries: object) -> dict[str, object]:
    return {"choices": [{"message": {"content": "3"}, "logprobs": {"content": [{"top_logprobs": list(entries)}]}}]}


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
HOSTILE: dict[str, tuple[Behaviour, str]] = {
    "garbage": (says(b"<html>\x00\xfe what?</html>"), "malformed"),
    "nothing": (says(b""), "malformed"),
    "no http": (raw(b"220 mail.example ready\r\n\r\n"), "malformed"),
    "endless header": (raw(HEAD + b"X: " + b"y" * 300_000 + b"\r\n\r\n{}"), "malformed"),
    "hangs": (hangs, "timed_out"),
    "closes at once": (raw(b""), "server_error"),
    "closes in the header": (raw(b"HTTP/1.1 200 OK\r\nConte"), "server_error"),
    "closes in the body": (raw(HEAD + b"Content-Length: 1000\r\n\r\n{"), "server_error"),
    "drips the body": (drips(HEAD + b"Content-Length: 1000\r\n\r\n"), "timed_out"),
    "drips the header": (drips(b"HTTP/1.1 200 OK\r\nX-Slow: "), "timed_out"),
    "429 forever": (says({"error": {"message": "slow down"}}, 429), "server_error"),
    "500 forever": (says({"error": "oh no"}, 500), "server_error"),
    "502 forever": (says(b"<h1>Bad Gateway</h1>", 502), "server_error"),
    "503 forever": (says(b"", 503), "server_error"),
    "504 forever": (says(b"", 504), "timed_out"),
    "an unknown code": (says(b"", 799), "server_error"),
    "10 MB": (floods, "too_long"),
    "10 MB zipped": (says(gzip.compress(b" " * 10_000_000), Content_Encoding="gzip"), "too_long"),
    "no zip": (says(b"not zipped at all", Content_Encoding="gzip"), "malformed"),
    "invalid UTF-8": (says(b'{"choices": [{"message": {"content": "\xff\xfe"}}]}'), "malformed"),
    "chunked nonsense": (raw(CHUNKED + b"zzz\r\nwhat\r\n"), "malformed"),
    "chunks cut off": (raw(CHUNKED + b"ff\r\nwhat"), "server_error"),
    "deep": (says(b"[" * 200_000), "malformed"),
    "deep objects": (says(b'{"choices":' * 100_000), "malformed"),
    "a list": (says(b"[1, 2]"), "malformed"),
    "no choices": (says({"choices": []}), "malformed"),
    "choices of another kind": (says({"choices": {"0": 1}}), "malformed"),
    "an error with code 200": (says({"error": {"message": "no"}}), "malformed"),
    "a number for a text and no logprobs": (says(chat(5)), "malformed"),
    "a redirect": (says(b"", 302, Location="http://192.0.2.1/v1"), "server_error"),
}
SLOW = ("hangs", "drips the body", "drips the header")
BAD_NUMBERS = {
    "NaN": says(b'{"choices":[{"logprobs":{"content":[{"top_logprobs":[{"token":"1","logprob":NaN}]}]}}]}'),
    "infinite": says(b'{"choices":[{"logprobs":{"content":[{"top_logprobs":[{"token":"1","logprob":1e999}]}]}}]}'),
    "huge": says(
        b'{"choices":[{"logprobs":{"content":[{"top_logprobs":[{"token":"1","logprob":-1%s}]}]}}]}' % (b"0" * 400)
    ),
    "too many digits": says(b'{"a":' + b"9" * 10_000 + b"}"),
    "NaN beside a good one": says(top({"token": "1", "logprob": float("nan")}, {"token": "2", "logprob": -1.0})),
    "text beside a good one": says(top({"token": "1", "logprob": -1.0}, {"token": "2", "logprob": "-1.0"})),
    "positive": says(top({"token": "1", "logprob": 0.5})),
    "text": says(top({"token": "1", "logprob": "-1"})),
    "truth": says(top({"token": "1", "logprob": False})),
    "no token": says(top({"logprob": -1.0})),
    "token of another kind": says(top({"token": 1, "logprob": -1.0})),
    "no entries": says(top()),
    "all impossible": says(top({"token": "1", "logprob": -9999.0})),
    "more than everything": says(top({"token": "1", "logprob": -0.1}, {"token": "2", "logprob": -0.1})),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_each_hostile_server_ends_in_its_status_for_options_and_for_text(name: str) -> None:
    hostile, status = HOSTILE[name]
    with served(after_probe(hostile)) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK, timeouts=SHORT if name in SLOW else Timeouts())
        replies = ask(backend, OPTIONS, TEXT)
        backend.close()
    assert [reply.status for reply in replies] == [status, status]
    assert all(reply.lost and reply.numbers == () and reply.text == "" for reply in replies)
    assert all(0 < len(reply.detail) <= 200 and reply.detail.isprintable() for reply in replies)
    assert name in SLOW or len(server.chats()) == (3 if name == "a redirect" else 5)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_server_that_is_hostile_from_the_start_is_refused_with_its_address(name: str) -> None:
    with served(HOSTILE[name][0]) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK, timeouts=SHORT if name in SLOW else Timeouts())
        with pytest.raises(ProviderError, match=r"127[.]0[.]0[.]1") as caught:
            backend.probe()
        backend.close()
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("name", BAD_NUMBERS)
def test_numbers_that_are_no_log_probabilities_are_malformed(name: str) -> None:
    with served(after_probe(BAD_NUMBERS[name])) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK)
        (reply,) = ask(backend, OPTIONS)
        backend.close()
    assert reply.status == "malformed"


def test_an_answer_without_end_is_cut_off() -> None:
    def endless(seen: Seen, connection: socket.socket) -> None:
        connection.sendall(HEAD + b"\r\n{")
        while True:
            connection.sendall(b" " * 65536)

    with served(after_probe(endless)) as server:
        backend = OpenAIServer(server.url, "m", retries=Retries(attempts=1), timeouts=Timeouts(5, 5, 5))
        (reply,) = ask(backend, OPTIONS)
        backend.close()
    assert reply.status == "too_long"


def test_a_text_far_longer_than_was_asked_for_is_too_long() -> None:
    with served(after_probe(says(chat("la " * 100_000)))) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK)
        (reply,) = ask(backend, TEXT)
        backend.close()
    assert (reply.status, reply.text) == ("too_long", "")


def test_a_server_that_recovers_is_asked_again_and_its_answer_counts() -> None:
    broken: list[Behaviour] = [raw(b""), says(b"{"), says(b"", 500), says(b"", 429, Retry_After="0.05")]
    told: list[str] = []

    def behave(seen: Seen, connection: socket.socket) -> bytes | None:
        return broken.pop(0)(seen, connection) if broken else polite(seen, connection)

    with served(after_probe(behave)) as server:
        retries = Retries(attempts=5, first_wait=0.01, longest_wait=0.02)
        backend = OpenAIServer(server.url, "m", retries=retries, notice=told.append)
        (reply,) = ask(backend, OPTIONS)
        backend.close()
    assert (reply.status, reply.numbers) == ("ok", (-2.5, -1.5, -0.5))
    assert [sentence.split(":")[0] for sentence in told] == [
        "server_error",
        "malformed",
        "server_error",
        "server_error",
    ]
    assert "attempt 5" in told[-1]


def test_a_wait_that_the_server_asks_for_is_told_and_one_beyond_patience_is_not_waited_for() -> None:
    told: list[str] = []
    with served(after_probe(says(b"", 429, Retry_After="86000"))) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK, notice=told.append, parallel=1)
        replies = ask(backend, *[OPTIONS] * 5)
        backend.close()
    assert {reply.status for reply in replies} == {"server_error"}
    assert all("asks to wait" in reply.detail for reply in replies)
    assert len(server.chats()) == 2
    assert "in 86000.0 s" in told[0]


@pytest.mark.parametrize(
    ("code", "body", "word"),
    [
        (401, b'{"error": {"message": "bad key"}}', "key"),
        (403, b"", "key"),
        (402, b"pay first", "account"),
        (404, b'{"error": {"message": "no such model"}}', "model 'm'"),
        (429, b'{"error": {"code": "insufficient_quota", "message": "no money"}}', "account"),
    ],
)
def test_what_no_retry_mends_ends_the_run_at_once(code: int, body: bytes, word: str) -> None:
    with served(after_probe(says(body, code))) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK, parallel=1)
        with pytest.raises(ProviderError, match=word):
            ask(backend, *[OPTIONS] * 20)
        backend.close()
    assert len(server.chats()) == 2


def test_an_unknown_model_gets_the_nearest_known_name() -> None:
    def behave(seen: Seen, connection: socket.socket) -> bytes:
        return answer(
            {"data": [{"id": "small-model"}, {"id": 7}, 5]} if seen.method == "GET" else {},
            200 if seen.method == "GET" else 404,
        )

    with served(behave) as server:
        backend = OpenAIServer(server.url, "smal-model", retries=QUICK)
        with pytest.raises(ProviderError, match="Did you mean 'small-model'"):
            backend.probe()
        backend.close()


def test_nobody_at_the_address_is_said_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    backend = OpenAIServer(f"http://127.0.0.1:{port}", "m", retries=QUICK)
    with pytest.raises(ProviderError, match=rf"No server answers at http://127.0.0.1:{port}/v1"):
        _ = backend.capabilities
    backend.close()


def test_answers_before_a_dead_server_are_kept_and_then_the_run_stops() -> None:
    with served(after_probe(says(b"", 500))) as server:
        backend = OpenAIServer(server.url, "m", parallel=2, retries=Retries(1, 0.0, 0.0, give_up_after=10))
        got = []
        with pytest.raises(ProviderError, match="10 questions in a row"):
            got.extend(part for part in backend.answer([OPTIONS] * 100))
        backend.close()
    assert 9 <= len(got) <= 12
    assert all(reply.status in LOST for ((_, reply),) in got)


def test_a_redirect_is_not_followed_and_its_target_hears_nothing() -> None:
    with (
        served(polite) as other,
        served(after_probe(says(b"", 307, Location=other.url + "/chat/completions"))) as server,
    ):
        backend = OpenAIServer(server.url, "m", retries=QUICK)
        (reply,) = ask(backend, OPTIONS)
        backend.close()
    assert (reply.status, other.seen) == ("server_error", [])


ECHOES = {
    "plain": lambda key: key,
    "in JSON": lambda key: json.dumps({"error": {"message": f"wrong key {key} given", "code": key}}),
    "escaped": lambda key: '{"error": {"message": "' + "".join(f"\\u{ord(letter):04x}" for letter in key) + '"}}',
    "spaced": " ".join,
    "with control characters": lambda key: "\x1b[31m" + "\x00".join(key),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "in capitals": lambda key: key.upper(),
    "at the cut": lambda key: " " * (65_536 - 20) + key,
    "after much": lambda key: " " * 5000 + key + " " * 5000,
}


@pytest.mark.parametrize("code", [200, 400, 401, 500])
@pytest.mark.parametrize("echo", ECHOES)
def test_a_key_that_the_server_sends_back_appears_nowhere(
    echo: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY_FOR_TESTS", KEY)
    body = ECHOES[echo](KEY).encode()
    shown: list[str] = []
    with served(after_probe(says(body, code))) as server:
        backend = OpenAIServer(server.url, "m", "A_KEY_FOR_TESTS", retries=QUICK, notice=shown.append)
        try:
            shown += [repr(reply) for reply in ask(backend, OPTIONS, TEXT)]
        except ProviderError as error:
            shown += traceback.format_exception(error)
        shown += [repr(backend), backend.identity, repr(vars(backend))]
        backend.close()
    assert {one.headers["authorization"] for one in server.chats()} == {f"Bearer {KEY}"}
    letters = "".join(letter for letter in " ".join(shown).casefold() if letter.isalnum())
    for secret in (KEY, base64.b64encode(KEY.encode()).decode()):
        spelled = "".join(letter for letter in secret.casefold() if letter.isalnum())
        assert spelled[:12] not in letters


def test_a_key_in_an_answer_of_the_model_is_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY_FOR_TESTS", KEY)
    with served(after_probe(says(chat(f"it is {KEY}!")))) as server:
        backend = OpenAIServer(server.url, "m", "A_KEY_FOR_TESTS", retries=QUICK)
        (reply,) = ask(backend, TEXT)
        backend.close()
    assert (reply.status, reply.text) == ("ok", "it is [key]!")


def test_texts_come_back_as_valid_unicode() -> None:
    body = b'{"choices":[{"message":{"content":"a \\ud800 \\u0000 \xc3\xa9"}}]}'
    with served(after_probe(says(body))) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK)
        (reply,) = ask(backend, TEXT)
        backend.close()
    assert (reply.status, reply.text.encode()) == ("ok", b"a ? \x00 \xc3\xa9")


def test_an_error_that_tries_to_paint_the_terminal_is_escaped() -> None:
    body = {"error": {"message": "\x1b[2J\u202e\nhi\ud800" + "x" * 500}}
    with served(after_probe(says(body, 500))) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK)
        (reply,) = ask(backend, OPTIONS)
        backend.close()
    assert reply.detail.startswith("HTTP 500: \\x1b[2J\\u202e hi\\ud800xxx")
    assert len(reply.detail) == 200


@pytest.mark.parametrize("status", [400, 422])
def test_a_question_that_the_server_finds_wrong_is_not_asked_again(status: int) -> None:
    with served(after_probe(says({"error": {"message": "too long for me"}}, status))) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK)
        (reply,) = ask(backend, OPTIONS)
        backend.close()
    assert (reply.status, len(server.chats())) == ("server_error", 2)
    assert "too long for me" in reply.detail


PIECES = st.lists(
    st.one_of(
        st.binary(max_size=12),
        st.sampled_from(
            [
                b"HTTP/1.1 200 OK\r\n",
                b"HTTP/1.1 99999 OK\r\n",
                b"HTTP/1.1 100 Continue\r\n\r\n",
                b"HTTP/1.1 204 No\r\n",
                b"HTTP/1.1 429 \xff\xfe\r\n",
                b"HTTP/1.1 101 Switch\r\nUpgrade: x\r\nConnection: upgrade\r\n",
                b"Retry-After: -1e999\r\n",
                b"Retry-After: Thu, 99 Foo 99999\r\n",
                b"Content-Length: 2\r\n",
                b"Content-Length: -7\r\n",
                b"Content-Type: \xff; charset=\xfe\r\n",
                b"Content-Encoding: br, gzip, zstd, x\r\n",
                b"Transfer-Encoding: chunked\r\n",
                b"Location: http://[\r\n",
                b"Set-Cookie: \xff=;;;\r\n",
                b"\r\n",
                b"{}",
                b"0\r\n\r\n",
            ]
        ),
    ),
    max_size=8,
)


def test_whatever_bytes_come_back_the_client_returns_an_object_or_what_went_wrong() -> None:
    answers: list[bytes] = []
    loop = LoopThread()

    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(PIECES)
    def survives(pieces: list[bytes]) -> None:
        answers.append(b"".join(pieces))
        found = loop.run(client.ask("/chat/completions", {}))
        assert isinstance(found, dict | Trouble)

    with served(lambda _seen, _connection: answers[-1]) as server:
        client = HttpClient(read_address(server.url), Secrets(KEY), SHORT, 2, 1000)
        survives()
        loop.close(client.close())


def test_closing_while_questions_are_on_their_way_ends_the_waiting() -> None:
    with served(after_probe(hangs)) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK)
        backend.probe()
        later = threading.Timer(0.2, backend.close)
        later.start()
        with pytest.raises(ProviderError, match="closed"):
            ask(backend, OPTIONS)
        later.join()


def test_a_stopped_consumer_stops_the_asking_and_the_server_can_be_asked_again() -> None:
    with served(polite) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK, parallel=1, timeouts=Timeouts(5, 5, 5))
        answers = backend.answer([OPTIONS] * 60)
        assert next(answers)[0][1].status == "ok"
        answers.close()
        again = Asked(OptionsQuestion((Message("user", "again"),), ("1", "3")))
        replies = ask(backend, *[again] * 30)
        backend.close()
        backend.close()
        asked = [one.body["messages"][0]["content"] for one in server.chats()]
        replies += ask(backend, OPTIONS)  # opens it again
        backend.close()
    assert {reply.status for reply in replies} == {"ok"}
    assert asked.count("again") == 30
    assert len(asked) < 50
