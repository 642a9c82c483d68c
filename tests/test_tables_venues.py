"""Tables at the width of a venue: what fits is measured by LaTeX, and what is left out is said."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from table_samples import HOSTILE, fit_of, hostile_table, of_theory, plan_of
from typer.testing import CliRunner

from causalvalues.cli.app import app
from causalvalues.errors import FigureError
from causalvalues.figures import value_graph
from causalvalues.formats import tikz_text
from causalvalues.graph import Dag
from causalvalues.model import total_effects
from causalvalues.scene.venues import ACL, APA, Venue, venue
from causalvalues.study import save
from causalvalues.tables import (
    Column,
    EffectRows,
    LatexStyle,
    Table,
    edge_table,
    effects_table,
    fit_table,
    fitted,
    latex_text,
    plan_levers_table,
    plan_table,
)
from causalvalues.tables.fitting import TEX_POINTS
from causalvalues.tables.latex_style import points
from causalvalues.tables.latex_widths import table_width
from causalvalues.theories import theory

FONTS = {"times": r"\usepackage{times}", "modern": ""}


@cache
def paper_tables(name: str = "schwartz-10") -> dict[str, Table]:
    """Tables as a study has them, with the names of a theory."""
    posterior, model = of_theory(name)
    effects, names = total_effects(model), theory(name)
    return {
        "edges": edge_table(posterior, model, names),
        "bare": edge_table(posterior, None, names),
        "effects": effects_table(effects, names, options=EffectRows(causes=names.dimensions[:3])),
        "matrix": effects_table(effects, names, options=EffectRows("matrix")),
        "fit": fit_table(fit_of()),
        "fits": fit_table({"poor": fit_of(), "good, with all edges": fit_of((("a", "b"), ("b", "c")))}),
        "plan": plan_table(plan_of()),
        "levers": plan_levers_table(plan_of(), {"do_a": "Prompt: Security"}),
    }


def document(found: Venue, fonts: str) -> list[str]:
    """Preamble of a paper that has the column widths of a venue."""
    body = 12 if found.body >= 12 else 11 if found.body >= 11 else 10
    two = found.page > found.column
    return [
        rf"\documentclass[{body}pt,a4paper{',twocolumn' if two else ''}]{{article}}",
        FONTS[fonts],
        r"\usepackage{booktabs, siunitx}",
        rf"\usepackage[textwidth={found.page}bp,textheight=240mm]{{geometry}}",
        rf"\setlength{{\columnsep}}{{{found.page - 2 * found.column}bp}}" if two else "",
        r"\begin{document}",
    ]


def overfull(folder: Path, lines: list[str]) -> list[str]:
    """Compile a document and return what LaTeX says of boxes that are too wide."""
    latex = shutil.which("pdflatex")
    assert latex is not None, "LaTeX is not installed (texlive with booktabs and siunitx)"
    (folder / "paper.tex").write_text("\n".join([*lines, r"\end{document}"]))
    done = subprocess.run(
        [latex, "-interaction=nonstopmode", "-no-shell-escape", "paper.tex"],
        cwd=folder,
        capture_output=True,
        timeout=120,
        check=False,
    )
    log = (folder / "paper.log").read_text(encoding="latin-1")
    assert done.returncode == 0, [line for line in log.splitlines() if line.startswith("!")]
    return [line for line in log.splitlines() if line.startswith(r"Overfull \hbox")]


@pytest.mark.tools
@pytest.mark.parametrize(
    ("name", "fonts"),
    [("acl", "times"), ("acl", "modern"), ("neurips", "times"), ("nature", "modern"), ("apa", "modern")],
)
def test_every_table_fits_every_venue_without_an_overfull_box(name: str, fonts: str, tmp_path: Path) -> None:
    found = venue(name)
    parts = document(found, fonts)
    for values in ("schwartz-10", "schwartz-19"):
        for kind, table in paper_tables(values).items():
            for columns in (1, 2) if found.page > found.column else (1,):
                if (kind, values) == ("matrix", "schwartz-19"):
                    continue  # 20 columns of numbers; refused where they do not fit
                made = fitted(table, found, columns)
                parts += [latex_text(made.table, made.style), r"\clearpage"]
    assert overfull(tmp_path, parts) == []


@pytest.mark.tools
@pytest.mark.parametrize("engine", [name for name in ("lualatex", "xelatex") if shutil.which(name)])
def test_other_engines_set_tables_and_pictures(engine: str, tmp_path: Path) -> None:
    picture = tikz_text(value_graph(Dag.from_edges(["a", "b c"], [("a", "b c")])))
    body = [latex_text(table, LatexStyle(place="p")) for table in paper_tables().values()]
    head = [
        r"\documentclass{article}",
        r"\usepackage{booktabs, siunitx, tikz}",
        r"\usetikzlibrary{arrows.meta, bending}",
    ]
    lines = [*head, r"\begin{document}", picture, *body, r"\end{document}"]
    (tmp_path / "paper.tex").write_text("\n".join(lines))
    command = [engine, "-interaction=nonstopmode", "-no-shell-escape", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120, check=False)
    log = (tmp_path / "paper.log").read_text(encoding="utf-8", errors="replace")
    assert done.returncode == 0, [line for line in log.splitlines() if line.startswith("!")]
    assert "Missing character" not in log
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000


@pytest.mark.tools
def test_the_table_that_is_not_fitted_is_too_wide_for_one_column(tmp_path: Path) -> None:
    posterior, model = of_theory()
    lines = [*document(ACL, "times"), latex_text(edge_table(posterior, model, theory("schwartz-10")))]
    assert overfull(tmp_path, lines)


@pytest.mark.tools
@pytest.mark.parametrize("fonts", ["modern"])
def test_the_width_that_the_comment_says_is_that_of_latex(fonts: str, tmp_path: Path) -> None:
    for kind, table in paper_tables().items():
        style = LatexStyle(width=455.0)
        text = latex_text(table, style)
        said = re.search(r"% Width: about (\d+) pt", text)
        assert said is not None
        body = text.split(r"\small")[-1].split(r"\par\medskip")[0].split(r"\end{table}")[0]
        setup = re.search(r"\\sisetup\{.*\}", text)
        gap = re.search(r"\\setlength\{\\tabcolsep\}\{.*\}", text)
        lines = [*document(APA, fonts)]
        lines[0] = r"\documentclass{article}"
        lines += [setup[0] if setup else "", gap[0] if gap else "", r"\small", r"\newsavebox{\held}\savebox{\held}{"]
        lines += [r"\setlength{\linewidth}{455pt}" + body.strip() + r"}\typeout{WIDTH \the\wd\held}"]
        overfull(tmp_path, lines)
        found = re.search(r"WIDTH ([\d.]+)pt", (tmp_path / "paper.log").read_text(encoding="latin-1"))
        assert found is not None
        real = float(found[1])
        assert real - 0.5 <= float(said[1]) <= 1.12 * real + 3, kind


def test_columns_go_in_the_order_of_their_rank_and_their_sentences_with_them() -> None:
    posterior, model = of_theory()
    table = edge_table(posterior, model, theory("schwartz-10"))
    kept = [column.name for column in fitted(table, ACL).table.columns]
    assert kept[:5] == ["cause", "mark", "effect", "adjacent", "mean"]
    ranks = {column.name: column.rank for column in table.columns}
    gone = [name for name in ranks if name not in kept]
    assert gone
    assert min(ranks[name] for name in gone) > max((ranks[name] for name in kept), default=0)
    note = fitted(table, ACL).table.note
    for column in table.columns:
        assert column.note in table.note
        assert not column.note or (column.note in note) == (column.name in kept)
    assert "more than twice its Monte Carlo error" in note
    assert "  " not in note


def test_the_page_holds_more_than_a_column_and_is_a_starred_float() -> None:
    posterior, model = of_theory()
    table = edge_table(posterior, model, theory("schwartz-10"))
    one, two = fitted(table, ACL, 1), fitted(table, ACL, 2)
    assert len(one.table.columns) < len(two.table.columns)
    assert not one.style.wide
    assert r"\begin{table*}" in latex_text(two.table, two.style)
    assert "Left out to fit one column of *ACL conferences: " in one.notes[0]
    assert "--columns 2" in one.notes[0]
    single = fitted(table, APA, 2)
    assert not single.style.wide


def test_a_matrix_that_fits_no_column_is_set_across_both_and_this_is_said() -> None:
    made = fitted(paper_tables()["matrix"], ACL, 1)
    assert made.style.wide
    assert "No choice of columns fits one column" in made.notes[0]
    assert len(made.table.columns) == 11


def test_what_does_not_fit_the_page_is_refused_with_the_remedy() -> None:
    columns = tuple(Column(f"c{k}", f"Heading {k}", "number") for k in range(40))
    with pytest.raises(FigureError, match=r"needs about \d+ points .*effects in rows"):
        fitted(Table("Wide", columns, ((1.0,) * 40,)), ACL)
    with pytest.raises(FigureError, match=r"needs about \d+ points .*effects in rows"):
        fitted(paper_tables("schwartz-19")["matrix"], ACL)
    with pytest.raises(FigureError, match="no venue"):
        fitted(Table("T", columns[:1], ()), "acl")  # type: ignore[arg-type]


def test_smaller_type_and_gaps_come_before_fewer_columns() -> None:
    sizes = []
    for width in range(270, 500, 20):
        held = Venue("x", "X", width, width, 600, 6, 10, 7, 10)
        made = fitted(paper_tables()["fits"], held)
        room = width * TEX_POINTS
        size = points(made.style.size, made.style.body)
        assert table_width(made.table, size, made.style.gap or 6.0, (room, made.style.line), True) <= room
        sizes.append(len(made.table.columns))
    assert all(a <= b for a, b in pairwise(sizes))
    assert sizes[0] < sizes[-1]


def test_hostile_names_are_measured_too() -> None:
    table = hostile_table()
    assert table_width(table, 9.0, 4.0, (455.0, 92.0)) > 300
    assert fitted(Table("T", (Column("a", "A"),), tuple((name,) for name in HOSTILE)), ACL).style.size


def run(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(word) for word in words])
    return done.exit_code, done.output


def test_the_command_fits_a_table_to_a_venue_and_says_what_it_left_out(tmp_path: Path) -> None:
    posterior, model = of_theory()
    (tmp_path / "graph").mkdir()
    save(posterior, tmp_path / "graph" / "posterior.json")
    save(model, tmp_path / "graph" / "model.json")
    out = tmp_path / "edges.tex"
    code, said = run("table", tmp_path, "--out", out, "--venue", "acl")
    assert code == 0, said
    assert "Left out to fit one column" in said
    text = out.read_text()
    assert text.startswith("% Table, written by causalvalues\n% Preamble: \\usepackage{booktabs, siunitx}")
    assert "made for a line of 219 pt" in text
    assert "Self-direction" in text
    assert "self" + r"\_direction" not in text
    code, _ = run("table", tmp_path, "--out", out, "--venue", "acl", "--columns", 2)
    assert (code, r"\begin{table*}" in out.read_text()) == (0, True)
    code, _ = run("table", tmp_path, "--out", out, "--venue", "acl", "--standalone")
    assert (code, r"\documentclass[11pt]{article}" in out.read_text()) == (0, True)
    code, said = run("table", tmp_path, "--out", tmp_path / "e.md", "--venue", "acl")
    assert code == 2
    assert "Write .tex" in said
    code, said = run("table", tmp_path, "--out", out, "--venue", "alc")
    assert code == 2
    assert "Did you mean 'acl'" in said
