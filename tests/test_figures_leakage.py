"""The leakage matrix as a picture and as a table."""

from __future__ import annotations

import numpy as np
import pytest
from leakage_truths import AIMS, CONTROLS, GUARDS, VALUES, simulate
from number_figures import assert_clean_at_all_widths, texts_of, values_of

from causalvalues.errors import FigureError
from causalvalues.figures.leakage_figure import leakage_figure
from causalvalues.leakage import LeakageMatrix, LeakageOptions, measure_leakage
from causalvalues.prediction.paired_rows import PairedRows
from causalvalues.scene.geometry import shape_box, text_box
from causalvalues.scene.lint import lint
from causalvalues.scene.nouns import Scene, Shape, Text
from causalvalues.scene.printing import printed
from causalvalues.scene.scene_json import scene_from_json, scene_to_json
from causalvalues.scene.venues import venue
from causalvalues.tables import csv_text, latex_text, markdown_text
from causalvalues.tables.leakage import leakage_table
from causalvalues.theories import theory

TEN = theory("schwartz-10")


@pytest.fixture(scope="module")
def found() -> LeakageMatrix:
    return measure_leakage(simulate(12), AIMS, GUARDS)


def random_leakage(size: int) -> tuple[LeakageMatrix, dict[str, str], object]:
    names, labels, values = values_of(size)
    random = np.random.default_rng(size)
    columns, levers = (*names, *GUARDS), (*(f"vec_{name}" for name in names), *CONTROLS)
    k, p = len(levers), len(columns)
    change = 0.3 * np.eye(k, p) + 0.1 * random.normal(size=(k, p))
    units = tuple(f"u{i}" for i in range(6) for _ in levers)
    reached = np.tile(change, (6, 1)) + 0.1 * random.normal(size=(6 * k, p))
    rows = PairedRows(columns, levers, units, np.zeros(reached.shape), np.tile(np.eye(k), (6, 1)), reached)
    return measure_leakage(rows, {f"vec_{name}": name for name in names}, GUARDS), labels, values


def boxes(scene: Scene, role: str) -> dict[str, tuple[float, float]]:
    marks = [mark for mark in scene.marks if isinstance(mark, Shape) and mark.role == role]
    return {mark.part: (shape_box(mark).x, shape_box(mark).y) for mark in marks if mark.part.startswith("cell")}


@pytest.mark.parametrize("size", [10, 19])
def test_it_is_clean_at_every_width(size: int) -> None:
    many, labels, values = random_leakage(size)
    assert_clean_at_all_widths(
        lambda width: leakage_figure(many, values, labels, width=width),  # type: ignore[arg-type]
    )


def test_thirty_values_are_clean_on_wide_pages_and_refused_on_narrow_ones() -> None:
    many, labels, values = random_leakage(30)
    for width in (397.0, 468.0):
        scene = leakage_figure(many, values, labels, width=width)  # type: ignore[arg-type]
        assert [flaw for flaw in lint(scene) if flaw.code != "FIG203"] == []
    with pytest.raises(FigureError, match="32 columns have no room on a page 219 points wide"):
        leakage_figure(many, values, labels, width=219.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "columns"), [("acl", 1), ("acl", 2), ("neurips", 1), ("nature", 1), ("apa", 1)])
def test_it_fits_the_venues(found: LeakageMatrix, name: str, columns: int) -> None:
    place = venue(name)
    scene = printed(leakage_figure(found, TEN, width=place.room(columns)), place, columns)
    assert [flaw for flaw in lint(scene, place) if flaw.code != "FIG501"] == []


def test_aims_lie_framed_on_the_diagonal_in_the_order_of_the_theory(found: LeakageMatrix) -> None:
    scene = leakage_figure(found, TEN)
    assert set(boxes(scene, "frame")) == {f"cell-{i}-{i}" for i in range(10)}
    assert [row[0] for row in scene.rows if row[2] == "aim"] == [f"vec_{value}" for value in VALUES]
    assert texts_of(scene, "name")[:2] == ["vec_self_direction", "vec_stimulation"]


def test_guardrails_and_controls_stand_behind_gaps(found: LeakageMatrix) -> None:
    places = boxes(leakage_figure(found, TEN), "cell")
    across = [places[f"cell-0-{j}"][0] for j in range(12)]
    down = [places[f"cell-{i}-0"][1] for i in range(13)]
    steps = np.diff(across)
    assert steps[9] > steps[8] + 5
    assert np.diff(down)[9] > np.diff(down)[8] + 5
    bare = boxes(leakage_figure(measure_leakage(simulate(12), AIMS), TEN), "cell")
    assert len({round(step, 2) for step in np.diff([bare[f"cell-0-{j}"][0] for j in range(12)])}) == 1


