"""Running interviews: the same answers whatever was stored, nothing asked twice, nothing lost when it is killed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pretend_model import PretendModel, command, in_turn, mixed, plain, said, sheets_of, surroundings

from causalvalues.elicitation.questions import Asked, Reply, StatementQuestion, canonical, key_of
from causalvalues.elicitation.running import Tally, run_interviews
from causalvalues.elicitation.sheets import Answer, Interview, Sheet
from causalvalues.elicitation.store import Store
from causalvalues.errors import DataError, ElicitationError


def undisturbed(number: int) -> tuple[list[list[Answer]], dict[str, tuple[Asked, Reply]]]:
    """Answers of some sheets, and everything that was asked for them."""
    model, held = PretendModel(), {}

    class Remembering(PretendModel):
        def reply(self, asked: Asked) -> Reply:
            held[key_of(self.identity, asked)] = asked, super().reply(asked)
            return super().reply(asked)

    model = Remembering()
    with Store(":memory:") as store:
        return run_interviews(sheets_of(number), mixed, model, store), held


ANSWERS, ASKED = undisturbed(6)


@settings(max_examples=60, deadline=None)
@given(
    st.sets(st.sampled_from(sorted(ASKED))),
    st.permutations(range(6)),
    st.sampled_from([1, 2, 7, 100]),
    st.integers(1, 9),
)
def test_answers_are_the_same_whatever_is_stored_and_however_sheets_are_ordered_and_batched(
    stored: set[str], order: list[int], at_once: int, together: int
) -> None:
    model = PretendModel(at_once, together)
    with Store(":memory:") as store:
        store.put(model, [ASKED[key] for key in stored])
        sheets = sheets_of(6)
        found = run_interviews([sheets[place] for place in order], mixed, model, store)
        assert found == [ANSWERS[place] for place in order]
        assert sorted(model.heard) == sorted(canonical(model.identity, ASKED[key][0]) for key in set(ASKED) - stored)
        assert store.get(ASKED) == {key: reply for key, (_, reply) in ASKED.items()}


def test_a_stored_answer_is_never_asked_again() -> None:
    model = PretendModel(at_once=2)
    with Store(":memory:") as store:
        first = run_interviews(sheets_of(5), mixed, model, store)
        heard, batches = len(model.heard), len(model.batches)
        assert len(set(model.heard)) == heard
        assert run_interviews(sheets_of(5), mixed, model, store) == first
        assert (len(model.heard), len(model.batches)) == (heard, batches)


def test_sheets_are_asked_together_as_the_backend_likes_and_stored_ones_take_no_room() -> None:
    model = PretendModel(at_once=3)
    with Store(":memory:") as store:
        run_interviews(sheets_of(4)[1:3], plain, model, store)
        assert model.batches == [12]
        run_interviews(sheets_of(8), plain, model, store)
        assert model.batches[1:] == [12, 12]


def test_an_interview_of_several_steps_goes_on_beside_others() -> None:
    model = PretendModel(at_once=4)
    with Store(":memory:") as store:
        run_interviews(sheets_of(4), in_turn, model, store)
    assert model.batches == [8, 8, 8]


def test_an_interview_of_several_steps_ends_before_the_next_one_begins_when_sheets_are_asked_singly() -> None:
    model = PretendModel(at_once=1)
    with Store(":memory:") as store:
        run_interviews(sheets_of(3), in_turn, model, store)
    assert model.batches == [2] * 9
    people = [int(heard.split("You are number ")[1][0]) for heard in model.heard]
    assert people == sorted(people)


def test_repeats_are_answers_of_their_own() -> None:
    model = PretendModel()
    twice = [Sheet(f"s000#{i}", "plain", sheets_of(1)[0].persona, repeat=i) for i in range(2)]
    with Store(":memory:") as store:
        first, second = run_interviews(twice, plain, model, store)
    assert first != second
    assert len(model.heard) == 4 + 4 + 4


class Failing(PretendModel):
    """Loses every third question on the way, until it is mended."""

    mended = False

    def reply(self, asked: Asked) -> Reply:
        broken = int(key_of("", asked), 16) % 3 == 0 and not self.mended
        return Reply("timed_out", detail="60 s") if broken else super().reply(asked)


def test_what_is_lost_on_the_way_is_asked_again_and_only_that() -> None:
    model = Failing(at_once=2)
    with Store(":memory:") as store:
        seen: list[Tally] = []
        first = run_interviews(sheets_of(6), plain, model, store, progress=seen.append)
        lost = seen[-1].lost
        assert any(answer.status == "api_error" for answers in first for answer in answers)
        assert dict(seen[-1].statuses)["timed_out"] == lost > 0
        before = len(store)
        model.heard, model.mended = [], True
        second = run_interviews(sheets_of(6), plain, model, store)
        assert len(model.heard) == 28 - before
        assert len(store) == 28
    with Store(":memory:") as store:
        assert second == run_interviews(sheets_of(6), plain, PretendModel(), store)


@pytest.mark.parametrize("at_once", [1, 7])
def test_the_tally_adds_up(at_once: int) -> None:
    model, seen = PretendModel(at_once), list[Tally]()
    with Store(":memory:") as store:
        run_interviews(sheets_of(3), mixed, model, store)
        model.heard = []
        run_interviews(sheets_of(9), mixed, model, store, progress=seen.append)
    last = seen[-1]
    assert (last.sheets, last.done, last.done_from_store, last.waiting, last.lost) == (9, 9, 3, 0, 0)
    assert last.asked == len(model.heard) == dict(last.statuses)["ok"]
    assert last.prompt_tokens > 0 < last.completion_tokens
    assert all(a.done <= b.done and a.asked <= b.asked and a.from_store <= b.from_store for a, b in pairwise(seen))
    assert last.remaining(5.0) == 0.0
    assert Tally(10, done=6, done_from_store=4).remaining(3.0) == 6.0
    assert Tally(10, done=4, done_from_store=4).remaining(3.0) is None


class Watched(PretendModel):
    """Looks into the store, by a second connection, whenever it is asked for the next list."""

    def __init__(self, path: Path) -> None:
        super().__init__(together=3)
        self.path, self.seen = path, list[tuple[int, int]]()

    def answer(self, asked: Sequence[Asked]) -> Iterator[list[tuple[int, Reply]]]:
        for number, answered in enumerate(super().answer(asked)):
            with Store(self.path) as store:
                self.seen.append((len(store), 3 * number))
            yield answered


def test_each_list_is_stored_before_the_next_one_is_begun(tmp_path: Path) -> None:
    model = Watched(tmp_path / "a.sqlite")
    with Store(model.path) as store:
        run_interviews(sheets_of(1), plain, model, store)
    assert len(model.seen) == 3
    assert all(stored == yielded for stored, yielded in model.seen)


class Stopping(PretendModel):
    """Stops with an error after two lists, and notes that it was told to end."""

    ended = False

    def __init__(self, error: BaseException | None) -> None:
        super().__init__(together=2)
        self.error = error

    def answer(self, asked: Sequence[Asked]) -> Iterator[list[tuple[int, Reply]]]:
        try:
            for number, answered in enumerate(super().answer(asked)):
                if number == 2 and self.error is not None:
                    raise self.error
                yield answered
        finally:
            self.ended = True


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ElicitationError("The key is wrong."), MemoryError()])
def test_an_error_leaves_closes_the_interviews_and_what_was_yielded_is_stored(error: BaseException) -> None:
    closed = []

    def noted(sheet: Sheet) -> Interview:
        try:
            return (yield from plain(sheet))
        finally:
            closed.append(sheet.id)

    model = Stopping(error)
    model.at_once = 2
    with Store(":memory:") as store:
        with pytest.raises(type(error)) as caught:
            run_interviews(sheets_of(3), noted, model, store)
        assert closed == ["s000", "s001"]
        assert len(store) == 4
        if isinstance(error, KeyboardInterrupt):
            assert "0 of 3 sheets" in str(caught.value)
            assert "asked 4 questions" in str(caught.value)
            assert "same command" in str(caught.value)
        model.error = None
        assert run_interviews(sheets_of(3), plain, model, store) == run_interviews(sheets_of(3), plain, model, store)


def test_the_backend_is_told_to_end_when_the_store_fails(tmp_path: Path) -> None:
    model, store = Stopping(None), Store(tmp_path / "a.sqlite")
    with pytest.raises(DataError, match="closed"):
        run_interviews(sheets_of(2), plain, model, store, progress=lambda _: store.close())
    assert model.ended


def test_a_backend_that_leaves_questions_out_is_found_out() -> None:
    class Silent(PretendModel):
        def answer(self, asked: Sequence[Asked]) -> Iterator[list[tuple[int, Reply]]]:
            yield [(0, self.reply(asked[0]))]

    with Store(":memory:") as store:
        with pytest.raises(ElicitationError, match="pretend left 7 of 8 questions"):
            run_interviews(sheets_of(1), plain, Silent(), store)
        assert len(store) == 1


def test_nothing_to_ask_is_no_call() -> None:
    def quiet(sheet: Sheet) -> Interview:
        return [Answer("i0", 1.0)]
        yield []

    model = PretendModel()
    with Store(":memory:") as store:
        assert run_interviews([], plain, model, store) == []
        assert run_interviews(sheets_of(2), quiet, model, store) == [[Answer("i0", 1.0)]] * 2
    assert model.batches == []


def test_what_counts_is_what_the_store_has_when_another_process_was_quicker(tmp_path: Path) -> None:
    slow, quick, path = PretendModel(salt="slow"), PretendModel(salt="quick"), tmp_path / "a.sqlite"

    class Overtaken(PretendModel):
        def answer(self, asked: Sequence[Asked]) -> Iterator[list[tuple[int, Reply]]]:
            with Store(path) as other:
                other.put(quick, [(asked[0], quick.reply(asked[0]))])
            yield from super().answer(asked)

    def one(sheet: Sheet) -> Interview:
        (reply,) = yield [Asked(StatementQuestion(said(sheet, "Speak."), "I like it."))]
        return [Answer("i", reply.numbers[0])]

    with Store(path) as store:
        found = run_interviews(sheets_of(1), one, Overtaken(salt="slow"), store)
        assert found == run_interviews(sheets_of(1), one, slow, store)
    with Store(":memory:") as store:
        assert found == run_interviews(sheets_of(1), one, quick, store)


def test_asking_needs_no_heavy_library() -> None:
    words = (
        "import sys, causalvalues.elicitation.running, causalvalues.elicitation.cost, causalvalues.elicitation.store; "
        "sys.exit(', '.join({'pandas', 'torch', 'httpx2', 'typer', 'scipy'} & set(sys.modules)) or 0)"
    )
    assert subprocess.run([*command(Path(), Path(), 0)[:2], words], env=surroundings(), check=False).returncode == 0
