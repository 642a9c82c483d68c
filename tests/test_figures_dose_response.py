"""Dose-response curves as pictures and as a table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from leakage_truths import AIMS, ALLOWED, simulate
from number_figures import assert_clean_at_all_widths, texts_of

from causalvalues.errors import FigureError
from causalvalues.figures.curve_panel import Panel
from causalvalues.figures.dose_response_figure import dose_response_figure
from causalvalues.leakage import Break, DoseResponse, dose_response, dose_responses
from causalvalues.prediction.paired_rows import PairedRows
from causalvalues.scene.lint import lint
from causalvalues.scene.nouns import Scene, Shape
from causalvalues.scene.printing import printed
from causalvalues.scene.scene_json import scene_from_json, scene_to_json
from causalvalues.scene.venues import venue
from causalvalues.tables import csv_text, latex_text, markdown_text
from causalvalues.tables.leakage import dose_response_table
from causalvalues.theories import theory

TEN = theory("schwartz-10")
DOSES = (0.25, 0.5, 1.0, 1.5, 2.0)


@pytest.fixture(scope="module")
def rows() -> PairedRows:
    return simulate(8, DOSES, unequal=False)


@pytest.fixture(scope="module")
def ten(rows: PairedRows) -> tuple[DoseResponse, ...]:
    return dose_responses(rows, AIMS, ALLOWED)


def shapes(scene: Scene, role: str, part: str = "panel") -> list[Shape]:
    return [m for m in scene.marks if isinstance(m, Shape) and m.role == role and m.part.startswith(part)]


def ends(shape: Shape) -> list[tuple[float, float]]:
    return [(numbers[0], numbers[1]) for command, numbers in shape.path if command != "Z"]


@pytest.mark.parametrize("levers", [1, 3, 10])
@pytest.mark.parametrize("guards", [0, 1, 2])
def test_curves_are_clean_at_every_width(rows: PairedRows, levers: int, guards: int) -> None:
    allowed = dict(list(ALLOWED.items())[:guards])
    found = dose_responses(rows, dict(list(AIMS.items())[:levers]), allowed)
    assert_clean_at_all_widths(lambda width: dose_response_figure(found, TEN, width=width))


@pytest.mark.parametrize(("name", "columns"), [("acl", 1), ("acl", 2), ("neurips", 1), ("nature", 2), ("apa", 1)])
def test_ten_levers_fit_the_venues(ten: tuple[DoseResponse, ...], name: str, columns: int) -> None:
    place = venue(name)
    scene = printed(dose_response_figure(ten, TEN, width=place.room(columns)), place, columns)
    assert [flaw for flaw in lint(scene, place) if flaw.code not in ("FIG501", "FIG203")] == []


def test_the_aim_is_strong_with_a_band_and_the_other_values_are_thin(ten: tuple[DoseResponse, ...]) -> None:
    scene = dose_response_figure(ten[4], TEN)
    lines = [line for line in shapes(scene, "line") if line.part == "panel-0"]
    assert len(lines) == 10
    assert sorted(line.stroke_width for line in lines)[-2:] == [0.6, 1.8]
    assert len([band for band in shapes(scene, "band") if band.part == "panel-0"]) == 1
    assert len(shapes(scene, "dot")) == len(DOSES)


def test_curves_begin_at_nothing_and_pass_through_the_effects(ten: tuple[DoseResponse, ...]) -> None:
    scene = dose_response_figure(ten[4], TEN)
    (aim,) = [line for line in shapes(scene, "line") if line.stroke_width == 1.8]
    points = np.array(ends(aim))
    assert len(points) == 1 + len(DOSES)
    across, up = np.array([0.0, *DOSES]), np.array([0.0, *ten[4].effect["power"]])
    for place, truth in ((points[:, 0], across), (points[:, 1], up)):
        slope, start = np.polyfit(truth, place, 1)
        assert place == pytest.approx(start + slope * truth, abs=0.01)


def test_the_upright_line_stands_where_the_guardrail_meets_what_is_allowed(rows: PairedRows) -> None:
    found = dose_response(rows, "vec_power", "power", {"fluency": 0.1})
    scene = dose_response_figure(found, TEN)
    (allowed,) = shapes(scene, "allowed", "panel-0-low")
    (upright,) = [mark for mark in shapes(scene, "break") if mark.part == "panel-0-low-break"]
    curve = np.array(ends(next(mark for mark in shapes(scene, "line", "panel-0-low") if mark.stroke_width == 1.2)))
    x, y = upright.path[0][1][0], allowed.path[0][1][1]
    assert np.interp(x, curve[:, 0], curve[:, 1]) == pytest.approx(y, abs=0.1)
    assert "change" in texts_of(scene, "axis-title")


def test_several_guardrails_are_shares_of_what_is_allowed_and_differ_in_dashes(ten: tuple[DoseResponse, ...]) -> None:
    scene = dose_response_figure(ten[:2], TEN)
    lines = list(shapes(scene, "line", "panel-0-low"))
    assert len({line.dash for line in lines}) == 2
    assert "as shares of what is allowed" in scene.caption
    assert "fluency .10, capability .05" in scene.caption


def test_a_lever_that_does_not_break_has_no_upright_line(ten: tuple[DoseResponse, ...]) -> None:
    whole = replace(ten[0], breaks=Break(np.inf, np.inf, np.inf, "", 0.0, 2.0))
    scene = dose_response_figure(whole, TEN)
    assert not shapes(scene, "break")
    assert "does not break up to 2.00" in " ".join(texts_of(scene, "break"))
    assert "breaks, with interval" not in texts_of(scene, "legend")
    half = replace(ten[0], breaks=Break(np.inf, 1.8, np.inf, "", 0.2, 2.0))
    assert len(shapes(dose_response_figure(half, TEN), "ground")) == 2


def test_panels_of_several_levers_share_their_scales(ten: tuple[DoseResponse, ...]) -> None:
    scene = dose_response_figure(ten[:3], TEN)
    assert len(texts_of(scene, "head")) == 3
    frames = [mark for mark in shapes(scene, "rule") if len(mark.path) == 3]
    heights = {round(ends(frame)[1][1] - ends(frame)[0][1], 2) for frame in frames}
    assert len(heights) == 2
    assert len([axis for axis in texts_of(scene, "axis-title") if axis == "dose"]) == 1


def test_the_words_and_the_table_tell_every_point_and_break(ten: tuple[DoseResponse, ...]) -> None:
    scene = dose_response_figure(ten, TEN, {"vec_power": "Vector of power"})
    assert "Vector of power breaks at" in scene.caption
    assert "90% interval by bootstrap of units" in scene.caption
    assert "Vector of power on Power: " in scene.alt
    points = {(row[0], row[1], row[2]): row[4:] for row in scene.rows if row[3] != "breaks"}
    assert len(points) == 10 * len(DOSES) * 12
    assert points["vec_power", 1.5, "power"][1] == pytest.approx(ten[4].lower.loc[1.5, "power"])
    told = {row[0]: row[2:] for row in scene.rows if row[3] == "breaks"}
    assert told["vec_power"][2] == pytest.approx(ten[4].breaks.dose)
    assert scene_from_json(scene_to_json(scene)) == scene


def test_lines_stop_at_the_lower_end_of_the_panel(rows: PairedRows) -> None:
    found = dose_response(rows, "vec_power", "power", {"fluency": 0.01})
    scene = dose_response_figure(found, TEN)
    (frame,) = [mark for mark in shapes(scene, "rule", "panel-0-low") if len(mark.path) == 3]
    bottom = ends(frame)[1][1]
    for mark in [*shapes(scene, "line", "panel-0-low"), *shapes(scene, "band", "panel-0-low")]:
        assert max(y for _, y in ends(mark)) <= bottom + 0.01


def test_unknown_points_leave_a_gap() -> None:
    panel = Panel("p", 0, 0, 100, 50, (0, 4), (0, 1))
    lines = panel.line([(0, 0.0), (1, 0.5), (2, np.nan), (3, 0.5), (4, 1.0)], ("#000000", 1.0, ()))
    assert [len(line.path) for line in lines] == [2, 2]
    assert panel.band([(0, np.nan), (1, 0.1)], [(0, 0.2), (1, 0.3)], "#000000") == []


def test_what_cannot_be_drawn_is_named(rows: PairedRows, ten: tuple[DoseResponse, ...]) -> None:
    with pytest.raises(FigureError, match="no dose response to draw"):
        dose_response_figure(())
    with pytest.raises(FigureError, match="A str is no dose response"):
        dose_response_figure(["vec_power"])  # type: ignore[list-item]
    other = dose_response(rows, "vec_power", "power")
    with pytest.raises(FigureError, match="other guardrails"):
        dose_response_figure((ten[0], other))
    with pytest.raises(FigureError, match="twice"):
        dose_response_figure((ten[0], ten[0]))


def test_the_table_for_papers_has_a_row_for_each_dose(ten: tuple[DoseResponse, ...]) -> None:
    made = dose_response_table(ten[3:5], TEN)
    assert len(made.rows) == 2 * len(DOSES)
    names = [column.name for column in made.columns]
    first = dict(zip(names, made.rows[5], strict=True))
    assert first["lever"] == "vec_power"
    assert first["breaks"] == pytest.approx(ten[4].breaks.dose)
    assert dict(zip(names, made.rows[6], strict=True))["breaks"] is None
    for text in (markdown_text(made), latex_text(made), csv_text(made)):
        assert "fluency" in text
    assert len(dose_response_table(ten[0]).rows) == len(DOSES)
    with pytest.raises(FigureError, match="needs a DoseResponse"):
        dose_response_table([3])  # type: ignore[list-item]
