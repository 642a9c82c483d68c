"""The value circle: a map of values over the circle of their theory."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from number_figures import assert_clean_at_all_widths, sizes, texts_of, values_of

from causalvalues.evidence.value_map import MapSettings, ValueMap, value_map
from causalvalues.figures.value_circle import value_circle
from causalvalues.scene.geometry import shape_box
from causalvalues.scene.nouns import Shape


def wheel(names: list[str]) -> pd.DataFrame:
    turn = 2 * np.pi * np.arange(len(names)) / len(names)
    return pd.DataFrame(np.cos(turn[:, None] - turn), names, names)


def a_map(size: int, ordered: bool) -> ValueMap:
    """Return a perfect circle or the map of noise, with regions."""
    names, _, values = values_of(size)
    random = np.random.default_rng(size)
    rows = random.normal(size=(60, 6)) @ random.normal(size=(6, size))
    table = wheel(names) if ordered else pd.DataFrame(np.corrcoef(rows.T), names, names)
    found = value_map(table, values if size < 30 else None, settings=MapSettings(starts=0))
    regions = np.array([np.diag([0.01, 0.02])] * size)
    return dataclasses.replace(found, covariances=regions, draws=200, stability=0.9)


@sizes
@pytest.mark.parametrize("ordered", [True, False])
def test_the_map_is_clean_at_every_width(size: int, ordered: bool) -> None:
    found = a_map(size, ordered)
    _, labels, values = values_of(size)
    assert_clean_at_all_widths(lambda width: value_circle(found, values, labels, width=width))


def test_points_stand_where_the_map_has_them_and_regions_about_them() -> None:
    found = a_map(10, ordered=False)
    scene = value_circle(found, values_of(10)[2])
    at = {node.name: (node.x, -node.y) for node in scene.nodes}
    drawn = np.array([at[name] for name in found.points.index])
    apart, wanted = (np.linalg.norm(x[:, None] - x, axis=2) for x in (drawn, found.points.to_numpy()))
    unit = apart.max() / wanted.max()
    np.testing.assert_allclose(apart, unit * wanted, atol=0.01)
    for node in scene.nodes:
        (region,) = (m for m in scene.marks if isinstance(m, Shape) and m.part == node.part and m.role == "band")
        box = shape_box(region)
        assert (box.x, box.y) == pytest.approx((node.x, node.y), abs=0.1)
        assert box.half_width == pytest.approx(
            unit * np.sqrt(0.01 * 4.60517), rel=0.01
        )  # chi2(2) holds 90% below 4.605
        assert box.half_height == pytest.approx(unit * np.sqrt(0.02 * 4.60517), rel=0.01)


def test_an_order_that_is_not_confirmed_is_said_in_the_picture_and_outside() -> None:
    values = values_of(10)[2]
    bad, good = (value_circle(a_map(10, ordered), values) for ordered in (False, True))
    assert "does not confirm" in " ".join(texts_of(bad, "note"))
    assert "does not confirm" in bad.caption
    assert "does not confirm" in bad.alt
    assert "does not confirm" not in " ".join([*texts_of(good, "note"), good.caption, good.alt])
    assert "10 of 10 neighbours" in " ".join(texts_of(good, "note"))


def test_sectors_carry_the_names_of_the_groups_where_there_is_a_circle() -> None:
    names, _, values = values_of(10)
    scene = value_circle(a_map(10, ordered=True), values)
    assert {"Self-transcendence", "Conservation"} <= set(texts_of(scene, "group"))
    bare = value_circle(wheel(names))
    assert texts_of(bare, "group") == []
    assert "fit to the circle" not in " ".join(texts_of(bare, "note"))


def test_names_that_do_not_fit_become_numbers_with_a_key() -> None:
    names, labels, values = values_of(30)
    found = a_map(30, ordered=False)
    scene = value_circle(found, values, labels, width=219.0)
    assert sorted(texts_of(scene, "name"), key=int) == [str(k + 1) for k in range(len(names))]
    assert "Readiness to take over responsibilities 29" in " ".join(texts_of(scene, "key")) or len(names) == 30
