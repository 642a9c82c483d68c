"""`causalvalues cache`: list, prune and export what was answered."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pretend_model import PretendModel, plain, sheets_of
from typer.testing import CliRunner, Result

from causalvalues.cli.app import app
from causalvalues.elicitation.questions import Asked, Message, Reply, TextQuestion
from causalvalues.elicitation.running import run_interviews
from causalvalues.elicitation.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Eight answers of one model, two years old, and two of another, of today; one was lost."""
    path = tmp_path / "a.sqlite"
    with Store(path, clock=lambda: datetime.now(UTC) - timedelta(days=730)) as kept:
        run_interviews(sheets_of(1), plain, PretendModel(), kept)
    other = PretendModel()
    other.identity, other.model = "other|server", "other"
    with Store(path) as kept:
        asked = [Asked(TextQuestion((Message("user", str(i)),))) for i in range(3)]
        kept.put(
            other, [(asked[0], Reply("ok", text="4")), (asked[1], Reply("refusal")), (asked[2], Reply("timed_out"))]
        )
    return path


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["cache", *map(str, words)])


def answers(path: Path) -> int:
    with Store(path) as kept:
        return len(kept)


def test_list_says_what_is_kept_of_each_backend_and_model(store: Path) -> None:
    said = run("list", "--store", store)
    assert said.exit_code == 0
    assert f"{store} holds 10 answers." in said.stdout
    assert re.search(
        r"other\n  2 answers, \d+ bytes, .*; 1 lost on the way, to be asked again\n  other\|server", said.stdout
    )
    held = json.loads(run("list", "--store", store, "--json").stdout)
    assert held["store"] == str(store)
    assert [(each["model"], each["answers"], each["lost"]) for each in held["holdings"]] == [
        ("other", 2, 1),
        ("pretend", 8, 0),
    ]


def test_the_store_is_found_where_the_environment_says(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAUSALVALUES_STORE", str(store))
    assert "holds 10 answers" in run("list").stdout


def test_no_store_is_an_error_and_makes_none(tmp_path: Path) -> None:
    for words in (["list"], ["prune", "--model", "x"], ["export", tmp_path / "x.jsonl"]):
        said = run(*words, "--store", tmp_path / "none.sqlite")
        assert said.exit_code == 3
        assert "There is no store of answers" in said.stderr
    assert list(tmp_path.iterdir()) == []


def test_prune_asks_for_a_criterion(store: Path) -> None:
    said = run("prune", "--store", store)
    assert said.exit_code == 2
    assert "--older-than, --backend or --model" in said.stderr
    assert answers(store) == 10


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (["--older-than", "30d"], 2),
        (["--older-than", "2h"], 2),
        (["--older-than", "200w"], 10),
        (["--older-than", "2999-01-01"], 0),
        (["--model", "pretend"], 2),
        (["--backend", "server"], 8),
        (["--backend", "server", "--older-than", "1d"], 10),
    ],
)
def test_prune_removes_what_it_says_and_a_dry_run_nothing(words: list[str], left: int, store: Path) -> None:
    said = run("prune", "--store", store, *words, "--dry-run")
    assert said.exit_code == 0
    assert f"would lose {10 - left} answers" in said.stdout
    assert answers(store) == 10
    said = run("prune", "--store", store, *words, "--json")
    assert sum(each["answers"] for each in json.loads(said.stdout)["holdings"]) == 10 - left
    assert answers(store) == left


@pytest.mark.parametrize("age", ["soon", "30", "-3d", "999999w", "3 d 4"])
def test_an_age_that_is_not_understood_is_refused(age: str, store: Path) -> None:
    said = run("prune", "--store", store, f"--older-than={age}")
    assert said.exit_code == 2
    assert "12h, 30d, 8w" in said.stderr


def test_export_writes_one_line_an_answer(store: Path, tmp_path: Path) -> None:
    said = run("export", tmp_path / "out" / "a.jsonl", "--store", store)
    assert said.exit_code == 0
    assert "10 answers" in said.stdout
    lines = (tmp_path / "out" / "a.jsonl").read_text(encoding="utf-8").splitlines()
    assert sorted(json.loads(line)["model"] for line in lines) == ["other"] * 2 + ["pretend"] * 8
    assert json.loads(run("export", tmp_path / "b.jsonl", "--store", store, "--json").stdout)["answers"] == 10


def test_export_does_not_write_over_the_store(store: Path) -> None:
    said = run("export", store, "--store", store)
    assert said.exit_code == 2
    assert answers(store) == 10
