"""The report ``steering``: leakage, doses and likeness of levers inside a model, from answers and files of levers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lever_kinds_world import INSIDE, VALUES, simulate_kinds, write_kinds_study
from study_helpers import digests

from causalvalues.errors import DataError, StudyError
from causalvalues.prediction import PairedRows
from causalvalues.reports import run_report
from causalvalues.responses.demo import DEMO
from causalvalues.steering import Act, SteeringLever, write_levers

TABLE = '[report.steering]\nlevers = "levers.csv"\n'


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_kinds_study(tmp_path_factory.mktemp("steering"), simulate_kinds(units=8), TABLE)


def test_leakage_and_doses_of_both_kinds_are_measured(study: Path, tmp_path: Path) -> None:
    run = run_report("steering", study, tmp_path / "out")
    cells = pd.read_csv(run.folder / "tables" / "leakage.csv")
    assert len(cells) == 8 * len(VALUES)
    rows = simulate_kinds(units=8)
    alone = (rows.doses[:, rows.levers.index("vec_care")] == 1) & (rows.used == 1)
    expected = rows.change[alone].mean(axis=0)[rows.values.index("care")]
    found = cells[(cells["lever"] == "vec_care") & (cells["dimension"] == "care")]
    assert float(found["effect"].iloc[0]) == pytest.approx(expected, abs=1e-5)
    doses = pd.read_csv(run.folder / "tables" / "doses.csv")
    assert set(doses["lever"]) == {f"vec_{value}" for value in VALUES}
    assert sorted(set(doses["dose"])) == [0.5, 1.0]
    heads = [head for head, _ in run.first_lines]
    assert heads[:2] == ["Gain.", "By kind."]
    assert {"figures/leakage.svg", "figures/doses.svg", "tables/breaks.csv"} <= set(run.files)


def test_levers_made_at_random_are_controls(study: Path, tmp_path: Path) -> None:
    chance = SteeringLever("vec_order", (Act(0, np.ones(3), 1.0),), "order", "random")
    aimed = [SteeringLever(f"vec_{value}", (Act(0, np.ones(3), 1.0),), value) for value in VALUES if value != "order"]
    (tmp_path / "answers.csv").write_text((study.parent / "answers.csv").read_text())
    write_levers([*aimed, chance], tmp_path / "levers.csv")
    (tmp_path / "study.toml").write_text(study.read_text())
    run = run_report("steering", tmp_path / "study.toml", tmp_path / "out")
    levers = pd.read_csv(run.folder / "tables" / "levers.csv", keep_default_na=False).set_index("lever")
    assert levers.loc["vec_order", "aim"] == ""
    assert levers.loc["do_order", "aim"] == "order"
    assert "1 random direction gains" in dict(run.first_lines)["Chance."]


def test_the_graph_is_held_against_cosines(study: Path, tmp_path: Path) -> None:
    folder = tmp_path / "likeness"
    folder.mkdir()
    for name in ("answers.csv", "study.toml"):
        (folder / name).write_text((study.parent / name).read_text())
    write_levers([SteeringLever("vec_care", (Act(0, np.ones(3), 1.0),), "care")], folder / "levers.csv")
    random = np.random.default_rng(0).normal(size=(4, 9))
    unit = random / np.linalg.norm(random, axis=1)[:, None]
    pd.DataFrame(unit @ unit.T, VALUES, VALUES).to_csv(folder / "cosines.csv")
    (folder / "study.toml").write_text((study.read_text()) + 'cosines = "cosines.csv"\n')
    run = run_report("steering", folder / "study.toml", folder / "out")
    table = pd.read_csv(run.folder / "tables" / "inside_outside.csv")
    assert table["pair"].tolist() == ["behaviour and inside"]
    assert "figures/inside_outside.svg" in run.files
    (folder / "study.toml").write_text(study.read_text() + 'cosines = "nowhere.csv"\n')
    with pytest.raises(DataError, match=r"no file .*nowhere\.csv of cosines"):
        run_report("steering", folder / "study.toml", folder / "other")
    pd.DataFrame(np.eye(3), VALUES[:3], VALUES[:3]).to_csv(folder / "cosines.csv")
    (folder / "study.toml").write_text(study.read_text() + 'cosines = "cosines.csv"\n')
    with pytest.raises(StudyError, match="differ in the values self_direction"):
        run_report("steering", folder / "study.toml", folder / "other")


def test_random_levers_are_known_by_name_and_others_without_an_aim_are_not_called_random(tmp_path: Path) -> None:
    rows = simulate_kinds(units=8)
    names = {"vec_power": "rand_power", "vec_order": "random_order", "vec_care": "loud"}
    renamed = replace(rows, levers=tuple(names.get(lever, lever) for lever in rows.levers))
    path = write_kinds_study(tmp_path, renamed, "[report.steering]\n")
    run = run_report("steering", path, tmp_path / "out")
    levers = pd.read_csv(run.folder / "tables" / "levers.csv", keep_default_na=False).set_index("lever")
    assert levers.loc[["rand_power", "random_order", "loud"], "aim"].tolist() == ["", "", ""]
    assert levers.loc["vec_self_direction", "aim"] == "self_direction"  # by its name, without a file of levers
    assert dict(run.first_lines)["Chance."].startswith("2 random directions gain")
    renamed = replace(rows, levers=tuple("loud" if lever == "vec_care" else lever for lever in rows.levers))
    (tmp_path / "other").mkdir()
    path = write_kinds_study(tmp_path / "other", renamed, "[report.steering]\n")
    assert "Chance." not in dict(run_report("steering", path, tmp_path / "again").first_lines)


def test_statements_are_a_sample_as_well(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(
        f'[data]\npath = "{DEMO / "doses.csv.gz"}"\nkey = "smollm2-steered"\nlayout = "wide"\n'
        'unit = "unit_id"\ncluster_by = "persona_id"\nlabels = ["model", "persona_id", "wording", "frame", "repeat"]\n'
        '[figures]\nformats = ["svg"]\n[report.steering]\n'
    )
    run = run_report("steering", tmp_path / "study.toml", tmp_path / "out")
    lead = dict(run.first_lines)
    assert "the interval of 10 of them is above zero" in lead["Gain."]
    assert "too (4 for a value), 8 of 10 gains stay above zero" in lead["Statements."]
    assert lead["Chance."].startswith("3 random directions gain")
    page = (run.folder / "report.md").read_text(encoding="utf-8")
    assert "Effect on aim, over statements" in page
    assert ".35 \\[−.15, .85\\]" in page  # conformity: its t interval over four statements
    assert "Intervals over units hold for these statements only" in page
    table = pd.read_csv(run.folder / "tables" / "statements.csv")
    assert len(table) == 10 * 40
    over = pd.read_csv(run.folder / "tables" / "levers_over_statements.csv").set_index("lever")
    own = table[(table["lever"] == "vec_power") & table["statement"].str.startswith("power_")]
    assert over.loc["vec_power", "effect"] == pytest.approx(own["effect"].mean(), abs=1e-6)


def test_columns_without_statements_are_told(study: Path, tmp_path: Path) -> None:
    run = run_report("steering", study, tmp_path / "out")
    assert "The columns are values already" in dict(run.first_lines)["Statements."]
    assert "Effect on aim, over statements" not in (run.folder / "report.md").read_text(encoding="utf-8")
    assert "tables/statements.csv" not in run.files


def test_a_lever_of_two_units_is_left_out_of_the_overall_leakage_and_the_page_says_so(tmp_path: Path) -> None:
    rows = simulate_kinds(units=8)
    at = rows.levers.index("vec_power")
    thin = rows.on(np.array([d[at] == 0 or u < "u02" for d, u in zip(rows.doses, rows.units, strict=True)]))
    run = run_report("steering", write_kinds_study(tmp_path, thin, TABLE), tmp_path / "out")
    assert "Leakage." in dict(run.first_lines)
    page = (run.folder / "report.md").read_text(encoding="utf-8")
    said = "Left out of the overall leakage, with fewer than 3 units: vec\\_power."
    assert f"\n{said}" in page  # a paragraph, besides the caption of the figure
    assert "or where there are fewer than 3 units" in page


def likeness_study(folder: Path, rows: PairedRows) -> Path:
    path = write_kinds_study(folder, rows, TABLE + 'cosines = "cosines.csv"\n')
    random = np.random.default_rng(0).normal(size=(4, 9))
    unit = random / np.linalg.norm(random, axis=1)[:, None]
    pd.DataFrame(unit @ unit.T, VALUES, VALUES).to_csv(folder / "cosines.csv")
    return path


def test_the_graph_held_against_the_vectors_has_not_seen_rows_under_them(tmp_path: Path) -> None:
    rows = simulate_kinds(units=8)
    under = (rows.doses[:, [lever in INSIDE for lever in rows.levers]] != 0).any(axis=1)
    noise = np.random.default_rng(1).normal(size=rows.reached.shape) @ np.random.default_rng(2).normal(size=(4, 4))
    other = replace(rows, reached=rows.reached + under[:, None] * noise)
    figures = []
    for name, each in (("one", rows), ("two", other)):
        (tmp_path / name).mkdir()
        run = run_report("steering", likeness_study(tmp_path / name, each), tmp_path / name / "out")
        if name == "one":  # without a file of levers, only levers named do_... are taken for prompts
            blind = tmp_path / "one" / "blind.toml"
            blind.write_text((tmp_path / "one" / "study.toml").read_text().replace('levers = "levers.csv"\n', ""))
            again = run_report("steering", blind, tmp_path / "one" / "blind")
            figures.append((again.folder / "tables" / "inside_outside.csv").read_text())
        figures.append((run.folder / "tables" / "inside_outside.csv").read_text())
        page = (run.folder / "report.md").read_text(encoding="utf-8")
        rows_left = 8 + int((~under).sum())
        assert f"learned from the {rows_left} rows without a lever inside the model" in page
        assert "circular" not in page
    assert figures[0] == figures[1] == figures[2]
    pictures = [(tmp_path / name / "out" / "figures" / "inside_outside.svg").read_bytes() for name in ("one", "two")]
    assert pictures[0] == pictures[1]


def test_too_few_rows_without_levers_inside_are_told_beside_the_verdict(tmp_path: Path) -> None:
    rows = simulate_kinds(units=8)
    inside = [lever in INSIDE for lever in rows.levers]
    only = rows.on(~(rows.doses[:, ~np.array(inside)] != 0).any(axis=1))
    kept = replace(only, levers=INSIDE, doses=only.doses[:, inside])
    run = run_report("steering", likeness_study(tmp_path, kept), tmp_path / "out")
    assert "partly circular" in dict(run.first_lines)["Inside and outside."]
    page = (run.folder / "report.md").read_text(encoding="utf-8")
    assert "since only 8 rows are without them" in page
    assert page.count("partly circular") == 3  # first lines, beside the verdict, what to bear in mind


def test_the_same_study_gives_the_same_bytes(study: Path, tmp_path: Path) -> None:
    one, two = (digests(run_report("steering", study, tmp_path / name).folder) for name in ("one", "two"))
    assert {name for name in one if one[name] != two[name]} <= {"manifest.json"}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('levers = "nowhere.csv"\n', "no file"),
        ("allowed = { fluency = 0.1 }\n", "the guardrails of the key are none"),
        ("dose = 0\n", "dose"),
        ("allowed = { fluency = -1 }\n", "fluency"),
    ],
)
def test_options_that_cannot_be_followed_are_named(study: Path, tmp_path: Path, table: str, said: str) -> None:
    (tmp_path / "answers.csv").write_text((study.parent / "answers.csv").read_text())
    (tmp_path / "study.toml").write_text(study.read_text().split("[report")[0] + "[report.steering]\n" + table)
    with pytest.raises(Exception, match=said) as caught:
        run_report("steering", tmp_path / "study.toml", tmp_path / "out")
    assert type(caught.value).__module__.startswith("causalvalues")
