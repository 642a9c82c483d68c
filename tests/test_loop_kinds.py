"""Prompts, levers inside the model, and both: the same targets, the same guardrails, every plan within them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from steerable_model import SteerableModel

from causalvalues.errors import StudyError
from causalvalues.loop import preparing, read_loop, run_steer_loop
from causalvalues.loop.comparing import ALL_PAIRS
from causalvalues.loop.comparing import LOOP as CLOSED
from causalvalues.loop.kinds import BOTH, INSIDE, NOTHING, PROMPTS, cluster_intervals, kinds_test
from causalvalues.loop.kinds_report import kinds_figure, kinds_line
from causalvalues.loop.outcomes import Outcome
from causalvalues.loop.running import LoopRun
from causalvalues.loop.sealed import in_other_rows
from causalvalues.loop.steering import Aim, Planned, Rules, Steered, Step, foresee, steer
from causalvalues.prediction import Mechanism, paired_rows
from causalvalues.responses import ReadOptions, ResponseMatrix, read_responses, score
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


SWAP = (
    LOOP.replace("number = 8\nby = 0.2", "")
    .replace("[drawn]", '[swap]\nnumber = 6\nunreachable = 0\npairs = "any"')
    .replace("number = 4\n", "number = 3\n")
    .replace("[levers]", '[levers]\nnames = ["do_power", "vec_power", "vec_hedonism"]')
)


@pytest.fixture(scope="module")
def swapped(world: Path) -> LoopRun:
    (world / "swap.toml").write_text(SWAP)
    return run_steer_loop(world / "swap.toml", world / "swap", world / "second.sqlite")


def heard(run: LoopRun) -> dict[str, np.ndarray]:
    """What each answer of the ledger is for -> its profile."""
    lines = [json.loads(line) for line in (run.folder / "ledger.jsonl").read_text().splitlines()]
    answers = [line for line in lines if line.get("kind") == "answer"]
    return {line["for"]: np.array([line["profile"][name] for name in run.results.values]) for line in answers}


def test_guardrails_are_no_goals_in_sealed_rows_and_beside_other_ways(swapped: LoopRun) -> None:
    told, results = heard(swapped), swapped.results
    assert results.test is not None
    assert results.test.sealed is not None
    values = [i for i, name in enumerate(results.values) if name not in ("fluency", "capability")]
    for one in results.outcomes:
        apart = told[f"{one.name} sealed"] - told[f"{one.name} sealed target"]
        assert one.sealed_error == pytest.approx(np.abs(apart[values]).mean())
    mine = [one for one in results.outcomes if not one.kind]
    assert np.allclose(results.test.loop.errors[CLOSED], [one.steered.error for one in mine])
    assert np.allclose(results.test.sealed.errors[CLOSED], [one.sealed_error for one in mine])
    assert "Guardrails are no goals" in (swapped.folder / "report.md").read_text()


def test_other_ways_keep_the_guardrails_as_the_loop_does(world: Path, swapped: LoopRun) -> None:
    (world / "loose.toml").write_text(SWAP.replace("fluency = 0.05", "fluency = 9.0"))
    loose = run_steer_loop(world / "loose.toml", world / "loose", world / "second.sqlite").results.test
    tight = swapped.results.test
    assert loose is not None
    assert tight is not None
    more = (tight.loop.errors[ALL_PAIRS] - loose.loop.errors[ALL_PAIRS]).to_numpy()
    assert (more >= 0).all()
    assert (more > 0).any(), "the best pair of some target costs more fluency than is allowed"


def test_changes_and_no_lever_count_from_the_start_of_the_same_wording(swapped: LoopRun) -> None:
    told, results = heard(swapped), swapped.results
    assert results.kinds is not None
    values = [i for i, name in enumerate(results.values) if name not in ("fluency", "capability")]
    mine = [one for one in results.outcomes if not one.kind]
    change = [told[f"{one.name} sealed"] - told[f"{one.name} sealed start"] for one in mine]
    place = results.values.index("fluency")
    assert results.kinds.table.loc[BOTH, "fluency"] == pytest.approx(np.mean([each[place] for each in change]))
    apart = [told[f"{one.name} sealed start"] - told[f"{one.name} sealed target"] for one in mine]
    nothing = np.mean([np.abs(each[values]).mean() for each in apart])
    assert results.kinds.table.loc[NOTHING, "error"] == pytest.approx(nothing)
    assert results.kinds.table.loc[NOTHING, "seen_error"] != pytest.approx(nothing)


def test_an_aim_in_other_rows_keeps_its_limits_and_what_is_no_goal() -> None:
    aim = Aim(np.array([1.0, 2.0]), np.array([3.0, np.nan]), np.array([-np.inf, 1.5]), (0,), 0.4)
    moved = in_other_rows(aim, np.array([0.0, 1.0]), np.array([5.0, 5.0]))
    assert np.array_equal(moved.wanted, [5.0, np.nan], equal_nan=True)
    assert moved.least is not None
    assert moved.least.tolist() == [-np.inf, 0.5]
    assert (moved.others, moved.budget) == ((0,), 0.4)


def test_the_first_plan_and_the_loop_are_compared_in_the_same_rows(run: LoopRun) -> None:
    kinds = run.results.kinds
    assert kinds is not None
    mine = [one for one in run.results.outcomes if not one.kind]
    assert kinds.table.loc[BOTH, "seen_error"] == pytest.approx(np.mean([one.steered.error for one in mine]))
    assert kinds.table.loc[BOTH, "first_error"] == pytest.approx(np.mean([one.steered.steps[0].error for one in mine]))
    said = json.dumps([repr(mark) for mark in kinds_figure(kinds).marks])
    assert said.count("sealed rows") >= 3


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
    found = kinds_test(done, ("power", "fluency"), ("fluency",), frozenset({"vec_power"})).table
    assert np.allclose(found["error"], [0.2, 0.3, 0.5, 1.0])
    assert np.allclose(found["seen_error"], found["error"])
    assert np.allclose(found.loc[[BOTH, PROMPTS, INSIDE], "fluency"], [-0.3, 0.0, -0.1])
    assert found.loc[PROMPTS, "less"] == pytest.approx(0.1)
    assert np.isnan(found["side_effect"]).all(), "a guardrail is no side effect"


def sealed(one: Outcome, change: float, budget: float = np.inf) -> Outcome:
    """The same outcome, with the guardrail changed by so much in sealed rows, where .3 may be lost."""
    aim = replace(one.steered.aim, least=np.array([-np.inf, 0.7]), budget=budget)
    done = replace(one, steered=replace(one.steered, aim=aim))
    reached = np.array([0.5, 1.0 + change])
    return replace(done, sealed=reached, sealed_error=0.5, sealed_aim=aim)


def test_the_share_that_keeps_the_limits_is_that_of_the_rows_that_are_reported() -> None:
    def tested(changes: list[float]) -> tuple[float, str]:
        done = {
            kind: [sealed(outcome(kind, 0.1, who, -0.1), each) for who, each in zip("abcd", changes, strict=True)]
            for kind in ("", "prompts", "inside")
        }
        found = kinds_test(done, ("power", "fluency"), ("fluency",), frozenset({"vec_power"}))
        return float(found.table.loc[BOTH, "kept"]), kinds_line(found)[1]

    assert tested([-0.1, -0.2, -0.29, 0.0])[0] == 1.0
    share, text = tested([-0.1, -0.2, -0.4, -0.31])
    assert share == 0.5
    assert "in sealed rows they do for 50% of the targets (both kinds) and 50% (prompts alone)" in text
    assert "within the same guardrails" not in text


def test_the_side_effect_is_the_change_of_values_that_are_not_wanted_and_no_guardrail() -> None:
    done = {kind: [outcome(kind, 0.1, who, -0.2) for who in "abc"] for kind in ("", "prompts", "inside")}
    found = kinds_test(done, ("power", "security"), (), frozenset({"vec_power"})).table
    assert np.allclose(found.loc[[BOTH, PROMPTS, INSIDE], "side_effect"], 0.2)
    assert np.isnan(found.loc[BOTH, "kept"]), "nothing had to be kept"


@pytest.mark.parametrize("personas", [3, 5, 10])
def test_intervals_hold_the_truth_nine_times_in_ten_with_few_personas(personas: int) -> None:
    random = np.random.default_rng(personas)
    names = [f"p{i % personas}" for i in range(3 * personas + 1)]
    who = np.array([int(name[1:]) for name in names])
    held = []
    for _ in range(1500):
        less = 0.1 + random.normal(0, 0.1, personas)[who] + random.normal(0, 0.1, len(who))
        table = cluster_intervals(pd.DataFrame({BOTH: np.ones(len(who)), PROMPTS: 1 + less}), names)
        held.append(table.loc[PROMPTS, "less_lower"] <= 0.1 <= table.loc[PROMPTS, "less_upper"])
    assert 0.875 < np.mean(held) < 0.925
    assert table.loc[BOTH, ["less_lower", "less_upper"]].tolist() == [0, 0]


def test_two_personas_have_no_interval_and_nothing_is_told_of_them() -> None:
    done = {
        kind: [outcome(kind, error, who, 0.0) for who in "ab"]
        for kind, error in (("", 0.1), ("prompts", 0.4), ("inside", 0.4))
    }
    found = kinds_test(done, ("power", "fluency"), ("fluency",), frozenset({"vec_power"}))
    assert np.isnan(found.table.loc[PROMPTS, ["lower", "upper", "less_lower", "less_upper"]].astype(float)).all()
    text = kinds_line(found)[1]
    assert "cannot be told from prompts alone" in text
    assert "difference .300" in text
    assert kinds_figure(found).marks


def test_levers_inside_have_no_wording_of_their_own(world: Path) -> None:
    table = pd.read_csv(world / "answers" / "answers.csv", keep_default_na=False)
    other = table["levers"].str.contains("do_") & (table["persona_id"] >= "p007")
    table.loc[other, "wording"] = "w1"
    table.to_csv(world / "answers" / "worded.csv", index=False)
    text = LOOP.replace("answers/answers.csv", "answers/worded.csv").replace("[items]", 'wordings = "wording"\n[items]')
    for wording in (0, 1):
        (world / "worded.toml").write_text(text.replace("[levers]", f"[levers]\nwording = {wording}"))
        held = preparing.known(read_loop(world / "worded.toml"), world)
        vectors = tuple(lever.name for lever in sorted(INNER, key=lambda each: each.name))
        assert held.rows.levers == (f"do_benevolence~w{wording}", f"do_power~w{wording}", *vectors)
        assert {dose for said in held.choices_of("inside") for _, dose in said} == {0.5, 1.0}
        assert len(held.choices_of("prompts")) == 3
        alone = [unit for unit, cell in zip(held.rows.units, held.rows.cells, strict=True) if cell == "vec_power"]
        assert len(alone) == 14, "rows with levers inside alone count in every wording"
        assert f"do_power~w{wording}+vec_power" in held.rows.cells


def test_a_lever_without_wordings_is_not_split() -> None:
    doses = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 1], [1, 0]], dtype=float)
    matrix = ResponseMatrix(
        ("power",),
        np.arange(6.0)[:, None],
        tuple("aaaaaa"),
        levers=("do_power", "vec_power"),
        doses=doses,
        labels={"wording": ("w0", "w0", "w1", "w0", "w0", "w1")},
    )
    assert paired_rows(matrix, "wording").levers == ("do_power~w0", "do_power~w1", "vec_power~w0", "vec_power~w1")
    rows = paired_rows(matrix, "wording", {"vec_power"})
    assert rows.levers == ("do_power~w0", "do_power~w1", "vec_power")
    assert rows.doses[:, 2].tolist() == [0, 1, 1, 1, 0]
    once = replace(matrix, labels={"wording": ("w0", "w1", "w1", "w0", "w0", "w1")})
    assert paired_rows(once, "wording", {"vec_power"}).levers == ("do_power", "vec_power")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("texts = 2|texts = 3", r"Set \[guardrails\] texts = 2, questions = 2"),
        ("questions = 2|questions = 0", r"texts = 2, questions = 2"),
        ("texts = 2\nquestions = 2|texts = 0\nquestions = 0", "asks neither texts nor questions"),
        ("texts = 2|texts = 0", "limits `fluency`"),
        ("[drawn]|[[target]]\npersona = 'p100'\nchange = { fluency = 1.0 }\n[drawn]", "is a guardrail and no goal"),
        ("[levers]|[levers]\nnames = ['do_power']", "inside alone"),
        ("[levers]|[levers]\nnames = ['vec_power']", "prompts alone"),
        ("[0.5, 1.0]|[0.5, 0.0]", "inner_doses"),
        ("[0.5, 1.0]|[-0.5]", "inner_doses"),
        ("[levers]|[levers]\ndoses = [-1.0]", "doses"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_anything_is_asked(world: Path, change: str, says: str) -> None:
    old, new = change.split("|")
    assert old in LOOP
    (world / "wrong.toml").write_text(LOOP.replace(old, new))
    with pytest.raises(StudyError, match=says):
        run_steer_loop(world / "wrong.toml", world / "wrong", world / "wrong.sqlite")


def test_guardrails_with_other_ids_are_refused(world: Path) -> None:
    key, answers = (world / "answers" / name for name in ("key.toml", "answers.csv"))
    for file in (key, answers):
        text = file.read_text().replace("fluency_31", "fluency_2")
        (world / "answers" / f"old_{file.name}").write_text(text)
    text = LOOP.replace("answers/answers.csv", "answers/old_answers.csv").replace("key.toml", "old_key.toml")
    (world / "old.toml").write_text(text)
    with pytest.raises(StudyError, match=r"'fluency_31'.*other texts or questions"):
        run_steer_loop(world / "old.toml", world / "old", world / "wrong.sqlite")
