"""Are the rules of asking a server kept: limits, pauses, keys, addresses, and how an answer is read?"""

from __future__ import annotations

import asyncio
import math
import socket
import threading
import traceback

import numpy as np
import pytest
from hostile_server import (
    ASKED,
    OPTIONS,
    QUICK,
    TEXT,
    Seen,
    after_probe,
    answer,
    ask,
    chat,
    polite,
    served,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.elicitation.backend import Backend
from causalvalues.elicitation.key_hiding import Secrets
from causalvalues.elicitation.openai_server import OpenAIServer
from causalvalues.elicitation.questions import Asked, Message, OptionsQuestion, Reply, StatementQuestion, TextQuestion
from causalvalues.elicitation.rate_limits import LONGEST_GAP, Pace, RateLimiter, RateLimits, TokenBucket
from causalvalues.elicitation.refusals import is_refusal
from causalvalues.elicitation.retries import Retries
from causalvalues.elicitation.server_address import read_address, read_secrets
from causalvalues.elicitation.server_replies import read_options
from causalvalues.elicitation.server_requests import Dialect, tokens_of
from causalvalues.elicitation.server_requests import chat as chat_body
from causalvalues.errors import CausalValuesError, ElicitationError, ProviderError

STEPS = st.lists(st.tuples(st.floats(0, 30), st.floats(0.1, 5)), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(STEPS, st.floats(0.1, 10), st.floats(5, 50))
def test_over_any_stretch_a_bucket_lets_through_at_most_its_capacity_and_what_flows_in(
    steps: list[tuple[float, float]], rate: float, capacity: float
) -> None:
    bucket, now, starts = TokenBucket(rate, capacity), 0.0, []
    for pause, amount in steps:
        now += pause
        starts.append((now + bucket.take(amount, now), amount))
    for first in range(len(starts)):
        for last in range(first, len(starts)):
            taken = sum(amount for _, amount in starts[first : last + 1])
            stretch = starts[last][0] - starts[first][0]
            assert taken <= capacity + rate * stretch + starts[first][1] + 1e-6
    assert starts == sorted(starts, key=lambda start: start[0])


@settings(max_examples=60, deadline=None)
@given(STEPS, st.floats(0.1, 10))
def test_a_bucket_makes_nobody_wait_longer_than_its_debt_takes_to_fill(
    steps: list[tuple[float, float]], rate: float
) -> None:
    bucket, now, oracle = TokenBucket(rate, 10.0), 0.0, 10.0
    for pause, amount in steps:
        now += pause
        oracle = min(10.0, oracle + rate * pause) - amount
        assert bucket.take(amount, now) == pytest.approx(max(0.0, -oracle / rate), abs=1e-6)


def test_sixty_requests_a_minute_are_ten_at_once_and_then_one_a_second() -> None:
    limiter = RateLimiter(RateLimits(requests_per_minute=60))
    assert [limiter.take(1000, 100.0) for _ in range(13)] == pytest.approx([0] * 10 + [1, 2, 3])


def test_the_tighter_of_two_limits_decides() -> None:
    limiter = RateLimiter(RateLimits(requests_per_minute=6, tokens_per_minute=600))
    assert [limiter.take(tokens, 0.0) for tokens in (50, 50, 50, 50, 500)] == pytest.approx([0, 10, 20, 30, 60])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), max_size=60))
def test_a_pace_slows_down_with_complaints_up_to_a_limit_and_recovers_fully(complaints: list[bool]) -> None:
    pace, now = Pace(), 0.0
    for complaint in complaints:
        before = pace.gap
        now += pace.take(now) + 0.01
        if complaint:
            pace.too_many(now - 0.001, now, 0.0)
            assert before < pace.gap <= LONGEST_GAP or before == LONGEST_GAP
        else:
            pace.went_well()
            assert pace.gap < before or before == 0
    for _ in range(100):
        pace.went_well()
    assert pace.gap == 0


