"""Conditions in a study file: from the input file to what the report says, and errors in clear words."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import causalvalues.theories
from causalvalues.discovery import ExactPosterior, OrderSearch, discover
from causalvalues.errors import DiscoveryError, StudyError
from causalvalues.evidence import environments
from causalvalues.graph import GraphPosterior
from causalvalues.responses import read_responses
from causalvalues.study import StudyRun, load, read_study, run_study, save
from causalvalues.study.pipeline import study_results
from causalvalues.study.report_conditions import by_forcing
from causalvalues.study.study_file import settings_from

STUDY = """
seed = 3

[data]
path = "answers.csv"
labels = ["condition"]

[environments]
by = "condition"
forced = { none = [], do_power = ["power"] }

[discovery]
draws = 100
sensitivity = false

[falsify]
run = false

[checks]
hidden_causes = false

[figures]
formats = ["svg"]
"""
FORCED = 'forced = { none = [], do_power = ["power"] }'


def write_answers(folder: Path, cut: bool = True, rows: int = 150, free: str = "none") -> Path:
    """Tradition -> power -> security; in half of the rows power is set from outside, or (not `cut`) only shifted."""
    random = np.random.default_rng(1)
    tradition = random.normal(size=2 * rows)
    forced = np.arange(2 * rows) >= rows
    power = 0.7 * tradition * ~(forced & cut) + random.normal(size=2 * rows) + 1.5 * forced
    security = 0.6 * power + random.normal(size=2 * rows)
    table = pd.DataFrame({"power": power, "security": security, "tradition": tradition})
    table.insert(0, "condition", np.where(forced, "do_power", free))
    path = folder / "answers.csv"
    table.to_csv(path, index=False, float_format="%.6f")
    return path


def study(folder: Path, text: str = STUDY) -> StudyRun:
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return run_study(path, folder / "run")


def said(run: StudyRun) -> str:
    return (run.folder / "report.md").read_text(encoding="utf-8")


def part(text: str, heading: str) -> str:
    """The part of a report below a heading, up to the next of the same rank."""
    rest = text.split(f"\n## {heading}\n", maxsplit=1)[1]
    return rest.split("\n## ", maxsplit=1)[0]


def test_from_the_file_to_the_report(tmp_path: Path) -> None:
    write_answers(tmp_path)
    run = study(tmp_path)
    matrix = read_responses(tmp_path / "answers.csv")
    found = environments(matrix, "condition", {"none": (), "do_power": ("power",)})
    expected = discover(found, ExactPosterior(draws=100), seed=3)
    assert np.array_equal(run.results.posterior.edge, expected.edge)
    edges = run.results.posterior.averaged_graph()
    assert set(zip(edges["cause"], edges["effect"], strict=True)) == {("tradition", "power"), ("power", "security")}
    assert edges["verdict"].tolist() == ["compelled", "compelled"]

    answers, graph, holds = (part(said(run), name) for name in ("The answers", "The graph", "Does the graph hold?"))
    for note in found.notes:
        assert note in answers
    assert "| none | nothing | 150 | 150 |" in answers
    assert "| do\\_power | power | 150 | 150 |" in answers
    assert "CV304" not in answers  # the doctor's warning that nobody said what the condition did
    assert graph.count("compelled by forcing") == 2
    assert "2 of the 2 compelled edges owe this to forcing alone" in graph
    assert holds.count("As far as these tests see.") == 2
    assert "What that means" not in holds
    assert "cut from its causes" in holds
    assert "in the 150 rows in which nothing was forced" in holds
    tables = {path.stem: pd.read_csv(path) for path in (run.folder / "tables").glob("*.csv") if path.stat().st_size > 1}
    assert tables["equation_rows"]["rows"].tolist() == [150, 300, 300]
    assert tables["edges"]["by_forcing"].tolist() == [True, True]
    assert len(tables["condition_checks"]) == 5
    slope = run.results.model.mean_coefficients.loc["tradition", "power"]
    assert slope == pytest.approx(0.7, abs=0.2)  # 0.3 in all rows: the forced ones have none
    saved = load(run.folder / "graph" / "posterior.json")
    assert isinstance(saved, GraphPosterior)
    assert saved.targets == ((), ("power",))


def test_a_manipulation_that_only_shifts_is_seen_and_said(tmp_path: Path) -> None:
    write_answers(tmp_path, cut=False)
    run = study(tmp_path)
    assert "Did the equations of free values stay the same? No. So arrows and effects" in said(run)
    assert "Some condition only shifted its values" in part(said(run), "Does the graph hold?")
    assert "did not do what learning from forced rows assumes" in part(said(run), "What moves what: total effects")


def test_conditions_named_after_values_need_no_table(tmp_path: Path) -> None:
    path = write_answers(tmp_path)
    path.write_text(path.read_text().replace("do_power", "power"), encoding="utf-8")
    short = study(tmp_path, STUDY.replace(FORCED, 'baseline = "none"')).results.posterior
    long = study(tmp_path, STUDY.replace(FORCED, 'forced = { none = [], power = ["power"] }')).results.posterior
    assert short.targets == ((), ("power",))
    assert np.array_equal(short.draws, long.draws)


def test_unknown_targets_are_learned(tmp_path: Path) -> None:
    write_answers(tmp_path, cut=False)
    run = study(tmp_path, STUDY.replace(FORCED, 'unknown = true\nbaseline = "none"'))
    assert run.results.posterior.lever_mode == "sparse"
    acts = run.results.posterior.lever_probabilities.loc["condition=do_power"]
    assert acts["power"] > 0.95
    assert acts[["security", "tradition"]].max() < 0.2
    levers = part(said(run), "What the levers did")
    assert "### What each condition acts on" in levers
    assert "| do\\_power | 1.00 |" in levers
    saturated = STUDY.replace(FORCED, 'unknown = true\nbaseline = "none"').replace(
        "draws = 100", 'draws = 100\nlevers = "saturated"'
    )
    other = study(tmp_path, saturated)
    assert other.results.posterior.lever_mode == "saturated"
    assert "it is not learned on which it acts" in said(other)


def test_questions_start_from_rows_in_which_nothing_was_forced(tmp_path: Path) -> None:
    path = write_answers(tmp_path)
    asked = STUDY + '\n[[plan]]\nchange = { security = 0.5 }\nlevers = ["power"]\n'
    plan = study(tmp_path, asked).results.plans[0]
    table = pd.read_csv(path)
    free = table.loc[table["condition"] == "none", "security"].mean()
    assert plan.target.profile["security"] == pytest.approx(free + 0.5, abs=1e-6)
    assert table["security"].mean() > free + 0.3
    assert "halves" in plan.note


def test_without_rows_free_of_forcing_checks_are_left_out_and_questions_refused(tmp_path: Path) -> None:
    write_answers(tmp_path, free="do_tradition")
    text = STUDY.replace("none = []", 'do_tradition = ["tradition"]').replace("hidden_causes = false", "")
    text = text.replace("run = false", "run = true")
    run = study(tmp_path, text)
    skipped = " ".join(run.results.checks.skipped)
    for check in ("held-out rows", "fit indices", "tests of the equations", "hidden factors"):
        assert check in skipped
    assert "there is no row in which nothing was forced" in skipped
    assert run.results.checks.fit is None
    assert run.results.checks.hidden is None
    assert run.results.checks.sensitivity is not None
    assert not (run.folder / "tables" / "correlation.csv").exists()
    with pytest.raises(StudyError, match=r"\[\[query\]\] number 1: a counterfactual starts from answers"):
        study(tmp_path, text + '\n[[query]]\nkind = "counterfactual"\nunit = "1"\nset = { power = 1.0 }\n')


def test_with_hidden_causes_the_report_says_which_rows_they_rest_on(tmp_path: Path) -> None:
    write_answers(tmp_path)
    run = study(tmp_path, STUDY.replace("hidden_causes = false", ""))
    assert "learned in the 150 rows in which nothing was forced" in part(said(run), "Hidden common causes")
    strengths = run.results.checks.sensitivity
    assert strengths is not None
    assert list(strengths["effect"]) == ["security", "power"] or list(strengths["effect"]) == ["power", "security"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('by = "conditoin"', "`by` names 'conditoin', which is not a label .*'condition'"),
        ('by = "condition"\nforced = { none = [], do_power = ["powr"] }', "'do_power' names 'powr', .*'power'"),
        ('by = "condition"\nforced = { none = [] }', r"the condition 'do_power' forces. Add it, with \[\]"),
        ('by = "condition"\nforced = { none = [], do_pwr = ["power"] }', "names 'do_pwr', .*'do_power'"),
        ('by = "condition"\nbaseline = "nonne"', "`baseline` names 'nonne', .*'none'"),
        ('by = "condition"\nbaseline = "none"', "'do_power' is not named after a value"),
        ('by = "condition"\nunknown = true', "needs a `baseline`"),
        ('by = "condition"\nbaseline = "none"\nunknown = true\nforced = { do_power = ["power"] }', "Keep one"),
        ('by = "condition"\nbaseline = "none"\nforced = { none = ["power"] }', "'none' forces nothing, .*power"),
        ('by = "condition"\nforced = { none = [], do_power = "power" }', "forced: `do_power` is 'power'.*list"),
        ('by = "condition"\nforce = {}', "no key 'force'.*'forced'"),
        ("unknown = false", "lacks `by`"),
    ],
)
def test_mistakes_are_named_with_their_place(tmp_path: Path, line: str, message: str) -> None:
    write_answers(tmp_path)
    text = STUDY.replace(f'by = "condition"\n{FORCED}', line)
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=rf"(?s)\[environments\].*{message}"):
        study_results(read_study(path), tmp_path)


def test_corrected_moments_are_refused() -> None:
    held = {"data": {"path": "a.csv"}, "evidence": {"moments": "corrected"}, "environments": {"by": "condition"}}
    with pytest.raises(StudyError, match="Choose other moments"):
        settings_from(held)


@pytest.mark.parametrize("method", [ExactPosterior(draws=50), OrderSearch(resamples=5, restarts=2)])
def test_targets_are_saved_and_loaded(tmp_path: Path, method: ExactPosterior | OrderSearch) -> None:
    matrix = read_responses(write_answers(tmp_path))
    found = environments(matrix, "condition", {"none": (), "do_power": ("power",)})
    posterior = discover(found, method)
    assert posterior.targets == ((), ("power",))
    path = save(posterior, tmp_path / "posterior.json")
    back = load(path)
    assert isinstance(back, GraphPosterior)
    assert back.targets == posterior.targets
    assert np.array_equal(back.compelled_draws, posterior.compelled_draws)
    assert by_forcing(back) == by_forcing(posterior)
    damaged = path.read_text().replace('"power"\n  ]\n ]', '"powr"\n  ]\n ]')
    assert damaged != path.read_text()
    path.write_text(damaged)
    with pytest.raises(Exception, match=r"unknown value 'powr'.*'power'"):
        load(path)


def kept_of_many(colliders: int, counted: float, target: str) -> GraphPosterior:
    """100 kept of 10,000 counted graphs a -> b, some with c -> b too; `counted` is the share that compels a -> b."""
    draws = np.zeros((100, 4, 4), dtype=bool)
    draws[:, 0, 1] = True
    draws[:colliders, 2, 1] = True
    edge, compelled = draws.mean(axis=0), np.zeros((4, 4))
    compelled[0, 1] = counted
    prior = np.full((4, 4), 0.3)
    return GraphPosterior(
        ("a", "b", "c", "d"),
        draws,
        np.ones(100),
        "posterior",
        edge,
        prior,
        True,
        "by hand",
        targets=((), (target,)),
        compelled=compelled,
        independent_draws=10_000.0,
    )


@pytest.mark.parametrize("colliders", [40, 48, 50, 52, 60, 70])
def test_targets_that_settle_no_edge_are_never_the_reason_of_a_verdict(colliders: int) -> None:
    """The kept draws may say less or more than all that were counted; forcing d changes nothing about a -> b."""
    posterior = kept_of_many(colliders, 0.54, "d")
    edges = posterior.averaged_graph().set_index(["cause", "effect"])
    assert edges.loc[("a", "b"), "verdict"] == "compelled"
    assert by_forcing(posterior) == frozenset()


@pytest.mark.parametrize(
    ("colliders", "forcing"),
    [
        (0, True),
        (52, True),  # .52 - 2 sqrt(.52 x .48 (1 / 100 + 1 / 10,000)) = .420
        (59, True),  # .491
        (61, False),  # .512
        (100, False),
    ],
)
def test_forcing_is_the_reason_where_the_kept_draws_do_not_compel_the_edge_without_it(
    colliders: int, forcing: bool
) -> None:
    found = by_forcing(kept_of_many(colliders, 1.0, "b"))
    assert (("a", "b") in found) is forcing


def test_a_posterior_refuses_targets_that_it_does_not_have(tmp_path: Path) -> None:
    one = np.zeros((1, 2, 2))
    with pytest.raises(DiscoveryError, match="unknown value 'c'"):
        GraphPosterior(("a", "b"), one > 0, np.ones(1), "posterior", one[0], one[0], True, "", targets=(("c",),))


@pytest.mark.shared
def test_forced_statements_of_a_small_model(tmp_path: Path, shared_data: Path) -> None:
    """Forced statements shift a value and do not cut it off from its persona, and the report says so."""
    frame = pd.read_csv(shared_data / "smollm2_forced" / "forced.csv.gz", keep_default_na=False)
    for row, (value, number) in enumerate(zip(frame["forced_value"], frame["k"], strict=True)):
        if value != "neutral":
            frame.loc[row, f"{value}_{number + 1}"] = np.nan
    frame.drop(columns="k").to_csv(tmp_path / "answers.csv", index=False)
    text = STUDY.replace('labels = ["condition"]', 'labels = ["persona", "forced_value"]\ncluster_by = "persona"')
    text = text.replace('by = "condition"\n' + FORCED, 'by = "forced_value"\nbaseline = "neutral"')
    text = text.replace("[environments]", '[evidence]\nwithin = "persona"\n\n[environments]')
    shipped = Path(causalvalues.theories.__file__).parent / "keys" / "smollm2-demo.toml"
    four = re.sub(r', "\w+_[56]"', "", shipped.read_text(encoding="utf-8")).replace('"smollm2-demo"', '"four"')
    (tmp_path / "four.toml").write_text(four)
    text = text.replace("cluster_by", 'key = "four.toml"\nmin_answered = 3\ncluster_by')
    run = study(tmp_path, text.replace("draws = 100", "draws = 100\nmoment_draws = 10\npooled = false"))
    assert [run.results.conditions.environments.of(name).n for name in run.results.evidence.names] == [280] * 10  # type: ignore[union-attr]
    assert "Did the equations of free values stay the same? No. So arrows" in said(run)
    assert "As far as these tests see" not in part(said(run), "Does the graph hold?")
    assert "in only 28 rows nothing was forced" in " ".join(run.results.checks.skipped)
    assert "Each reliability is that of the rows in which nobody forced the value" in said(run)
