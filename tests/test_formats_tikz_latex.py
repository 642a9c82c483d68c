"""TikZ in LaTeX itself: it compiles, the page is as large as the scene, and the drawing is that of our own painter."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tikz_scenes import HOSTILE, SCENES, chain

from causalvalues.formats.paint import pdf_bytes
from causalvalues.formats.tikz import tex_text, tikz_text
from causalvalues.scene.nouns import Scene, Shape, Text


def compiled(text: str, folder: Path) -> Path:
    (folder / "figure.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "figure.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
    log = (folder / "figure.log").read_text(encoding="utf-8", errors="replace")
    assert done.returncode == 0, log[log.find("\n!") :][:800]
    assert "Overfull" not in log
    assert "Missing character" not in log
    assert not (folder / "owned").exists()
    return folder / "figure.pdf"


def told(*command: str | Path) -> str:
    done = subprocess.run([str(each) for each in command], capture_output=True, timeout=60, check=True)
    return done.stdout.decode("utf-8", errors="replace")


def pixels(pdf: Path) -> np.ndarray:
    from PIL import Image

    target = pdf.with_suffix("")
    told("pdftoppm", "-r", "100", "-gray", "-png", "-singlefile", pdf, target)
    with Image.open(target.with_suffix(".png")) as image:
        return np.asarray(image.convert("L"), dtype=float)


@pytest.mark.tools
@pytest.mark.parametrize("name", SCENES)
def test_latex_sets_a_page_as_large_as_the_scene_with_all_names_and_outline_fonts(name: str, tmp_path: Path) -> None:
    assert shutil.which("pdflatex")
    scene = SCENES[name]()
    pdf = compiled(tex_text(scene), tmp_path)
    size = re.search(r"Page size:\s+([\d.]+) x ([\d.]+) pts", told("pdfinfo", pdf))
    assert size is not None
    assert float(size[1]) == pytest.approx(scene.width, abs=0.5)
    assert float(size[2]) == pytest.approx(scene.height, abs=0.5)
    assert "Type 3" not in told("pdffonts", pdf)
    words = "".join(told("pdftotext", "-raw", pdf, "-").split())
    for text in (mark.text for mark in scene.marks if isinstance(mark, Text)):
        if text.isascii() and not mark_is_turned(scene, text) and not set(text) & set("\"'`-"):
            assert "".join(text.split()) in words


def mark_is_turned(scene: Scene, text: str) -> bool:
    return any(isinstance(mark, Text) and mark.text == text and mark.angle for mark in scene.marks)


@pytest.mark.tools
@pytest.mark.parametrize("name", ["graph", "layered", "plan", "effects", "dots", "every sort"])
def test_latex_draws_the_shapes_that_our_painter_draws(name: str, tmp_path: Path) -> None:
    scene = SCENES[name]()
    scene = replace(scene, marks=tuple(mark for mark in scene.marks if isinstance(mark, Shape)))
    (tmp_path / "own.pdf").write_bytes(pdf_bytes(scene))
    ours, theirs = pixels(tmp_path / "own.pdf"), pixels(compiled(tex_text(scene), tmp_path))
    high, wide = (min(a, b) for a, b in zip(ours.shape, theirs.shape, strict=True))
    apart = np.abs(ours[:high, :wide] - theirs[:high, :wide])
    inked = (ours[:high, :wide] < 250).mean()
    assert (apart > 100).mean() < 0.003 * inked
    assert apart.mean() < 0.5


@pytest.mark.tools
def test_the_picture_can_be_put_into_a_paper_with_other_fonts_and_a_german_quote(tmp_path: Path) -> None:
    (tmp_path / "graph.tikz").write_text(tikz_text(chain(HOSTILE)), encoding="utf-8")
    paper = [
        "\\documentclass{article}",
        "\\usepackage{tikz}\\usetikzlibrary{arrows.meta, bending}",
        '\\begin{document}\\catcode34=13 \\def"{}',
        "\\begin{figure}\\centering\\resizebox{5cm}{!}{\\input{graph.tikz}}\\end{figure}\\end{document}",
    ]
    assert compiled("\n".join(paper), tmp_path).stat().st_size > 1000