def test_complaints_about_requests_already_on_their_way_slow_down_once() -> None:
    pace = Pace()
    for late in range(8):
        pace.too_many(asked_at=0.0, now=1.0 + late / 100, wait=0.0)
    once = Pace()
    once.too_many(asked_at=0.0, now=1.0, wait=0.0)
    assert pace.gap == once.gap > 0


def test_a_wait_that_the_server_asks_for_holds_for_everybody() -> None:
    pace = Pace()
    pace.too_many(asked_at=0.0, now=1.0, wait=7.0)
    waits = [pace.take(2.0) for _ in range(3)]
    assert waits == pytest.approx([6.0, 6.0 + pace.gap, 6.0 + 2 * pace.gap])
    assert pace.closed_until == 8.0


def test_a_slow_pace_is_no_wish_to_be_left_alone() -> None:
    pace = Pace()
    for late in range(20):
        pace.too_many(asked_at=float(late), now=late + 0.5, wait=0.0)
    assert [pace.take(20.0) for _ in range(9)][-1] > 200
    assert pace.closed_until < 0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 30))
def test_pauses_double_are_bounded_and_the_same_for_the_same_seed(seed: int, ticket: int, attempt: int) -> None:
    retries = Retries(first_wait=0.5, longest_wait=20.0, seed=seed)
    longest = min(20.0, 0.5 * 2**attempt)
    assert longest / 2 <= retries.pause(ticket, attempt) <= longest
    assert retries.pause(ticket, attempt) == Retries(first_wait=0.5, longest_wait=20.0, seed=seed).pause(
        ticket, attempt
    )
    assert retries.pause(ticket, attempt) != retries.pause(ticket + 1, attempt)


TOKENS = st.dictionaries(
    st.sampled_from([" 1", "1", "1 ", "2", "YES", "Yes", " yes", "no", "x", ""]), st.floats(-9, -3)
)


@settings(max_examples=60, deadline=None)
@given(TOKENS)
def test_options_are_pooled_over_spaces_and_case_and_bounded_by_the_smallest(tops: dict[str, float]) -> None:
    found = read_options(chat("", dict(tops)), OptionsQuestion(ASKED, ("1", "2", "Yes", "No")))
    spelled = {"1": [" 1", "1", "1 "], "2": ["2"], "Yes": ["YES", "Yes", " yes"], "No": ["no"]}
    mass = [sum(math.exp(tops[token]) for token in tokens if token in tops) for tokens in spelled.values()]
    if not tops:
        assert getattr(found, "status", "") == "malformed"
    elif not any(mass):
        assert isinstance(found, Reply)
        assert (found.status, found.numbers) == ("not_offered", ())
    else:
        assert isinstance(found, Reply)
        smallest = min(tops.values())
        expected = [math.log(one) if one else smallest for one in mass]
        bounds = mass.count(0) * math.exp(smallest) / sum(math.exp(one) for one in expected)
        assert abs(bounds - 0.1) < 1e-9 or (found.status == "not_offered") == (bounds > 0.1)
        if found.status == "not_offered":
            assert "likeliest next tokens and might have" in found.detail
            return
        np.testing.assert_allclose(found.numbers, expected, rtol=1e-9)


def test_options_that_differ_only_in_case_are_not_pooled() -> None:
    found = read_options(chat("", {"a": -1.0, " A": -2.0}), OptionsQuestion(ASKED, ("A", "a")))
    assert found == Reply("ok", (-2.0, -1.0))


@pytest.mark.parametrize(
    ("tops", "status"), [({"1": -1.0}, "not_offered"), ({"1": -1.0, "10": -2.0}, "ok"), ({"10": -1.0, "x": -6.0}, "ok")]
)
def test_an_option_that_begins_like_another_must_have_been_reported(tops: dict[str, object], status: str) -> None:
    assert read_options(chat("", tops), OptionsQuestion(ASKED, ("1", "10"))).status == status


