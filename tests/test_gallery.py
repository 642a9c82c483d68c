"""The gallery: every figure is current, clean, and described."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from causalvalues import draw
from causalvalues.scene import Scene, lint, scene_from_json, scene_to_json
from causalvalues.study import StudyRun

ROOT = Path(__file__).resolve().parents[1]
GALLERY = ROOT / "graphs"
_SPEC = importlib.util.spec_from_file_location("gallery_make", GALLERY / "make.py")
assert _SPEC is not None
assert _SPEC.loader is not None
make: Any = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(make)
STALE = "run `make gallery`"


def held(name: str) -> Scene:
    return scene_from_json((GALLERY / f"{name}.json").read_text(encoding="utf-8"))


def alike(one: Any, two: Any, place: str = "") -> None:
    """Compare two scenes as JSON: words are equal, numbers nearly so."""
    if isinstance(one, float | int) and isinstance(two, float | int) and not isinstance(one, bool):
        assert one == pytest.approx(two, abs=2e-3, rel=1e-4), f"{place}: {STALE}"
    elif isinstance(one, dict):
        assert one.keys() == two.keys(), f"{place}: {STALE}"
        for key in one:
            alike(one[key], two[key], f"{place}.{key}")
    elif isinstance(one, list):
        assert len(one) == len(two), f"{place}: {STALE}"
        for i, (a, b) in enumerate(zip(one, two, strict=True)):
            alike(a, b, f"{place}[{i}]")
    else:
        assert one == two, f"{place}: {STALE}"


def test_every_script_is_in_the_gallery_and_every_file_has_its_script() -> None:
    assert sorted(path.stem for path in (GALLERY / "code").glob("*.py")) == sorted(make.NAMES)
    expected = {f"{name}.{suffix}" for name in make.NAMES for suffix in make.suffixes(held(name))}
    found = {path.name for path in GALLERY.iterdir() if path.is_file()}
    assert found == expected | {"README.md", "LINT.md", "make.py", "contact-sheet.png"}


@pytest.mark.parametrize("name", make.NAMES)
def test_every_file_is_drawn_from_the_same_scene(name: str, tmp_path: Path) -> None:
    scene = held(name)
    for suffix in make.suffixes(scene):
        fresh = draw(scene, tmp_path / f"fresh.{suffix}").read_bytes()
        assert fresh == (GALLERY / f"{name}.{suffix}").read_bytes(), STALE


@pytest.mark.parametrize("name", make.NAMES)
def test_the_script_draws_today_what_the_gallery_shows(name: str, demo_run: StudyRun) -> None:
    _, fresh = make.figure(name, demo_run.folder)
    alike(json.loads(scene_to_json(fresh)), json.loads((GALLERY / f"{name}.json").read_text(encoding="utf-8")), name)


def test_the_lint_finds_no_flaw_in_the_gallery_and_its_notes_are_told() -> None:
    scenes = {name: held(name) for name in make.NAMES}
    flaws = {name: [str(flaw) for flaw in lint(scene) if flaw.severity != "note"] for name, scene in scenes.items()}
    assert flaws == {name: [] for name in make.NAMES}
    assert (GALLERY / "LINT.md").read_text(encoding="utf-8") == make.lint_report(scenes), STALE


def test_the_gallery_is_described_and_shown_in_the_documentation() -> None:
    text = (GALLERY / "README.md").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    for name in make.NAMES:
        assert f"code/{name}.py" in text
        assert f"graphs/{name}.svg" in page
        assert f"graphs/code/{name}.py" in page
    assert (ROOT / "docs" / "demo-graph.svg").read_bytes() == (GALLERY / "value_graph.svg").read_bytes(), STALE
