"""Make the gallery again: ``make gallery``, or ``python graphs/make.py``."""

from __future__ import annotations

from pathlib import Path

from causalvalues import draw
from causalvalues.study import DEMO, read_study
from causalvalues.study.pictures import pictures
from causalvalues.study.pipeline import study_results

GALLERY = Path(__file__).parent
NAME = "smollm2-demo"


def main() -> None:
    """Learn the graph of the packaged demo answers and write it as JSON, DOT and SVG, and once more for the README."""
    scene = pictures(study_results(read_study(DEMO), DEMO.parent))["graph"].scene
    for suffix in ("json", "dot", "svg"):
        draw(scene, GALLERY / f"{NAME}.{suffix}")
    draw(scene, GALLERY.parent / "docs" / "demo-graph.svg")


if __name__ == "__main__":
    main()
