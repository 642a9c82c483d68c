"""A dot plot: nothing lies on anything else, intervals stay apart, and every number is in its table."""

from __future__ import annotations

import math

import numpy as np
import pytest

from causalvalues.errors import FigureError
from causalvalues.figures.dot_plot import BAND, FILLED, HOLLOW, Dots, DotText, dot_plot
from causalvalues.figures.number_columns import NO_ROOM
from causalvalues.figures.row_frame import NAMES
from causalvalues.numerals import estimate
from causalvalues.scene import Scene, Shape, Text, overlaps
from causalvalues.scene.metrics import text_width

WORDS = DotText("Title", "mean absolute error (score units), 90% interval", "Caption.")
LONG = "the {:02d}th of many ways with a name that is much longer than any sensible name would be"


def dots(name: str, style: str, size: int, seed: int = 0, scale: float = 1.0) -> Dots:
    values = np.random.default_rng(seed).normal(size=size) * scale
    ends = (tuple(float(each) for each in values + shift * scale) for shift in (0.0, -0.4, 0.5))
    return Dots(name, style, *ends)


def shapes(scene: Scene, role: str, part: str = "") -> list[Shape]:
    held = [mark for mark in scene.marks if isinstance(mark, Shape) and mark.role == role]
    return [mark for mark in held if mark.part == part] if part else held


def height(shape: Shape) -> float:
    ys = [y for _, numbers in shape.path for y in numbers[1::2]]
    return (min(ys) + max(ys)) / 2


def texts(scene: Scene, role: str) -> list[str]:
    return [mark.text for mark in scene.marks if isinstance(mark, Text) and mark.role == role]


@pytest.mark.parametrize("scale", [0.001, 1.0, 1000.0])
@pytest.mark.parametrize("how", ["numbers", "beside", "alone"])
def test_twenty_rows_with_long_names_do_not_overlap(how: str, scale: float) -> None:
    rows = [LONG.format(i) for i in range(20)]
    kinds = [
        dots("what is given by chance when all labels are exchanged", BAND, 20, 1, scale),
        dots("answers in rows that were seen, all of them together", FILLED, 20, 2, scale),
        dots("answers in sealed rows of another wording of the question", HOLLOW, 20, 3, scale),
    ]
    decimals = {0.001: 4, 1.0: 2, 1000.0: 0}[scale]
    words = DotText("T", WORDS.axis * 3, "C", "a heading", decimals, 0.3 * scale, False, how == "numbers")
    scene = dot_plot(rows, kinds, words, [f"{i}, {i} bits" for i in range(20)] if how == "beside" else ())
    assert scene.kind == "dots"
    assert not overlaps(scene)
    assert max(text_width(name, 8.0) for name in texts(scene, "name")) <= NAMES
    numbers = [mark for mark in scene.marks if isinstance(mark, Text) and mark.role == "number"]
    assert not any("\u2026" in mark.text for mark in numbers)
    crowded = how == "numbers" and decimals == 4
    assert len(numbers) == {"numbers": 20 if crowded else 40, "beside": 20, "alone": 0}[how]
    assert (NO_ROOM in scene.caption) == crowded
    right = max(mark.path[1][1][0] for mark in shapes(scene, "interval") if mark.part != "legend")
    left = [mark.x - text_width(mark.text, mark.size) for mark in numbers]
    assert right < min(left, default=scene.width)


def test_intervals_of_the_same_rows_are_set_apart_the_first_above() -> None:
    scene = dot_plot(["a", "b"], [dots("x", FILLED, 2), dots("y", HOLLOW, 2)], WORDS)
    for part in ("row-0", "row-1"):
        first, second = shapes(scene, "interval", part)
        assert height(second) - height(first) > 5.8  # no dot reaches the other one
        assert height(shapes(scene, "mean", part)[0]) == pytest.approx(height(first), abs=0.1)
        assert height(shapes(scene, "ring", part)[0]) == pytest.approx(height(second), abs=0.1)