@pytest.mark.parametrize(
    ("tops", "status"),
    [
        ({"1": -0.7, "2": -1.0}, "not_offered"),  # four bounds at -1.0: a share of two thirds
        ({"1": -0.2, "2": -2.0, "x": -4.5}, "ok"),  # four bounds at -4.5: 4%
        ({"1": -0.2, "2": -2.0, "x": -3.4}, "not_offered"),  # at -3.4: 12%
    ],
)
def test_options_that_are_mostly_bounds_are_not_offered(tops: dict[str, object], status: str) -> None:
    found = read_options(chat("", tops), OptionsQuestion(ASKED, tuple("123456")))
    assert isinstance(found, Reply)
    assert found.status == status
    assert found.status == "ok" or "4 of 6 options" in found.detail


def test_impossible_options_get_the_bound_and_not_the_made_up_number_of_the_server() -> None:
    found = read_options(chat("", {"1": -0.5, "2": -9999.0, "x": -3.0}), OptionsQuestion(ASKED, ("1", "2")))
    assert found == Reply("ok", (-0.5, -3.0))


def test_the_older_form_of_log_probabilities_is_read_too() -> None:
    content = {"choices": [{"logprobs": {"tokens": ["2"], "top_logprobs": [{"2": -0.5, " 1": -1.5}]}}]}
    assert read_options(content, OptionsQuestion(ASKED, ("1", "2"))) == Reply("ok", (-1.5, -0.5))


REFUSALS = [
    "I'm sorry, but I can't assist with that.",
    "I’m sorry, I cannot help with this request.",
    "Sorry, I can't answer that.",
    "I apologize, but I am unable to provide a rating.",
    "As an AI language model, I do not have personal opinions or beliefs.",
    "As an AI, I don't have feelings.",
    "I cannot rate this statement.",
    "Unfortunately, I won't participate in that.",
    "I don't have personal values.",
]
ANSWERS = [
    "4",
    "",
    "I can't live without freedom.",
    "I do not have personal opinions, but my answer is 4.",
    "I'm sorry to hear that. Very much like me.",
    "I am not able to sleep when others are in danger.",
    "I cannot help being kind",
    "I won't give up on my family.",
    "I cannot choose money over people.",
    "I will not pretend to be someone else.",
    "I can't do without adventure.",
    "I can't answer for others, but I like it.",
    "Nobody said: I'm sorry, but I can't assist with that.",
    "As an AI I value honesty.",
    "I can't give up. Answer: 6",
    "Sorry is a word I choose with care.",
]


@pytest.mark.parametrize(("text", "refused"), [(t, True) for t in REFUSALS] + [(t, False) for t in ANSWERS])
def test_a_refusal_is_found_only_where_it_is_plain(text: str, refused: bool) -> None:
    assert is_refusal(text) is refused


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"refusal": "No."}, "refusal"),
        ({"content": "I'm sorry, but I can't help with that."}, "refusal"),
        ({"content": "Gladly."}, "ok"),
        ({"content": ""}, "ok"),
    ],
)
def test_a_text_that_declines_is_a_refusal_and_keeps_its_words(change: dict[str, str], status: str) -> None:
    body = chat("x")
    body["choices"][0]["message"] |= change
    with served(after_probe(lambda _seen, _connection: answer(body))) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK)
        (reply,) = ask(backend, TEXT)
        backend.close()
    assert (reply.status, reply.text) == (status, next(iter(change.values())))


def test_a_text_that_the_server_filters_is_a_refusal_and_not_asked_again() -> None:
    body = {"error": {"code": "content_filter", "message": "no"}}
    with served(after_probe(lambda _seen, _connection: answer(body, 400))) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK)
        (reply,) = ask(backend, TEXT)
        backend.close()
    assert (reply.status, reply.lost, len(server.chats())) == ("refusal", False, 2)


