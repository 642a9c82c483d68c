"""Ranks of values in several models: a bump chart with intervals of the ranks."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from number_figures import assert_clean_at_all_widths, cells, sizes, texts_of, values_of

from causalvalues.errors import FigureError
from causalvalues.evidence.profiles import Profiles
from causalvalues.evidence.rank_intervals import Ranks, ranks_of_means
from causalvalues.figures.rank_figure import rank_figure
from causalvalues.figures.rank_looks import alike, looks_of
from causalvalues.scene.geometry import boxes_meet, outline, shape_box, text_box
from causalvalues.scene.lint_colour import GREY_STEP, lightness
from causalvalues.scene.nouns import Scene, Shape, Text
from causalvalues.theories import ValueTheory, theory


def profiles(size: int, groups: int) -> Profiles:
    names, _, _ = values_of(size)
    random = np.random.default_rng(size)
    means = random.normal(size=size) + 0.4 * random.normal(size=(groups, size))
    means[0, 2] = np.nan
    mean = pd.DataFrame(means, [f"a model with a long name {k}" for k in range(groups)], names)
    return Profiles(mean, mean - 0.3, mean + 0.2)


def heights(scene: Scene, role: str) -> dict[str, list[float]]:
    """Return the middle height of the shapes of a role by part, from left to right."""
    found: dict[str, list[tuple[float, float]]] = {}
    for mark in scene.marks:
        if isinstance(mark, Shape) and mark.role == role:
            box = shape_box(mark)
            found.setdefault(mark.part, []).append((box.x, box.y))
    return {part: [y for _, y in sorted(places)] for part, places in found.items()}


@sizes
@pytest.mark.parametrize("groups", [2, 8])
def test_ranks_are_clean_at_every_width(size: int, groups: int) -> None:
    found = profiles(size, groups)
    _, labels, values = values_of(size)
    assert_clean_at_all_widths(lambda width: rank_figure(found, "mean", values, labels, width=width))


@pytest.mark.parametrize(("size", "groups", "width"), [(10, 2, 219.0), (10, 8, 468.0), (19, 4, 468.0), (19, 8, 219.0)])
def test_no_line_crosses_a_text_or_the_sign_of_another_value(size: int, groups: int, width: float) -> None:
    scene = rank_figure(profiles(size, groups), theory=theory(f"schwartz-{size}"), width=width)
    texts = [text_box(mark).grown(-0.3) for mark in scene.marks if isinstance(mark, Text)]
    shapes = [mark for mark in scene.marks if isinstance(mark, Shape) and mark.part.startswith("row-")]
    signs = [(mark.part, shape_box(mark).grown(-0.3)) for mark in shapes if mark.role == "mean"]
    lines: dict[str, list[np.ndarray]] = {mark.part: [] for mark in shapes if mark.role == "line"}
    for mark in shapes:
        if mark.role == "line":
            lines[mark.part].append(outline(mark))
    assert lines
    assert not any(boxes_meet(text, box) for text in texts for _, box in signs)
    points = np.vstack([each for found in lines.values() for each in found])
    assert not any(text.holds(points).any() for text in texts)
    for part, found in lines.items():
        assert not any(box.holds(np.vstack(found)).any() for other, box in signs if other != part)


def test_a_value_stands_as_high_as_its_rank_and_its_line_ends_there() -> None:
    mean = pd.DataFrame([[3.0, 2.0, 1.0], [1.0, 3.0, 2.0]], ["m", "n"], ["a", "b", "c"])
    scene = rank_figure(mean)
    signs = heights(scene, "mean")
    assert signs["row-0"][0] < signs["row-1"][0] < signs["row-2"][0]
    assert signs["row-1"][1] < signs["row-2"][1] < signs["row-0"][1]
    assert signs["row-0"][0] == signs["row-1"][1]
    for mark in scene.marks:
        if isinstance(mark, Shape) and mark.role == "line":
            ends = mark.path[0][1][1], mark.path[-1][1][-1]
            assert ends == pytest.approx(signs[mark.part])
    assert cells(scene)["b"] == {
        "value": "b", "m rank": 2.0, "m best": None, "m worst": None, "n rank": 1.0, "n best": None, "n worst": None
    }  # fmt: skip


def test_intervals_stand_beside_their_signs_and_in_the_table() -> None:
    mean = pd.DataFrame([[9.0, 5.1, 5.0, 0.0]], ["m"], ["a", "b", "c", "d"])
    scene = rank_figure(Profiles(mean, mean - 0.5, mean + 0.5, level=0.95))
    assert texts_of(scene, "interval") == ["1", "2\u20133", "2\u20133", "4"]
    assert cells(scene)["c"] == {"value": "c", "m rank": 3.0, "m best": 2.0, "m worst": 3.0}
    assert "95% intervals" in scene.caption
    assert "from the intervals of the single means" in scene.caption


def test_columns_go_on_below_where_the_page_is_narrow() -> None:
    found = profiles(10, 4)
    values = theory("schwartz-10")
    wide, narrow = (rank_figure(found, theory=values, width=width) for width in (468.0, 219.0))
    assert narrow.height > 1.5 * wide.height
    assert len(texts_of(narrow, "interval")) == len(texts_of(wide, "interval")) == 39
    assert texts_of(wide, "name").count("Power") == 2


def test_where_intervals_have_no_room_the_caption_sends_to_the_table() -> None:
    scene = rank_figure(profiles(19, 8), theory=theory("schwartz-19"), width=219.0)
    assert not texts_of(scene, "interval")
    assert "In the table of this figure, for which the page is too narrow: 90% intervals" in scene.caption
    assert all(isinstance(row[-1], float) for row in scene.rows)


def test_ties_are_joined_and_said_in_words_and_missing_means_too() -> None:
    mean = pd.DataFrame([[2.0, 2.0, 1.0, np.nan], [1.0, 2.0, 3.0, 4.0]], ["m", "n"], ["a", "b", "c", "d"])
    scene = rank_figure(mean, labels={"a": "Alpha", "m": "Model M"})
    assert "In Model M, Alpha and b are tied at rank 1." in scene.caption
    assert "In Model M, d has no mean." in scene.caption
    assert "Model M: 1 Alpha, 1 b, 3 c" in scene.alt
    assert "How sure the ranks are is not known" in scene.caption
    (tie,) = [mark for mark in scene.marks if isinstance(mark, Shape) and mark.part == "tie"]
    signs = heights(scene, "mean")
    assert [y for _, (_, y) in tie.path] == pytest.approx([signs["row-0"][0], signs["row-1"][0]])
    assert len(signs["row-3"]) == 1
    assert "row-3" not in heights(scene, "line")
    assert "tied" not in rank_figure(mean.loc[["n"]]).caption


def test_values_of_a_group_share_colour_and_sign_and_differ_in_dashes_and_groups_differ_in_grey() -> None:
    for name in ("schwartz-10", "schwartz-19"):
        values = theory(name)
        looks = looks_of(values.dimensions, values)
        for one, two in combinations(looks.values(), 2):
            if one.group == two.group:
                assert one.colour == two.colour
                assert one.dash != two.dash
            else:
                in_grey = abs(lightness(one.colour) - lightness(two.colour))
                assert in_grey >= GREY_STEP or one.width != two.width
                assert one.sign("x", 0, 0).path != two.sign("x", 0, 0).path or not one.group or not two.group
    alone = looks_of(["a", "b", "c"], None)
    assert len({look.dash for look in alone.values()}) == 3


def test_no_two_values_look_alike_up_to_36_in_no_group_and_12_in_one() -> None:
    for size in (10, 36):
        assert not alike(looks_of([f"v{k}" for k in range(size)], None))
    assert alike(looks_of([f"v{k}" for k in range(37)], None)) == [["v0", "v36"]]
    names = [f"v{k}" for k in range(13)]
    grouped = ValueTheory("one", "One", tuple(names), groups={"all": tuple(names)})
    assert not alike(looks_of(names[:12], grouped))
    assert alike(looks_of(names, grouped)) == [["v0", "v12"]]


def test_lines_that_look_alike_are_named_in_the_caption() -> None:
    names = [f"v{k:02d}" for k in range(37)]
    mean = pd.DataFrame([np.arange(37.0), np.arange(37.0)[::-1]], ["m", "n"], names)
    said = "The lines of v00 and Last look alike."
    assert said in rank_figure(mean, labels={"v36": "Last"}).caption
    assert "look alike" not in rank_figure(mean[names[:36]]).caption
    assert "look alike" not in rank_figure(mean.loc[["m"]]).caption


def test_means_that_were_not_taken_as_certain_are_told_in_the_caption() -> None:
    mean = pd.DataFrame([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0]], ["m", "n"], ["a", "b", "c"])
    half = pd.DataFrame([[0.0] * 3, [0.01] * 3], ["m", "n"], ["a", "b", "c"])
    scene = rank_figure(Profiles(mean, mean - half, mean + half, freedom=mean * 0 + 2), labels={"m": "Model M"})
    assert "In Model M, means without any spread over few clusters are not taken as certain." in scene.caption
    assert scene.caption.count("without any spread") == 1


def test_looks_of_a_group_do_not_depend_on_which_values_are_drawn() -> None:
    values = theory("schwartz-10")
    whole, part = looks_of(values.dimensions, values), looks_of(["power", "tradition"], values)
    assert all(part[value].colour == whole[value].colour for value in part)


def test_ranks_with_intervals_are_drawn_as_given() -> None:
    mean = pd.DataFrame([[3.0, 2.0]], ["m"], ["a", "b"])
    ranks = ranks_of_means(Profiles(mean))
    given = Ranks(ranks.rank, ranks.rank * 0 + 1, ranks.rank * 0 + 2, 0.8, "pairs")
    scene = rank_figure(given)
    assert texts_of(scene, "interval") == ["1\u20132", "1\u20132"]
    assert "80% intervals" in scene.caption
    assert "pair by pair, by cluster" in scene.caption


def test_too_many_groups_or_no_rank_or_no_room_are_refused() -> None:
    with pytest.raises(FigureError, match="9 groups do not fit"):
        rank_figure(profiles(10, 9))
    with pytest.raises(FigureError, match="no rank is known"):
        rank_figure(pd.DataFrame({"a": [np.nan]}, ["m"]))
    with pytest.raises(FigureError, match="100"):
        rank_figure(profiles(10, 2), width=100.0)
