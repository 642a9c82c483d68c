"""The skill report by kind of lever as a picture, as blocks and as a report of a study."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lever_kinds_world import INSIDE, KINDS, PROMPTS, VALUES, simulate_kinds, write_kinds_study
from skill_truths import QUICK
from study_helpers import digests

from causalvalues.errors import DataError, FigureError, StudyError
from causalvalues.figures.skill_kinds import skill_kinds_figure
from causalvalues.prediction import Mechanism
from causalvalues.reports import run_report
from causalvalues.reports import skill as skill_room
from causalvalues.reports.skill_blocks import skill_blocks, skill_files
from causalvalues.reports.skill_kinds import inside_aims, kinds_of, levers_inside
from causalvalues.scene.nouns import Scene, Shape, Text
from causalvalues.scene.overlap import overlaps
from causalvalues.scene.scene_json import scene_from_json, scene_to_json
from causalvalues.skill.contenders import Contender
from causalvalues.skill.lever_kinds import MIXED
from causalvalues.skill.noise import Noise
from causalvalues.skill.report import SkillReport, SkillSettings, skill_report
from causalvalues.steering import Act, SteeringLever
from causalvalues.study.document import Bullets, Heading, Picture, Table

SIX = Noise(dict.fromkeys(VALUES, 0.01), how="Error: known.")
ASKED = SkillSettings((*QUICK, Contender(Mechanism(), "mechanism")), folds=3, noise=SIX, resamples=40, kinds=KINDS)
TABLE = '[report.skill]\nsplits = ["pair"]\nfolds = 2\nresamples = 20\ninside = "levers.csv"\n'


@pytest.fixture(scope="module")
def found() -> SkillReport:
    return skill_report(simulate_kinds(units=8), 0, ASKED)


def dots(scene: Scene) -> list[Shape]:
    return [m for m in scene.marks if isinstance(m, Shape) and m.role in ("dot", "beyond") and m.part != "legend"]


def test_every_predictor_of_every_split_and_kind_has_a_dot_or_an_arrow_head(found: SkillReport) -> None:
    scene = skill_kinds_figure(found)
    assert len(dots(scene)) == len(found.by_kind) == len(scene.rows)
    for row, (key, known) in zip(
        sorted(scene.rows, key=lambda row: row[:3]), sorted(found.by_kind.iterrows()), strict=True
    ):
        assert row[:3] == key
        assert row[4] == pytest.approx(known["micro_r2"], abs=1e-3)
        assert row[8] == known["rows"]


def test_one_height_is_one_predictor_in_all_panels_and_all_panels_have_one_scale(found: SkillReport) -> None:
    table = found.by_kind.assign(ceiling=np.nan)
    inside = table.index.get_level_values("kind") == "inside"
    table.loc[inside, ["micro_r2", "lower", "upper"]] = table[["micro_r2", "lower", "upper"]].clip(0.2, 0.4)
    scene = skill_kinds_figure(replace(found, by_kind=table), width=720.0)
    names = {m.part: m.text for m in scene.marks if isinstance(m, Text) and m.role == "name"}
    heights: dict[str, set[float]] = {}
    places: dict[str, list[tuple[float, float]]] = {"prompts": [], "inside": [], MIXED: []}
    for mark in dots(scene):
        panel, row = mark.part.split("-")[1::2]
        x, y = ((min(some) + max(some)) / 2 for some in zip(*_points(mark), strict=True))
        heights.setdefault(row, set()).add(round(y, 1))
        kind, split = list(places)[int(panel)], list(found.predictions)[int(row) // 5]
        if mark.role == "dot":
            places[kind].append((table.loc[(split, kind, names[f"row-{row}"]), "micro_r2"], x))
    assert all(len(some) == 1 for some in heights.values())
    assert len({y for some in heights.values() for y in some}) == len(heights) == 15
    lines = [np.polyfit(*np.array(some).T, 1) for some in places.values()]
    for line, some in zip(lines, places.values(), strict=True):
        assert np.polyval(line, [r2 for r2, _ in some]) == pytest.approx([x for _, x in some], abs=0.01)
    assert [line[0] for line in lines] == pytest.approx([lines[0][0]] * 3, rel=1e-3)


def _points(mark: Shape) -> list[tuple[float, float]]:
    return [point for _, xys in mark.path for point in zip(xys[::2], xys[1::2], strict=True)]


@pytest.mark.parametrize("width", [468.0, 300.0, 240.0, 200.0, 720.0])
def test_no_text_lies_on_another_or_off_the_page(found: SkillReport, width: float) -> None:
    scene = skill_kinds_figure(found, width=width)
    texts = [m for m in scene.marks if isinstance(m, Text)]
    assert all(0 <= m.x <= scene.width and 0 <= m.y <= scene.height for m in texts)
    assert not [each for each in overlaps(scene) if each.kind == "text on text"]
    assert scene.rows == skill_kinds_figure(found).rows
    assert scene_from_json(scene_to_json(scene)) == scene


def test_a_kind_without_rows_in_a_split_says_so_and_one_below_the_others_leaves_the_split_out(
    found: SkillReport,
) -> None:
    wide, narrow = (skill_kinds_figure(found, width=width) for width in (468.0, 200.0))
    said = [[m.text for m in scene.marks if isinstance(m, Text)] for scene in (wide, narrow)]
    assert [texts.count("no such rows") for texts in said] == [1, 0]
    assert [texts.count("Left-out lever") for texts in said] == [1, 2]
    assert [texts.count("Left-out pair") for texts in said] == [1, 3]


def test_without_kinds_or_ceilings_there_is_no_panel_and_no_line(found: SkillReport) -> None:
    with pytest.raises(FigureError, match="by kind of lever"):
        skill_kinds_figure(replace(found, by_kind=found.by_kind.iloc[:0]))
    with pytest.raises(FigureError, match="by kind of lever"):
        skill_kinds_figure(replace(found, by_kind=found.by_kind.assign(micro_r2=np.nan)))
    bare = skill_kinds_figure(replace(found, by_kind=found.by_kind.assign(ceiling=np.nan)))
    assert not [m for m in bare.marks if m.part == "ceiling"]
    assert "eiling" not in bare.alt
    one = found.by_kind.copy()
    one.loc[one.index.get_level_values("kind") == MIXED, "micro_r2"] = np.nan
    heads = [m.text for m in skill_kinds_figure(replace(found, by_kind=one)).marks if isinstance(m, Text)]
    assert "Inside" in heads
    assert "Mixed" not in heads


def test_the_section_has_sentences_a_picture_and_a_table_of_the_best(found: SkillReport) -> None:
    blocks = skill_blocks(found)
    place = next(i for i, block in enumerate(blocks) if isinstance(block, Heading) and "kind" in block.text)
    said, _, picture, table = blocks[place + 1 : place + 5]
    assert isinstance(said, Bullets)
    assert said.items[0][0] == "Left-out lever, prompts (32 rows, 4 lever sets)."
    told = zip(said.items, found.kind_verdict, strict=True)
    assert all(sentence.lower() == f"{lead[:-1]}: {text}".lower() for (lead, text), sentence in told)
    assert isinstance(picture, Picture)
    assert picture.stem == "skill-kinds"
    assert isinstance(table, Table)
    assert len(table.rows) == 2 * 8
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert not any(isinstance(cell, float) and math.isnan(cell) for row in table.rows for cell in row)
    assert {row[1] for row in table.rows} == {"prompts", "inside", MIXED}
    assert all((row[8] is None) == (row[4] != "mechanism") for row in table.rows)


def test_without_kinds_blocks_and_files_are_the_same_as_ever(found: SkillReport) -> None:
    plain = replace(found, by_kind=found.by_kind.iloc[:0], kind_verdict=())
    stems = [block.stem for block in skill_blocks(plain) if isinstance(block, Picture)]
    assert stems == ["skill", "skill-calibration"]
    assert len(skill_blocks(found)) == len(skill_blocks(plain)) + 5
    assert set(skill_files(found)) - set(skill_files(plain)) == {"skill_by_kind.csv"}
    assert skill_files(found)["skill_by_kind.csv"].startswith("split,kind,predictor,predictor_kind,rows,")


def test_levers_of_the_file_are_inside_and_all_others_prompts() -> None:
    inside = tuple(SteeringLever(name, (Act(0, np.ones(2), 1.0),), "care") for name in ("vec_care", "odd"))
    assert kinds_of(("odd", "do_care", "vec_care"), inside) == {
        "do_care": "prompts",
        "odd": "inside",
        "vec_care": "inside",
    }
    assert kinds_of(("do_care",), ()) == {}
    assert inside_aims(inside, ("care",)) == {"vec_care": "care", "odd": "care"}
    assert inside_aims(inside, ("order",)) == {}


def test_the_report_of_a_study_tells_prompts_from_levers_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("safetensors")
    asked: list[SkillSettings] = []

    def quick(data: object, seed: int, settings: SkillSettings) -> SkillReport:
        asked.append(settings)
        return skill_report(data, seed, replace(settings, contenders=ASKED.contenders))  # type: ignore[arg-type]

    monkeypatch.setattr(skill_room, "skill_report", quick)
    study = write_kinds_study(tmp_path, simulate_kinds(units=8), TABLE)
    run = run_report("skill", study, tmp_path / "one", 1)
    assert asked[0].kinds == KINDS
    assert asked[0].own == {lever: lever.partition("_")[2] for lever in (*PROMPTS, *INSIDE)}
    assert {"tables/skill_by_kind.csv", "figures/skill-kinds.svg"} <= set(run.files)
    held = pd.read_csv(run.folder / "tables/skill_by_kind.csv")
    assert list(dict.fromkeys(held["kind"])) == ["prompts", "inside", MIXED]
    assert "By kind of lever" in (run.folder / "report.md").read_text(encoding="utf-8")
    run_report("skill", study, tmp_path / "two", 1)
    one, two = digests(tmp_path / "one"), digests(tmp_path / "two")
    assert {name for name in one if one[name] != two[name]} <= {"manifest.json"}
    study.write_text(study.read_text(encoding="utf-8").replace('inside = "levers.csv"', ""), encoding="utf-8")
    run_report("skill", study, tmp_path / "plain", 1)
    plain = digests(tmp_path / "plain")
    assert set(one) - set(plain) == {"tables/skill_by_kind.csv", "figures/skill-kinds.svg"}
    assert {name for name in plain if one[name] != plain[name]} <= {"manifest.json", "report.md", "report.html"}


def test_the_file_of_levers_has_to_be_there_and_of_these_answers(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    write_kinds_study(tmp_path, simulate_kinds(units=2), TABLE)
    with pytest.raises(DataError, match=r"no file .*other\.csv"):
        levers_inside("other.csv", tmp_path, INSIDE)
    with pytest.raises(StudyError, match=r"none of the 5 levers of levers\.csv .* is a lever of the answers"):
        levers_inside("levers.csv", tmp_path, PROMPTS)
    assert [lever.name for lever in levers_inside("levers.csv", tmp_path, INSIDE)] == list(INSIDE)
