"""The commands `elicit`, `cache` and `logs` as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from causalvalues import __version__
from causalvalues.cli.app import app
from causalvalues.study import eliciting
from tests.pretend_model import PretendModel


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> PretendModel:
    pretend = PretendModel(together=1000)
    monkeypatch.setattr(eliciting, "open_model", lambda *_, **__: pretend)
    return pretend


SMALL = ("elicit", "--personas", 2, "--per-value", 1)


def test_a_dry_run_says_what_it_would_cost_and_neither_asks_nor_makes_a_store(
    model: PretendModel, tmp_path: Path
) -> None:
    done = run(*SMALL, "--store", tmp_path / "s.sqlite", "--dry-run")
    assert done.exit_code == 0
    assert "questions to ask, 0 in the store" in done.stdout
    assert not (tmp_path / "s.sqlite").exists()
    assert model.heard == []
    held = json.loads(run(*SMALL, "--store", tmp_path / "s.sqlite", "--dry-run", "--json").stdout)
    assert held["calls"] > 50


def test_the_same_command_again_asks_nothing_and_writes_the_same_answers(model: PretendModel, tmp_path: Path) -> None:
    words = (*SMALL, "--store", tmp_path / "s.sqlite", "--out", tmp_path / "run")
    first = run(*words)
    assert first.exit_code == 0, first.output
    assert "Salience" in first.stdout or "values" in first.stdout
    asked, answers = len(model.heard), (tmp_path / "run" / "answers.csv").read_bytes()
    again = json.loads(run(*words, "--json").stdout)
    assert (again["tally"]["asked"], len(model.heard)) == (0, asked)
    assert (tmp_path / "run" / "answers.csv").read_bytes() == answers


def test_options_are_laid_over_the_file(model: PretendModel, tmp_path: Path) -> None:
    (tmp_path / "ask.toml").write_text(
        'seed = 3\n[personas]\nnumber = 5\n[items]\nper_value = 1\n[design]\nkind = "full"\nnames = ["do_power"]\n'
    )
    words = ("elicit", tmp_path / "ask.toml", "--personas", 2, "--store", tmp_path / "s", "--out", tmp_path / "run")
    assert run(*words).exit_code == 0
    table = pd.read_csv(tmp_path / "run" / "answers.csv").fillna({"levers": ""})
    assert table.groupby("persona_id")["levers"].agg(set).tolist() == [{"", "do_power"}] * 2
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["seed"] == 3


@pytest.mark.parametrize(
    "case",
    [
        (("elicit",), 2, "--out runs/mine"),
        (("elicit", "--server", "http://127.0.0.1:1/v1", "--out", "x"), 2, "--name"),
        (("elicit", "--model", "a.gguf", "--server", "http://x/v1", "--name", "m", "--out", "x"), 2, "one of them"),
        (("elicit", "--items", "schwartz", "--out", "x"), 2, "schwartz-10"),
        (("elicit", "--method", "guess", "--out", "x"), 2, "guess"),
        (("elicit", "nothing.toml", "--out", "x"), 2, "no study file"),
        ((*SMALL, "--max-calls", 3, "--out", "x"), 4, "limit of 3 calls"),
        (("cache", "list", "--store", "nothing.sqlite"), 3, "nothing.sqlite"),
        (("logs", "nothing.eval", "--out", "x.csv"), 3, "nothing.eval"),
    ],
)
def test_what_cannot_be_done_ends_with_its_exit_code_and_a_remedy(
    model: PretendModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, case: tuple[tuple[object, ...], int, str]
) -> None:
    words, code, said = case
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAUSALVALUES_STORE", str(tmp_path / "store.sqlite"))
    done = run(*words)
    assert done.exit_code == code, done.output
    assert said in done.stderr
    assert "Traceback" not in done.output
    assert model.heard == []


def test_the_version_is_printed() -> None:
    done = run("--version")
    assert (done.exit_code, done.stdout) == (0, f"causalvalues {__version__}\n")


def test_a_cost_limit_needs_prices(model: PretendModel, tmp_path: Path) -> None:
    (tmp_path / "ask.toml").write_text('[model]\nbackend = "server"\nurl = "http://127.0.0.1:1/v1"\nname = "m"\n')
    done = run("elicit", tmp_path / "ask.toml", "--max-cost", 1, "--out", tmp_path / "x")
    assert done.exit_code == 2
    assert "price_prompt" in done.stderr


def test_the_cache_is_listed_exported_and_pruned(model: PretendModel, tmp_path: Path) -> None:
    store = tmp_path / "s.sqlite"
    run(*SMALL, "--store", store, "--out", tmp_path / "run")
    [held] = json.loads(run("cache", "list", "--store", store, "--json").stdout)["holdings"]
    assert (held["model"], held["answers"]) == ("pretend", len(model.heard))
    assert run("cache", "export", tmp_path / "all.jsonl", "--store", store).exit_code == 0
    assert len((tmp_path / "all.jsonl").read_text().splitlines()) == len(model.heard)
    assert run("cache", "prune", "--store", store, "--model", "pretend").exit_code == 0
    assert run(*SMALL, "--store", store, "--out", tmp_path / "run").exit_code == 0
    assert len(model.heard) == 2 * held["answers"]


@pytest.mark.local
def test_the_embedded_model_is_measured_and_reported_as_salience(tmp_path: Path) -> None:
    words = ("elicit", "--personas", 2, "--per-value", 1, "--store", tmp_path / "s.sqlite", "--out", tmp_path / "run")
    done = run(*words)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("Salience, not endorsement.")
    assert "passed no negation control" in (tmp_path / "run" / "report.md").read_text()
    answers = pd.read_csv(tmp_path / "run" / "answers.csv")
    assert answers.shape == (2, 7 + 10)
    assert answers.iloc[:, 7:].notna().all(axis=None)
    assert json.loads(run(*words, "--json").stdout)["tally"]["asked"] == 0
