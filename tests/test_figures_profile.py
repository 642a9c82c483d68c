"""A predicted profile beside its start and target, as radar and as dots."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from number_figures import assert_clean_at_all_widths, random_profile, sizes, texts_of, values_of

from causalvalues.errors import FigureError
from causalvalues.figures.profile_figure import DotRows, Radar, profile_figure
from causalvalues.scene.geometry import shape_box
from causalvalues.scene.nouns import Scene, Shape


def marks(scene: Scene, part: str, role: str) -> list[Shape]:
    return [mark for mark in scene.marks if isinstance(mark, Shape) and mark.part == part and mark.role == role]


def places(scene: Scene, part: str, role: str) -> list[tuple[float, float]]:
    return [(shape_box(mark).x, shape_box(mark).y) for mark in marks(scene, part, role)]


@sizes
@pytest.mark.parametrize("style", [Radar(), DotRows()])
def test_the_profile_is_clean_at_every_width(size: int, style: Radar | DotRows) -> None:
    _, labels, values = values_of(size)
    assert_clean_at_all_widths(lambda width: profile_figure(random_profile(size), style, values, labels, width=width))


@pytest.mark.parametrize("size", [10, 19])
def test_spokes_are_equally_long_and_equally_far_apart(size: int) -> None:
    scene = profile_figure(random_profile(size))
    inner, outer = (shape_box(mark) for mark in marks(scene, "axis", "rim"))
    lines = [mark for mark in marks(scene, "axis", "grid") if len(mark.path) == 2]
    assert len(lines) == size
    ends = np.array([[numbers for _, numbers in mark.path] for mark in lines])
    np.testing.assert_allclose(np.hypot(*(ends[:, 1] - (outer.x, outer.y)).T), outer.half_width, atol=0.01)
    np.testing.assert_allclose(np.hypot(*(ends[:, 0] - (outer.x, outer.y)).T), inner.half_width, atol=0.01)
    turns = np.unwrap([math.atan2(y - outer.y, x - outer.x) for x, y in ends[:, 1]])
    np.testing.assert_allclose(np.diff(turns), 2 * math.pi / size, atol=1e-3)


def test_a_score_stands_in_proportion_on_its_spoke() -> None:
    frame = pd.DataFrame({"start": [0.0, 0.0, 1.0, 0.5], "mean": [1.0, 0.25, 0.0, 0.5]}, list("abcd"))
    scene = profile_figure(frame, Radar(0.0, 1.0))
    inner, rim = (shape_box(mark) for mark in marks(scene, "axis", "rim"))
    far = [math.dist(at, (rim.x, rim.y)) for at in places(scene, "predicted", "mean")]
    shares = [(each - inner.half_width) / (rim.half_width - inner.half_width) for each in far]
    assert shares == pytest.approx([1.0, 0.25, 0.0, 0.5], abs=1e-3)


def test_a_target_ring_joins_only_neighbours_that_both_have_a_target() -> None:
    frame = pd.DataFrame({"target": [1.0, 2.0, np.nan, 1.0], "mean": [1.0, 2.0, 3.0, 1.0]}, list("abcd"))
    scene = profile_figure(frame)
    assert len(places(scene, "target", "target")) == 3
    assert len(marks(scene, "target", "line")) == 2
    assert not marks(scene, "start", "start")
    assert "start" not in texts_of(scene, "legend")


def test_the_caption_of_a_radar_warns_that_area_exaggerates() -> None:
    assert "exaggerates" in profile_figure(random_profile(10)).caption
    assert "exaggerates" not in profile_figure(random_profile(10), DotRows()).caption


def test_names_that_do_not_fit_around_a_radar_become_numbers_with_a_key() -> None:
    names, labels, values = values_of(30)
    scene = profile_figure(random_profile(30), Radar(), values, labels, width=219.0)
    assert texts_of(scene, "name") == [str(k + 1) for k in range(30)]
    key = " ".join(texts_of(scene, "key"))
    assert all(values.labels[name] in key for name in names[6:19])


def test_a_profile_that_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(FigureError, match="Use DotRows"):
        profile_figure(random_profile(10).iloc[:2])
    with pytest.raises(FigureError, match="needs the column 'mean'"):
        profile_figure(pd.DataFrame({"start": [1.0]}, ["a"]))
    with pytest.raises(FigureError, match="low < high"):
        Radar(1.0, 0.0)
    with pytest.raises(FigureError, match="two rows"):
        profile_figure(pd.DataFrame({"mean": [1.0, 2.0]}, ["a", "a"]), DotRows())
