"""The picture of answers before and after an intervention."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from causalvalues.errors import FigureError
from causalvalues.figures.category_bars import category_bars
from causalvalues.formats.paint import png_bytes
from causalvalues.interventions import Shift
from causalvalues.model import StructuralModel
from causalvalues.ordinal import (
    CategoryProbabilities,
    OrdinalModel,
    SetCategory,
    counterfactual_categories,
    predict_categories,
)
from causalvalues.scene import Scene, Shape, Text, overlaps, scene_from_json, scene_to_json


def model(categories: int = 4, names: tuple[str, str] = ("care", "power")) -> OrdinalModel:
    rng = np.random.default_rng(0)
    s = 30
    slopes = np.zeros((s, 2, 2))
    slopes[:, 0, 1] = 0.6 + 0.1 * rng.standard_normal(s)
    latent = StructuralModel(names, slopes, 0.05 * rng.standard_normal((s, 2)), np.tile([1, 0.8], (s, 1)), np.ones(s))
    steps = tuple(np.linspace(-1.5, 1.2, categories - 1))
    return OrdinalModel(latent, dict.fromkeys(names, steps), dict.fromkeys(names, tuple(range(1, categories + 1))))


def population(ordinal: OrdinalModel) -> tuple[CategoryProbabilities, CategoryProbabilities]:
    return predict_categories(ordinal), predict_categories(ordinal, [Shift(ordinal.values[0], 1.0)])


def shapes(scene: Scene, role: str, part: str = "") -> list[Shape]:
    return [
        mark for mark in scene.marks if isinstance(mark, Shape) and mark.role == role and mark.part.startswith(part)
    ]


def span(shape: Shape) -> tuple[float, float]:
    x = [point[0] for command, point in shape.path if command != "Z"]
    return min(x), max(x)


def test_segments_fill_the_bar_and_are_as_long_as_their_share() -> None:
    before, after = population(model())
    scene = category_bars(before, after)
    low, high = span(shapes(scene, "outline", "row-0-after")[0])
    ends = [span(each) for each in shapes(scene, "segment", "row-0-after")]
    assert ends[0][0] == pytest.approx(low, abs=0.01)
    assert ends[-1][1] == pytest.approx(high, abs=0.01)
    np.testing.assert_allclose([(b - a) / (high - low) for a, b in ends], after.mean[0, 0], atol=1e-3)


def test_lines_below_a_bar_are_the_intervals_of_its_segments() -> None:
    before, after = population(model())
    scene = category_bars(before, after)
    low, high = span(shapes(scene, "outline", "row-1-before")[0])
    lines = [span(each) for each in shapes(scene, "interval", "row-1-before")]
    starts = np.r_[0, np.cumsum(before.mean[0, 1])[:-2]]
    np.testing.assert_allclose(
        [(a - low) / (high - low) for a, _ in lines], starts + before.lower[0, 1, :-1], atol=1e-3
    )
    np.testing.assert_allclose(
        [(b - low) / (high - low) for _, b in lines], starts + before.upper[0, 1, :-1], atol=1e-3
    )


def test_the_table_holds_every_number_and_the_words_name_the_means() -> None:
    before, after = population(model())
    scene = category_bars(before, after, labels={"care": "Caring"})
    table = pd.DataFrame(list(scene.rows), columns=list(scene.columns))
    assert len(table) == 16
    found = table[(table["value"] == "power") & (table["when"] == "after")]
    np.testing.assert_allclose(found["probability"], after.mean[0, 1], atol=1e-8)
    assert "Caring 2.61 to 3.29" in scene.alt
    assert "population" in scene.title
    assert "90% interval" in scene.caption


def test_a_unit_is_drawn_by_its_label() -> None:
    ordinal = model()
    rows = pd.DataFrame({"care": [1, 4], "power": [2, np.nan]}, index=["p1", "p2"])
    before = counterfactual_categories(ordinal, rows, [])
    after = counterfactual_categories(ordinal, rows, [SetCategory("care", 4)])
    scene = category_bars(before, after, "p1")
    assert len(shapes(scene, "segment", "row-0-before")) == 1
    assert "unit p1" in scene.alt
    with pytest.raises(FigureError, match="There are 2 units"):
        category_bars(before, after)
    with pytest.raises(FigureError, match="no unit 'p3'; there are p1, p2"):
        category_bars(before, after, "p3")


def test_predictions_of_other_models_are_refused() -> None:
    before, after = population(model())
    with pytest.raises(FigureError, match="differ in the values"):
        category_bars(before, predict_categories(model(names=("care", "fun"))))
    with pytest.raises(FigureError, match="other answers of 'care'"):
        category_bars(before, predict_categories(model(5)))
    with pytest.raises(FigureError, match=r"level 0\.9, after 0\.5"):
        category_bars(before, replace(after, level=0.5))


@pytest.mark.parametrize("categories", [2, 7, 15])
def test_nothing_overlaps_and_the_file_can_be_painted(categories: int) -> None:
    names = ("a value with a very long name that needs two lines", "power")
    scene = category_bars(*population(model(categories, names)))
    assert not [each for each in overlaps(scene) if each.kind in ("text on text", "off the page")]
    assert png_bytes(scene)[:4] == b"\x89PNG"
    assert scene_from_json(scene_to_json(scene)) == scene
    legend = [mark.text for mark in scene.marks if isinstance(mark, Text) and mark.role == "legend"]
    assert ("lowest answer" in legend) == (categories > 11)