def test_thinking_without_an_answer_is_unparsed() -> None:
    body = chat(None)
    body["choices"][0]["finish_reason"] = "length"
    with served(after_probe(lambda _seen, _connection: answer(body))) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK)
        (reply,) = ask(backend, TEXT)
        backend.close()
    assert reply.status == "unparsed"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "ftp://a/v1",
        "http://",
        "http://a b/v1",
        "http://a:99999/v1",
        "http://[::1/v1",
        "http://a\n/v1",
        "//a/v1",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ElicitationError, match="https://"):
        OpenAIServer(url, "m")


@pytest.mark.parametrize(
    "url", ["https://me:pass1234@a.example/v1", "https://pass1234@a.example/v1", "https://a.example/v1?key=pass1234"]
)
def test_an_address_with_a_password_or_a_query_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ElicitationError, match="key_env") as caught:
        OpenAIServer(url, "m")
    assert "pass1234" not in str(caught.value)


def test_the_identity_holds_address_and_model_and_nothing_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-to-be-shown")
    backend: Backend = OpenAIServer("https://a.example:8443/v1/", "m")
    assert backend.identity == OpenAIServer("https://a.example:8443/v1", "m", parallel=3).identity
    assert backend.identity != OpenAIServer("https://a.example:8443/v1", "n").identity
    for shown in (backend.identity, repr(backend), str(vars(backend))):
        assert "sk-not" not in shown


@pytest.mark.parametrize(
    ("url", "loopback", "private"),
    [
        ("http://localhost:8080", True, True),
        ("http://127.8.9.1/v1", True, True),
        ("http://[::1]:1/v1", True, True),
        ("http://192.168.1.7/v1", False, True),
        ("http://gpu-box:8000/v1", False, True),
        ("http://8.8.8.8/v1", False, False),
        ("https://localhost.example/v1", False, False),
        ("https://127.0.0.1.example/v1", False, False),
        ("http://[2606:4700::1]/v1", False, False),
    ],
)
def test_this_machine_and_private_networks_are_told_from_the_internet(url: str, loopback: bool, private: bool) -> None:
    address = read_address(url)
    assert (address.loopback, address.private) == (loopback, private)


@pytest.mark.parametrize(
    ("url", "base", "beside"),
    [
        ("https://a.example", "https://a.example/v1", "https://a.example/tokenize"),
        ("https://a.example/team/v1/", "https://a.example/team/v1", "https://a.example/team/tokenize"),
        ("https://a.example/v1/chat/completions", "https://a.example/v1", "https://a.example/tokenize"),
        ("http://[::1]:80/api", "http://[::1]:80/api", "http://[::1]:80/api/tokenize"),
        ("https://bücher.example", "https://xn--bcher-kva.example/v1", "https://xn--bcher-kva.example/tokenize"),
    ],
)
def test_an_address_is_completed(url: str, base: str, beside: str) -> None:
    address = read_address(url)
    assert (address.shown, address.of("/models"), address.of("//tokenize")) == (base, f"{base}/models", beside)


def test_another_machine_needs_a_key_and_the_error_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ProviderError, match="OPENAI_API_KEY"):
        OpenAIServer("https://a.example/v1", "m").probe()
    assert read_secrets(read_address("https://a.example/v1"), "") == Secrets()


def test_a_key_is_not_sent_unencrypted_over_the_internet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY_FOR_TESTS", "sk-12345678")
    with pytest.raises(ProviderError, match="https://"):
        read_secrets(read_address("http://a.example/v1"), "A_KEY_FOR_TESTS")
    assert read_secrets(read_address("http://10.0.0.3/v1"), "A_KEY_FOR_TESTS").key == "sk-12345678"


@pytest.mark.parametrize("key", ["sk-1\nX-Evil: 1", "sk-ключ", "a\x00b"])
def test_a_key_that_is_none_is_refused_without_showing_it(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if "\x00" not in key:
        monkeypatch.setenv("A_KEY_FOR_TESTS", key)
        with pytest.raises(ProviderError, match="A_KEY_FOR_TESTS") as caught:
            read_secrets(read_address("https://a.example/v1"), "A_KEY_FOR_TESTS")
        assert key not in str(caught.value)


def test_the_default_key_stays_away_from_servers_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-for-the-provider")
    with served(polite) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK)
        ask(backend, OPTIONS)
        backend.close()
    assert all("authorization" not in one.headers for one in server.seen)


