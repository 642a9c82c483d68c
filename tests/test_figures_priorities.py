"""Value priorities of several models side by side."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from number_figures import assert_clean_at_all_widths, cells, middles, sizes, spans, texts_of, values_of

from causalvalues.errors import FigureError
from causalvalues.evidence.profiles import Profiles
from causalvalues.figures.priorities_figure import priorities_figure
from causalvalues.figures.signs import MOST, sign
from causalvalues.scene.nouns import Text
from causalvalues.scene.palette import contrast
from causalvalues.theories import theory


def profiles(size: int, groups: int) -> Profiles:
    names, _, _ = values_of(size)
    means = np.random.default_rng(size).normal(size=(groups, size))
    mean = pd.DataFrame(means, [f"a model with a long name {k}" for k in range(groups)], names)
    return Profiles(mean, mean - 0.3, mean + 0.2)


@sizes
@pytest.mark.parametrize("groups", [2, 6])
def test_the_rows_are_clean_at_every_width(size: int, groups: int) -> None:
    found = profiles(size, groups)
    _, labels, values = values_of(size)
    assert_clean_at_all_widths(lambda width: priorities_figure(found, "mean", values, labels, width=width))


def test_signs_and_intervals_stand_at_their_scores() -> None:
    mean = pd.DataFrame({"a": [0.0, 1.0], "b": [0.5, np.nan]}, ["m", "n"])
    scene = priorities_figure(Profiles(mean, mean - 0.25, mean + 0.5))
    low, high = middles(scene, "row-0", "mean")
    (left, right), _ = spans(scene, "row-0", "interval")
    assert (low - left) / (high - low) == pytest.approx(0.25, abs=1e-3)
    assert (right - low) / (high - low) == pytest.approx(0.5, abs=1e-3)
    assert len(middles(scene, "row-1", "mean")) == 1
    assert cells(scene)["b"]["n"] is None


def test_a_group_with_the_name_of_a_value_leaves_the_name_of_the_value_alone() -> None:
    mean = pd.DataFrame({"power": [0.0, 1.0], "security": [0.5, 0.2]}, ["power", "none"])
    texts = {
        mark.text for mark in priorities_figure(mean, theory=theory("schwartz-10")).marks if isinstance(mark, Text)
    }
    assert {"Power", "Security", "power", "none"} <= texts


def test_values_stand_in_the_order_of_the_theory_and_means_alone_have_no_intervals() -> None:
    names, _, values = values_of(10)
    scene = priorities_figure(profiles(10, 3).mean[sorted(names)], theory=values)
    assert [row[0] for row in scene.rows] == list(values.dimensions)
    assert not spans(scene, "row-0", "interval")
    assert "interval" not in scene.caption


def test_the_six_signs_differ_in_shape_or_fill_and_stand_out_from_the_page() -> None:
    looks = [sign("x", place, 0.0, 0.0) for place in range(MOST)]
    for one, two in combinations(looks, 2):
        differ_in_fill = (one.fill == one.stroke) != (two.fill == two.stroke)
        assert differ_in_fill or one.path != two.path
    assert all(contrast(look.stroke, "#FFFFFF") >= 3 for look in looks)


def test_numbers_stand_beside_the_rows_where_there_is_room() -> None:
    assert len(texts_of(priorities_figure(profiles(10, 2)), "number")) == 20
    assert not texts_of(priorities_figure(profiles(10, 2), width=219.0), "number")
    assert not texts_of(priorities_figure(profiles(10, 4)), "number")


def test_too_many_groups_or_no_number_are_refused() -> None:
    with pytest.raises(FigureError, match="7 groups cannot be told apart"):
        priorities_figure(profiles(10, 7))
    with pytest.raises(FigureError, match="no mean is known"):
        priorities_figure(pd.DataFrame({"a": [np.nan]}, ["m"]))
