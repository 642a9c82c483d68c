"""The pictures and the blocks of the skill report."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from skill_truths import QUICK, Knows, simulate

from causalvalues.errors import FigureError
from causalvalues.figures.skill_calibration import calibration_bins, calibration_figure
from causalvalues.figures.skill_dots import LOWEST, skill_figure
from causalvalues.reports.skill_blocks import skill_blocks, skill_files
from causalvalues.scene.nouns import Scene, Shape, Text
from causalvalues.scene.overlap import overlaps
from causalvalues.scene.scene_json import scene_from_json, scene_to_json
from causalvalues.skill.contenders import Contender
from causalvalues.skill.noise import Noise
from causalvalues.skill.report import SkillReport, SkillSettings, skill_report
from causalvalues.study.document import Bullets, Picture, Table


@pytest.fixture(scope="module")
def found() -> SkillReport:
    truth = simulate()
    noise = Noise(dict.fromkeys(truth.rows.values, truth.noise**2), how="Error: known.")
    asked = SkillSettings((*QUICK, Contender(Knows(truth), "mechanism")), folds=3, noise=noise, resamples=50)
    return skill_report(truth.rows, 0, asked)


def dots(scene: Scene) -> list[Shape]:
    return [m for m in scene.marks if isinstance(m, Shape) and m.role in ("dot", "beyond") and m.part != "legend"]


def test_every_predictor_of_every_split_has_a_dot_or_an_arrow_head(found: SkillReport) -> None:
    scene = skill_figure(found)
    assert len(dots(scene)) == len(found.table) == len(scene.rows)
    beyond = [m for m in scene.marks if isinstance(m, Shape) and m.role == "beyond"]
    assert 0 < len(beyond) <= int((found.table["micro_r2"] < LOWEST + 0.1).sum())


def test_the_best_stands_first_in_each_split_and_the_ceiling_is_drawn(found: SkillReport) -> None:
    scene = skill_figure(found)
    for split in found.predictions:
        here = [row[3] for row in scene.rows if row[0] == split]
        assert here == sorted(here, key=lambda r2: -float(r2 or 0))
    lines = [m for m in scene.marks if isinstance(m, Shape) and m.part == "ceiling"]
    assert len(lines) == 3
    assert all(f"ceiling {row['micro']:.2f}"[:8] in scene.alt for _, row in found.ceiling.iterrows())


@pytest.mark.parametrize("measure", ["micro_r2", "effects_r2"])
def test_no_text_lies_on_another(found: SkillReport, measure: str) -> None:
    scene = skill_figure(found, measure)
    texts = [m for m in scene.marks if isinstance(m, Text)]
    assert all(0 <= m.x <= scene.width and 0 <= m.y <= scene.height for m in texts)
    assert not [each for each in overlaps(scene) if each.kind == "text on text"]


def test_pictures_come_back_from_json(found: SkillReport) -> None:
    for scene in (skill_figure(found), calibration_figure(found)):
        assert scene_from_json(scene_to_json(scene)) == scene


def test_without_a_ceiling_none_is_drawn(found: SkillReport) -> None:
    scene = skill_figure(replace(found, ceiling=found.ceiling * np.nan))
    assert not [m for m in scene.marks if m.part == "ceiling"]
    assert "eiling" not in scene.alt


def test_calibration_groups_hold_what_was_observed(found: SkillReport) -> None:
    split = "left-out unit"
    told = found.predictions[split]
    bins = calibration_bins(told, "truth", 10)
    predicted, observed = told.predicted["truth"].mean, told.observed
    edges = np.quantile(predicted, np.linspace(0, 1, 11))
    for i, each in enumerate(bins[:-1]):
        inside = (predicted >= edges[i]) & (predicted < edges[i + 1])
        assert each.observed == pytest.approx(observed[inside].mean())
        assert each.predicted == pytest.approx(predicted[inside].mean())
    assert all(abs(each.observed - each.predicted) < 0.03 for each in bins)


def test_a_constant_prediction_is_one_group(found: SkillReport) -> None:
    scene = calibration_figure(found, "left-out unit", ["no change"])
    assert len(scene.rows) == 1


def test_what_cannot_be_drawn_is_named(found: SkillReport) -> None:
    with pytest.raises(FigureError, match="left-out unit"):
        calibration_figure(found, "left-out units")
    with pytest.raises(FigureError, match="truth"):
        calibration_figure(found, "left-out unit", ["truths"])
    with pytest.raises(FigureError, match="one to 3"):
        calibration_figure(found, "left-out unit", ["truth"] * 4)
    with pytest.raises(FigureError, match="micro_r2 or effects_r2"):
        skill_figure(found, "r2")


def test_the_blocks_begin_with_the_verdict_and_hold_every_table(found: SkillReport) -> None:
    blocks = skill_blocks(found)
    first = next(block for block in blocks if isinstance(block, Bullets))
    assert first.lead
    assert tuple(text for _, text in first.items) == found.verdict
    assert [block.stem for block in blocks if isinstance(block, Picture)] == ["skill", "skill-calibration"]
    tables = [block for block in blocks if isinstance(block, Table)]
    assert len(tables) == 2 * 3 + 1
    for table in tables:
        assert all(len(row) == len(table.columns) for row in table.rows)
        assert not any(isinstance(cell, float) and math.isnan(cell) for row in table.rows for cell in row)


def test_the_files_hold_the_tables(found: SkillReport) -> None:
    files = skill_files(found)
    assert set(files) == {"skill.csv", "skill_differences.csv", "skill_ceiling.csv"}
    assert files["skill.csv"].count("\n") == len(found.table) + 1
    assert files["skill.csv"].startswith("split,predictor,kind,micro_r2,")
