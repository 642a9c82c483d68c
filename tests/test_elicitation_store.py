"""The store of answers: nothing changes on the way in and out, the first answer stands, bad files are refused."""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pretend_model import PretendModel, surroundings

from causalvalues.elicitation import store as store_module
from causalvalues.elicitation.questions import (
    Asked,
    Message,
    OptionsQuestion,
    Question,
    Reply,
    StatementQuestion,
    TextQuestion,
    canonical,
    key_of,
)
from causalvalues.elicitation.store import Store, default_store_path
from causalvalues.errors import ElicitationError

MODEL = PretendModel()
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=30)
REPLIES = st.builds(
    Reply,
    st.sampled_from(["ok", "refusal", "unparsed", "not_offered"]),
    st.lists(st.floats(), max_size=6).map(tuple),
    st.integers(0, 2**40),
    ANY_TEXT,
    st.integers(0, 2**40),
    st.integers(0, 2**40),
    ANY_TEXT,
)


def question(text: str, repeat: int = 0) -> Asked:
    return Asked(StatementQuestion((Message("user", text),), "I like it."), repeat)


def answered(number: int, start: int = 0) -> list[tuple[Asked, Reply]]:
    asked = [question(f"Question {start + i}?") for i in range(number)]
    return [(each, MODEL.reply(each)) for each in asked]


def key(asked: Asked) -> str:
    return key_of(MODEL.identity, asked)


def bits(reply: Reply) -> tuple[object, ...]:
    """A reply with its floats as bits, so that NaN and -0.0 are told apart; all NaN are one."""
    numbers = [b"nan" if math.isnan(each) else struct.pack("<d", each) for each in reply.numbers]
    return (numbers, *[value for name, value in vars(reply).items() if name != "numbers"])


@settings(max_examples=200, deadline=None)
@given(ANY_TEXT, REPLIES)
def test_any_reply_to_any_text_comes_back_to_the_bit(text: str, reply: Reply) -> None:
    asked = Asked(TextQuestion((Message("user", text),)))
    with Store(":memory:") as store:
        now = store.put(MODEL, [(asked, reply)])
        later = store.get([key(asked)])
        line = json.loads(next(store.lines()))
    assert bits(now[key(asked)]) == bits(later[key(asked)]) == bits(reply)
    assert line["asked"]["question"]["conversation"] == [{"role": "user", "text": text}]
    assert [float(each) for each in line["reply"]["numbers"]] == pytest.approx(reply.numbers, rel=0, abs=0, nan_ok=True)
    assert line["reply"]["text"] == reply.text


TURNS = (Message("system", "You are Ann."), Message("user", 'Say "é\n".'))


@pytest.mark.parametrize(
    "question", [StatementQuestion(TURNS, "Yes."), OptionsQuestion(TURNS, ("1", "2")), TextQuestion(TURNS, 9, 0.5, 3)]
)
def test_a_key_is_made_of_the_backend_and_all_that_was_asked(question: Question) -> None:
    content = {"backend": "b", "question": asdict(question), "repeat": 2}
    words = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert canonical("b", Asked(question, 2)) == words
    assert key_of("b", Asked(question, 2)) == hashlib.sha256(words.encode()).hexdigest()
    judged = json.loads(canonical("b", Asked(question, 2, judge=True)))
    assert judged == json.loads(words) | {"judge": True}


def test_ten_megabytes_of_text_are_one_answer(tmp_path: Path) -> None:
    reply = Reply("ok", text="é\0x" * 3_000_000)
    with Store(tmp_path / "a.sqlite") as store:
        store.put(MODEL, [(question("?"), reply)])
    with Store(tmp_path / "a.sqlite") as store:
        assert store.get([key(question("?"))]) == {key(question("?")): reply}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), max_size=6), max_size=6))
