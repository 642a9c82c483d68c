"""The command `steer-vectors` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from causalvalues.cli.app import app
from causalvalues.steering import read_levers
from tests.test_study_vectors import write_inputs
from tests.toy_model_folder import write_toy_model


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["steer-vectors", *(str(word) for word in words)])


@pytest.mark.local
def test_the_command_writes_levers_that_elicit_can_take_and_says_where(tmp_path: Path) -> None:
    given = write_inputs(tmp_path)
    toy = write_toy_model(tmp_path / "toy")
    words = (
        "--model",
        toy,
        "--pairs",
        given["pairs"],
        "--layers",
        "3,1,3",
        "--loss",
        0.03,
        "--kind",
        "discriminant",
    )
    more = ("--positions", "answer", "--random", 1, "--seed", 4, "--no-trial")
    done = run(*words, *more, "--out", tmp_path / "made", "--json")
    assert done.exit_code == 0, done.output
    held = json.loads(done.stdout)
    assert held["layers"] == [1, 3]
    levers = read_levers(tmp_path / "made" / "levers.csv")
    assert held["levers"] == {lever.name: lever.fingerprint for lever in levers}
    assert {lever.positions for lever in levers} == {"answer"}
    assert all(abs(loss - 0.03) < 0.0012 for loss in held["losses"].values())
    manifest = json.loads((tmp_path / "made" / "manifest.json").read_text())
    assert (manifest["seed"], manifest["settings"]["kind"], manifest["settings"]["trial"]) == (
        4,
        "discriminant",
        False,
    )
    assert held["first_lines"][0][0] == "Not tried:"


@pytest.mark.parametrize(
    "case",
    [
        ((), 2, "--out"),
        (("--out", "x", "--loss", 0), 2, "above zero"),
        (("--out", "x", "--loss", -1), 2, "above zero"),
        (("--out", "x", "--layers", "two"), 2, "Write numbers of layers"),
        (("--out", "x", "--kind", "svd"), 2, "`kind` is 'svd'"),
        (("--out", "x", "--positions", "some"), 2, "`positions` is 'some'"),
        (("--out", "x", "--random", -1), 2, "`random` is -1"),
        (("--out", "x", "--theory", "mft-5"), 2, "no contrast pairs 'mft-5'"),
        (("--out", "x", "--pairs", "no.toml"), 2, "no.toml"),
        (("--out", "x", "--model", "no/such"), 4, "no/such"),
    ],
)
def test_what_cannot_be_done_ends_with_its_exit_code_and_one_sentence(
    case: tuple[tuple[object, ...], int, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words, code, said = case
    done = run(*words)
    assert done.exit_code == code, done.output
    assert said in done.output
    assert "Traceback" not in done.output
    assert not (tmp_path / "x").exists()


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("mine")
    done = run("--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "thesis.tex" in done.output
    assert (tmp_path / "out" / "thesis.tex").read_text() == "mine"
