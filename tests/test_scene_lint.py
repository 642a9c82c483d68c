"""The figure lint finds what a reader would object to, and nothing in a clean figure; everyone can read the palette."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.scene.edge_style import labelled_edges, sign_dash
from causalvalues.scene.geometry import disc, polygon, rectangle
from causalvalues.scene.grounds import Grounds, seen_through
from causalvalues.scene.lint import Flaw, has_errors, lint, lint_rows, lint_text
from causalvalues.scene.lint_colour import lightness
from causalvalues.scene.lint_labels import unprinted
from causalvalues.scene.nouns import Edge, Mark, Scene, Shape, Text
from causalvalues.scene.palette import (
    ASIDE,
    BLACK,
    INK,
    NEGATIVE,
    PAPER,
    POSITIVE,
    QUIET,
    SECTOR,
    UNSIGNED,
    blend,
    contrast,
    readable_ink,
)
from causalvalues.scene.printing import printed
from causalvalues.scene.venues import ACL, NATURE


def line(part: str, y: float, colour: str = INK, width: float = 1.0, dash: tuple[float, ...] = ()) -> Shape:
    ends = polygon([(120, y), (200, y)], closed=False)
    return Shape(part, "line", ends, stroke=colour, stroke_width=width, dash=dash)


def box(part: str, fill: str, opacity: float = 1.0, role: str = "band") -> Shape:
    return Shape(part, role, rectangle(10, 30, 90, 30), fill=fill, opacity=opacity)


def scene_of(*marks: Mark, width: float = 219.0, height: float = 120.0) -> Scene:
    first = Text("row-0", "name", 10, 20, "Power", 8.0)
    return Scene("dots", width, height, (first, *marks), "T", "A caption.", "What is seen.", (), (), ("x",), ((1.0,),))


def codes(scene: Scene) -> set[str]:
    return {flaw.code for flaw in lint(scene)}


WORD = Text("row-1", "name", 15, 50, "Security", 8.0)

CLEAN = [
    scene_of(),
    scene_of(box("a", SECTOR), WORD),
    scene_of(box("a", POSITIVE), replace(WORD, colour=readable_ink(POSITIVE))),
    scene_of(line("edge-0", 80, POSITIVE), line("edge-1", 90, NEGATIVE, 1.0, (4, 2))),
    scene_of(line("edge-0", 80, POSITIVE, 2.2), line("edge-1", 90, NEGATIVE, 0.9)),
    scene_of(Shape("a", "rule", polygon([(5, 5), (90, 5)], closed=False), stroke="#DDDDDD", stroke_width=0.3)),
    scene_of(box("a", "#000000"), box("b", PAPER), WORD),
    scene_of(box("a", "#000000", 0.05), WORD),
]


@pytest.mark.parametrize("scene", CLEAN, ids=range(len(CLEAN)))
def test_a_clean_figure_has_no_flaw(scene: Scene) -> None:
    assert lint_text(lint(scene)) == "No flaw found."


BROKEN = [
    ("FIG101", scene_of(replace(WORD, size=6.0))),
    ("FIG201", scene_of(WORD, replace(WORD, part="row-2", x=20))),
    ("FIG202", scene_of(replace(WORD, x=200))),
    ("FIG203", scene_of(replace(WORD, text="Self-dir\u2026"))),
    ("FIG301", scene_of(box("a", POSITIVE), replace(WORD, colour=INK))),
    ("FIG301", scene_of(replace(WORD, colour="#8C8C8C"))),
    ("FIG301", scene_of(box("a", PAPER), box("b", "#000000", 0.6), WORD)),
    ("FIG302", scene_of(line("edge-0", 80, "#BBBBBB"))),
    ("FIG302", scene_of(Shape("a", "mean", disc(50, 80, 2.5), fill="#BBBBBB"))),
    ("FIG302", scene_of(Shape("a", "band", rectangle(110, 70, 100, 20), fill=POSITIVE), line("edge-0", 80, NEGATIVE))),
    ("FIG303", scene_of(line("edge-0", 80, INK, 0.1))),
    ("FIG304", scene_of(line("edge-0", 80, POSITIVE), line("edge-1", 90, NEGATIVE))),
    (
        "FIG304",
        scene_of(
            *(Shape(f"row-{i}", "mean", disc(50, 80 + 9 * i, 3), fill=c) for i, c in enumerate((POSITIVE, NEGATIVE)))
        ),
    ),
    ("FIG401", replace(scene_of(), alt=" ")),
    ("FIG402", replace(scene_of(), caption="")),
    ("FIG403", replace(scene_of(), rows=())),
    ("FIG501", replace(scene_of(), fonts=("No Such Font",))),
    ("FIG502", scene_of(replace(WORD, text="\U0001f9e0"))),
]


def test_edges_with_a_number_are_those_with_an_effect_or_else_those_with_a_probability() -> None:
    effect = Edge("edge-0", "a", "b", "value", "-->", adjacent=0.9, mean=0.3)
    same = replace(effect, part="edge-1", change="same")
    chance = Edge("edge-2", "b", "c", "value", "---", adjacent=0.4)
    bare = Edge("edge-3", "c", "d", "value", "---")
    for edges, told in (
        ((effect, same, chance, bare), [effect]),
        ((chance, bare), [chance]),
        ((same, chance), []),
        ((), []),
    ):
        assert labelled_edges(edges) == told
        assert unprinted(replace(scene_of(), edges=edges)) == (len(told), len(told))


@pytest.mark.parametrize(("code", "scene"), BROKEN, ids=[f"{code}-{i}" for i, (code, _) in enumerate(BROKEN)])
def test_each_flaw_is_found_and_no_other(code: str, scene: Scene) -> None:
    found = lint(scene)
    assert {flaw.code for flaw in found} == {code}
    assert all(flaw.message and flaw.remedy for flaw in found)
    assert has_errors(found) == (code not in {"FIG203", "FIG304", "FIG403", "FIG501"})


def test_the_limits_of_a_venue_are_checked() -> None:
    fine = printed(scene_of(), ACL)
    assert lint(fine, ACL) == []
    assert {flaw.code for flaw in lint(scene_of(width=300.0), ACL)} == {"FIG103"}
    assert {flaw.code for flaw in lint(replace(fine, height=900.0), ACL)} == {"FIG104"}
    small = scene_of(
        WORD, replace(WORD, part="a", x=80, size=5.0), replace(WORD, part="b", y=90, size=12.0), width=ACL.column
    )
    assert [flaw.code for flaw in lint(small, ACL)] == ["FIG101", "FIG102"]
    thin = scene_of(line("edge-0", 80, INK, 0.2), width=NATURE.column)
    assert "FIG303" in {flaw.code for flaw in lint(thin, NATURE)}


def test_errors_come_first_and_say_where_and_what_to_do() -> None:
    found = lint(replace(scene_of(replace(WORD, text="Self-dir\u2026", size=6.0)), rows=()))
    assert [flaw.severity for flaw in found] == ["error", "warning", "warning"]
    assert found[0].where == "row-1"
    assert lint_text(found).startswith("FIG101 error: row-1: ")
    assert lint_rows({"one": found, "two": []}) == (("one", "1", "2", "FIG101, FIG203, FIG403"), ("two", "0", "0", ""))
    assert not has_errors([Flaw("FIG203", "warning", "a", "b", "c")])


colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06X}")


@given(colours, colours, st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_the_ground_is_the_last_shape_beneath_and_what_shines_through_it(low: str, high: str, opacity: float) -> None:
    scene = scene_of(box("a", low), box("b", high, opacity), WORD, box("c", "#FF00FF"))
    grounds = Grounds(scene)
    assert grounds.colour(40, 45, 3) == seen_through(high, opacity, low)
    assert grounds.colour(40, 45, 2) == low
    assert grounds.colour(205, 100, 4) == PAPER
    assert seen_through(high, 0.0, low) == low


def test_a_ring_is_no_ground_outside_its_curve() -> None:
    scene = scene_of(Shape("a", "disc", disc(50, 50, 10), fill=BLACK))
    grounds = Grounds(scene)
    assert grounds.colour(50, 50, 5) == BLACK
    assert grounds.colour(58.5, 58.5, 5) == PAPER  # inside the square about it, outside the circle


# Machado, Oliveira and Fernandes (2009), "A physiologically-based model for simulation of color vision deficiency",
# IEEE Transactions on Visualization and Computer Graphics 15(6), table of matrices at severity 1, for linear RGB.
DEFICIENCIES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def lab(linear: np.ndarray) -> np.ndarray:
    """Return CIE 1976 L*a*b* of linear sRGB (D65)."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    ratio = to_xyz @ np.clip(linear, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def linear(colour: str) -> np.ndarray:
    share = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


