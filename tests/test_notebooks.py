"""The notebooks run from the first cell to the last."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
QUICK = "RESAMPLES, PERMUTATIONS, MOMENT_DRAWS = 2, 2000, 2"


def pictures_of(name: str, folder: Path, parameters: str = "") -> int:
    """Run a notebook in a folder and count its pictures; `parameters` replaces the cell that is tagged so."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    if parameters:
        (cell,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ())]
        cell.source = parameters
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return sum("image/svg+xml" in output.get("data", {}) for output in outputs)


@pytest.mark.filterwarnings("ignore")
def test_the_first_steps_run() -> None:
    assert pictures_of("first_steps", ROOT) == 2


@pytest.mark.shared
@pytest.mark.filterwarnings("ignore")
def test_the_report_on_the_published_graphs_runs(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAUSALVALUES_PUBLISHED_DATA", str(shared_data / "value_causal_graph_llm"))
    assert pictures_of("published_value_graphs", ROOT / "notebooks", QUICK) == 7


def test_no_notebook_names_a_folder_of_the_machine_it_was_run_on() -> None:
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        text = path.read_text(encoding="utf-8")
        assert not [place for place in ("/work", "/home/", "/root", "/Users/") if place in text], path.name
