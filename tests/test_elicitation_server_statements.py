"""Are statements scored by a server only where its log-probabilities of a given text are right?"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from itertools import pairwise

import pytest
from hostile_server import QUICK, Behaviour, Seen, answer, ask, polite, served

from causalvalues.elicitation.openai_server import OpenAIServer
from causalvalues.elicitation.questions import Asked, Message, StatementQuestion
from causalvalues.errors import ElicitationError

NEXT = {" three,": " four,", " four,": " five,", " five,": " six,", " six,": " seven,", " seven,": " eight,"}
CONVERSATION = (Message("system", "You care."), Message("user", "What matters?"))
Numbers = list[float | None]


def tokens(text: str) -> list[str]:
    return re.findall(r"\n| ?[^\s]+|\s", text)


def logp(before: str, token: str) -> float:
    """A language model of one word of memory."""
    if NEXT.get(before, " and") == token:
        return -0.25
    return -3.0 - (sum(token.encode()) + 3 * len(before)) % 50 / 25


def right(words: list[str]) -> Numbers:
    return [None, *(logp(before, word) for before, word in pairwise(words))]


def rendered(messages: list[dict[str, str]]) -> str:
    return "".join(f"<{one['role']}>\n{one['content']}\n" for one in messages) + "<assistant>\n"


def small_model(numbers: Callable[[list[str]], Numbers], template: str = "apply-template") -> Behaviour:
    def behave(seen: Seen, connection: socket.socket) -> bytes:
        body = seen.body
        if seen.path == "/apply-template" == f"/{template}":
            return answer({"prompt": rendered(body["messages"])})
        if seen.path == "/tokenize" == f"/{template}":
            return answer({"tokens": list(rendered(body["messages"]).encode())})
        if seen.path == "/detokenize" and template == "tokenize":
            return answer({"prompt": bytes(body["tokens"]).decode()})
        if seen.path != "/v1/completions":
            return polite(seen, connection)
        prompt = tokens(body["prompt"])
        words = list(prompt)
        for _ in range(body["max_tokens"]):
            words.append(NEXT.get(words[-1], " and"))
        values = right(words)
        if body.get("echo"):
            values[: len(prompt)] = numbers(prompt)
        else:
            words, values = words[len(prompt) :], values[len(prompt) :]
        logprobs = {"tokens": words, "token_logprobs": values}
        return answer({"choices": [{"text": "".join(words), "logprobs": logprobs}], "usage": {"prompt_tokens": 9}})

    return behave


WRONG: dict[str, Callable[[list[str]], Numbers]] = {
    "of the token before": lambda words: [None, -1.0, *right(words)[1:-1]],
    "of another temperature": lambda words: [value and value * 1.5 for value in right(words)],
    "all the same": lambda words: [None] + [-0.25] * (len(words) - 1),
    "all nothing": lambda words: [None] * len(words),
    "far too small": lambda words: [None if value is None else value - 8 for value in right(words)],
}


@pytest.mark.parametrize("template", ["apply-template", "tokenize"])
def test_a_statement_scores_the_sum_over_its_own_tokens(template: str) -> None:
    statement = "I care for people near and far."
    with served(small_model(right, template)) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK)
        assert backend.capabilities == {"options", "text", "statements"}
        assert backend.probe().dialect.template == template
        replies = ask(backend, *[Asked(StatementQuestion(CONVERSATION, statement), repeat) for repeat in range(2)])
        backend.close()
    words = ["\n", *tokens(statement)]
    expected = sum(logp(before, word) for before, word in pairwise(words))
    assert [reply.status for reply in replies] == ["ok", "ok"]
    assert [reply.tokens for reply in replies] == [7, 7]
    assert replies[0].numbers == pytest.approx((expected,), abs=1e-12)
    assert replies[0].prompt_tokens == 9


@pytest.mark.parametrize("name", WRONG)
def test_wrong_log_probabilities_of_a_text_are_found_out(name: str) -> None:
    with served(small_model(WRONG[name])) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK)
        assert backend.capabilities == {"options", "text"}
        with pytest.raises(ElicitationError, match="'options', 'text'"):
            ask(backend, Asked(StatementQuestion(CONVERSATION, "I care.")))
        backend.close()


def test_without_the_template_of_the_conversation_no_statement_is_scored() -> None:
    with served(small_model(right, "")) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK)
        assert "statements" not in backend.capabilities
        backend.close()


def test_a_statement_whose_first_token_begins_before_it_is_malformed() -> None:
    def sticky(seen: Seen, connection: socket.socket) -> bytes:
        answered = small_model(right)(seen, connection)
        return answered.replace(rb'"\n", "I"', rb'"\nI", ""') if b"What matters" in answered else answered

    with served(sticky) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK)
        (reply,) = ask(backend, Asked(StatementQuestion(CONVERSATION, "I care.")))
        backend.close()
    assert (reply.status, reply.detail) == ("malformed", "no token begins where the statement begins")