def test_proxies_of_the_environment_are_used_for_other_machines_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with served(polite) as proxy, served(polite) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        here = OpenAIServer(server.url, "m", retries=QUICK)
        assert ask(here, OPTIONS)[0].status == "ok"
        here.close()
        assert (proxy.seen, len(server.chats())) == ([], 2)
        far = OpenAIServer("http://far.invalid/v1", "m", key_env="", retries=QUICK)
        assert ask(far, OPTIONS)[0].status == "ok"
        far.close()
    assert {one.path for one in proxy.chats()} == {"http://far.invalid/v1/chat/completions"}


def test_a_proxy_that_cannot_be_used_is_said_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "gopher://me:pass1234@proxy.invalid")
    monkeypatch.setenv("all_proxy", "gopher://me:pass1234@proxy.invalid")
    with pytest.raises(ProviderError, match="NO_PROXY") as caught:
        OpenAIServer("http://far.invalid/v1", "m", key_env="").probe()
    assert "pass1234" not in "".join(traceback.format_exception(caught.value))


def test_no_cookie_is_kept() -> None:
    def behave(seen: Seen, connection: socket.socket) -> bytes:
        return answer(chat("3", {"3": -0.5}), Set_Cookie="a=b")

    with served(behave) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK)
        ask(backend, OPTIONS, TEXT)
        backend.close()
    assert len(server.seen) > 3
    assert all("cookie" not in one.headers for one in server.seen)


def test_as_many_questions_are_on_their_way_as_wanted() -> None:
    meeting = threading.Barrier(4)

    def behave(seen: Seen, connection: socket.socket) -> bytes:
        meeting.wait(20)  # goes on only when four are asked at the same time
        return polite(seen, connection)

    with served(after_probe(behave)) as server:
        backend = OpenAIServer(server.url, "m", parallel=4, retries=QUICK)
        replies = ask(backend, *[OPTIONS] * 8)
        backend.close()
    assert {reply.status for reply in replies} == {"ok"}


def test_with_parallel_one_the_questions_come_one_by_one() -> None:
    busy = threading.Lock()

    def behave(seen: Seen, connection: socket.socket) -> bytes:
        with busy if busy.acquire(blocking=False) and not busy.release() else pytest.fail("two at once"):
            return polite(seen, connection)

    with served(after_probe(behave)) as server:
        backend = OpenAIServer(server.url, "m", parallel=1, retries=QUICK)
        asked = [Asked(OptionsQuestion((Message("user", str(n)),), ("1", "3"))) for n in range(6)]
        replies = ask(backend, *asked)
        backend.close()
    assert {reply.status for reply in replies} == {"ok"}
    assert [one.body["messages"][0]["content"] for one in server.chats()[1:]] == list("012345")


def test_asking_works_inside_a_running_event_loop() -> None:
    async def notebook(backend: OpenAIServer) -> list[Reply]:
        return ask(backend, OPTIONS, TEXT)

    with served(polite) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK)
        replies = asyncio.run(notebook(backend))
        backend.close()
    assert [reply.status for reply in replies] == ["ok", "ok"]


def test_repeats_of_a_text_are_asked_with_different_seeds_and_the_same_question_with_the_same() -> None:
    with served(polite) as server:
        backend = OpenAIServer(server.url, "m", parallel=1, retries=QUICK)
        ask(backend, *[Asked(TEXT.question, repeat) for repeat in (0, 1, 2, 0)])
        backend.close()
    seeds = [one.body["seed"] for one in server.chats()[1:]]
    assert seeds[0] == seeds[3]
    assert len(set(seeds)) == 3


