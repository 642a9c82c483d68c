"""The command that makes ready reports: names, options, folders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from report_helpers import demo_settings
from study_helpers import STUDY, digests, write_study
from typer.testing import CliRunner, Result

from causalvalues.cli.app import app
from causalvalues.errors import StudyError
from causalvalues.reports import report_kinds, run_report
from causalvalues.study import read_study

ADAEM = '\n[report.adaem]\nby = "levers"\npermutations = 19\n'


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_all_reports_are_listed_with_a_line_each() -> None:
    listed = json.loads(run("report", "--list", "--json").stdout)
    assert list(listed) == ["adaem", "conva", "couple", "experiment", "kang", "skill", "steering", "valuepilot"]
    assert run("report", "--list").stdout.count("\n") == len(listed)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["cuple", "demo"], "There is no report 'cuple'. Did you mean 'couple'?"),
        (["couple"], "Give a study file, or demo"),
        ([], "Give the name of a report and a study file"),
        (["couple", "nowhere.toml"], "There is no study file nowhere.toml"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_to_do(words: list[str], said: str) -> None:
    found = run("report", *words)
    assert found.exit_code == 2
    assert said in found.stderr


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("[report.cuple]\n", r"\[report\] has no key 'cuple'. Did you mean 'couple'"),
        ("[report.couple]\ntargets = {}\n", r"\[report\], couple has no key 'targets'. Did you mean 'target'"),
        ("[report.couple]\nmax_levers = 0\n", "`max_levers` is 0"),
        ('[report.couple]\nmodel = "tree"\n', "`model` is 'tree'"),
    ],
)
def test_options_that_are_not_understood_are_named_with_their_place(tmp_path: Path, table: str, said: str) -> None:
    path = write_study(tmp_path, STUDY + table)
    with pytest.raises(StudyError, match=said):
        run_report("couple", path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_study_file_with_report_tables_is_still_a_study_file(tmp_path: Path) -> None:
    assert read_study(write_study(tmp_path, STUDY + ADAEM)).report == {"adaem": {"by": "levers", "permutations": 19}}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    path = write_study(tmp_path, STUDY + ADAEM)
    folders = [tmp_path / name for name in ("one", "two", "other")]
    for folder, seed in zip(folders, (1, 1, 2), strict=True):
        run_report("adaem", path, folder, seed)
    one, two, other = (digests(folder) for folder in folders)
    assert {name for name in one if one[name] != two[name]} <= {"manifest.json"}
    assert one["tables/items.csv"] != other["tables/items.csv"]


def test_the_manifest_names_report_options_input_and_files(tmp_path: Path) -> None:
    found = run("report", "adaem", write_study(tmp_path, STUDY + ADAEM), "--out", tmp_path / "out", "--json")
    assert found.exit_code == 0, found.output
    said = json.loads(found.stdout)
    held = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert held["report"] == "adaem"
    assert held["options"]["permutations"] == 19
    assert held["input"]["rows"] == 180
    assert {"manifest.json", *held["files"]} == set(said["files"])
    assert {"report.html", "report.md", "tables/items.csv", "figures/items.svg"} <= set(held["files"])
    assert said["first_lines"][0].startswith("Most informative.")


def test_a_folder_of_another_run_or_of_somebody_else_is_never_replaced(tmp_path: Path) -> None:
    path = write_study(tmp_path, STUDY + ADAEM)
    out = tmp_path / "out"
    run_report("adaem", path, out)
    run_report("adaem", path, out)  # its own earlier run is replaced
    before = digests(out)
    with pytest.raises(StudyError, match="holds the report 'adaem'"):
        run_report("kang", tmp_path / "nowhere.toml", out)  # before anything is read
    held = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    del held["report"]
    (out / "manifest.json").write_text(json.dumps(held), encoding="utf-8")
    with pytest.raises(StudyError, match="holds a study"):
        run_report("adaem", path, out)
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(StudyError, match=r"files that no study wrote \(notes.txt\)"):
        run_report("adaem", path, out)
    with pytest.raises(StudyError, match="lies in the run folder"):
        run_report("adaem", write_study(_made(tmp_path / "in"), STUDY + ADAEM), tmp_path / "in")
    assert {name: digests(out)[name] for name in before if name != "manifest.json"} == {
        name: digest for name, digest in before.items() if name != "manifest.json"
    }


def _made(folder: Path) -> Path:
    folder.mkdir()
    (folder / "manifest.json").write_text(
        '{"format": "causalvalues-run 1", "report": "adaem", "files": {"answers.csv": "", "study.toml": ""}}'
    )
    return folder


def test_a_finished_run_stands_for_its_study_as_long_as_its_answers_are_as_they_were(tmp_path: Path) -> None:
    path = write_study(tmp_path, STUDY + ADAEM)
    run = tmp_path / "run"
    made = run_report("adaem", path, tmp_path / "first")
    run.mkdir()
    held = json.loads((made.folder / "manifest.json").read_text(encoding="utf-8"))
    (run / "manifest.json").write_text(json.dumps(held), encoding="utf-8")
    again = run_report("adaem", run, tmp_path / "second")
    one, two = (digests(each.folder) for each in (made, again))
    assert one["tables/items.csv"] == two["tables/items.csv"]
    with (tmp_path / "answers.csv").open("a", encoding="utf-8") as file:
        file.write("p0,,1,1,1\n")
    with pytest.raises(StudyError, match="does not lie as it was"):
        run_report("adaem", run, tmp_path / "third")
    (run / "manifest.json").write_text("{}", encoding="utf-8")
    with pytest.raises(StudyError, match="holds no finished run of a study"):
        run_report("adaem", run, tmp_path / "third")


@pytest.mark.parametrize("name", ["kang", "conva", "valuepilot", "couple", "skill"])
def test_answers_without_levers_are_refused_with_the_remedy(tmp_path: Path, name: str) -> None:
    path = write_study(tmp_path, STUDY.split("[[query]]")[0])
    answers = (tmp_path / "answers.csv").read_text(encoding="utf-8").splitlines()
    kept = [",".join(part for place, part in enumerate(line.split(",")) if place != 1) for line in answers]
    (tmp_path / "answers.csv").write_text("\n".join(kept), encoding="utf-8")
    with pytest.raises(StudyError, match="needs answers under levers"):
        run_report(name, path, tmp_path / "out")


def test_the_skill_report_has_its_verdict_once_at_the_head(tmp_path: Path) -> None:
    table = '\n[report.skill]\nfolds = 2\nresamples = 20\nsplits = ["unit"]\n'
    run_of = run_report("skill", write_study(tmp_path, STUDY + table), tmp_path / "out")
    text = (run_of.folder / "report.md").read_text(encoding="utf-8")
    assert text.count("of the simple predictors") == 1
    assert "graph" in " ".join(said for _, said in run_of.first_lines)
    assert {"tables/skill.csv", "figures/skill.svg"} <= set(run_of.files)


def test_an_experiment_needs_rows_after_forced_answers(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="needs rows after forced answers"):
        run_report("experiment", write_study(tmp_path, STUDY), tmp_path / "out")


def test_every_option_of_every_report_is_documented() -> None:
    text = (Path(__file__).parents[1] / "docs" / "reports.md").read_text(encoding="utf-8")
    for kind in report_kinds():
        assert f"[report.{kind.name}]" in text
        for key in kind.options.model_fields:
            assert f"`{key}`" in text, f"{kind.name}: {key}"


def test_the_demo_options_belong_to_reports_that_exist() -> None:
    assert set(demo_settings().report) == {kind.name for kind in report_kinds()}
