"""What a run will take, and limits: foreseen before it begins, kept while it runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pretend_model import PretendModel, in_turn, mixed, plain, said, sheets_of

from causalvalues.elicitation import cost
from causalvalues.elicitation.cost import Estimate, Limits, Prices, estimate, refuse
from causalvalues.elicitation.questions import Asked, OptionsQuestion, Question, Reply, TextQuestion
from causalvalues.elicitation.running import Tally, run_interviews
from causalvalues.elicitation.sheets import Interview, Sheet
from causalvalues.elicitation.store import Store
from causalvalues.errors import ElicitationError, ProviderError

PRICES = Prices(prompt=2.0, completion=10.0)


def run(store: Store, sheets: int, model: PretendModel, limits: Limits | None = None) -> Tally:
    seen = [Tally(sheets)]
    run_interviews(sheets_of(sheets), mixed, model, store, limits=limits, progress=seen.append)
    return seen[-1]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 6), st.integers(0, 9), st.sampled_from([1, 4]))
def test_an_estimate_is_what_the_run_then_takes(stored: int, sheets: int, at_once: int) -> None:
    model = PretendModel(at_once)
    with Store(":memory:") as store:
        run(store, stored, model)
        before, heard = len(store), len(model.heard)
        found = estimate(sheets_of(sheets), mixed, model, store, PRICES)
        assert (len(store), len(model.heard)) == (before, heard)
        tally = run(store, sheets, model)
        assert found.calls == tally.asked
        assert (found.prompt_tokens, found.completion_tokens) == (tally.prompt_tokens, tally.completion_tokens)
        assert found.money == pytest.approx(PRICES.of(tally.prompt_tokens, tally.completion_tokens))
        again = estimate(sheets_of(sheets), mixed, model, store, PRICES)
        assert (again.calls, again.money, again.stored, again.notes) == (0, 0.0, found.calls + found.stored, ())


def test_questions_of_later_steps_are_said_to_be_estimates() -> None:
    model = PretendModel()
    with Store(":memory:") as store:
        assert estimate(sheets_of(3), plain, model, store, PRICES).notes == ()
        (note,) = estimate([*sheets_of(3), *sheets_of(2)], in_turn, model, store, PRICES).notes
        assert note.startswith("12 of the 18 calls follow from replies that are not there yet")


def test_unknown_prices_are_unknown_and_never_zero() -> None:
    with Store(":memory:") as store:
        found = estimate(sheets_of(3), plain, PretendModel(), store)
        assert found.money is None
        assert "Prices are unknown, so the cost is unknown." in found.notes
        assert estimate(sheets_of(3), plain, PretendModel(), store, Prices(0, 0)).money == 0.0


def test_free_text_that_is_judged_is_foreseen_with_the_length_of_a_text() -> None:
    class Counting(PretendModel):
        def tokens(self, question: Question) -> tuple[int, int]:
            words = sum(len(message.text.split()) for message in question.conversation)
            return words, question.max_tokens if isinstance(question, TextQuestion) else 1

    def judged(sheet: Sheet) -> Interview:
        (text,) = yield [Asked(TextQuestion(said(sheet, "Tell."), max_tokens=50))]
        yield [Asked(OptionsQuestion(said(sheet, f"Judge: {text.text}"), ("1", "2")))]
        return []

    with Store(":memory:") as store:
        found = estimate(sheets_of(10), judged, Counting(), store)
    assert found.prompt_tokens == 10 * (4 + 1) + 10 * (4 + 1 + 50)
    assert found.completion_tokens == 10 * 50 + 10


def test_many_questions_have_their_tokens_counted_on_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    class Uneven(PretendModel):
        asked = 0

        def tokens(self, question: Question) -> tuple[int, int]:
            self.asked += 1
            return int(question.conversation[0].text.split()[-1].strip(".")) if len(question.conversation) > 1 else 1, 1

    def many(sheet: Sheet) -> Interview:
        yield [Asked(TextQuestion(said(sheet, f"{i}?"))) for i in range(20)]
        return []

    model = Uneven()
    monkeypatch.setattr(cost, "COUNTED", 1000)
    with Store(":memory:") as store:
        found = estimate(sheets_of(400), many, model, store, PRICES)
    assert found.calls == found.completion_tokens == 8000
    assert model.asked < 4000
    truth = 20 * sum(range(400))
    assert abs(found.prompt_tokens - truth) < 5 * truth / math.sqrt(3 * 500)
    assert any("scaled up" in note for note in found.notes)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 50), st.integers(0, 50), st.floats(0, 1e-3), st.floats(0, 1e-3))
def test_a_run_is_refused_exactly_when_its_estimate_is_over_a_limit(
    calls: int, max_calls: int, money: float, max_cost: float
) -> None:
    tokens = round(money / 2e-6)
    found = Estimate(1, calls, 0, tokens, 0, None)
    limits = Limits(max_calls, max_cost, PRICES)
    if calls <= max_calls and PRICES.of(tokens, 0) <= max_cost:
        refuse(found, limits)
    else:
        with pytest.raises(ProviderError) as caught:
            refuse(found, limits)
        assert caught.value.exit_code == 4
        assert "Nothing was asked" in str(caught.value)
    refuse(found, Limits())


def test_a_refusal_names_the_figures() -> None:
    found = Estimate(20, 4800, 0, 3_000_000, 100_000, 7.0)
    with pytest.raises(ProviderError, match="would ask 4800 questions, more than the limit of 1000 calls"):
        refuse(found, Limits(max_calls=1000))
    with pytest.raises(ProviderError, match=r"would cost about 7\.00, more than the limit of 2\.5\."):
        refuse(found, Limits(max_cost=2.5, prices=PRICES))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 30), st.sampled_from([1, 3]), st.integers(1, 5))
def test_calls_stay_within_their_limit_and_runs_in_pieces_end_with_the_same_answers(
    most: int, at_once: int, together: int
) -> None:
    model = PretendModel(at_once, together)
    with Store(":memory:") as whole, Store(":memory:") as store:
        answers = run_interviews(sheets_of(3), mixed, PretendModel(), whole)
        for done in range(0, len(whole) - most, most) if most else [0]:
            with pytest.raises(ProviderError, match=f"limit of {most} calls is reached") as caught:
                run_interviews(sheets_of(3), mixed, model, store, limits=Limits(max_calls=most))
            assert len(model.heard) == len(store) == done + most
            assert f"asked {most} questions" in str(caught.value)
        last = Limits(max_calls=len(whole) - len(store))
        assert run_interviews(sheets_of(3), mixed, model, store, limits=last) == answers
        assert list(store.lines()) == list(whole.lines())
        assert len(model.heard) == len(whole)


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 2e-3), st.sampled_from([1, 3]))
def test_cost_stays_within_its_limit(most: float, at_once: int) -> None:
    model, seen = PretendModel(at_once), [Tally(5)]
    with Store(":memory:") as store:
        needed = estimate(sheets_of(5), mixed, model, store, PRICES).money
        assert needed is not None
        over = pytest.raises(ProviderError, match="on cost is reached") if needed > most else nullcontext()
        with over:
            limits = Limits(max_cost=most, prices=PRICES)
            run_interviews(sheets_of(5), mixed, model, store, limits=limits, progress=seen.append)
        assert PRICES.of(seen[-1].prompt_tokens, seen[-1].completion_tokens) <= most
        assert len(store) == seen[-1].asked


def test_a_reply_without_token_numbers_costs_what_was_expected_and_lost_ones_cost_too() -> None:
    class Silent(PretendModel):
        def reply(self, asked: Asked) -> Reply:
            return Reply("timed_out", detail=asked.question.capability)

    model, text, options = Silent(), PRICES.of(7, 2), PRICES.of(9, 0)
    limits = Limits(max_cost=text + options + 1.5 * text, prices=PRICES)
    with Store(":memory:") as store:
        with pytest.raises(ProviderError, match="on cost is reached"):
            run_interviews(sheets_of(1), in_turn, model, store, limits=limits)
        assert len(model.heard) == 3


BAD: list[tuple[Callable[[], object], str]] = [
    (lambda: Prices(-1, 0), "price of prompt tokens is -1"),
    (lambda: Prices(0, math.nan), "price of completion tokens is nan"),
    (lambda: Limits(max_calls=-1), "limit on calls is -1"),
    (lambda: Limits(max_cost=math.inf, prices=PRICES), "limit on cost is inf"),
    (lambda: Limits(max_cost=1.0), "needs prices"),
]


@pytest.mark.parametrize(("make", "words"), BAD)
def test_prices_and_limits_that_make_no_sense_are_refused(make: Callable[[], object], words: str) -> None:
    with pytest.raises(ElicitationError, match=words):
        make()