def test_kinds_that_share_no_interval_stay_in_the_middle_of_their_rows() -> None:
    first = Dots("x", FILLED, (1.0, math.nan), (0.5, math.nan), (1.5, math.nan))
    second = Dots("y", HOLLOW, (math.nan, 2.0), (math.nan, 1.5), (math.nan, 2.5))
    apart = dot_plot(["a", "b"], [first, second, Dots("z", HOLLOW, (3.0, 3.0))], WORDS)
    for part, role in (("row-0", "mean"), ("row-1", "ring")):
        name = next(m for m in apart.marks if isinstance(m, Text) and m.part == part and m.role == "name")
        assert height(shapes(apart, role, part)[0]) == pytest.approx(name.y - 0.36 * name.size, abs=0.1)
    assert len({height(mark) for mark in shapes(apart, "ring", "row-1")}) == 1


def test_the_scale_holds_zero_unless_it_need_not_and_always_the_line() -> None:
    kind = Dots("x", FILLED, (0.061, 0.064), (0.060, 0.062), (0.063, 0.065))
    assert "0" in texts(dot_plot(["a", "b"], [kind], WORDS), "tick")
    near = dot_plot(["a", "b"], [kind], DotText("T", "error", "C", zero=False, line=0.07))
    assert texts(near, "tick") == [".060", ".062", ".064", ".066", ".068", ".070"]
    (line,) = shapes(near, "reference")
    assert line.dash
    assert line.path[0][1][0] > shapes(near, "interval")[1].path[1][1][0]


def test_numbers_stand_in_a_column_of_each_kind_and_in_the_table() -> None:
    kinds = [dots("chance", BAND, 2), dots("x", FILLED, 2, 1), dots("y", HOLLOW, 2, 2)]
    scene = dot_plot(["a", "b"], kinds, DotText("T", "error", "C", decimals=3, numbers=True))
    assert texts(scene, "head-text") == ["x", "y"]
    assert texts(scene, "number") == [estimate(*kind.at(place), 3) for place in (0, 1) for kind in kinds[1:]]
    assert scene.columns[:4] == ("row", "chance", "chance lower", "chance upper")
    assert scene.rows[1][4:7] == pytest.approx(kinds[1].at(1))
    assert estimate(*kinds[2].at(1), 3) in scene.alt


def test_numbers_without_room_are_left_to_the_table_and_the_caption_says_so() -> None:
    kinds = [dots(f"x{i}", FILLED, 1) for i in range(6)]
    scene = dot_plot(["a"], kinds, DotText("T", "A", "C", numbers=True))
    assert len(texts(scene, "number")) == 1
    assert scene.caption == f"C {NO_ROOM}"
    assert len(scene.rows[0]) == 19
    narrow = dot_plot(["a very long name of this row"], kinds, DotText("T", "A", "C", numbers=True), width=219)
    assert not texts(narrow, "number")


def test_what_is_not_known_is_not_drawn() -> None:
    kinds = [Dots("x", FILLED, (1.0, math.nan), (0.5, 0.5), (math.nan, 1.5)), Dots("y", BAND, (1.0, 1.0))]
    scene = dot_plot(["a", "b"], kinds, WORDS)
    assert len(shapes(scene, "mean", "row-0")) == 1
    assert not [
        mark for mark in scene.marks if isinstance(mark, Shape) and mark.part == "row-1" and mark.role != "rule"
    ]
    assert not shapes(scene, "interval", "row-0")
    assert scene.rows[1][1] is None


@pytest.mark.parametrize(
    ("rows", "kinds", "words", "beside", "said"),
    [
        ([], [], WORDS, (), "nothing to draw"),
        (["a"], [Dots("x", FILLED, (math.nan,))], WORDS, (), "nothing to draw"),
        (["a"], [dots("x", FILLED, 2)], WORDS, (), "'x' has 2 numbers for 1 rows"),
        (["a"], [dots("x", FILLED, 1)], WORDS, ("1", "2"), "2 texts beside 1 rows"),
        (["a"], [dots("x", FILLED, 1)], DotText("T", "A", "C", numbers=True), ("1",), "cannot both"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    rows: list[str], kinds: list[Dots], words: DotText, beside: tuple[str, ...], said: str
) -> None:
    with pytest.raises(FigureError, match=said):
        dot_plot(rows, kinds, words, beside)


def test_dots_of_unknown_style_or_with_one_end_only_are_refused() -> None:
    with pytest.raises(FigureError, match="Did you mean 'hollow'"):
        Dots("x", "holow", (1.0,))
    with pytest.raises(FigureError, match="both ends"):
        Dots("x", FILLED, (1.0,), (0.0,))