def test_different_questions_do_not_share_their_random_numbers() -> None:
    def seed(text: str, repeat: int = 0, of: int = 0) -> object:
        question = TextQuestion((Message("user", text),), seed=of)
        return chat_body("m", Asked(question, repeat), Dialect())["seed"]

    assert seed("one") == seed("one")
    assert len({seed("one"), seed("two"), seed("one", 1), seed("one", 0, 1), seed("\ud800")}) == 5


def test_a_server_that_objects_to_fields_is_asked_without_them() -> None:
    told: list[str] = []

    def behave(seen: Seen, connection: socket.socket) -> bytes:
        body = seen.body
        wrong = "max_tokens is not supported, use max_completion_tokens" if "max_tokens" in body else ""
        wrong = wrong or ("unsupported: temperature" if "temperature" in body else "")
        wrong = wrong or ("top_logprobs must be at most 20" if body.get("top_logprobs", 0) > 20 else "")
        return answer({"error": {"message": wrong}}, 400) if wrong else polite(seen, connection)

    with served(behave) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK, notice=told.append)
        dialect = backend.probe().dialect
        assert [reply.status for reply in ask(backend, OPTIONS, TEXT)] == ["ok", "ok"]
        backend.close()
    assert dialect == Dialect(20, "max_completion_tokens", temperature=False)
    assert any("temperature" in sentence for sentence in told)
    assert server.chats()[-1].body["max_completion_tokens"] in (1, 8)


def test_without_log_probabilities_options_are_an_error_that_names_what_works() -> None:
    with served(lambda _seen, _connection: answer(chat("3"))) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK)
        assert backend.capabilities == {"text"}
        with pytest.raises(ElicitationError, match=r"'text'.*sampled_rating"):
            ask(backend, OPTIONS)
        assert ask(backend, TEXT)[0].text == "3"
        backend.close()


def test_the_server_is_probed_once_and_only_when_needed() -> None:
    with served(polite) as server:
        backend = OpenAIServer(server.url, "m", retries=QUICK)
        assert (backend.model, backend.at_once, backend.tokens(TEXT.question)[1], server.seen) == ("m", 8, 8, [])
        first = backend.probe()
        asked = len(server.seen)
        assert backend.probe() is first
        assert backend.capabilities == {"options", "text"}
        assert len(server.seen) == asked
        backend.close()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=80), min_size=1, max_size=4), st.integers(1, 500))
def test_more_text_never_takes_fewer_tokens(texts: list[str], most: int) -> None:
    conversation = tuple(Message("user", text) for text in texts)
    prompt, completion = tokens_of(TextQuestion(conversation, most))
    assert completion == most
    assert prompt > tokens_of(TextQuestion(conversation[:-1], most))[0]
    assert tokens_of(StatementQuestion(conversation, "I like it."))[0] > prompt


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=50), st.text(max_size=50))
def test_hiding_keeps_every_other_text_as_it_is(before: str, after: str) -> None:
    secrets = Secrets("sk-123-abcdefgh")
    hidden = secrets.answer(before + "sk-123-abcdefgh" + after)
    assert hidden == secrets.answer(before) + "[key]" + secrets.answer(after)
    assert secrets.answer(before) == before
    shown = secrets.readable(before + "sk-123-abcdefgh" + after)
    assert shown.isprintable()
    assert "abcdefgh" not in shown


@pytest.mark.parametrize(
    "wrong",
    [
        {"parallel": 0},
        {"model": " "},
        {"model": "a\nb"},
        {"retries": (0,)},
        {"retries": (1, -1.0)},
        {"limits": (0,)},
        {"limits": (None, math.nan)},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    def make(
        model: str = "m", parallel: int = 8, retries: tuple[float, ...] = (), limits: tuple[float, ...] = ()
    ) -> None:
        OpenAIServer(
            "http://localhost", model, parallel=parallel, retries=Retries(*retries), limits=RateLimits(*limits)
        )

    with pytest.raises(CausalValuesError):
        make(**wrong)