def test_the_first_answer_stands_and_put_says_what_stands(lists: list[list[tuple[int, int]]]) -> None:
    first: dict[int, Reply] = {}
    with Store(":memory:") as store:
        for pairs in lists:
            answers = [(question(str(number)), Reply("ok", (float(answer),))) for number, answer in pairs]
            for number, answer in pairs:
                first.setdefault(number, Reply("ok", (float(answer),)))
            stands = store.put(MODEL, answers)
            assert stands == {key(question(str(number))): first[number] for number, _ in pairs}
        assert store.get(key(question(str(i))) for i in range(10)) == {
            key(question(str(number))): reply for number, reply in first.items()
        }
        assert len(store) == len(first)


def test_thousands_of_keys_are_looked_up_and_unknown_ones_are_left_out() -> None:
    answers = answered(1500)
    with Store(":memory:") as store:
        store.put(MODEL, answers)
        found = store.get([*[key(asked) for asked, _ in answers], *[key(question(f"x{i}")) for i in range(700)]])
        assert found == {key(asked): reply for asked, reply in answers}
        assert store.get([]) == {}
        assert store.put(MODEL, []) == {}


def test_repeats_and_backends_are_kept_apart() -> None:
    other = PretendModel()
    other.identity = "pretend|2"
    with Store(":memory:") as store:
        for number, (backend, repeat) in enumerate([(MODEL, 0), (MODEL, 1), (other, 0)]):
            store.put(backend, [(question("?", repeat), Reply("ok", (float(number),)))])
        assert len(store) == 3
        assert store.get([key_of("pretend|2", question("?"))]).popitem()[1].numbers == (2.0,)
        assert [(each.backend, each.answers) for each in store.summary()] == [("pretend|1", 2), ("pretend|2", 1)]


def test_what_is_lost_is_noted_but_is_no_answer() -> None:
    asked, lost = question("?"), Reply("timed_out", detail="after 60 s")
    with Store(":memory:") as store:
        for _ in range(2):
            assert store.put(MODEL, [(asked, lost)]) == {key(asked): lost}
        assert store.get([key(asked)]) == {}
        assert (len(store), [(each.answers, each.lost) for each in store.summary()]) == (0, [(0, 1)])
        assert list(store.lines()) == []
        answer = Reply("ok", (1.0,))
        store.put(MODEL, [(asked, answer)])
        assert [(each.answers, each.lost) for each in store.summary()] == [(1, 0)]
        assert store.put(MODEL, [(asked, lost)]) == {key(asked): answer}


def test_a_list_is_stored_whole_or_not_at_all() -> None:
    with Store(":memory:") as store:
        with pytest.raises(OverflowError):
            store.put(MODEL, [*answered(3), (question("too large"), Reply("ok", tokens=2**70))])
        assert len(store) == 0
        assert store.summary() == []
        store.put(MODEL, answered(3))
        assert [each.answers for each in store.summary()] == [3]


def test_the_same_answers_export_the_same_bytes_whenever_and_in_whatever_order_they_were_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = answered(50)
    with Store(tmp_path / "a.sqlite") as store:
        store.put(MODEL, answers)
        first = store.export(tmp_path / "a.jsonl").read_bytes()
    monkeypatch.setattr(store_module, "__version__", "99.0")
    late = datetime(2040, 1, 1, tzinfo=UTC)
    with Store(tmp_path / "b.sqlite", clock=lambda: late) as store:
        store.put(MODEL, [(question("Question 3?"), Reply("server_error"))])
        for answer in reversed(answers):
            store.put(MODEL, [answer])
        assert store.export(tmp_path / "b.jsonl").read_bytes() == first
    lines = first.splitlines()
    assert len(lines) == 50
    assert lines == sorted(lines)
    for line in lines:
        asked = line[line.index(b'"asked":') + 8 : line.index(b',"reply":')]
        assert hashlib.sha256(asked).hexdigest() == json.loads(line)["key"]
        assert json.loads(line)["model"] == "pretend"