def test_guardrails_have_no_colour_and_do_not_change_the_scale(found: LeakageMatrix) -> None:
    rows = simulate(12)
    huge = PairedRows(
        rows.values,
        rows.levers,
        rows.units,
        rows.start,
        rows.doses,
        rows.start + rows.change * np.r_[np.ones(10), [40.0, 40.0]],
    )
    scene = leakage_figure(measure_leakage(huge, AIMS, GUARDS), TEN)
    fills = {mark.part: mark.fill for mark in scene.marks if isinstance(mark, Shape) and mark.role == "cell"}
    assert {fills[f"cell-{i}-{j}"] for i in range(13) for j in (10, 11)} == {"#FFFFFF"}
    ticks = texts_of(scene, "tick")
    assert ticks == texts_of(leakage_figure(found, TEN), "tick")


def test_bold_numbers_are_those_that_differ_from_zero(found: LeakageMatrix) -> None:
    scene = leakage_figure(found, TEN)
    marks = {mark.part: mark for mark in scene.marks if isinstance(mark, Text) and mark.role == "number"}
    assert len(marks) == 13 * 12
    levers = [row[0] for row in scene.rows if row[1] == "power"]
    for i, lever in enumerate(levers):
        for j, column in enumerate((*VALUES, *GUARDS)):
            assert marks[f"cell-{i}-{j}"].bold == bool(found.differs.loc[lever, column])
    assert "Bold: differs from zero" in scene.caption
    assert "false claims (Benjamini and Hochberg)" in scene.caption


def test_narrow_pages_have_signs_for_what_differs_and_no_columns_beside(found: LeakageMatrix) -> None:
    scene = leakage_figure(found, TEN, width=219.0)
    signs = [mark for mark in scene.marks if isinstance(mark, Shape) and mark.role == "sign"]
    assert len(signs) == int(found.differs.to_numpy().sum())
    assert not texts_of(scene, "beside")
    assert "Gain:" not in scene.caption
    assert len(texts_of(leakage_figure(found, TEN), "beside")) == 20


def test_the_caption_says_units_level_dose_and_overall_leakage(found: LeakageMatrix) -> None:
    caption = leakage_figure(found, TEN).caption
    for said in (
        "score units (12 units)",
        "at a dose of 1.00",
        "90% intervals over units",
        "Leakage of all levers: .0",
    ):
        assert said in caption
    assert "levers without an aim" in caption
    bare = measure_leakage(simulate(4), AIMS, options=LeakageOptions(correction="holm"))
    told = leakage_figure(bare, TEN).caption
    assert "No effect differs from zero" in told
    assert "(Holm)" in told


def test_the_table_of_the_figure_has_every_cell_and_gain(found: LeakageMatrix) -> None:
    scene = leakage_figure(found, TEN)
    rows = {(row[0], row[1], row[2]): row[3:] for row in scene.rows}
    assert len(rows) == 13 * 12 + 20
    assert rows["vec_power", "power", "aim"][0] == pytest.approx(found.effect.loc["vec_power", "power"])
    assert rows["vec_power", "", "gain"][1] == pytest.approx(found.levers.loc["vec_power", "gain_lower"])
    assert rows["random_1", "fluency", "guardrail"][0] == pytest.approx(found.effect.loc["random_1", "fluency"])
    assert scene_from_json(scene_to_json(scene)) == scene


def test_unsure_aims_have_an_open_interval() -> None:
    scene = leakage_figure(measure_leakage(simulate(6, noise=0.3), AIMS, GUARDS), TEN, width=540.0)
    assert any("\u221e)" in text for text in texts_of(scene, "beside"))


def test_labels_win_and_a_width_without_room_is_refused(found: LeakageMatrix) -> None:
    scene = leakage_figure(found, TEN, {"vec_power": "Vector of power", "fluency": "Fluency"}, "Side effects")
    assert "Vector of power" in texts_of(scene, "name")
    assert scene.caption.startswith("Side effects: ")
    with pytest.raises(FigureError, match="100"):
        leakage_figure(found, TEN, width=100.0)


def test_numbers_beside_are_level_with_their_rows(found: LeakageMatrix) -> None:
    scene = leakage_figure(found, TEN)
    beside = {mark.part: text_box(mark).y for mark in scene.marks if isinstance(mark, Text) and mark.role == "beside"}
    cells = boxes(scene, "cell")
    assert all(abs(beside[f"row-{i}"] - cells[f"cell-{i}-0"][1]) < 1.5 for i in range(10))


def test_the_table_for_papers_has_a_row_for_each_lever(found: LeakageMatrix) -> None:
    made = leakage_table(found, TEN, {"fluency": "Fluency"})
    assert [row[0] for row in made.rows[:2]] == ["vec_self_direction", "vec_stimulation"]
    assert made.rows[-1][1] == "(control)"
    row = dict(zip([column.name for column in made.columns], made.rows[4], strict=True))
    assert row["gain"] == pytest.approx(found.levers.loc["vec_power", "gain"])
    assert row["guardrail_fluency"] == pytest.approx(found.effect.loc["vec_power", "fluency"])
    for text in (markdown_text(made), latex_text(made), csv_text(made)):
        assert "gain" in text.lower()
    assert "less their noise" not in made.without(["leakage"]).note
    with pytest.raises(FigureError, match="needs a LeakageMatrix"):
        leakage_table(3)  # type: ignore[arg-type]
