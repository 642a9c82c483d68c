"""Writing the folder of value vectors: levers, tables, report, figures and manifest."""

from __future__ import annotations

import json
from pathlib import Path

from causalvalues.figures import draw
from causalvalues.files import write_text
from causalvalues.steering.specs import write_levers
from causalvalues.study.document import Picture
from causalvalues.study.manifest import files_in, json_ready, run_head
from causalvalues.study.manifest_reading import NAME
from causalvalues.study.markdown import markdown_text
from causalvalues.study.page import page_text
from causalvalues.study.tables import csv_text
from causalvalues.study.vector_report import vector_report
from causalvalues.study.vector_results import VectorResults
from causalvalues.study.vector_tables import vector_tables

FORMATS = ("svg", "pdf", "png")


def write_vectors(folder: Path, results: VectorResults, started: str, ended: str) -> None:
    """Write everything of a run into an empty folder; only the manifest holds times.

    Parameters
    ----------
    folder : Path
    results : VectorResults
    started, ended : str
        Times.
    """
    write_levers(results.levers, folder / "levers.csv", results.prefix)
    if results.twins:
        write_levers(results.twins, folder / "random.csv", results.prefix)
    for name, table in vector_tables(results).items():
        write_text(folder / f"{name}.csv", csv_text(table))
    blocks = vector_report(results)
    (folder / "figures").mkdir()
    for block in blocks:
        if isinstance(block, Picture):
            for suffix in FORMATS:
                draw(block.scene, folder / "figures" / f"{block.stem}.{suffix}")
    write_text(folder / "report.html", page_text(blocks, results.settings.title))
    write_text(folder / "report.md", markdown_text(blocks, "svg"))
    write_text(folder / NAME, _manifest_text(folder, results, started, ended))


def _manifest_text(folder: Path, results: VectorResults, started: str, ended: str) -> str:
    held = {
        **run_head(results.settings, started, ended),
        "model": results.model,
        "backend": results.backend,
        "settings": json_ready(results.settings.model_dump(mode="python")),
        "layers": list(results.learned.vectors.layers),
        "levers": {lever.name: lever.fingerprint for lever in results.levers},
        "files": files_in(folder),
    }
    return json.dumps(held, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
