"""What a study says of its evidence, whichever way it was made; and answers that cannot be used end in clear words."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from study_helpers import write_answers
from typer.testing import CliRunner, Result

from causalvalues.cli.app import app
from causalvalues.study import StudyRun, run_study

QUICK = """
seed = 3

[data]
path = "answers.csv"
cluster_by = "persona_id"

[evidence]

[discovery]
draws = 100
moment_draws = 10
sensitivity = false
compare_levers = false

[falsify]
run = false

[checks]
hidden_causes = false

[figures]
formats = ["svg"]
"""


def with_holes(folder: Path) -> pd.DataFrame:
    """Write answers in which every ninth score of power is missing."""
    table = pd.read_csv(write_answers(folder))
    table.loc[::9, "power"] = np.nan
    table.to_csv(folder / "answers.csv", index=False)
    return table


def study(folder: Path, evidence: str = "", text: str = QUICK) -> StudyRun:
    path = folder / "study.toml"
    path.write_text(text.replace("[evidence]", f"[evidence]\n{evidence}"), encoding="utf-8")
    return run_study(path, folder / "run")


def answers_part(run: StudyRun) -> str:
    text = (run.folder / "report.md").read_text(encoding="utf-8")
    return text[text.index("## The answers") : text.index("## The graph")]


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        ("", "maximum likelihood|expectation"),
        ('missing = "pairwise"', "pair"),
        ('missing = "listwise"', "160 of 180 rows used|listwise|complete"),
        ('moments = "polychoric"\nordinal = ["tradition"]', "polychoric|polyserial|ordinal"),
        ('moments = "rank"', "rank"),
    ],
)
def test_the_report_says_what_became_of_missing_answers(tmp_path: Path, evidence: str, said: str) -> None:
    table = with_holes(tmp_path)
    table["tradition"] = pd.cut(table["tradition"], 4, labels=False) + 1
    table.to_csv(tmp_path / "answers.csv", index=False)
    text = QUICK.replace("draws = 100", "pooled = false\ndraws = 100")
    part = answers_part(study(tmp_path, evidence, text))
    assert re.search(said, part, re.IGNORECASE), part
    assert "effective n" in part


def test_a_small_posterior_is_called_an_average_of_exact_sums(tmp_path: Path) -> None:
    write_answers(tmp_path)
    text = (study(tmp_path).folder / "report.md").read_text(encoding="utf-8")
    assert "the average of exact sums over all graphs over 10 cluster-bootstrap moment matrices" in text


def test_strata_are_named(tmp_path: Path) -> None:
    table = pd.read_csv(write_answers(tmp_path))
    table["region"] = ["north" if int(name[1:]) % 2 else "south" for name in table["persona_id"]]
    table.to_csv(tmp_path / "answers.csv", index=False)
    text = QUICK.replace('cluster_by = "persona_id"', 'cluster_by = "persona_id"\nstrata_by = "region"')
    assert "strata" in answers_part(study(tmp_path, text=text))


def call(folder: Path, table: pd.DataFrame, more: str = "") -> Result:
    table.to_csv(folder / "answers.csv", index=False)
    (folder / "study.toml").write_text(QUICK.replace("[evidence]", f"{more}\n[evidence]"), encoding="utf-8")
    return CliRunner().invoke(app, ["study", str(folder / "study.toml"), "--out", str(folder / "run")])


def in_plain_words(found: Result, codes: set[int], *words: str) -> None:
    assert found.exit_code in codes, found.output
    assert "Traceback" not in found.output
    assert isinstance(found.exception, SystemExit), found.exception
    for word in words:
        assert word in found.stderr, found.stderr


def test_fewer_rows_than_values_end_in_clear_words(tmp_path: Path) -> None:
    table = pd.read_csv(write_answers(tmp_path)).iloc[:3]
    in_plain_words(call(tmp_path, table), {1, 3}, "rows")


def test_a_value_that_is_the_sum_of_others_ends_in_clear_words(tmp_path: Path) -> None:
    table = pd.read_csv(write_answers(tmp_path))
    table["tradition"] = table["power"] + table["security"]
    in_plain_words(call(tmp_path, table), {1, 3}, "tradition")


def test_a_value_without_a_single_answer_is_named(tmp_path: Path) -> None:
    table = pd.read_csv(write_answers(tmp_path))
    table["tradition"] = np.nan
    in_plain_words(call(tmp_path, table), {1, 3}, "tradition")


def test_weights_of_zero_end_in_clear_words(tmp_path: Path) -> None:
    table = pd.read_csv(write_answers(tmp_path)).assign(weight=0.0)
    in_plain_words(call(tmp_path, table, 'weight = "weight"'), {1, 3}, "weight")


def test_rows_of_weight_zero_count_for_nothing(tmp_path: Path) -> None:
    table = pd.read_csv(write_answers(tmp_path)).assign(weight=1.0)
    table.loc[0, "weight"] = 0.0
    table.loc[0, "power"] = 1e6
    found = call(tmp_path, table, 'weight = "weight"')
    assert found.exit_code == 0, found.output
    edges = pd.read_csv(tmp_path / "run" / "tables" / "correlation.csv").set_index("name")
    assert edges.loc["power", "security"] > 0.3


@pytest.mark.parametrize("verb", ["check", "learn", "falsify"])
def test_every_verb_refuses_a_single_row_in_plain_words(tmp_path: Path, verb: str) -> None:
    table = pd.read_csv(write_answers(tmp_path)).iloc[:1]
    table.to_csv(tmp_path / "one.csv", index=False)
    found = CliRunner().invoke(app, [verb, str(tmp_path / "one.csv")])
    assert found.exit_code in {1, 3}
    assert "Traceback" not in found.output
    assert isinstance(found.exception, SystemExit), found.exception
