"""The side-effect fan of one intervention."""

from __future__ import annotations

import pytest
from number_figures import (
    assert_clean_at_all_widths,
    cells,
    random_model,
    sizes,
    spans,
    texts_of,
    values_of,
)

from causalvalues.errors import FigureError
from causalvalues.figures.side_effects_figure import side_effects_figure
from causalvalues.interventions import Set, Shift
from causalvalues.model.effects import total_effects
from causalvalues.model.side_effects import side_effects
from causalvalues.model.structural import StructuralModel
from causalvalues.scene.geometry import outline, text_box
from causalvalues.scene.nouns import Shape, Text


@sizes
def test_the_fan_is_clean_at_every_width(size: int) -> None:
    model = random_model(size)
    names, labels, values = values_of(size)
    assert_clean_at_all_widths(
        lambda width: side_effects_figure(model, Shift(names[1], 1.0), theory=values, labels=labels, width=width)
    )


def test_the_table_holds_the_numbers_of_the_engine() -> None:
    model = random_model(10)
    shift = Shift(model.values[0], -0.5)
    found, table = side_effects(model, shift), cells(side_effects_figure(model, shift))
    for name, row in table.items():
        assert row["mean"] == pytest.approx(found.table["mean"][name], abs=1e-9)
        assert row["positive"] == pytest.approx(found.table["positive"][name], abs=1e-9)
        assert row["lower 50%"] == pytest.approx(found.bands[0][1]["lower"][name], abs=1e-9)
        assert row["upper 90%"] == pytest.approx(found.bands[1][1]["upper"][name], abs=1e-9)


def test_bands_of_several_levels_lie_in_each_other_about_the_mean() -> None:
    model = random_model(10)
    scene = side_effects_figure(model, Shift(model.values[0], 1.0))
    for row in range(9):
        outer, inner = spans(scene, f"row-{row}", "band")
        assert outer[0] <= inner[0] <= inner[1] <= outer[1]
        fills = [m.fill for m in scene.marks if isinstance(m, Shape) and m.part == f"row-{row}" and m.role == "band"]
        assert int(fills[0][1:3], 16) >= int(fills[1][1:3], 16)


def test_rows_stand_by_size_or_in_the_order_of_the_theory() -> None:
    model = random_model(10)
    _, _, values = values_of(10)
    shift = Shift("benevolence", 1.0)
    by_size = [row[1] for row in side_effects_figure(model, shift, theory=values).rows]
    assert by_size == sorted(by_size, reverse=True)
    ordered = [row[0] for row in side_effects_figure(model, shift, "theory", values).rows]
    assert ordered == [name for name in values.dimensions if name != "benevolence"]
    with pytest.raises(FigureError, match="Did you mean 'size'"):
        side_effects_figure(model, shift, "sise")


def test_only_values_that_can_move_are_joined_and_a_fall_is_dashed() -> None:
    model = StructuralModel.from_coefficients(["a", "b", "c", "d"], [[0, 2, -1, 0], [0] * 4, [0] * 4, [0] * 4])
    scene = side_effects_figure(model, Shift("a", 1.0))
    routes = {mark.part: mark.dash for mark in scene.marks if isinstance(mark, Shape) and mark.role == "route"}
    assert [row[0] for row in scene.rows] == ["b", "d", "c"]
    assert set(routes) == {"row-0", "row-2", "legend"}
    assert routes["row-0"] == ()
    assert routes["row-2"] != ()


def test_total_effects_alone_draw_one_band_and_no_direct_part() -> None:
    scene = side_effects_figure(total_effects(random_model(10)), Shift("power", 1.0))
    assert len(spans(scene, "row-0", "band")) == 1
    assert not any(isinstance(mark, Shape) and mark.role == "direct" for mark in scene.marks)
    assert "comes directly" not in scene.caption


def test_a_narrow_page_says_that_the_intervals_are_in_the_table() -> None:
    model = random_model(10)
    wide, narrow = (side_effects_figure(model, Set("power", 1.0), width=width) for width in (468.0, 219.0))
    assert "Change [90%]" in texts_of(wide, "head-text")
    assert "Change [90%]" not in texts_of(narrow, "head-text")
    assert "in the table" in narrow.caption
    assert "in the table" not in wide.caption


def test_a_missing_intervention_and_a_width_without_room_are_refused() -> None:
    model = random_model(10)
    with pytest.raises(FigureError, match="no intervention"):
        side_effects_figure(model)
    with pytest.raises(FigureError, match="cannot be laid out"):
        side_effects_figure(model, Shift("power", 1.0), width=90.0)


def test_no_route_runs_through_a_name() -> None:
    _, labels, values = values_of(19)
    scene = side_effects_figure(random_model(19), Shift("face", 1.0), theory=values, labels=labels, width=219.0)
    names = [text_box(mark) for mark in scene.marks if isinstance(mark, Text) and mark.role == "name"]
    for mark in scene.marks:
        if isinstance(mark, Shape) and mark.role == "route" and mark.part != "legend":
            assert not any(box.holds(outline(mark)).any() for box in names)
