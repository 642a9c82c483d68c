"""The tables that are made from graphs, models, fits and plans: the numbers are those of the library."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from table_samples import HOSTILE, fit_of, hostile_table, model_of, of_theory, plan_of, posterior_of
from typer.testing import CliRunner

from causalvalues.errors import FigureError, ModelError
from causalvalues.model import total_effects
from causalvalues.model.direct_effects import direct_effects
from causalvalues.tables import (
    EdgeRows,
    EffectRows,
    LatexStyle,
    Table,
    csv_text,
    edge_table,
    effects_table,
    fit_table,
    html_text,
    latex_text,
    markdown_text,
    plan_levers_table,
    plan_table,
)
from causalvalues.theories import theory

NAMES = (HOSTILE[1], HOSTILE[2], HOSTILE[5])


def frame(table: Table) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(csv_text(table)), keep_default_na=False, na_values=[""])


def made_tables(names: tuple[str, str, str] = ("a", "b", "c"), lever: str = "do_a") -> dict[str, Table]:
    """One table of each maker."""
    effects = total_effects(model_of(names, lever))
    fit = fit_of()
    return {
        "edges": edge_table(posterior_of(names), model_of(names, lever), options=EdgeRows(every_pair=True)),
        "effects": effects_table(effects),
        "matrix": effects_table(effects, options=EffectRows("matrix", causes=(*names, lever))),
        "fit": fit_table(fit),
        "fits": fit_table({names[0]: fit, names[1]: fit_of((("a", "b"), ("b", "c")))}),
        "plan": plan_table(plan_of(names, lever)),
        "levers": plan_levers_table(plan_of(names, lever)),
    }


def test_the_edge_table_says_what_the_graphs_and_the_model_say() -> None:
    posterior, model = posterior_of(), model_of()
    found, edges, direct = frame(edge_table(posterior, model)), posterior.averaged_graph(), direct_effects(model)
    assert len(found) == len(edges) == 2
    for name in ("cause", "effect"):
        assert list(found[name]) == list(edges[name])
    for name in ("adjacent", "compelled", "direction", "prior_direction"):
        np.testing.assert_allclose(found[name], edges[name], rtol=0, atol=1e-15)
    for row in found.itertuples():
        assert row.mean == direct.mean.loc[row.cause, row.effect]
        assert row.interval_lower == direct.lower.loc[row.cause, row.effect]
        assert row.interval_upper == direct.upper.loc[row.cause, row.effect]


def test_an_arrow_stands_only_where_a_direction_is_compelled_or_given() -> None:
    posterior = posterior_of()
    found = frame(edge_table(posterior, options=EdgeRows(every_pair=True)))
    words = {"compelled": "by graph", "given": "given by knowledge", "contested": "contested", "open": "by prior only"}
    verdicts = list(posterior.pairs()["verdict"])
    assert len(found) == 3
    assert list(found["mark"] == "\u2192") == [verdict in ("compelled", "given") for verdict in verdicts]
    assert list(found["rests_on"]) == [words.get(verdict, "unknown") for verdict in verdicts]


def test_names_come_from_the_theory_and_labels_win() -> None:
    names = ("power", "security", "hedonism")
    table = edge_table(posterior_of(names), None, theory("schwartz-10"), {"power": "Might"})
    shown = {cell for row in table.rows for cell in (row[0], row[2])}
    assert shown == {"Might", "Security", "Hedonism"}


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: edge_table(model_of()),
            "needs a GraphPosterior, and a StructuralModel was given. Give what `discover`",
        ),  # type: ignore[arg-type]
        (lambda: edge_table(posterior_of(), posterior_of()), "needs a StructuralModel, and a GraphPosterior"),  # type: ignore[arg-type]
        (lambda: edge_table(posterior_of(), None, "schwartz-10"), r"Give theory\('schwartz-10'\)"),  # type: ignore[arg-type]
        (lambda: edge_table(posterior_of(), labels={"a": 3}), "label of 'a' is 3"),  # type: ignore[dict-item]
        (lambda: edge_table(posterior_of(), labels=["a"]), "Give a mapping"),  # type: ignore[arg-type]
        (lambda: edge_table(posterior_of(), options=0.9), "needs an EdgeRows, and a float"),  # type: ignore[arg-type]
        (lambda: effects_table(model_of()), "needs an Effects, and a StructuralModel .* Give total_effects"),  # type: ignore[arg-type]
        (lambda: effects_table(None), "and None was given"),  # type: ignore[arg-type]
        (lambda: effects_table(total_effects(model_of()), options="matrix"), "Give EffectRows"),  # type: ignore[arg-type]
        (lambda: fit_table(model_of()), "Give fit_indices"),  # type: ignore[arg-type]
        (lambda: fit_table({"a": 1}), "needs a FitIndices, and an int"),  # type: ignore[dict-item]
        (lambda: plan_table(model_of()), "needs a Plan, .* Give what `plan` returns"),  # type: ignore[arg-type]
        (lambda: plan_levers_table("plan"), "needs a Plan, and a str"),  # type: ignore[arg-type]
        (lambda: latex_text(posterior_of()), "edge_table"),  # type: ignore[arg-type]
        (lambda: markdown_text(pd.DataFrame()), "needs a Table, and a DataFrame"),  # type: ignore[arg-type]
        (lambda: html_text("x"), "needs a Table"),  # type: ignore[arg-type]
        (lambda: csv_text(None), "needs a Table"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_thing_is_refused_in_words_with_what_to_give(make: Callable[[], object], said: str) -> None:
    with pytest.raises(FigureError, match=said):
        make()


def test_the_note_of_edges_states_the_rule_of_an_arrow() -> None:
    note = edge_table(posterior_of(), model_of()).note
    assert (
        "\u2192: knowledge gives the direction, or an arrow this way is more probable than not: P(adjacent) \u00d7 "
        "P(compelled | adjacent) exceeds .5 by more than twice its Monte Carlo error; \u2014: open or contested."
        in note
    )


def test_a_model_of_other_values_is_refused() -> None:
    with pytest.raises(FigureError, match="different values"):
        edge_table(posterior_of(), model_of(("a", "b", "d")))
    with pytest.raises(FigureError, match="level"):
        EdgeRows(level=1.0)


def test_long_effects_are_the_library_s_for_every_ordered_pair() -> None:
    effects = total_effects(model_of())
    found = frame(effects_table(effects))
    assert len(found) == 6
    for row in found.itertuples():
        assert row.mean == effects.mean.loc[row.cause, row.effect]
        assert row.positive == effects.positive.loc[row.cause, row.effect]
        assert row.interval_lower == effects.lower.loc[row.cause, row.effect]


def test_effects_of_an_unsure_sign_are_left_out_and_counted() -> None:
    table = effects_table(total_effects(model_of()), options=EffectRows(least=0.95))
    assert [row[:2] for row in table.rows] == [("a", "b")]
    assert "5 effects whose likelier sign" in table.note


def test_a_matrix_has_the_means_with_columns_numbered_as_the_rows() -> None:
    effects = total_effects(model_of())
    table = effects_table(effects, options=EffectRows("matrix", causes=("a", "b", "c", "do_a")))
    assert [column.heading for column in table.columns] == ["Cause", "1", "2", "3"]
    assert [row[0] for row in table.rows] == ["1. a", "2. b", "3. c", "do_a"]
    means = effects.mean.loc[["a", "b", "c", "do_a"], ["a", "b", "c"]].to_numpy()
    for i, row in enumerate(table.rows):
        assert [cell is None for cell in row[1:]] == [i == j for j in range(3)]
        assert [cell for cell in row[1:] if cell is not None] == [means[i, j] for j in range(3) if i != j]


def test_a_value_may_be_called_like_a_column() -> None:
    names = ("cause", "cause_", "mean")
    table = effects_table(total_effects(model_of(names)), options=EffectRows("matrix"))
    assert [column.name for column in table.columns] == ["cause__", "cause", "cause_", "mean"]


def test_unknown_causes_and_forms_are_refused_with_a_proposal() -> None:
    with pytest.raises(FigureError, match="Did you mean 'do_a'"):
        effects_table(total_effects(model_of()), options=EffectRows(causes=("do_b",)))
    with pytest.raises(FigureError, match="Did you mean 'matrix'"):
        EffectRows("matrx")  # type: ignore[arg-type]
    with pytest.raises(FigureError, match="from 0 to 1"):
        EffectRows(least=2)


def test_fit_of_one_model_has_a_row_for_each_way_to_count() -> None:
    fit = fit_of()
    found = frame(fit_table(fit)).set_index("rows")
    assert list(found.index) == list(fit.table.columns)
    for way in found.index:
        numbers = fit.numbers(way)
        for ours, theirs in (("chi2", "chi2"), ("p", "p"), ("cfi", "cfi"), ("rmsea_90_upper", "rmsea_upper")):
            assert found.loc[way, ours] == numbers[theirs]


def test_several_models_stand_below_each_other_with_information_criteria() -> None:
    poor, good = fit_of(), fit_of((("a", "b"), ("b", "c")))
    found = frame(fit_table({"poor": poor, "good": good})).set_index("model")
    assert found.loc["good", "bic"] == good.numbers()["bic"] < found.loc["poor", "bic"]
    assert "AIC" in latex_text(fit_table({"poor": poor, "good": good}))
    with pytest.raises(ModelError, match="no column"):
        fit_table({"poor": poor}, "rows")
    with pytest.raises(FigureError, match="no model"):
        fit_table({})


def test_fit_is_printed_as_journals_print_it() -> None:
    line = next(line for line in latex_text(fit_table(fit_of())).splitlines() if line.startswith("effective"))
    assert re.fullmatch(
        r"effective n & 1500 & \d{3}\.\d\d & 2 & < \.001 & "
        r"\.\d\d & -?\.\d\d & \.\d\d & \$\[\.\d\d, \.\d\d\]\$ & \.\d\d \\\\",
        line,
    )


def test_the_plan_table_has_the_predicted_profile_with_targets_first() -> None:
    found = plan_of()
    table = frame(plan_table(found)).set_index("value")
    assert list(table.index) == ["a", "b", "c"]
    for name in table.index:
        assert table.loc[name, "mean"] == pytest.approx(found.predicted.loc[name, "mean"], abs=1e-15)
        assert table.loc[name, "interval_upper"] == found.predicted.loc[name, "upper"]
    assert table["target"].isna().tolist() == [False, True, True]


def test_the_note_of_a_plan_names_levers_their_basis_status_and_chance() -> None:
    found = plan_of()
    note = plan_table(found).note
    assert f"do_a \u00d7 1 ({found.ledger['basis'].iloc[0]})" in note
    assert f"Chance that every part of the target holds ({found.chance_of}): .{round(100 * found.chance):02d}." in note
    assert "Status: optimal." in note
    levers = plan_levers_table(found, {"do_a": "Prompt"})
    assert levers.rows[0][:2] == ("Prompt", 1.0)
    assert levers.rows[0][4] == found.ledger["rests_on"].iloc[0]


def test_every_table_is_written_in_every_format_with_hostile_names() -> None:
    for table in made_tables(NAMES, HOSTILE[4]).values():
        assert len(frame(table)) == len(table.rows)
        assert "<script>" not in html_text(table) + markdown_text(table)
        assert r"\input{" not in latex_text(table)


@pytest.mark.tools
@pytest.mark.parametrize("names", [("a", "b", "c"), NAMES], ids=["plain", "hostile"])
def test_latex_compiles_every_table_without_error(tmp_path: Path, names: tuple[str, str, str]) -> None:
    tables = made_tables(names, "do_a" if names[0] == "a" else HOSTILE[4])
    tables["all"] = replace(hostile_table(), label=r"}\x%")
    parts = [latex_text(table, LatexStyle(place="p")) for table in tables.values()]
    alone = latex_text(tables["all"], LatexStyle(standalone=True, wide=True))
    whole = alone.split(r"\begin{table*}")[0].split(r"\begin{document}")[0] + r"\begin{document}"
    (tmp_path / "whole.tex").write_text("\n".join([whole, r"\listoftables", *parts, r"\end{document}"]))
    (tmp_path / "alone.tex").write_text(alone)
    latex = shutil.which("pdflatex")
    assert latex is not None, "LaTeX is not installed (texlive with booktabs and siunitx)"
    for name in ("whole", "whole", "alone"):
        done = subprocess.run(
            [latex, "-interaction=nonstopmode", "-no-shell-escape", f"{name}.tex"],
            cwd=tmp_path,
            capture_output=True,
            timeout=100,
            check=False,
        )
        log = (tmp_path / f"{name}.log").read_text(encoding="latin-1")
        assert done.returncode == 0, [line for line in log.splitlines() if line.startswith("!")]
        assert not re.search(r"^!|Missing character|undefined", log, re.MULTILINE)
    assert (tmp_path / "whole.pdf").stat().st_size > 10_000


def run(*words: object) -> tuple[int, str]:
    from causalvalues.cli.app import app

    done = CliRunner().invoke(app, [str(word) for word in words])
    return done.exit_code, done.output


def run_folder(place: Path) -> Path:
    """A folder as a study leaves it, as far as tables read it."""
    from causalvalues.study import save

    (place / "graph").mkdir(parents=True)
    (place / "tables").mkdir()
    save(posterior_of(), place / "graph" / "posterior.json")
    save(model_of(), place / "graph" / "model.json")
    found = plan_of()
    found.predicted.rename_axis("name").to_csv(place / "tables" / "plan_1.csv")
    found.ledger.to_csv(place / "tables" / "plan_1_ledger.csv", index=False)
    fit_of().table.rename_axis("name").to_csv(place / "tables" / "fit_indices.csv")
    return place


def test_the_command_writes_every_kind_from_a_run_folder(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    tables = made_tables()
    for kind, rows in (("edges", 2), ("effects", 6), ("matrix", 3), ("fit", 3), ("plan", 3), ("levers", 1)):
        out = tmp_path / f"{kind}.csv"
        code, said = run("table", folder, "--kind", kind, "--out", out)
        assert (code, said) == (0, f"Wrote {out}: {rows} rows.\n")
        if kind in ("effects", "plan", "levers"):
            assert out.read_text() == csv_text(tables[kind])


def test_the_command_takes_a_file_a_title_and_makes_latex_that_stands_alone(tmp_path: Path) -> None:
    folder, out = run_folder(tmp_path / "run"), tmp_path / "e.tex"
    said = run("table", folder / "graph" / "posterior.json", "--out", out, "--title", "My_edges", "--standalone")
    assert said[0] == 0
    assert "\n\\documentclass{article}\n" in out.read_text()
    assert r"\caption{My\_edges}" in out.read_text()
    assert "Direct effect" in out.read_text()
    assert run("table", folder / "graph", "--kind", "effects", "--direct", "--out", out)[0] == 0
    assert r"\caption{Direct effects}" in out.read_text()


def study_folder(place: Path, data: dict[str, object] | None) -> Path:
    """A run folder with the values of a theory, and the manifest of its study where `data` is given."""
    from causalvalues.study import save

    (place / "graph").mkdir(parents=True)
    (place / "tables").mkdir()
    posterior, model = of_theory()
    save(posterior, place / "graph" / "posterior.json")
    save(model, place / "graph" / "model.json")
    names = ("self_direction", "stimulation", "hedonism")
    found = plan_of(names, "do_self_direction")
    found.predicted.rename_axis("name").to_csv(place / "tables" / "plan_1.csv")
    found.ledger.to_csv(place / "tables" / "plan_1_ledger.csv", index=False)
    if data is not None:
        (place / "manifest.json").write_text(json.dumps({"settings": {"data": data}}))
    return place


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ("{", "manifest.json is damaged: it is no JSON"),
        ("[]", "manifest.json is damaged: it holds no object"),
        ('{"settings": 3}', "manifest.json is damaged: its settings are no object"),
        ('{"settings": {"plan": [{"budget": "much"}]}}', "manifest.json is damaged: budget of plan 1 is no number"),
        ('{"settings": {}}', ""),
        (None, ""),
    ],
)
def test_a_damaged_manifest_is_told_in_one_line_and_the_table_is_written(
    tmp_path: Path, manifest: str | None, said: str
) -> None:
    from causalvalues.cli.app import app

    folder, out = study_folder(tmp_path / "run", None), tmp_path / "t.md"
    if manifest is not None:
        (folder / "manifest.json").write_text(manifest)
    for path in (folder, folder / "graph", folder / "graph" / "posterior.json"):
        done = CliRunner().invoke(app, ["table", str(path), "--out", str(out)])
        assert done.exit_code == 0, done.output
        assert said in done.stderr
        assert done.stderr.count("\n") == bool(said)
        assert done.stdout.startswith("Wrote ")


def test_names_are_shown_as_the_run_knows_them_and_csv_keeps_those_of_the_data(tmp_path: Path) -> None:
    cases: tuple[tuple[str, dict[str, object] | None, str], ...] = (
        ("demo", {"demo": True}, "Prompt: Self-direction"),
        ("key", {"key": "smollm2-demo"}, "Lever: Self-direction"),
        ("theory", {"theory": "schwartz-10"}, "Lever: Self-direction"),
        ("lost", {"theory": "beside-the-study.toml"}, "Lever: Self-direction"),
        ("none", None, "Lever: Self-direction"),
    )
    for name, data, lever in cases:
        folder, out = study_folder(tmp_path / name, data), tmp_path / f"{name}.md"
        for kind in ("edges", "effects", "matrix", "plan"):
            assert run("table", folder, "--kind", kind, "--out", out)[0] == 0
            assert "Self-direction" in out.read_text()
            assert "self\\_direction" not in out.read_text()
        assert run("table", folder, "--kind", "levers", "--out", out)[0] == 0
        assert lever in out.read_text().replace("\\", "")
        assert run("table", folder, "--kind", "levers", "--out", tmp_path / "l.csv")[0] == 0
        assert "\ndo_self_direction," in (tmp_path / "l.csv").read_text()
        assert run("table", folder, "--out", tmp_path / "e.csv")[0] == 0
        assert set(frame_of(tmp_path / "e.csv")["cause"]) <= set(theory("schwartz-10").dimensions)


def frame_of(path: Path) -> pd.DataFrame:
    return pd.read_csv(path)


def test_names_of_either_kind_can_be_asked_for_and_a_theory_wins(tmp_path: Path) -> None:
    folder, out = study_folder(tmp_path / "run", {"demo": True}), tmp_path / "e.md"
    assert run("table", folder, "--out", out, "--names", "raw")[0] == 0
    assert "self\\_direction" in out.read_text()
    assert run("table", folder, "--out", tmp_path / "e.csv", "--names", "shown")[0] == 0
    assert "Self-direction" in (tmp_path / "e.csv").read_text()
    posterior = folder / "graph" / "posterior.json"
    assert run("table", posterior, "--out", out)[0] == 0
    assert "Self-direction" in out.read_text()
    code, said = run("table", folder, "--out", out, "--names", "rwa")
    assert code == 2
    assert "Choose shown or raw" in said
    code, said = run("table", folder, "--out", out, "--theory", "schwartz-11")
    assert code != 0


def test_a_damaged_manifest_leaves_the_names_to_the_values(tmp_path: Path) -> None:
    for text in ("{", "[]", '{"settings": 3}', '{"settings": {"data": []}}', "[" * 99999):
        folder, out = study_folder(tmp_path / str(abs(hash(text))), None), tmp_path / "e.md"
        (folder / "manifest.json").write_text(text)
        assert run("table", folder, "--out", out)[0] == 0
        assert "Self-direction" in out.read_text()


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    for words, code, said in (
        ((folder, "--out", tmp_path / "e.tx"), 2, "Did you mean '.tex'"),
        ((folder, "--kind", "plan", "--number", 2, "--out", tmp_path / "e.md"), 2, "Did you mean 'plan_1"),
        ((tmp_path / "none", "--kind", "fit", "--out", tmp_path / "e.md"), 3, "no folder"),
        ((folder / "graph" / "model.json", "--out", tmp_path / "e.md"), 2, "edges need a GraphPosterior"),
        ((folder / "graph" / "model.json", "--kind", "fit", "--out", tmp_path / "e.md"), 2, "needs a run folder"),
        ((folder / "graph" / "model.json", "--out", folder / "graph" / "model.json"), 2, "not overwritten"),
    ):
        got = run("table", *words)
        assert got[0] == code
        assert said in got[1]
    assert not (tmp_path / "e.md").exists()
