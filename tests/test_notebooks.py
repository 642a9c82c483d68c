"""The notebooks run from the first cell to the last, say what their cells print, and are small in git."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import notebook_claims as claims
import pytest

if TYPE_CHECKING:
    from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
QUICK = "RESAMPLES, PERMUTATIONS, MOMENT_DRAWS = 2, 2000, 12"
"""Parameters of the sixth notebook here; what its sentences say holds with these and with its own."""
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
LARGEST = 40_000
"""Bytes of a notebook in git."""

pytestmark = pytest.mark.filterwarnings("ignore")


def after_running(name: str, folder: Path, said: tuple[claims.Claim, ...], parameters: str = "") -> int:
    """Run a copy of a notebook, hold its sentences against its numbers, and count its pictures.

    `parameters` replaces the cell that is tagged so. The copy lies where the relative paths of the notebook lead to the
    same places.
    """
    import nbformat
    from nbmake.nb_run import NotebookRun

    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    words = " ".join(" ".join(cell.source.split()) for cell in notebook.cells if cell.cell_type == "markdown")
    if parameters:
        (cell,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ())]
        cell.source = parameters
    notebook.cells.append(nbformat.v4.new_code_cell(last_cell(said)))
    (folder / "notebooks").mkdir()
    (folder / "benchmarks").symlink_to(ROOT / "benchmarks")
    nbformat.write(notebook, folder / "notebooks" / "copy.ipynb")
    result = NotebookRun(folder / "notebooks" / "copy.ipynb", default_timeout=300).execute()
    assert result.error is None, result.error.trace
    ran: list[NotebookNode] = result.nb.cells
    sentences = json.loads(ran[-1].outputs[0].text)
    assert len(sentences) == len(said)
    assert [sentence for sentence in sentences if sentence not in words] == []
    return sum("image/svg+xml" in output.get("data", {}) for cell in ran for output in cell.get("outputs", ()))


def last_cell(said: tuple[claims.Claim, ...]) -> str:
    """Return code that prints the sentences with their numbers."""
    filled = ",\n".join(f"{text!r}.format({expression})" for text, expression in said)
    return f"import json\nfrom causalvalues.numerals import estimate, number, percent\nprint(json.dumps([{filled}]))"


def test_the_five_minute_tour_says_what_it_computes(tmp_path: Path) -> None:
    assert after_running("1_five_minute_tour", tmp_path, claims.TOUR) == 4


@pytest.mark.shared
def test_the_way_from_a_survey_file_to_a_graph_says_what_it_computes(
    tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAUSALVALUES_SURVEY_DATA", str(survey_in(shared_data)))
    assert after_running("2_survey_to_graph", tmp_path, claims.SURVEY) == 3


def test_the_comparison_with_people_says_what_it_computes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAUSALVALUES_SURVEY_DATA", raising=False)
    assert after_running("3_language_model_and_people", tmp_path, claims.PEOPLE) == 4


@pytest.mark.shared
def test_the_quoted_numbers_about_people_are_those_of_the_survey(
    tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAUSALVALUES_SURVEY_DATA", str(survey_in(shared_data)))
    assert after_running("3_language_model_and_people", tmp_path, claims.PEOPLE_WITH_SURVEY) == 4


def test_planning_running_and_checking_says_what_it_computes(tmp_path: Path) -> None:
    assert after_running("4_plan_run_check", tmp_path, claims.LOOP) == 2


def test_figures_for_a_paper_says_what_it_computes(tmp_path: Path) -> None:
    assert after_running("5_figures_for_a_paper", tmp_path, claims.FIGURES) == 12


@pytest.mark.shared
def test_the_report_on_the_published_graphs_says_what_it_computes(
    tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAUSALVALUES_PUBLISHED_DATA", str(shared_data / "value_causal_graph_llm"))
    assert after_running("6_published_graphs", tmp_path, claims.PUBLISHED, QUICK) == 5


@pytest.mark.parametrize(
    ("name", "variable"),
    [("2_survey_to_graph", "CAUSALVALUES_SURVEY_DATA"), ("6_published_graphs", "CAUSALVALUES_PUBLISHED_DATA")],
)
def test_a_notebook_without_its_data_says_what_to_set(
    name: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbmake.nb_run import NotebookRun

    monkeypatch.delenv(variable, raising=False)
    result = NotebookRun(FOLDER / f"{name}.ipynb", default_timeout=60).execute()
    assert result.error is not None
    assert f"Set {variable} to" in result.error.trace


def survey_in(shared_data: Path) -> Path:
    return shared_data / "ess11_pvq21" / "ess11_pvq21_13countries.csv.gz"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_small_in_git(path: Path) -> None:
    """No outputs, no counts, no metadata but the kernel and tags, cells named by their place."""
    text = path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    assert notebook["metadata"] == KERNEL
    for place, cell in enumerate(notebook["cells"], 1):
        assert cell["id"] == f"cell-{place}"
        assert set(cell["metadata"]) <= {"tags"}
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
        assert max(map(len, cell["source"]), default=0) <= 200
    assert len(text.encode()) <= LARGEST
    assert text == json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_links_of_a_notebook_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", path.read_text(encoding="utf-8")):
        assert (FOLDER / target).is_file(), target


def test_no_notebook_names_a_folder_of_the_machine_it_was_run_on() -> None:
    for path in NOTEBOOKS:
        text = path.read_text(encoding="utf-8")
        assert not [place for place in ("/work", "/home/", "/root", "/Users/") if place in text], path.name
