"""The closed loop: every step foretold before it is asked, the best kept, the ledger intact."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pretend_model import surroundings
from steerable_model import command
from steered_world import steered_world
from typer.testing import CliRunner

from causalvalues.cli.app import app
from causalvalues.elicitation.cost import Limits
from causalvalues.errors import CausalValuesError, LoopError, ProviderError, StudyError
from causalvalues.loop import read_loop, run_steer_loop
from causalvalues.loop.comparing import LOOP, compare_ways, ratio_of
from causalvalues.loop.ledger import Ledger
from causalvalues.loop.steering import Aim, Planned, Rules, doses_of, foresee, steer
from causalvalues.loop.swap import draw_targets
from causalvalues.prediction import LeverResponse, Mechanism, PairedRows

LEVERS = ["do_power", "do_benevolence", "do_security"]
LOOP_FILE = """
title = "A loop"
seed = 5
[data]
path = "answers/answers.csv"
key = "answers/key.toml"
cluster_by = "persona_id"
wordings = "wording"
[items]
per_value = 2
[personas]
number = 4
first = 100
[swap]
number = 7
unreachable = 0.3
pairs = "any"
[steering]
asks = 3
reach = 0.12
[sealed]
frame = 1
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with answers of the steerable model and a file for a loop on it."""
    with steered_world(tmp_path_factory.mktemp("world"), personas=16) as folder:
        (folder / "loop.toml").write_text(LOOP_FILE)
        yield folder


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }


def simulated(seed: int, units: int = 30) -> PairedRows:
    """Rows of a world with three levers, two values and no noise to speak of."""
    random = np.random.default_rng(seed)
    effects = random.normal(0, 0.5, (3, 2))
    sets = [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2)]
    start, doses, reached, names = [], [], [], []
    for unit in range(units):
        own = random.normal(0, 0.3, 2)
        for chosen in sets:
            row = np.zeros(3)
            row[list(chosen)] = 1
            start.append(own)
            doses.append(row)
            reached.append(own + row @ effects + random.normal(0, 0.01, 2))
            names.append(f"u{unit}")
    return PairedRows(("a", "b"), ("l1", "l2", "l3"), tuple(names), np.array(start), np.array(doses), np.array(reached))


@cache
def fitted(seed: int) -> LeverResponse:
    return Mechanism().fit(simulated(seed), 0)


CHOICES = tuple(tuple((f"l{i + 1}", 1.0) for i in chosen) for chosen in ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2)))


@given(seed=st.integers(0, 10_000), asks=st.integers(0, 6))
@settings(max_examples=15, deadline=None)
def test_a_loop_keeps_the_best_of_what_it_asked_and_asks_nothing_twice(seed: int, asks: int) -> None:
    response = fitted(seed % 3)
    random = np.random.default_rng(seed)
    truth = {said: random.normal(0, 0.5, 2) for said in CHOICES}
    aim = Aim(np.zeros(2), random.normal(0, 0.5, 2))
    heard: list[Planned] = []

    def hear(planned: Planned) -> np.ndarray:
        heard.append(planned)
        return truth[planned.levers]

    found = steer(response, aim, CHOICES, hear, Rules(asks, 0.0, 0.0, 0.1, 0))
    said = [planned.levers for planned in heard]
    assert len(set(said)) == len(said) <= asks
    assert found.error == min([float(aim.error(aim.start)), *(float(aim.error(truth[each])) for each in said)])
    assert [step.planned.number for step in found.steps] == list(range(1, len(said) + 1))
    assert 0 <= found.chances[1] <= 1
    if not asks:
        assert found.best is None
        assert found.steps == ()


def test_where_predictions_are_right_the_first_ask_is_the_best_of_all_and_the_foretold_error_is_the_achieved() -> None:
    rows = simulated(3, units=80)
    response = Mechanism().fit(rows, 0)
    wanted = response.predict(np.zeros((1, 2)), doses_of(response.levers, CHOICES[4:5])).mean[0]
    aim = Aim(np.zeros(2), wanted)
    told = response.predict(np.zeros((6, 2)), doses_of(response.levers, CHOICES)).mean
    found = steer(response, aim, CHOICES, lambda p: told[CHOICES.index(p.levers)], Rules(6, 0.02, 0.0, 0.1, 0))
    assert found.steps[0].planned.levers == CHOICES[4]
    assert found.why == "within the tolerance"
    assert len(found.steps) == 1
    assert found.steps[0].planned.predicted_error == pytest.approx(0.01 * np.sqrt(2 / np.pi), rel=0.3)


def test_expected_errors_are_the_means_of_the_samples() -> None:
    response = fitted(1)
    aim = Aim(np.array([0.1, -0.2]), np.array([0.3, np.nan]))
    told = foresee(response, aim, CHOICES, 0)
    assert told.expected == pytest.approx(told.errors.mean(axis=1), abs=4 * told.errors.std() / np.sqrt(2000))
    assert told.chance(np.inf) == 1.0
    assert told.chance(0.0) == 0.0


def test_a_far_target_is_flagged_and_a_near_one_is_not() -> None:
    response = fitted(2)
    told = response.predict(np.zeros((6, 2)), doses_of(response.levers, CHOICES)).mean

    def end(wanted: np.ndarray) -> bool:
        aim = Aim(np.zeros(2), wanted)
        return steer(
            response, aim, CHOICES, lambda p: told[CHOICES.index(p.levers)], Rules(3, 0.0, 0.01, 0.1, 0)
        ).unreachable

    assert end(np.array([9.0, -9.0]))
    assert not end(told[3] + 0.03)


@given(st.integers(2, 9), st.integers(1, 5), st.integers(1, 60), st.integers(0, 30), st.integers(0, 99))
def test_targets_are_balanced_and_never_the_own_profile(
    personas: int, pairs: int, near: int, far: int, seed: int
) -> None:
    said = [(("x", float(k + 1)),) for k in range(pairs)]
    drawn = draw_targets(personas, said, (near, far), np.array([1.0, 2.0]), seed)
    assert len(drawn) == near + far
    assert sum(target.unreachable for target in drawn) == far
    assert all(target.steered != target.model for target in drawn)
    counts = np.bincount([target.steered for target in drawn], minlength=personas)
    assert counts.max() - counts.min() <= 1
    assert all(np.abs(target.displaced).tolist() == [1.0, 2.0] for target in drawn if target.unreachable)


def test_ways_are_compared_on_resampled_personas() -> None:
    random = np.random.default_rng(0)
    clusters = np.repeat(np.arange(50), 4)
    base = random.gamma(4, 1, 50)[clusters]
    loop, other = base + random.normal(0, 0.1, 200), 2 * base + random.normal(0, 0.1, 200)
    table = compare_ways({LOOP: loop, "other": other}, clusters, 0).table
    assert table.loc["other", "ratio"] == pytest.approx(loop.mean() / other.mean())
    assert table.loc["other", "ratio_lower"] > 0.48
    assert table.loc["other", "ratio_upper"] < 0.52
    error = loop.reshape(50, 4).mean(axis=1).std(ddof=1) / np.sqrt(50)
    assert table.loc[LOOP, "upper"] - table.loc[LOOP, "lower"] == pytest.approx(2 * 1.645 * error, rel=0.1)
    assert ratio_of(loop, other, clusters, 0)[0] == pytest.approx(loop.sum() / other.sum())


def test_a_ledger_goes_on_where_it_was_cut_and_refuses_another_story(tmp_path: Path) -> None:
    place = tmp_path / "ledger.jsonl"
    first = Ledger(place, {"title": "x"})
    first.write({"kind": "answer", "error": 0.1 + 0.2, "asked": 60, "stored": 0})
    first.close()
    with place.open("ab") as file:
        file.write(b'{"kind": "pl')
    again = Ledger(place, {"title": "x"})
    kept = again.write({"kind": "answer", "error": 0.3, "asked": 0, "stored": 60})
    assert kept["asked"] == 60, "the line of the run that asked stays"
    again.write({"kind": "end", "error": float("nan")})
    again.close()
    lines = [json.loads(line) for line in place.read_text().splitlines()]
    assert [line.get("kind") for line in lines] == [None, "answer", "end"]
    assert lines[2]["error"] is None
    with pytest.raises(LoopError, match=r"line 1.*other settings"):
        Ledger(place, {"title": "y"})
    other = Ledger(place, {"title": "x"})
    with pytest.raises(LoopError, match="line 2"):
        other.write({"kind": "answer", "error": 0.4})
    other.close()
    place.write_text("hello\n")
    with pytest.raises(LoopError, match="not a ledger"):
        Ledger(place, {"title": "x"})


def test_the_loop_on_a_known_model_is_as_near_as_trying_every_pair(world: Path) -> None:
    run = run_steer_loop(world / "loop.toml", world / "run", world / "loop.sqlite")
    test = run.results.test
    assert test is not None
    assert test.sealed is not None
    table = test.sealed.table
    assert table.loc["all pairs tried", "ratio"] < 1.1
    assert table.loc["a random pair", "ratio"] < 0.7
    assert test.flags.flagged == test.flags.unreachable == 3
    assert test.flags.falsely == 0
    near = [each.steered.steps[0] for each in run.results.outcomes if not each.made.unreachable]
    ratio = sum(step.planned.predicted_error for step in near) / sum(step.error for step in near)
    assert test.ratio[0] == pytest.approx(ratio), "targets that were moved away are left out"
    assert "3 more targets were moved out of reach" in run.summary()
    assert run.results.live >= 5
    lines = [json.loads(line) for line in (run.folder / "ledger.jsonl").read_text().splitlines()]
    plans = [i for i, line in enumerate(lines) if line.get("kind") == "plan"]
    assert plans
    assert all(lines[i + 1]["kind"] == "answer" for i in plans), "each plan stands before its answer"
    assert all(lines[i + 1]["levers"] == lines[i]["levers"] for i in plans)
    assert {"report.html", "report.md", "targets.csv", "figures/ways.svg"} <= set(run.files)
    sealed = {line["frame"] for line in lines if "step" in line.get("for", "")}
    assert sealed == {0}, "no step sees a sealed row"


def test_a_killed_loop_goes_on_and_ends_with_the_same_bytes(world: Path, tmp_path: Path) -> None:
    calm = run_steer_loop(world / "loop.toml", tmp_path / "calm", tmp_path / "calm.sqlite")
    log, place = tmp_path / "log", tmp_path / "killed"
    log.touch()
    words = (world / "loop.toml", place, tmp_path / "killed.sqlite", log)
    stops = 0
    for until in (260, 420, 560):
        child = subprocess.Popen(command(*words, rest_after=until), env=surroundings())
        while log.stat().st_size < until and child.poll() is None:
            time.sleep(0.002)
        stops += child.poll() is None
        child.kill()
        child.wait()
        assert not place.exists()
        for line in (tmp_path / "killed.unfinished" / "ledger.jsonl").read_bytes().split(b"\n")[:-1]:
            json.loads(line)
    assert stops >= 2
    subprocess.run(command(*words), env=surroundings(), check=True)
    mine, theirs = files(calm.folder), files(place)
    ledger = [json.loads(line) for line in theirs.pop("ledger.jsonl").splitlines()]
    calm_ledger = [json.loads(line) for line in mine.pop("ledger.jsonl").splitlines()]
    for line in (*ledger, *calm_ledger):
        line.pop("asked", None), line.pop("stored", None)
    assert ledger == calm_ledger
    for held in (mine, theirs):
        for name in ("report.html", "report.md", "targets.csv"):
            held.pop(name)  # these say how much was asked
    assert mine == theirs


def test_the_same_command_on_a_finished_run_gives_every_file_again(world: Path, tmp_path: Path) -> None:
    first = run_steer_loop(world / "loop.toml", tmp_path / "run", world / "loop.sqlite")
    before = files(first.folder)
    second = run_steer_loop(world / "loop.toml", tmp_path / "run", world / "loop.sqlite")
    assert files(second.folder) == before


def test_own_targets_are_steered_towards_and_the_summary_names_what_was_chosen(world: Path, tmp_path: Path) -> None:
    text = LOOP_FILE.split("[swap]", maxsplit=1)[0] + (
        '[[target]]\npersona = "p101"\nchange = { power = 0.3 }\n'
        '[[target]]\npersona = "p102"\nprofile = { benevolence = 9.0, power = -9.0 }\n'
        "[steering]\nreach = 0.1\n[sealed]\n"
    )
    (world / "own.toml").write_text(text)
    out = tmp_path / "own"
    done = CliRunner().invoke(
        app, ["steer-loop", str(world / "own.toml"), "--out", str(out), "--store", str(tmp_path / "s.sqlite"), "--json"]
    )
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)["targets"]
    assert found[0]["levers"]
    assert found[0]["error"] < 0.05
    assert not found[0]["flagged"]
    assert found[1]["flagged"]
    assert abs(found[0]["sealed_error"] - found[0]["error"]) < 0.05


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ('title = "A loop"|title = "A loop"\nstearing = 1', "stearing"),
        ('path = "answers/answers.csv"|demo = true\npath = "answers/answers.csv"', "either"),
        ("reach = 0.12|reach = 0.0", "reach"),
        ("asks = 3|asks = 0", "at least once"),
        ("[sealed]|[levers]\nnames = ['do_powr']\n[sealed]", "do_power"),
        ("per_value = 2|per_value = 2\n[levers]\nwording = 1", "w0"),
        ('key = "answers/key.toml"|drop = []', "key"),
        ("per_value = 2|per_value = 5", "scoring key"),
        ("[swap]|[[target]]\npersona = 'p9'\nprofile = { power = 1 }\n[swap]", "p9"),
        ("[swap]|[[target]]\npersona = 'p100'\nprofile = { powr = 1.0 }\n[swap]", "power"),
        ("[swap]|[[target]]\npersona = 'p100'\n[swap]", "wants nothing"),
        ('pairs = "any"|pairs = "unseen"', "any"),
        ("number = 4|number = 1", "another persona"),
    ],
)
def test_what_cannot_be_steered_is_named(world: Path, tmp_path: Path, change: str, says: str) -> None:
    old, new = change.split("|")
    assert old in LOOP_FILE
    path = world / "bad.toml"
    path.write_text(LOOP_FILE.replace(old, new))
    with pytest.raises(CausalValuesError, match=says):
        run_steer_loop(path, tmp_path / "out", tmp_path / "s.sqlite")
    assert not (tmp_path / "out").exists()


def test_a_limit_on_calls_stops_the_loop_with_its_ledger_kept(world: Path, tmp_path: Path) -> None:
    place = tmp_path / "limited"
    with pytest.raises(ProviderError, match="limit"):
        run_steer_loop(world / "loop.toml", place, tmp_path / "s.sqlite", Limits(150))
    assert (tmp_path / "limited.unfinished" / "ledger.jsonl").read_text().count("\n") > 1
    assert not place.exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no study file"):
        read_loop(tmp_path / "none.toml")
