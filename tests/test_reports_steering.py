"""The report ``steering``: leakage, doses and likeness of levers inside a model, from answers and files of levers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lever_kinds_world import VALUES, simulate_kinds, write_kinds_study
from study_helpers import digests

from causalvalues.errors import DataError, StudyError
from causalvalues.reports import run_report
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
    assert "1 random directions gain" in dict(run.first_lines)["Chance."]


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