MEANINGS = {"positive": POSITIVE, "negative": NEGATIVE, "paper": PAPER, "ink": INK}


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_colours_that_mean_something_are_told_apart_with_every_colour_vision_deficiency(deficiency: str) -> None:
    matrix = np.array(DEFICIENCIES[deficiency])
    seen = {name: lab(matrix @ linear(colour)) for name, colour in MEANINGS.items()}
    for one, two in combinations(MEANINGS, 2):
        assert np.hypot.reduce(seen[one] - seen[two]) > 25, (one, two)
    weak = {sign: lab(matrix @ linear(blend(MEANINGS[sign], 0.3))) for sign in ("positive", "negative")}
    assert np.hypot.reduce(weak["positive"] - weak["negative"]) > 10


def test_signs_read_in_grey_by_their_dashes_because_their_colours_do_not() -> None:
    edge = Edge("edge-0", "a", "b", "value", "-->", mean=0.4)
    assert sign_dash(edge) == ()
    assert sign_dash(replace(edge, mean=-0.4))
    assert abs(lightness(POSITIVE) - lightness(NEGATIVE)) < 12
    assert "FIG304" not in codes(
        scene_of(
            *(
                line(f"edge-{i}", 80 + 9 * i, c, 1.0, sign_dash(replace(edge, mean=m)))
                for i, (c, m) in enumerate(((POSITIVE, 1), (NEGATIVE, -1)))
            )
        )
    )


@pytest.mark.parametrize("colour", [INK, BLACK, QUIET, ASIDE, UNSIGNED])
def test_colours_of_text_stand_out_from_paper(colour: str) -> None:
    assert contrast(colour, PAPER) >= 4.5


@pytest.mark.parametrize("colour", [POSITIVE, NEGATIVE, QUIET, UNSIGNED, INK])
def test_colours_of_lines_stand_out_from_paper_and_sectors(colour: str) -> None:
    assert contrast(colour, PAPER) >= 3
    assert contrast(colour, SECTOR) >= 3


@given(colours)
@settings(max_examples=100, deadline=None)
def test_readable_ink_is_readable_and_lightness_runs_from_black_to_white(colour: str) -> None:
    assert contrast(readable_ink(colour), colour) >= 4.5
    assert lightness(BLACK) <= lightness(colour) <= lightness(PAPER) == pytest.approx(100)
    assert lightness(colour) == pytest.approx(lab(linear(colour))[0], abs=0.1)
