"""Commands that question answers and graphs: falsify, reliability, choices, compare."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from study_helpers import write_answers
from typer.testing import CliRunner, Result

from causalvalues.cli.app import app


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def write_groups(folder: Path, rows: int = 150) -> Path:
    """Answers of two models; in the second one security does not follow power."""
    random = np.random.default_rng(3)
    found = []
    for model, slope in (("a", 0.9), ("b", 0.0)):
        for number in range(rows):
            power = random.normal()
            security = slope * power + random.normal()
            tradition = 0.7 * security + random.normal()
            held = {"model": model, "persona_id": f"{model}{number}"}
            found.append(held | {"power": power, "security": security, "tradition": tradition})
    path = folder / "groups.csv"
    pd.DataFrame(found).to_csv(path, index=False, float_format="%.6f")
    return path


def write_items(folder: Path, noise: float) -> Path:
    """Answers of 300 persons to three items of each of the ten values; values are a chain, items hold `noise`."""
    from causalvalues.theories import scoring_key

    random = np.random.default_rng(5)
    key = scoring_key("smollm2-demo")
    scores: dict[str, np.ndarray] = {}
    before = np.zeros(300)
    for dimension in key.dimensions:
        scores[dimension] = 0.8 * before + 0.6 * random.normal(size=300)
        before = scores[dimension]
    items = {
        item: key.items[item].sign * (scores[dimension] + noise * random.normal(size=300))
        for dimension in key.dimensions
        for item in key.items_of(dimension)
    }
    path = folder / "items.csv"
    pd.DataFrame({"persona_id": [f"p{i}" for i in range(300)], **items}).to_csv(path, index=False, float_format="%.5f")
    return path


def test_falsify_tests_the_graph_on_other_clusters_and_says_what_it_found(tmp_path: Path) -> None:
    found = run("falsify", write_answers(tmp_path), "--cluster-by", "persona_id", "--json")
    held = json.loads(found.stdout)
    assert found.exit_code == int(held["rejected"])
    assert held["splits"][0]["rows_learned"] + held["splits"][0]["rows_tested"] == 180
    words = run("falsify", tmp_path / "answers.csv", "--cluster-by", "persona_id", "--seed", 1)
    assert words.stdout.startswith("The graph is ")
    assert len(held["splits"]) == 11
    p = pd.DataFrame(held["splits"])["correlation_p"]
    foreseen = pd.read_fwf(io.StringIO(words.stdout.split("better)\n")[1]))
    assert len(foreseen) == 4
    assert "undecided" in held["verdict"] or f"[{p.min():.3g} to {p.max():.3g}]" in held["verdict"]


def test_reliable_items_end_with_0_and_noisy_ones_with_1(tmp_path: Path) -> None:
    sound = run("reliability", write_items(tmp_path, 0.02), "--key", "smollm2-demo", "--json")
    assert sound.exit_code == 0, sound.output
    held = json.loads(sound.stdout)
    assert not held["blocked"]
    assert min(row["alpha"] for row in held["reliability"]) > 0.95
    out = tmp_path / "reliability.csv"
    noisy = run("reliability", write_items(tmp_path, 1.5), "--key", "smollm2-demo", "--out", out)
    assert noisy.exit_code == 1, noisy.output
    assert "CV602" in noisy.stdout
    assert len(pd.read_csv(out)) == 10


def test_choices_become_strengths_in_the_right_order(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    names = ["care", "power", "rules"]
    rows = []
    for number in range(300):
        first, second = random.choice(names, size=2, replace=False)
        better = names.index(first) < names.index(second)
        chosen = first if better == (random.random() < 0.85) else second
        rows.append({"first": first, "second": second, "chosen": chosen, "unit": f"u{number % 30}"})
    path = tmp_path / "choices.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    found = run("choices", path, "--unit", "unit", "--json")
    assert found.exit_code == 0, found.output
    table = pd.DataFrame(json.loads(found.stdout)["strengths"])
    ranked = table.sort_values("strength", ascending=False)
    assert list(ranked[ranked.columns[0]]) == names
    assert run("choices", path, "--rating", "elo", "--unit", "unit").exit_code == 0
    assert run("choices", path, "--rating", "guess").exit_code == 2


def test_compare_finds_the_edge_that_one_group_lacks(tmp_path: Path) -> None:
    path, out = write_groups(tmp_path), tmp_path / "pairs.csv"
    found = run("compare", path, "--by", "model", "--permutations", 99, "--out", out, "--json")
    assert found.exit_code == 0, found.output
    held = json.loads(found.stdout)
    first = held["graphs"]["pairs"][0]
    assert {first["first"], first["second"]} == {"power", "security"}
    assert first["differs"] > 0.9
    assert held["equal_correlations_p"] == 0.01
    assert held["invariance"] is None
    assert held["graphs_at_equal_n"] is None
    assert list(pd.read_csv(out)["differs"]) == pytest.approx([row["differs"] for row in held["graphs"]["pairs"]])


def test_compare_of_items_says_how_reliable_scores_are_in_each_group(tmp_path: Path) -> None:
    """Items of the second model hold four times the noise, and are no worse measures otherwise."""
    random = np.random.default_rng(8)
    key = tmp_path / "key.toml"
    lines = ['format = "causalvalues-key 1"', 'id = "three"', 'name = "Three"', 'theory = "mft-5"', "[items]"]
    names = ("care", "fairness", "loyalty")
    key.write_text("\n".join(lines + [f"{name} = {[f'{name[0]}{i}' for i in range(3)]}" for name in names]) + "\n")
    rows = {}
    factors = random.normal(size=(400, 3)) @ (np.eye(3) + 0.5)
    for j, name in enumerate(names):
        for i in range(3):
            rows[f"{name[0]}{i}"] = factors[:, j] + np.repeat([0.4, 1.6], 200) * random.normal(size=400)
    ids = {"model": ["x"] * 200 + ["y"] * 200, "persona_id": [str(i) for i in range(400)]}
    pd.DataFrame(ids | rows).to_csv(tmp_path / "items.csv", index=False, float_format="%.5f")
    words = ("compare", tmp_path / "items.csv", "--by", "model", "--key", key, "--permutations", 19)
    found = run(*words)
    assert found.exit_code == 0, found.output
    assert "No difference in loadings or intercepts found for 3 of 3 dimensions (rows: x 200, y 200)" in found.stdout
    assert "Reliability of scores in each group" in found.stdout
    held = json.loads(run(*words, "--json").stdout)["invariance"]
    for row in held["reliability"]:
        assert row["dimension"] in names
        assert row["x"] > 0.9
        assert row["y"] < 0.85
    assert any("edges of scores are weakened" in note for note in held["notes"])


def test_compare_of_unequal_groups_learns_again_from_equally_many_rows(tmp_path: Path) -> None:
    table = pd.read_csv(write_groups(tmp_path)).iloc[:230]
    table.to_csv(tmp_path / "groups.csv", index=False)
    found = run("compare", tmp_path / "groups.csv", "--by", "model", "--permutations", 19)
    assert found.exit_code == 0, found.output
    assert "equally many effective rows" in found.stdout
    assert "the same value structure" in found.stdout


def test_compare_takes_one_file_a_group_as_it_takes_a_label(tmp_path: Path) -> None:
    table = pd.read_csv(write_groups(tmp_path))
    for model, rows in table.groupby("model"):
        rows.drop(columns="model").to_csv(tmp_path / f"{model}.csv", index=False)
    words = ("--permutations", 19, "--json", "--seed", 4)
    one = json.loads(run("compare", tmp_path / "groups.csv", "--by", "model", *words).stdout)
    many = json.loads(run("compare", tmp_path / "a.csv", tmp_path / "b.csv", *words).stdout)
    assert many == one


def test_compare_holds_saved_graphs_against_each_other(tmp_path: Path) -> None:
    table = pd.read_csv(write_groups(tmp_path))
    for model, rows in table.groupby("model"):
        rows.drop(columns="model").to_csv(tmp_path / f"{model}.csv", index=False)
        assert run("learn", tmp_path / f"{model}.csv", "--out", tmp_path / f"{model}.json").exit_code == 0
    found = run("compare", tmp_path / "a.json", tmp_path / "b.json")
    assert found.exit_code == 0, found.output
    assert "structural Hamming distance" in found.stdout


def test_compare_says_what_it_needs(tmp_path: Path) -> None:
    path = write_groups(tmp_path)
    for words, said in (
        ((path,), "--by LABEL"),
        ((path, path), "given twice"),
        ((tmp_path,), "two or more"),
        ((tmp_path, tmp_path / "x.json"), "finished run"),
    ):
        found = run("compare", *words)
        assert found.exit_code == 2, words
        assert said in found.stderr
    found = run("compare", path, "--by", "modle")
    assert found.exit_code == 3
    assert "Did you mean 'model'?" in found.stderr


def test_a_group_with_one_row_is_named(tmp_path: Path) -> None:
    table = pd.read_csv(write_groups(tmp_path))
    table.loc[0, "model"] = "lonely"
    table.to_csv(tmp_path / "groups.csv", index=False)
    found = run("compare", tmp_path / "groups.csv", "--by", "model")
    assert found.exit_code in {1, 3}
    assert "Group 'lonely' of 'model'" in found.stderr
    assert "Traceback" not in found.output
