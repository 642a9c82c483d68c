"""Prompts, levers inside the model, and both: the same targets, the same guardrails, every plan within them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from steerable_model import SteerableModel

from causalvalues.errors import StudyError
from causalvalues.loop import preparing, run_steer_loop
from causalvalues.loop.kinds import BOTH, INSIDE, NOTHING, PROMPTS, kinds_test
from causalvalues.loop.outcomes import Outcome
from causalvalues.loop.running import LoopRun
from causalvalues.loop.steering import Aim, Planned, Rules, Steered, Step, foresee, steer
from causalvalues.prediction import Mechanism, paired_rows
from causalvalues.responses import ReadOptions, read_responses, score
from causalvalues.steering import Act, SteeringLever, write_levers
from causalvalues.study import eliciting
from causalvalues.theories import scoring_key

VALUES = ("power", "benevolence", "security", "hedonism")
INNER = tuple(
    SteeringLever(f"vec_{value}", (Act(1, np.eye(8)[place], 1.0),), value) for place, value in enumerate(VALUES)
)
ASK = """
seed = 5
[items]
per_value = 1
[personas]
number = 14
[design]
kind = "full"
order = 2
names = ["do_power", "do_benevolence"]
[steering]
levers = "levers.csv"
doses = [0.5, 1.0]
[guardrails]
texts = 2
questions = 2
[checks]
known_groups = false
paraphrases = 0
"""
LOOP = """
title = "Kinds"
seed = 5
[data]
path = "answers/answers.csv"
key = "answers/key.toml"
cluster_by = "persona_id"
[items]
per_value = 1
[personas]
number = 4
first = 100
[levers]
inside = "levers.csv"
inner_doses = [0.5, 1.0]
compare = true
[guardrails]
texts = 2
questions = 2
fluency = 0.05
[drawn]
number = 8
by = 0.2
[steering]
asks = 3
[sealed]
frame = 1
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("kinds")
    inner = {lever.fingerprint: lever.value for lever in INNER}
    with pytest.MonkeyPatch.context() as patch:
        for module in (eliciting, preparing):
            patch.setattr(module, "open_model", lambda *_, **__: SteerableModel(inner=inner))
        write_levers(INNER, folder / "levers.csv")
        (folder / "ask.toml").write_text(ASK)
        (folder / "loop.toml").write_text(LOOP)
        eliciting.run_elicitation(folder / "ask.toml", folder / "answers", folder / "first.sqlite")
        yield folder


@pytest.fixture(scope="module")
def run(world: Path) -> LoopRun:
    return run_steer_loop(world / "loop.toml", world / "out", world / "second.sqlite")


def test_rows_mix_prompts_and_levers_inside_each_at_its_doses(world: Path) -> None:
    table = pd.read_csv(world / "answers" / "answers.csv", keep_default_na=False)
    cells = set(table["levers"])
    assert {
        "",
        "do_power",
        "vec_power",
        "vec_power=0.5",
        "do_power+vec_security=0.5",
        "vec_hedonism+vec_power",
    } <= cells
    assert "do_power=0.5" not in cells
    plain = table.set_index("unit_id")["power_1"]
    rows = table[table["levers"] == "vec_power"]
    assert all(row.power_1 > plain[row.unit_id.replace("vec_power", "")] for row in rows.itertuples())


def test_every_target_is_steered_towards_with_each_kind(run: LoopRun) -> None:
    kinds = run.results.kinds
    assert kinds is not None
    assert list(kinds.table.index) == [BOTH, PROMPTS, INSIDE, NOTHING]
    assert len(run.results.outcomes) == 24
    for outcome in run.results.outcomes:
        names = {name for step in outcome.steered.steps for name, _ in step.planned.levers}
        if outcome.kind == "prompts":
            assert all(name.startswith("do_") for name in names)
        if outcome.kind == "inside":
            assert all(name.startswith("vec_") for name in names)
    targets = {}
    for outcome in run.results.outcomes:
        targets.setdefault(outcome.title, set()).add(tuple(np.nan_to_num(outcome.steered.aim.wanted, nan=9.0)))
    assert all(len(wanted) == 1 for wanted in targets.values())


def test_no_plan_falls_below_a_guardrail_and_none_is_chosen_that_does(run: LoopRun) -> None:
    place = run.results.values.index("fluency")
    asked = [(step, outcome) for outcome in run.results.outcomes for step in outcome.steered.steps]
    assert asked
    for step, outcome in asked:
        assert step.planned.predicted[place] >= outcome.steered.aim.start[place] - 0.05 - 1e-12
    for outcome in run.results.outcomes:
        best = outcome.steered.best
        assert best is None or best.achieved[place] >= outcome.steered.aim.start[place] - 0.05 - 1e-12
    # A dose of 1 inside costs .08: without the guardrail it would be used.
    assert not any(dose == 1.0 and name.startswith("vec_") for step, _ in asked for name, dose in step.planned.levers)


def test_guardrails_are_no_goals(run: LoopRun) -> None:
    for outcome in run.results.outcomes:
        wanted = dict(zip(run.results.values, outcome.steered.aim.wanted, strict=True))
        assert np.isnan(wanted["fluency"])
        assert np.isnan(wanted["capability"])
        assert np.isfinite([wanted[name] for name in wanted if name not in ("fluency", "capability")]).all()