STRICT = [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf")]


@pytest.mark.parametrize(("number", "word"), STRICT)
def test_an_export_is_strict_json(number: float, word: str) -> None:
    with Store(":memory:") as store:
        store.put(MODEL, [(question("?"), Reply("ok", (number, -0.5)))])
        line = json.loads(next(store.lines()), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert line["reply"]["numbers"] == [word, -0.5]


def _dated(path: Path, days: int) -> Store:
    """A store with one answer of each of two backends and two models on each of some days."""
    day = count()
    start = datetime(2026, 1, 1, tzinfo=UTC)
    store = Store(path, clock=lambda: start + timedelta(days=next(day) // 4))
    for number in range(days):
        for identity, name in (("server|a", "a"), ("server|b", "b"), ("local|a", "a"), ("local|b", "b")):
            model = PretendModel()
            model.identity, model.model = identity, name
            store.put(model, [(question(str(number)), Reply("ok", (1.0,)))])
    return store


@pytest.mark.parametrize("days", [None, 0, 2, 9])
@pytest.mark.parametrize("backend", ["", "server", "|b", "nobody"])
@pytest.mark.parametrize("model", ["", "a", "serv"])
def test_pruning_removes_what_meets_all_criteria_and_nothing_else(days: int | None, backend: str, model: str) -> None:
    before = None if days is None else datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days)
    with _dated(Path(":memory:"), 4) as store:
        if before is None and not backend and not model:
            with pytest.raises(ElicitationError, match="Say what to remove"):
                store.prune(before, backend, model)
            assert len(store) == 16
            return
        kept = {
            (identity, name): 4
            - (0 if backend not in identity or model not in ("", name) else min(4, 4 if days is None else days))
            for identity, name in (("server|a", "a"), ("server|b", "b"), ("local|a", "a"), ("local|b", "b"))
        }
        would = store.prune(before, backend, model, dry_run=True)
        assert len(store) == 16
        assert store.prune(before, backend, model) == would
        assert sum(each.answers for each in would) == 16 - len(store)
        assert {(each.backend, each.model): each.answers for each in store.summary()} == {
            pair: number for pair, number in kept.items() if number
        }


def test_pruning_gives_space_back_and_what_was_pruned_can_be_stored_again(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with Store(path) as store:
        store.put(MODEL, [(question("?"), Reply("ok", text="x" * 2_000_000)), (question("??"), Reply("timed_out"))])
        store.prune(model="pretend")
        assert path.stat().st_size < 200_000
        assert store.summary() == []
        store.put(MODEL, answered(2))
        assert len(store) == 2


WRITER = """
import sys
from pathlib import Path
from test_elicitation_store import MODEL, Store, answered
start = int(sys.argv[2])
while not Path(sys.argv[3]).exists():
    pass
with Store(sys.argv[1]) as store:
    for first in range(start, start + 200, 5):
        store.put(MODEL, answered(5, first))
"""


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "go"
    yield path
    path.touch()


def test_two_processes_may_make_and_fill_one_store_at_the_same_time(tmp_path: Path, gate: Path) -> None:
    path = tmp_path / "deep" / "er" / "a.sqlite"
    words = [sys.executable, "-c", WRITER, str(path)]
    writers = [subprocess.Popen([*words, start, str(gate)], env=surroundings()) for start in ("0", "100")]
    gate.touch()
    assert [writer.wait(100) for writer in writers] == [0, 0]
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    with Store(path) as store:
        assert store.get(key(asked) for asked, _ in answered(300)) == {
            key(asked): reply for asked, reply in answered(300)
        }
        assert len(store) == 300


PLACES = [
    ({"CAUSALVALUES_STORE": "/x/y.sqlite", "XDG_DATA_HOME": "/data"}, "/x/y.sqlite"),
    ({"XDG_DATA_HOME": "/data"}, "/data/causalvalues/answers.sqlite"),
    ({"XDG_DATA_HOME": "relative"}, "/home/me/.local/share/causalvalues/answers.sqlite"),
    ({}, "/home/me/.local/share/causalvalues/answers.sqlite"),
]


@pytest.mark.parametrize(("named", "place"), PLACES)
def test_the_default_place_is_in_the_data_folder_of_the_user(
    named: dict[str, str], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CAUSALVALUES_STORE", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (named | {"HOME": "/home/me"}).items():
        monkeypatch.setenv(name, value)
    assert default_store_path() == Path(place)
