"""The gallery of graphs is current."""

from __future__ import annotations

from pathlib import Path

import pytest

from causalvalues import draw
from causalvalues.figures import scene_from_json
from causalvalues.study import StudyRun
from causalvalues.study.pictures import pictures

ROOT = Path(__file__).resolve().parents[1]
GALLERY = ROOT / "graphs"


def test_every_file_is_drawn_from_the_same_scene(tmp_path: Path) -> None:
    scene = scene_from_json((GALLERY / "smollm2-demo.json").read_text(encoding="utf-8"))
    for suffix in ("json", "dot", "svg"):
        fresh = draw(scene, tmp_path / f"fresh.{suffix}").read_bytes()
        assert fresh == (GALLERY / f"smollm2-demo.{suffix}").read_bytes(), "run `make gallery`"
    assert (ROOT / "docs" / "demo-graph.svg").read_bytes() == (GALLERY / "smollm2-demo.svg").read_bytes()


def test_the_demo_graph_is_what_the_demo_study_learns_today(demo_run: StudyRun) -> None:
    held = scene_from_json((GALLERY / "smollm2-demo.json").read_text(encoding="utf-8"))
    fresh = pictures(demo_run.results)["graph"].scene
    assert [(edge.cause, edge.effect, edge.directed) for edge in held.edges] == [
        (edge.cause, edge.effect, edge.directed) for edge in fresh.edges
    ], "run `make gallery`"
    for old, new in zip(held.edges, fresh.edges, strict=True):
        for what in ("adjacent", "direction", "compelled", "mean", "lower", "upper", "positive"):
            assert getattr(old, what) == pytest.approx(getattr(new, what), abs=1e-4), "run `make gallery`"


def test_every_graph_of_the_gallery_is_described() -> None:
    text = (GALLERY / "README.md").read_text(encoding="utf-8")
    for path in GALLERY.glob("*.json"):
        assert path.stem in text