def test_the_comparison_is_the_mean_over_targets_and_its_difference_is_paired(run: LoopRun) -> None:
    kinds = run.results.kinds
    assert kinds is not None
    assert kinds.sealed
    by_kind = {kind: [o.sealed_error for o in run.results.outcomes if o.kind == kind] for kind in ("", "prompts")}
    assert kinds.table.loc[BOTH, "error"] == pytest.approx(np.mean(by_kind[""]))
    less = np.mean(np.array(by_kind["prompts"]) - np.array(by_kind[""]))
    assert kinds.table.loc[PROMPTS, "less"] == pytest.approx(less)
    assert kinds.table.loc[PROMPTS, "less_lower"] <= less <= kinds.table.loc[PROMPTS, "less_upper"]
    assert kinds.table.loc[BOTH, "less"] == 0


def test_the_report_says_which_kind_comes_nearer_and_what_it_cost(run: LoopRun) -> None:
    text = (run.folder / "report.md").read_text()
    assert "Prompts, levers inside the model, and both" in text
    assert "prompts alone" in run.summary()
    assert "fluency .05" in text
    assert {"kinds.csv", "figures/kinds.svg"} <= set(run.files)


def test_the_same_command_gives_the_same_bytes_without_asking(world: Path, run: LoopRun) -> None:
    before = (run.folder / "kinds.csv").read_bytes()
    again = run_steer_loop(world / "loop.toml", world / "out", world / "second.sqlite")
    assert (again.folder / "kinds.csv").read_bytes() == before


def test_a_budget_of_side_effects_bounds_the_other_values(world: Path) -> None:
    (world / "budget.toml").write_text(
        LOOP.replace("by = 0.2", "by = 0.2\nothers = 0.12").replace("compare = true\n", "")
    )
    found = run_steer_loop(world / "budget.toml", world / "budget", world / "second.sqlite").results
    assert found.kinds is None
    for outcome in found.outcomes:
        aim = outcome.steered.aim
        assert np.isfinite(aim.wanted).sum() == 3
        others = [
            i
            for i, name in enumerate(found.values)
            if np.isnan(aim.wanted[i]) and name not in ("fluency", "capability")
        ]
        assert aim.others == tuple(others)
        for step in outcome.steered.steps:
            assert np.abs(step.planned.predicted - aim.start)[others].mean() <= 0.12 + 1e-12
        best = outcome.steered.best
        assert best is None or np.abs(best.achieved - aim.start)[others].mean() <= 0.12 + 1e-12
    assert any(outcome.steered.best is not None for outcome in found.outcomes)


def test_drawn_targets_must_move_something(world: Path) -> None:
    for number, wrong in enumerate(("up = 0\ndown = 0", "up = 9\ndown = 9")):
        (world / "bad.toml").write_text(LOOP.replace("by = 0.2", f"by = 0.2\n{wrong}"))
        with pytest.raises(StudyError, match=r"\[drawn\] moves"):
            run_steer_loop(world / "bad.toml", world / f"bad{number}", world / "second.sqlite")


def test_a_lever_set_that_is_foretold_to_fall_below_is_not_open(world: Path) -> None:
    key = scoring_key(world / "answers" / "key.toml")
    answers = read_responses(world / "answers" / "answers.csv", ReadOptions(cluster_by="persona_id"))
    rows = paired_rows(score(answers, key, guardrails=True))
    response = Mechanism().fit(rows, 0)
    place = response.values.index("fluency")
    start = rows.start[0]
    least = np.full(len(start), -np.inf)
    least[place] = start[place] - 0.05
    choices = [(("vec_power", 0.5),), (("vec_power", 1.0),)]
    wanted = np.where(np.arange(len(start)) == place, np.nan, start + 0.1)
    free, kept = (foresee(response, Aim(start, wanted, floor), choices, 0) for floor in (None, least))
    assert np.isfinite(free.expected).all()
    assert np.isfinite(kept.expected).tolist() == [True, False]
    assert kept.expected[0] == free.expected[0]
    none = steer(response, Aim(start, wanted, least), choices[1:], lambda _: start, Rules(3, 0.0, 0.0, 0.0, 0))
    assert (none.steps, none.why) == ((), "no other lever set keeps the guardrails")


def outcome(kind: str, error: float, persona: str, change: float) -> Outcome:
    start, wanted = np.array([0.0, 1.0]), np.array([1.0, np.nan])
    achieved = np.array([1.0 - error, 1.0 + change])
    planned = Planned(
        1, (("do_power" if kind != "inside" else "vec_power", 1.0),), achieved, achieved, achieved, error, 0.0
    )
    steered = Steered(Aim(start, wanted), (Step(planned, achieved, error),), "", (1.0, 1.0), 0.0)
    return Outcome("t", "t", persona, steered, 0, kind=kind)


def test_means_of_guardrails_and_errors_are_those_of_what_was_chosen() -> None:
    done = {
        "": [outcome("", 0.1, "a", -0.2), outcome("", 0.3, "b", -0.4)],
        "prompts": [outcome("prompts", 0.2, "a", 0.0), outcome("prompts", 0.4, "b", 0.0)],
        "inside": [outcome("inside", 0.5, "a", -0.1), outcome("inside", 0.5, "b", -0.1)],
    }
    found = kinds_test(done, ("power", "fluency"), ("fluency",), frozenset({"vec_power"}), 0).table
    assert np.allclose(found["error"], [0.2, 0.3, 0.5, 1.0])
    assert np.allclose(found.loc[[BOTH, PROMPTS, INSIDE], "fluency"], [-0.3, 0.0, -0.1])
    assert np.allclose(found.loc[PROMPTS, ["less", "less_lower", "less_upper"]].astype(float), 0.1)
