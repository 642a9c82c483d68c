"""Tables of a blocked run say so, direct effects say their condition, and too long tables are refused."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from table_samples import model_of, of_theory
from typer.testing import CliRunner, Result

from causalvalues.cli.app import app
from causalvalues.errors import FigureError
from causalvalues.model import total_effects
from causalvalues.model.direct_effects import direct_effects
from causalvalues.scene.venues import ACL, VENUES
from causalvalues.study import save
from causalvalues.study.blocking import NOTE
from causalvalues.tables import EdgeRows, EffectRows, Table, edge_table, effects_table, fitted, latex_text
from causalvalues.tables.fitting import PAGES, TEX_POINTS
from causalvalues.tables.latex_heights import table_height
from causalvalues.theories import theory

LEDGER = "kind,cause,effect,basis,probability,sentence,blocked\neffect,power,security,contested,.4,,"


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def run_folder(folder: Path, blocked: str) -> Path:
    """A run folder as far as these tables read it."""
    posterior, model = of_theory()
    for name in ("graph", "tables"):
        (folder / name).mkdir()
    save(posterior, folder / "graph" / "posterior.json")
    save(model, folder / "graph" / "model.json")
    (folder / "tables" / "ledger.csv").write_text(LEDGER + blocked + "\n")
    return folder


@pytest.fixture
def roughly(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return run_folder(tmp_path / "run", "measurement error")


@pytest.fixture
def well(tmp_path: Path) -> Path:
    (tmp_path / "other").mkdir()
    return run_folder(tmp_path / "other", "")


@pytest.mark.parametrize(
    "words", [("effects",), ("matrix",), ("effects", "--direct"), ("matrix", "--direct"), ("edges",)]
)
def test_every_table_of_paths_says_that_the_ledger_blocks_them(
    words: tuple[str, ...], roughly: Path, well: Path, tmp_path: Path
) -> None:
    out = tmp_path / "table.md"
    for given in (roughly, roughly / "graph"):
        assert run("table", given, "--kind", *words, "--out", out).exit_code == 0
        assert out.read_text().count(f"*Note.* {NOTE}. ") == 1
    assert run("table", well, "--kind", *words, "--out", out).exit_code == 0
    assert "locked" not in out.read_text()


def test_the_effects_command_says_on_the_side_that_the_ledger_blocks_them(roughly: Path, well: Path) -> None:
    said, free = (run("effects", folder / "graph" / "model.json", "--json") for folder in (roughly, well))
    assert (said.exit_code, free.exit_code) == (0, 0)
    assert said.stderr == f"{NOTE}.\n"
    assert free.stderr == ""
    assert said.stdout == free.stdout


def test_blocked_edges_rest_on_nothing_that_may_be_claimed(roughly: Path, well: Path, tmp_path: Path) -> None:
    out = tmp_path / "edges.csv"
    found = []
    for folder in (roughly, well):
        assert run("table", folder, "--out", out).exit_code == 0
        found.append(pd.read_csv(out))
    assert set(found[0]["rests_on"]) == {"blocked"}
    assert "blocked" not in set(found[1]["rests_on"])
    pd.testing.assert_frame_equal(found[0].drop(columns="rests_on"), found[1].drop(columns="rests_on"))
    assert run("table", roughly, "--out", tmp_path / "edges.md").exit_code == 0
    assert "By graph" not in (tmp_path / "edges.md").read_text()


def test_the_note_on_blocked_edges_goes_with_its_column() -> None:
    posterior, model = of_theory()
    table = edge_table(posterior, model, options=EdgeRows(blocked=True))
    assert "Blocked: measurement error" in table.note
    assert "Blocked" not in table.without(["rests_on"]).note


def test_the_note_of_direct_effects_is_true_of_their_numbers() -> None:
    model = model_of()
    row = {
        str(cells[0]) + str(cells[1]): cells
        for cells in effects_table(direct_effects(model), options=EffectRows(what="Direct effect")).rows
    }
    there = model.coefficients[:, 1, 2] != 0
    assert row["bc"][2] == pytest.approx(model.coefficients[there, 1, 2].mean())
    assert there.sum() == 1
    assert row["bc"][4] + row["bc"][5] == pytest.approx(model.weights[there].sum())  # type: ignore[operator]
    assert row["ca"][2] == 0.0
    for form in ("long", "matrix"):
        direct = effects_table(direct_effects(model), options=EffectRows(form, "Direct effect")).note
        assert "over the draws that have the edge, 0 where none has it" in direct
        assert ("over all draws; what is missing to 1 is the probability that there is no such edge" in direct) == (
            form == "long"
        )
        assert "no effect at all" not in direct
        total = effects_table(total_effects(model), options=EffectRows(form)).note
        assert "over the draws. " in total
        assert "have the edge" not in total


def long_table() -> Table:
    _, model = of_theory()
    return effects_table(total_effects(model), theory("schwartz-10"))


def test_a_table_that_is_higher_than_the_page_is_refused_with_the_remedy(roughly: Path, tmp_path: Path) -> None:
    assert len(long_table().rows) == 90
    with pytest.raises(FigureError, match=r"has 90 rows and needs about \d+ points of height .*--kind matrix"):
        fitted(long_table(), ACL, 2)
    out = tmp_path / "effects.tex"
    done = run("table", roughly, "--kind", "effects", "--venue", "acl", "--out", out)
    assert (done.exit_code, out.exists()) == (2, False)
    assert "90 rows" in done.output
    assert run("table", roughly, "--kind", "matrix", "--venue", "acl", "--out", out).exit_code == 0


@pytest.mark.parametrize("name", sorted(VENUES))
def test_what_is_fitted_is_no_higher_than_the_page(name: str) -> None:
    tall, heights = PAGES.get(name, VENUES[name].tallest) * TEX_POINTS, []
    for count in range(1, 91, 4):
        try:
            made = fitted(replace(long_table(), rows=long_table().rows[:count]), VENUES[name])
        except FigureError:
            break
        heights.append(table_height(made.table, made.style, made.style.width or 0.0))
    assert 6 < len(heights) < 22
    assert max(heights) <= tall


@pytest.mark.tools
def test_latex_finds_no_float_too_large_where_the_height_is_the_most_that_fits(tmp_path: Path) -> None:
    latex = shutil.which("pdflatex")
    assert latex is not None
    whole = long_table()
    held = fitted(replace(whole, rows=whole.rows[:30]), ACL)
    rooms = held.style.width or 0.0
    tables = [replace(held.table, rows=whole_rows) for whole_rows in (held.table.rows, held.table.rows * 3)]
    said = []
    for table in tables:
        height = table_height(table, held.style, rooms)
        for slack in (1.0, 0.9):
            lines = [
                r"\documentclass[11pt]{article}\usepackage{times}\usepackage{booktabs, siunitx}",
                rf"\usepackage[paperheight=1600pt,textwidth={rooms}pt,textheight={slack * height}pt]{{geometry}}",
                r"\begin{document}",
                latex_text(table, held.style),
                r"\end{document}",
            ]
            (tmp_path / "paper.tex").write_text("\n".join(lines))
            command = [latex, "-interaction=nonstopmode", "-no-shell-escape", "paper.tex"]
            subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=True)
            said.append("Float too large" in (tmp_path / "paper.log").read_text(encoding="latin-1"))
    assert said == [False, True, False, True]
