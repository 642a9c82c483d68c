"""Venues: a figure is as wide as the venue's column, in its type sizes and its fonts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from causalvalues.cli.app import app
from causalvalues.errors import FigureError
from causalvalues.figures import draw, value_graph
from causalvalues.figures.effects_heatmap import effects_heatmap
from causalvalues.formats.paint import pdf_bytes, png_bytes
from causalvalues.graph.dag import Dag
from causalvalues.model.effects import Effects
from causalvalues.scene import Scene, Shape, Text, fonts, scene_from_json, scene_to_json
from causalvalues.scene.fonts import FALLBACK, face_for, face_of, family_of
from causalvalues.scene.geometry import polygon
from causalvalues.scene.lint import has_errors, lint
from causalvalues.scene.metrics import text_width
from causalvalues.scene.palette import INK, LABEL_SIZE, NAME_SIZE, POSITIVE
from causalvalues.scene.printing import printed
from causalvalues.scene.svg import font_families, svg_text
from causalvalues.scene.venues import ACL, APA, NATURE, NEURIPS, VENUES, Venue, venue

EVERY = [(each, columns) for each in VENUES.values() for columns in (1, 2)]


def picture(width: float, text: str = "Power") -> Scene:
    line = Shape("a", "line", polygon([(5, 40), (width - 5, 40)], closed=False), stroke=POSITIVE, stroke_width=1.2)
    rule = Shape("a", "rule", polygon([(5, 50), (90, 50)], closed=False), stroke=INK, stroke_width=0.25, dash=(1, 2))
    name = Text("a", "name", 5, 20, text, NAME_SIZE)
    label = Text("b", "label", 150, 20, ".42", LABEL_SIZE, "end")
    return Scene("dots", width, 60.0, (line, rule, name, label), "T", "C.", "A.", columns=("x",), rows=((1.0,),))


@pytest.mark.parametrize(("where", "columns"), EVERY, ids=str)
def test_a_figure_laid_out_in_the_room_of_a_venue_is_printed_as_the_venue_wants(where: Venue, columns: int) -> None:
    scene = printed(picture(where.room(columns)), where, columns)
    assert scene.width == pytest.approx(where.width(columns), abs=0.001)
    sizes = [mark.size for mark in scene.marks if isinstance(mark, Text)]
    assert where.smallest <= min(sizes) * 1.005
    assert max(sizes) <= where.largest * 1.005
    assert min(sizes) == pytest.approx(where.label, rel=0.01)
    assert scene.fonts == where.fonts
    assert lint(scene, where) == []


@given(st.floats(219, 540), st.sampled_from([ACL, NEURIPS, NATURE, APA]), st.sampled_from([1, 2]))
@settings(max_examples=60, deadline=None)
def test_one_factor_scales_positions_type_and_lines(width: float, where: Venue, columns: int) -> None:
    before = picture(width)
    roomy = replace(where, smallest=0.1, largest=100.0, thinnest=0.0)
    after = printed(before, roomy, columns)
    factor = where.width(columns) / width
    assert after.height == pytest.approx(before.height * factor, abs=0.002)
    for old, new in zip(before.marks, after.marks, strict=True):
        if isinstance(old, Text) and isinstance(new, Text):
            assert (new.x, new.y, new.size) == pytest.approx(
                (old.x * factor, old.y * factor, old.size * factor), abs=0.002
            )
        elif isinstance(old, Shape) and isinstance(new, Shape):
            assert new.stroke_width == pytest.approx(old.stroke_width * factor, abs=0.001)
            lengths = [[n for _, numbers in each.path for n in numbers] for each in (old, new)]
            assert lengths[1] == pytest.approx([n * factor for n in lengths[0]], abs=0.002)


def test_lines_never_become_thinner_than_the_venue_allows() -> None:
    scene = printed(picture(NATURE.room(1)), NATURE)
    assert min(mark.stroke_width for mark in scene.marks if isinstance(mark, Shape)) == NATURE.thinnest


def test_a_scene_that_was_laid_out_too_wide_is_refused_with_the_width_to_use() -> None:
    with pytest.raises(FigureError, match=r"text of 3\.3 to 3\.7 points.*wants 6 to 11.*`width=219`"):
        printed(picture(468.0), ACL)


def test_known_widths_are_what_the_venues_say() -> None:
    assert NATURE.column / 72 * 25.4 == pytest.approx(89)
    assert NATURE.page / 72 * 25.4 == pytest.approx(183)
    assert ACL.column / 72 == pytest.approx(3.03, abs=0.005)
    assert NEURIPS.column / 72 == 5.5
    assert (APA.smallest, APA.largest) == (8, 14)
    assert all(each.notes and each.fonts[-1] == FALLBACK for each in VENUES.values())
    assert all(each.room(columns) >= 219 for each, columns in EVERY)


def test_venues_are_found_by_name_and_unknown_ones_are_named() -> None:
    assert venue(" Nature") is NATURE
    with pytest.raises(FigureError, match=r"'natur'.*Did you mean 'nature'.*All venues: acl, neurips, nature, apa"):
        venue("natur")
    with pytest.raises(FigureError, match="1 or 2 columns"):
        ACL.width(3)
    with pytest.raises(FigureError, match="smallest <= label"):
        replace(ACL, label=5.0)
    with pytest.raises(FigureError, match="fits the page"):
        replace(ACL, column=500.0)


def test_a_printed_scene_survives_json() -> None:
    scene = printed(picture(219.0), ACL)
    assert scene_from_json(scene_to_json(scene)) == scene


@pytest.fixture
def serif(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Pretend that only the fonts inside matplotlib are installed: DejaVu Serif is one of them, Arial is not."""
    import matplotlib as mpl

    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    monkeypatch.setattr(
        "matplotlib.font_manager.findSystemFonts", lambda **_: [str(path) for path in folder.glob("*.ttf")]
    )
    fonts._installed.cache_clear()
    yield "DejaVu Serif"
    fonts._installed.cache_clear()


