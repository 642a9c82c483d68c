"""Pictures of explanations, feasibility and plans for populations: what they show, say and refuse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from planmeaning_models import START, VALUES, responding, structural_model

from causalvalues.errors import FigureError
from causalvalues.explaining.explanation import Explanation, explain
from causalvalues.explaining.feasibility import feasibility
from causalvalues.figures.explanation_figure import explanation_figure
from causalvalues.figures.feasibility_figure import feasibility_figure
from causalvalues.figures.influence_figure import influence_figure
from causalvalues.figures.population_figure import population_figure
from causalvalues.interventions import Lever
from causalvalues.planning import Enumerate, Target
from causalvalues.populations.populations import PopulationTarget, population_plan
from causalvalues.scene import Scene, Shape, Text, overlaps, scene_from_json, scene_to_json
from causalvalues.scene.palette import NEGATIVE, POSITIVE
from causalvalues.scene.svg import svg_text

DOSES = {"x": 1.0, "y": 0.5}
LEVERS = [Lever("x"), Lever("y"), Lever("z")]


def explanation(seed: int = 7, false_edges: float = 0.0) -> Explanation:
    return explain(structural_model(seed), START, DOSES, Target({"power": 1.0, "security": 0.5}), false_edges)


def texts(scene: Scene, role: str) -> list[str]:
    return [mark.text for mark in scene.marks if isinstance(mark, Text) and mark.role == role]


@pytest.fixture(scope="module")
def scenes() -> dict[str, Scene]:
    """Return one picture of each kind."""
    starts = pd.DataFrame(
        np.random.default_rng(0).normal(0.4, 0.1, (6, 3)), index=[f"p{i}" for i in range(6)], columns=list(VALUES)
    )
    target = Target({"power": 2.0, "security": -1.0}, tolerance=0.1)
    return {
        "shares": explanation_figure(explanation()),
        "influence": influence_figure(explanation()),
        "feasibility": feasibility_figure(feasibility(responding(2), START, target, LEVERS, Enumerate(untried=True))),
        "population": population_figure(population_plan(responding(2), starts, PopulationTarget(starts + 0.2), LEVERS)),
    }


@pytest.mark.parametrize("name", ["shares", "influence", "feasibility", "population"])
def test_pictures_keep_their_marks_apart_and_survive_a_round_trip(name: str, scenes: dict[str, Scene]) -> None:
    scene = scenes[name]
    assert overlaps(scene) == []
    assert scene_from_json(scene_to_json(scene)) == scene
    assert "<svg" in svg_text(scene)
    assert scene.caption.endswith((".", ". "))
    assert scene.alt
    assert scene.rows


def test_the_panels_of_a_row_add_up_to_the_last_one(scenes: dict[str, Scene]) -> None:
    rows = pd.DataFrame(scenes["shares"].rows, columns=["value", "lever", "mean", "lower", "upper"])
    wide = rows.pivot_table(index="value", columns="lever", values="mean")
    assert wide[list(DOSES)].sum(axis=1).to_numpy() == pytest.approx(wide["together"].to_numpy(), abs=1e-8)


def test_bars_are_blue_upwards_and_vermillion_downwards_and_targets_are_marked(scenes: dict[str, Scene]) -> None:
    scene = scenes["shares"]
    assert sum(mark.role == "target" for mark in scene.marks) == 3  # two values and the legend
    assert texts(scene, "heading")[-1] == "Together"
    assert "y \u00d7 .50" in texts(scene, "heading")


def test_arrows_carry_what_arrives_and_the_largest_come_first() -> None:
    found = explanation()
    scene = influence_figure(found, most=6)
    kept = found.arrivals[found.arrivals["cause"] != found.arrivals["effect"]]
    between = kept["cause"].isin(VALUES)
    for kind, rows, count in (("lever", kept[~between], 4), ("value", kept[between], 2)):
        drawn = [abs(edge.mean or 0.0) for edge in scene.edges if edge.kind == kind]
        assert drawn == pytest.approx(sorted(rows["mean"].abs(), reverse=True)[:count])
    assert f"{len(kept) - 6} arrows" in scene.caption
    lines = {mark.part: mark for mark in scene.marks if mark.role == "line" and mark.part.startswith("edge")}
    for edge in scene.edges:
        assert lines[edge.part].stroke == (POSITIVE if (edge.mean or 0.0) > 0 else NEGATIVE)  # type: ignore[union-attr]
    widths = [lines[edge.part].stroke_width for edge in scene.edges]  # type: ignore[union-attr]
    assert widths == sorted(widths, reverse=True)


def test_lines_of_the_picture_and_of_its_legend_are_as_thin_as_the_page_is_narrow() -> None:
    wide, narrow = (influence_figure(explanation(), most=4, width=width) for width in (468.0, 219.0))

    def widths(scene: Scene) -> dict[tuple[str, float], float]:
        sizes = {edge.part: edge.mean or 0.0 for edge in scene.edges}
        lines = [mark for mark in scene.marks if isinstance(mark, Shape) and mark.role == "line"]
        return {(mark.part.split("-")[0], sizes.get(mark.part, 0.0)): mark.stroke_width for mark in lines}

    full, half = widths(wide), widths(narrow)
    assert len(full) == 5
    assert half == pytest.approx({line: width / 2 for line, width in full.items()}, abs=2e-3)


def test_paths_that_may_not_be_claimed_are_not_drawn() -> None:
    with pytest.raises(FigureError, match="measurement error forbids"):
        influence_figure(explanation(false_edges=0.5))


def test_values_in_conflict_stand_out(scenes: dict[str, Scene]) -> None:
    scene = scenes["feasibility"]
    loud = {mark.text for mark in scene.marks if isinstance(mark, Text) and mark.role == "name" and mark.bold}
    assert loud
    assert loud <= {"power", "security"}
    assert "In vermillion" in scene.caption


def test_odd_names_are_shown_as_they_are() -> None:
    labels = {"power": "p%o\"w'er <&>", "x": "le\nver " + "long " * 30, "security": "S" * 60}
    for scene in (explanation_figure(explanation(), labels=labels), influence_figure(explanation(), labels=labels)):
        assert scene_from_json(scene_to_json(scene)) == scene
        assert "<svg" in svg_text(scene)
    assert overlaps(explanation_figure(explanation(), labels=labels)) == []


def test_what_cannot_be_drawn_is_refused() -> None:
    found = explanation()
    with pytest.raises(FigureError, match="uses no lever"):
        explanation_figure(replace(found, doses={}))
    with pytest.raises(FigureError, match="do not fit side by side"):
        explanation_figure(replace(found, doses={f"l{i}": 1.0 for i in range(6)}))
