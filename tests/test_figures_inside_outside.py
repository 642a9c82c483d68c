"""Behaviour, inside and circle as triangles, and their agreement beside chance."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from number_figures import assert_clean_at_all_widths, middles, sizes, spans, texts_of, values_of

from causalvalues.errors import FigureError
from causalvalues.figures.inside_outside_figure import inside_outside_figure, p_text
from causalvalues.figures.pair_triangles import rank_shares
from causalvalues.leakage.inside_outside import InsideOutside, inside_outside
from causalvalues.model.circle_order import circle_distances
from causalvalues.scene.lint import lint
from causalvalues.scene.lint_colour import lightness
from causalvalues.scene.nouns import Scene, Shape
from causalvalues.scene.printing import printed
from causalvalues.scene.scene_json import scene_from_json, scene_to_json
from causalvalues.scene.venues import venue
from causalvalues.theories import theory

TEN = theory("schwartz-10")


def noisy(seed: int, noise: float) -> pd.DataFrame:
    names = list(TEN.dimensions)
    numbers = np.random.default_rng(seed).normal(size=(10, 10))
    return pd.DataFrame(-circle_distances(names, TEN) / 5 + noise * (numbers + numbers.T), names, names)


@pytest.fixture(scope="module")
def found() -> InsideOutside:
    return inside_outside(noisy(1, 0.2), noisy(2, 1.5), TEN)


def fills(scene: Scene) -> dict[str, str]:
    return {mark.part: mark.fill for mark in scene.marks if isinstance(mark, Shape) and mark.role == "cell"}


@sizes
def test_it_is_clean_at_every_width(size: int) -> None:
    names, labels, values = values_of(size)
    known = [name for name in names if values.knows(name)]
    random = np.random.default_rng(size)
    tables = []
    for _ in range(2):
        numbers = random.normal(size=(size, size))
        tables.append(pd.DataFrame(numbers + numbers.T, names, names))
    whole = values if len(known) == size else None
    found = inside_outside(*tables, whole)
    assert_clean_at_all_widths(lambda width: inside_outside_figure(found, whole, labels, width=width))


@pytest.mark.parametrize(("name", "columns"), [("acl", 1), ("acl", 2), ("neurips", 1), ("nature", 1), ("apa", 1)])
def test_it_fits_the_venues(found: InsideOutside, name: str, columns: int) -> None:
    place = venue(name)
    scene = printed(inside_outside_figure(found, TEN, width=place.room(columns)), place, columns)
    assert [flaw for flaw in lint(scene, place) if flaw.code != "FIG501"] == []


def test_the_more_alike_a_pair_the_darker_its_cell(found: InsideOutside) -> None:
    cells = fills(inside_outside_figure(found, TEN))
    assert len(cells) == 3 * 45
    for what, table in found.matrices.items():
        low = list(zip(*np.tril_indices(10, -1), strict=True))
        order = sorted(low, key=lambda pair: table.iloc[pair])
        light = [lightness(cells[f"{what}-{i}-{j}"]) for i, j in order]
        assert all(one >= two - 1e-9 for one, two in itertools.pairwise(light))
        assert light[0] - light[-1] > 40


def test_ranks_run_from_least_to_most_alike_and_ties_share_one() -> None:
    shares = rank_shares(np.array([[0, 3.0, 1], [3, 0, 3], [1, 3, 0]]))
    assert shares[2, 0] == 0
    assert shares[1, 0] == shares[2, 1] == 1
    assert (rank_shares(np.ones((3, 3)))[np.tril_indices(3, -1)] == 0.5).all()


def test_dots_stand_at_rho_over_the_band_of_chance_and_are_filled_where_sure(found: InsideOutside) -> None:
    scene = inside_outside_figure(found, TEN)
    dots = {m.part: m for m in scene.marks if isinstance(m, Shape) and m.role == "dot" and m.part.startswith("row")}
    rows = found.table.reset_index()
    places, truth = [], []
    for k, row in rows.iterrows():
        assert (dots[f"row-{k}"].fill != "#FFFFFF") == (row["p"] <= 0.05)
        places += [*middles(scene, f"row-{k}", "dot"), *spans(scene, f"row-{k}", "band")[0]]
        truth += [row["rho"], row["null_lower"], row["null_upper"]]
    slope, start = np.polyfit(truth, places, 1)
    assert places == pytest.approx(start + slope * np.array(truth), abs=0.02)


def test_what_is_not_confirmed_is_said_in_words(found: InsideOutside) -> None:
    scene = inside_outside_figure(found, TEN)
    assert "does not confirm a likeness" in scene.caption
    assert "Behaviour and circle: rho " in scene.caption
    assert "; alike." in scene.caption
    assert "20,000 relabellings" in scene.caption
    assert any("does not confirm" in text for text in texts_of(scene, "legend"))


def test_narrow_pages_stack_the_triangles_each_with_names(found: InsideOutside) -> None:
    wide, narrow = (inside_outside_figure(found, TEN, width=width) for width in (468.0, 219.0))
    assert texts_of(wide, "name").count("Power") == 1
    assert texts_of(narrow, "name").count("Power") == 3
    assert texts_of(wide, "index") == [str(k) for k in range(1, 11)] * 3


def test_the_table_has_all_pairs_and_correlations(found: InsideOutside) -> None:
    scene = inside_outside_figure(found, TEN)
    assert len(scene.rows) == 45 + 4
    pair = {(row[0], row[1]): row for row in scene.rows}
    assert pair["power", "security"][2:5] == pytest.approx(
        [table.loc["power", "security"] for table in found.matrices.values()]
    )
    assert pair["inside", "circle"][4:6] == pytest.approx(found.table.loc["inside and circle", ["rho", "p"]].tolist())
    assert scene_from_json(scene_to_json(scene)) == scene


def test_without_a_theory_there_are_two_triangles_and_one_row() -> None:
    scene = inside_outside_figure(inside_outside(noisy(1, 0.2), noisy(2, 0.2)))
    assert texts_of(scene, "heading") == ["Behaviour", "Inside"]
    assert len(scene.rows) == 46
    assert "circle" not in scene.caption


def test_a_partial_correlation_that_is_not_known_is_left_out() -> None:
    names = list(TEN.dimensions)
    circle = pd.DataFrame(-circle_distances(names, TEN), names, names)
    scene = inside_outside_figure(inside_outside(circle, noisy(2, 0.5), TEN), TEN)
    assert not middles(scene, "row-3", "dot")
    assert lint(scene) == []


def test_small_p_values_are_not_printed_as_zero() -> None:
    assert p_text(0.00005) == "< .001"
    assert p_text(0.0121) == ".012"


def test_a_width_without_room_is_refused(found: InsideOutside) -> None:
    with pytest.raises(FigureError, match="100"):
        inside_outside_figure(found, TEN, width=100.0)