def test_the_first_wanted_family_that_is_installed_paints_in_every_style(serif: str) -> None:
    wanted = ("Arial", serif, FALLBACK)
    for bold in (False, True):
        for italic in (False, True):
            face = face_of(wanted, bold, italic)
            assert face.family == serif
            assert ("Bold" in face.path.name, "Italic" in face.path.name) == (bold, italic)
    assert family_of(("Arial", "Helvetica")) == FALLBACK
    assert family_of((FALLBACK, serif)) == FALLBACK


def test_a_file_that_only_begins_with_the_name_of_the_family_is_another_font(serif: str) -> None:
    assert family_of(("DejaVu",)) == FALLBACK
    assert family_of(("DejaVu Seri",)) == FALLBACK
    assert family_of((serif,)) == serif


def test_the_font_of_the_venue_is_embedded_as_truetype_and_named_in_the_file(serif: str) -> None:
    scene = replace(picture(219.0), fonts=("Arial", serif, FALLBACK))
    content = pdf_bytes(scene)
    assert b"DejaVuSerif" in content
    assert b"/Subtype /Type3" not in content
    assert b"/FontFile2" in content
    assert b"font: DejaVu Serif" in content
    assert b"font: DejaVu Serif" in png_bytes(scene)
    assert pdf_bytes(scene) == content
    assert b"DejaVuSerif" not in pdf_bytes(picture(219.0))


def test_text_that_the_font_lacks_a_character_of_is_painted_in_dejavu_sans(serif: str) -> None:
    assert face_for("Power", [serif]).family == serif
    missing = "\u0627"  # Arabic: in DejaVu Sans and not in DejaVu Serif
    assert face_of([serif]).lacks(f"a{missing}") == missing
    assert face_for(f"a{missing}", [serif]).family == FALLBACK


@pytest.mark.parametrize("text", ["Tradition", "\u2212.42 [\u2212.51, \u2212.30]", "Universalism: concern"])
def test_a_line_is_anchored_by_the_widths_of_the_font_that_paints_it(text: str, serif: str) -> None:
    from matplotlib.ft2font import FT2Font

    face = face_of([serif])
    font = FT2Font(str(face.path))
    font.set_size(100, 72)
    advance = sum(font.load_char(ord(character)).linearHoriAdvance / 65536 for character in text)
    assert face.width(text, 100) == pytest.approx(advance, rel=0.01)
    if text.isalpha():
        assert face.width(text, 100) != pytest.approx(text_width(text, 100), rel=0.001)


def test_svg_asks_for_the_fonts_of_the_scene_first() -> None:
    scene = printed(picture(219.0), ACL)
    assert font_families(scene).startswith("Arial, Helvetica, 'Liberation Sans', Arimo,")
    assert "font-family=\"Arial, Helvetica, 'Liberation Sans'" in svg_text(scene)
    assert font_families(picture(219.0)).startswith("'DejaVu Sans',")
    assert "'" not in font_families(replace(scene, fonts=("x'; evil",)))[1:8]


def an_effects_table() -> Effects:
    names = list("abcde")
    mean = pd.DataFrame(np.linspace(-0.6, 0.6, 25).reshape(5, 5), index=names, columns=names)
    return Effects(mean, mean - 0.1, mean + 0.1, (mean > 0).astype(float), (mean < 0).astype(float), 0.9)


def test_draw_lays_out_for_the_venue_what_is_no_scene_yet(tmp_path: Path) -> None:
    dag = Dag.from_edges(["a", "b", "c"], [("a", "b"), ("b", "c")])
    for thing in (dag, an_effects_table()):
        scene = scene_from_json(draw(thing, tmp_path / "x.json", venue="nature").read_text())
        assert scene.width == pytest.approx(NATURE.column, abs=0.001)
        assert not has_errors(lint(scene, NATURE))
    wide = scene_from_json(draw(dag, tmp_path / "y.json", venue=NATURE, columns=2).read_text())
    assert wide.width == pytest.approx(NATURE.page, abs=0.001)
    with pytest.raises(FigureError, match="Draw it again"):
        draw(value_graph(dag), tmp_path / "z.json", venue="acl")


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_command_line_draws_for_a_venue_and_fails_on_flaws(tmp_path: Path) -> None:
    saved = tmp_path / "scene.json"
    saved.write_text(scene_to_json(picture(219.0)))
    found = run("draw", saved, tmp_path / "a.pdf", "--venue", "acl", "--lint")
    assert (found.exit_code, "No flaw found." in found.stdout) == (0, True), found.output
    assert b"/FontFile2" in (tmp_path / "a.pdf").read_bytes()
    assert run("lint", saved, "--venue", "acl").exit_code == 0
    saved.write_text(scene_to_json(replace(picture(219.0), alt="")))
    found = run("lint", saved)
    assert (found.exit_code, "FIG401" in found.stdout) == (1, True)
    assert run("draw", saved, tmp_path / "b.svg", "--lint").exit_code == 1
    assert (tmp_path / "b.svg").exists()
    assert '"code": "FIG401"' in run("lint", saved, "--json").stdout
    assert run("lint", saved, "--venue", "science").exit_code == 2
    heat = effects_heatmap(an_effects_table())
    saved.write_text(scene_to_json(heat))
    assert run("draw", saved, tmp_path / "c.svg", "--venue", "acl").exit_code == 2
