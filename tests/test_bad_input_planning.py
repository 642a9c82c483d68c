"""Does bad input to plans, mechanisms, populations, experiments and the closed loop end in clear words?"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from prediction_worlds import World, drawn
from steered_world import steered_world
from study_helpers import STUDY, write_answers, write_study
from typer.testing import CliRunner

import causalvalues as cv
from causalvalues.cli.app import app
from causalvalues.errors import CausalValuesError, LoopError, ModelError, PlanError, StudyError
from causalvalues.experiments import Candidate, LinearBayes, lever_settings
from causalvalues.explaining.feasibility import feasibility
from causalvalues.given import as_table
from causalvalues.loop import run_steer_loop
from causalvalues.loop.ledger import Ledger
from causalvalues.ordinal import Gibbs
from causalvalues.prediction import LeverResponse, PairedRows
from causalvalues.reports import run_report
from causalvalues.skill import SkillSettings
from causalvalues.study import run_study

Call = Callable[[], object]
LEVERS = [cv.Lever("l0"), cv.Lever("l1"), cv.Lever("l2")]


@cache
def rows() -> PairedRows:
    return drawn(World(units=25, levers=3), 1)


@cache
def response() -> LeverResponse:
    return cv.Mechanism().fit(rows(), 0)


def starts() -> pd.DataFrame:
    return pd.DataFrame(rows().start[::6], columns=list(rows().values), index=list(dict.fromkeys(rows().units)))


def start() -> dict[str, float]:
    return dict(zip(rows().values, rows().start[0].tolist(), strict=True))


def changed(**parts: object) -> PairedRows:
    kept = {
        name: getattr(rows(), name) for name in ("values", "levers", "units", "start", "doses", "reached", "weights")
    }
    return PairedRows(**(kept | parts))  # type: ignore[arg-type]


def planned(**given: object) -> object:
    asked = {"model": response(), "start": start(), "target": cv.Target({"v0": 1.0}), "levers": LEVERS} | given
    return cv.plan(**asked)  # type: ignore[arg-type]


def under(profiles: object = None, doses: object = None, asked: object = None) -> object:
    given = starts() if profiles is None else profiles
    scenarios = pd.DataFrame({"l0": [1.0]}, index=["a"]) if doses is None else doses
    return cv.counterfactual_under(response(), given, scenarios, asked)  # type: ignore[arg-type]


def answered(*answers: float, dose: float = 1.0, unit: str = "u000") -> pd.DataFrame:
    table = pd.DataFrame([[each] * 3 + [dose] for each in answers], columns=["v0", "v1", "v2", "l0"])
    return table.set_axis([unit] * len(answers), axis=0)


WRONG: dict[str, tuple[Call, str]] = {
    "a score that is text": (lambda: cv.Target({"v0": "high"}), "'v0'.* is 'high', which is no number"),  # type: ignore[dict-item]
    "a profile that is a list": (lambda: cv.Target([("v0", 1)]), "list. Give a mapping"),  # type: ignore[arg-type]
    "three bounds": (lambda: cv.Target(bounds={"v0": (0, 1, 2)}), "bounds of 'v0'.*Give two"),  # type: ignore[dict-item]
    "one bound": (lambda: cv.Target(bounds={"v0": 3}), "bounds of 'v0': 3 is no list"),  # type: ignore[dict-item]
    "a bound at infinity": (lambda: cv.Target(bounds={"v0": (np.inf, np.inf)}), "'v0'.*which no score meets"),
    "a bound at minus infinity": (lambda: cv.Target(bounds={"v0": (-np.inf, -np.inf)}), "which no score meets"),
    "a bound that is no number": (lambda: cv.Target(bounds={"v0": (np.nan, 1)}), "Give numbers"),
    "a ranking of numbers": (lambda: cv.Target(ranking=(1, 2)), "list of names"),  # type: ignore[arg-type]
    "a ranking in one text": (lambda: cv.Target(ranking="v0"), "list of names"),  # type: ignore[arg-type]
    "a margin that is text": (lambda: cv.Target(ranking=("v0", "v1"), margin="a"), "margin"),  # type: ignore[arg-type]
    "an infinite margin": (lambda: cv.Target(ranking=("v0", "v1"), margin=np.inf), "margin of the ranking is inf"),
    "a tolerance that is text": (lambda: cv.Target({"v0": 1.0}, tolerance="a"), "`tolerance`"),  # type: ignore[arg-type]
    "weights that are all zero": (lambda: cv.Target({"v0": 1.0}, weights={"v0": 0.0}), "Every weight .* is zero"),
    "a scale of three ends": (lambda: cv.Target({"v0": 1.0}, limits=(0, 1, 2)), "scale.*Give two"),  # type: ignore[arg-type]
    "doses that are a number": (lambda: cv.Lever("l0", 1.0), "doses of lever 'l0'.*list"),  # type: ignore[arg-type]
    "doses that are text": (lambda: cv.Lever("l0", "12"), "doses of lever 'l0'.*list"),  # type: ignore[arg-type]
    "a cost that is text": (lambda: cv.Lever("l0", cost="a"), "cost of lever 'l0' is 'a'"),  # type: ignore[arg-type]
    "a negative cost": (lambda: cv.Lever("l0", cost=-1), "cost -1"),
    "an exclusion in one text": (lambda: cv.Lever("l0", excludes="l1"), "set of names"),  # type: ignore[arg-type]
    "a prior without spread": (lambda: cv.Lever("x", prior={"v0": 1}), "prior of lever 'x' on 'v0'"),  # type: ignore[dict-item]
    "a lever without name": (lambda: cv.Lever(3), "acts on 3"),  # type: ignore[arg-type]
    "names for levers": (lambda: planned(levers=["l0"]), r"'l0' is no `Lever`"),
    "one lever for a list": (lambda: planned(levers=LEVERS[0]), "Give a list"),
    "half a lever": (lambda: cv.Enumerate(max_levers=1.5), "`max_levers` is 1.5"),  # type: ignore[arg-type]
    "a budget that is text": (lambda: cv.Enumerate(budget="a"), "`budget` is 'a'"),  # type: ignore[arg-type]
    "half an alternative": (lambda: cv.Enumerate(alternatives=1.5), "`alternatives` is 1.5"),  # type: ignore[arg-type]
    "a risk by name": (lambda: cv.Enumerate(risk="cvar"), r"`risk` is 'cvar'.*CVaR\("),  # type: ignore[arg-type]
    "an objective by name": (lambda: cv.Enumerate(objective="absolute"), "`objective` is 'abs"),  # type: ignore[arg-type]
    "a method by name": (lambda: planned(method="enumerate"), "method is 'enumerate'"),
    "half of the halves": (lambda: planned(method=cv.Enumerate(halves=(response(), None))), "halves"),  # type: ignore[arg-type]
    "a target that is a mapping": (lambda: planned(target={"v0": 1.0}), r"Give `Target\(...\)`"),
    "rows in place of a model": (lambda: planned(model=rows()), "PairedRows"),
    "a start that is text": (lambda: planned(start={**start(), "v0": "a"}), "'v0'.* is 'a'"),
    "a start that is a list": (lambda: planned(start=[1, 2, 3]), "start: this is a list"),
    "a plan to explain that is none": (
        lambda: cv.explain(response(), start(), None, cv.Target({"v0": 1.0})),  # type: ignore[arg-type]
        "mapping",
    ),
    "a way by name": (
        lambda: feasibility(response(), start(), cv.Target({"v0": 1.0}), LEVERS, "x"),  # type: ignore[arg-type]
        "method is 'x'",
    ),
    "a matrix for a mechanism": (lambda: cv.Mechanism().fit(cv.demo_responses(), 0), "paired_rows"),  # type: ignore[arg-type]
    "infinite weights": (lambda: changed(weights=np.full(len(rows()), np.inf)), "weight is negative or not finite"),
    "two values of one name": (lambda: changed(values=("a", "a", "b")), "two columns named 'a'"),
    "two levers of one name": (lambda: changed(levers=("a", "a", "b")), "two columns named 'a'"),
    "profiles that are text": (lambda: under(starts().astype(str) + "x"), "`rows`, column 'v0'"),
    "profiles that are a mapping": (lambda: under({"v0": 1}), "dict. Give a DataFrame"),
    "a value twice": (lambda: under(pd.concat([starts(), starts()[["v0"]]], axis=1)), "two columns 'v0'"),
    "no unit": (lambda: under(starts().iloc[:0]), "no unit"),
    "no scenario": (lambda: under(None, pd.DataFrame({"l0": []})), "no scenario"),
    "units 1 and '1'": (lambda: under(starts().iloc[:2].set_axis([1, "1"], axis=0)), "'1' is named twice"),
    "answers without lever": (lambda: under(asked=answered(1.0, dose=0.0)), "uses no lever"),
    "wanted profiles that are text": (lambda: cv.PopulationTarget(starts().astype(str) + "x"), "column 'v0'"),
    "wanted profiles in a mapping": (lambda: cv.PopulationTarget({"v0": [1]}), "dict"),  # type: ignore[arg-type]
    "a wanted value twice": (lambda: cv.PopulationTarget(pd.concat([starts()] * 2, axis=1)), "two columns 'v0'"),
    "a spread of one number": (lambda: cv.PopulationTarget(spread={"v0": 1}), "spread of 'v0'"),  # type: ignore[dict-item]
    "a target of one unit for many": (
        lambda: cv.population_plan(response(), starts(), cv.Target({"v0": 1.0}), LEVERS),  # type: ignore[arg-type]
        "PopulationTarget",
    ),
    "units that are text": (
        lambda: cv.best_policy(response(), starts().astype(str) + "x", cv.Target({"v0": 1.0}), LEVERS),
        "column 'v0'",
    ),
    "a value of units twice": (
        lambda: cv.best_policy(response(), pd.concat([starts()] * 2, axis=1), cv.Target({"v0": 1.0}), LEVERS),
        "two columns 'v0'",
    ),
    "a goal by name": (lambda: cv.design_next(response(), candidates(), "edges"), "goal"),  # type: ignore[arg-type]
    "candidates by name": (
        lambda: cv.design_next(response(), ["a"], cv.AboutEffect("l0", "v0")),  # type: ignore[list-item]
        "candidate",
    ),
    "a negative seed": (
        lambda: cv.design_next(response(), candidates(), cv.AboutEffect("l0", "v0"), seed=-1),
        "`seed` is -1",
    ),
    "a budget of experiments that is text": (lambda: LinearBayes(budget="a"), "budget is 'a'"),  # type: ignore[arg-type]
    "an arm by name": (lambda: Candidate("a", arms=("l0",)), "arm of candidate 'a'"),  # type: ignore[arg-type]
    "settings of lever names": (lambda: lever_settings(["l0"]), "Lever"),  # type: ignore[list-item]
    "skill of a table": (lambda: cv.skill_report(starts()), "paired_rows"),  # type: ignore[arg-type]
    "no model of answers": (lambda: cv.ordinal_model(None, starts()), "StructuralModel"),  # type: ignore[arg-type]
    "a latent model for categories": (
        lambda: cv.counterfactual_categories(None, starts(), [], sampling=Gibbs()),  # type: ignore[arg-type]
        "ordinal_model",
    ),
}


def candidates() -> tuple[Candidate, ...]:
    return lever_settings(LEVERS, {"p": start()})


@pytest.mark.parametrize("what", WRONG)
def test_what_is_given_wrongly_is_named(what: str) -> None:
    ask, says = WRONG[what]
    with pytest.raises(CausalValuesError, match=says):
        ask()


@pytest.mark.parametrize("level", [0.0, 0.1, -3e8])
def test_a_value_that_never_changes_is_refused_and_named(level: float) -> None:
    still, moved = rows().start.copy(), rows().reached.copy()
    still[:, 1] = level
    moved[:, 1] = level * (1 + 1e-15)
    with pytest.raises(ModelError, match="'v1' is the same with and without levers"):
        cv.Mechanism().fit(changed(start=still, reached=moved), 0)
    moved[:, 1] = np.nan
    with pytest.raises(ModelError, match="'v1' was never answered"):
        cv.Mechanism().fit(changed(reached=moved), 0)


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_units_of_measurement_and_order_of_columns_change_no_prediction(scale: float) -> None:
    order = [2, 0, 1]
    other = PairedRows(
        tuple(rows().values[i] for i in order),
        tuple(rows().levers[i] for i in order),
        rows().units,
        rows().start[:, order] * scale,
        rows().doses[:, order],
        rows().reached[:, order] * scale,
    )
    told = response().predict(rows().start[:9], rows().doses[:9])
    again = cv.Mechanism().fit(other, 0).predict(rows().start[:9][:, order] * scale, rows().doses[:9][:, order])
    for one, two in ((told.mean, again.mean), (told.lower, again.lower), (told.upper, again.upper)):
        assert two / scale == pytest.approx(one[:, order], abs=1e-9)


def test_a_unit_asked_twice_the_same_has_the_mean_of_its_answers_whatever_their_order() -> None:
    there, back = (under(asked=answered(*each)).profiles("a")[:, 0] for each in ((0.0, 1.0), (1.0, 0.0)))  # type: ignore[attr-defined]
    assert (there == 0.5).all()
    assert (back == 0.5).all()


def test_a_table_is_taken_with_its_columns_in_the_order_that_is_asked_for() -> None:
    table = as_table(pd.DataFrame({"b": [1, None], "a": ["2", "3"], "c": ["x", "y"]}), "It", ["a", "b"])
    assert table.columns.tolist() == ["a", "b"]
    assert table["a"].tolist() == [2.0, 3.0]
    assert np.isnan(table["b"].iloc[1])


def test_skill_with_one_lever_set_still_says_what_foresees_best() -> None:
    found = rows()
    one = found.on(np.array([cell == "l0" for cell in found.cells]))
    told = PairedRows(found.values, ("l0",), one.units, one.start, one.doses[:, :1], one.reached)
    report = cv.skill_report(told, 0, SkillSettings(resamples=20, folds=3))
    assert any("foresees changes best" in sentence for sentence in report.verdict)


# --- studies

QUICK = (
    STUDY.split("[[query]]", maxsplit=1)[0]
    + "[falsify]\nrun = false\n[checks]\n"
    + "".join(
        f"{check} = false\n"
        for check in ("measurement_error", "item_stability", "hidden_causes", "lever_ratios", "assumptions")
    )
)


def study_with(folder: Path, plan: str) -> Path:
    return write_study(
        folder, f"{QUICK}[figures]\nformats = ['svg']\n[[plan]]\nchange = {{ security = 0.5 }}\n{plan}\n"
    )


def test_a_lever_with_a_stated_prior_is_planned_with_by_the_mechanism_and_marked(tmp_path: Path) -> None:
    path = study_with(tmp_path, 'levers = [{ node = "brave", prior = { security = [0.5, 0.1] } }]')
    run_study(path, tmp_path / "run")
    assert "never seen in the data" in (tmp_path / "run" / "report.md").read_text()


def test_a_continuous_dose_is_planned_by_the_graph(tmp_path: Path) -> None:
    lever = 'method = "mixed_integer"\nlevers = [{ node = "calm", interval = [0.0, 1.0] }]'
    run_study(study_with(tmp_path, lever), tmp_path / "run")
    with pytest.raises(StudyError, match="dose of 'calm' is continuous"):
        run_study(study_with(tmp_path, f'by = "mechanism"\n{lever}'), tmp_path / "other")


def test_an_error_says_which_plan_it_is_about(tmp_path: Path) -> None:
    path = study_with(tmp_path, "[[plan]]\nraise_by = { power = 0.1 }\nmax_levers = 0")
    with pytest.raises(PlanError, match=r"\[\[plan\]\] number 2: `max_levers` is 0"):
        run_study(path, tmp_path / "run")


def test_a_report_on_items_without_levers_says_what_is_missing(tmp_path: Path) -> None:
    table = pd.read_csv(write_answers(tmp_path))
    table[table["levers"].isna()].to_csv(tmp_path / "answers.csv", index=False)
    (tmp_path / "study.toml").write_text(QUICK)
    with pytest.raises(StudyError, match=r"0 single levers.*adaem"):
        run_report("adaem", str(tmp_path / "study.toml"), tmp_path / "run", None)


# --- the closed loop

LOOP = """
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
number = 2
first = 100
[[target]]
persona = "p101"
change = { power = 0.3 }
[steering]
asks = 1
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with answers of the steerable model, and the models of both commands replaced by it."""
    with steered_world(tmp_path_factory.mktemp("bad"), personas=8) as folder:
        yield folder


def loop(world: Path, out: Path, text: str = LOOP) -> None:
    (world / "loop.toml").write_text(text)
    run_steer_loop(world / "loop.toml", out, out.parent / "store.sqlite")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("change = { power = 0.3 }|profile = { power = nan }", "finite"),
        ("change = { power = 0.3 }|change = { power = inf }", "finite"),
        ("[[target]]|[levers]\ndoses = [nan]\n[[target]]", "finite"),
        ("[[target]]|[levers]\ndoses = [0.0]\n[[target]]", "greater than 0"),
        ("[steering]|[sealed]\nframe = 9\n[steering]", "go up to 3"),
        ("[steering]|[[target]]\npersona = 'p999'\nchange = { power = 1.0 }\n[steering]", "p999"),
    ],
)
def test_what_is_wrong_in_a_loop_is_told_before_anything_is_asked(
    world: Path, tmp_path: Path, change: str, says: str
) -> None:
    old, new = change.split("|")
    assert old in LOOP
    with pytest.raises(CausalValuesError, match=says):
        loop(world, tmp_path / "out", LOOP.replace(old, new))
    ledger = tmp_path / "out.unfinished" / "ledger.jsonl"
    assert not ledger.exists() or ledger.read_text().count("\n") <= 1


def test_a_target_outside_the_scale_of_the_key_is_refused(world: Path, tmp_path: Path) -> None:
    key = (world / "answers" / "key.toml").read_text()
    lines = [line for line in key.splitlines() if not line.startswith(("low", "high"))]
    (world / "scaled.toml").write_text("\n".join([lines[0], "low = -9.0", "high = 9.0", *lines[1:]]))
    text = LOOP.replace("answers/key.toml", "scaled.toml").replace(
        "change = { power = 0.3 }", "profile = { power = 12.0 }"
    )
    with pytest.raises(StudyError, match=r"'power' = 12 is outside the scale .* from -9 to 9"):
        loop(world, tmp_path / "out", text)


def test_a_lever_that_is_known_only_in_other_company_is_refused(world: Path, tmp_path: Path) -> None:
    table = pd.read_csv(world / "answers" / "answers.csv")
    table[~table["levers"].isin(["do_power", "do_power+do_security"])].to_csv(world / "some.csv", index=False)
    names = '[levers]\nnames = ["do_power", "do_security"]\n[[target]]'
    text = LOOP.replace("answers/answers.csv", "some.csv").replace("[[target]]", names)
    with pytest.raises(StudyError, match="'do_power' only together with"):
        loop(world, tmp_path / "out", text)


@pytest.mark.parametrize(
    "line", ["[1]", "1", '{"kind": "answer", "asked": "many"}', '{"kind": "answer", "asked": -5}', "[" * 90_000]
)
def test_a_ledger_that_was_tampered_with_is_refused(tmp_path: Path, line: str) -> None:
    place = tmp_path / "ledger.jsonl"
    Ledger(place, {"title": "x"}).close()
    with place.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(LoopError, match=r"line 2|not a ledger"):
        Ledger(place, {"title": "x"})


def test_a_ledger_with_lines_after_the_end_or_without_its_counts_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "ledger.jsonl"
    first = Ledger(place, {"title": "x"})
    first.write({"kind": "answer", "asked": 3})
    first.close()
    again = Ledger(place, {"title": "x"})
    with pytest.raises(LoopError, match="line 2: the run has ended"):
        again.end()
    again.write({"kind": "answer", "asked": 0})
    again.end()
    again.close()
    place.write_text(place.read_text().replace(', "asked": 3', ""))
    last = Ledger(place, {"title": "x"})
    with pytest.raises(LoopError, match="line 2"):
        last.write({"kind": "answer", "asked": 0})
    last.close()


def test_two_runs_cannot_write_one_ledger(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    first = Ledger(tmp_path / "ledger.jsonl", {"title": "x"})
    with pytest.raises(LoopError, match="Another run"):
        Ledger(tmp_path / "ledger.jsonl", {"title": "x"})
    first.close()
    Ledger(tmp_path / "ledger.jsonl", {"title": "x"}).close()


def test_a_run_is_taken_up_whatever_its_title_and_keeps_the_files_of_others(world: Path, tmp_path: Path) -> None:
    text = LOOP.replace('"A loop"', '"A\\u2028loop \\u0085 <b>|*_`"')
    loop(world, tmp_path / "out", text)
    before = (tmp_path / "out" / "ledger.jsonl").read_bytes()
    (tmp_path / "out.unfinished").mkdir()
    (tmp_path / "out.unfinished" / "mine.txt").write_text("mine")
    shutil.copy(tmp_path / "out" / "ledger.jsonl", tmp_path / "out.unfinished" / "ledger.jsonl")
    loop(world, tmp_path / "out", text)
    assert (tmp_path / "out" / "ledger.jsonl").read_bytes() == before
    assert [path.name for path in (tmp_path / "out.unfinished").iterdir()] == ["mine.txt"]
    assert json.loads(before.split(b"\n")[0])["title"].startswith("A\u2028loop")


def test_other_settings_on_a_finished_run_are_refused_and_leave_nothing_behind(world: Path, tmp_path: Path) -> None:
    loop(world, tmp_path / "out")
    with pytest.raises(LoopError, match="holds a run with another title, settings or answers"):
        loop(world, tmp_path / "out", LOOP.replace("power = 0.3", "power = 0.2"))
    assert not (tmp_path / "out.unfinished").exists()
    loop(world, tmp_path / "out")


def test_an_interrupt_says_that_the_same_command_goes_on(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    (world / "loop.toml").write_text(LOOP)
    words = [
        "steer-loop",
        str(world / "loop.toml"),
        "--out",
        str(tmp_path / "o"),
        "--store",
        str(tmp_path / "s.sqlite"),
    ]
    with monkeypatch.context() as patch:
        patch.setattr("causalvalues.loop.running.steer_all", stop)
        done = CliRunner().invoke(app, words)
    assert done.exit_code == 130
    assert "the same command goes on" in done.output
    assert "Nothing was written" not in done.output
    assert (tmp_path / "o.unfinished" / "ledger.jsonl").exists()
    assert CliRunner().invoke(app, words).exit_code == 0
