"""Do the pictures of value vectors show their numbers, in any width, and refuse what they cannot show?"""

from __future__ import annotations

import math

import numpy as np
import pytest

from causalvalues.errors import FigureError
from causalvalues.figures.layers_figure import Curve, layers_figure
from causalvalues.figures.vector_circle_figure import vector_circle_figure
from causalvalues.scene.lint import lint
from causalvalues.scene.nouns import Shape, Text
from causalvalues.steering.value_vectors import ValueVectors
from causalvalues.steering.vector_circle import VectorCircle, vector_circle
from causalvalues.theories import theory

THEORY = theory("schwartz-10")
LAYERS = tuple(range(2, 25, 2))
RISING = tuple(0.5 + 0.03 * k for k in range(12))
CURVES = (
    Curve("probes", RISING, tuple(x - 0.05 for x in RISING), tuple(x + 0.05 for x in RISING), 0.5),
    Curve("words", tuple(x - 0.2 for x in RISING), chance=0.1),
)


def circle(values: tuple[str, ...] = THEORY.dimensions) -> VectorCircle:
    names = tuple(sorted(values))
    means = np.random.default_rng(0).normal(size=(len(names), 1, 8))
    return vector_circle(ValueVectors(names, (3,), means, np.ones(1)), 3, THEORY)


@pytest.mark.parametrize("width", [219.0, 336.0, 468.0])
def test_figures_of_value_vectors_are_clean_on_pages_of_any_width(width: float) -> None:
    for scene in (layers_figure(LAYERS, CURVES, width=width), vector_circle_figure(circle(), THEORY, width=width)):
        assert scene.width == width
        found = [str(each) for each in lint(scene) if each.severity == "error"]
        assert not found
        assert scene.caption
        assert scene.alt


def test_curves_stand_where_their_numbers_say() -> None:
    scene = layers_figure(LAYERS, CURVES)
    ticks = {mark.text: mark.x for mark in scene.marks if isinstance(mark, Text) and mark.role == "tick"}
    levels = {
        mark.text: mark.y - 0.36 * mark.size for mark in scene.marks if isinstance(mark, Text) and mark.anchor == "end"
    }
    for k, curve in enumerate(CURVES):
        dots = [
            mark for mark in scene.marks if isinstance(mark, Shape) and (mark.part, mark.role) == (f"curve-{k}", "dot")
        ]
        assert len(dots) == 12
        for dot, layer, value in zip(dots, LAYERS, curve.values, strict=True):
            xs, ys = ([point for _, points in dot.path for point in points[end::2]] for end in (0, 1))
            assert (min(xs) + max(xs)) / 2 == pytest.approx(ticks[str(layer)], abs=0.1)
            expected = levels["0"] + value * (levels["1.0"] - levels["0"])
            assert (min(ys) + max(ys)) / 2 == pytest.approx(expected, abs=0.2)
    assert scene.rows[3] == pytest.approx((8, RISING[3], RISING[3] - 0.05, RISING[3] + 0.05, RISING[3] - 0.2))
    assert {mark.text for mark in scene.marks if isinstance(mark, Text) and mark.role == "chance"} == {
        "chance .50",
        "chance .10",
    }


def test_one_layer_and_unknown_numbers_are_drawn() -> None:
    scene = layers_figure([7], [Curve("probes", (0.8,)), Curve("words", (math.nan,), chance=0.5)])
    assert len([mark for mark in scene.marks if mark.role == "dot" and mark.part.startswith("curve")]) == 1
    assert "layer 7: .80" in scene.alt


@pytest.mark.parametrize(
    ("layers", "curves", "said"),
    [
        ([], CURVES, "0 layers"),
        (LAYERS, (), "0 curves"),
        (LAYERS, CURVES * 3, "6 curves"),
        (LAYERS[1:], CURVES, "'probes' has not one number"),
    ],
)
def test_curves_that_do_not_fit_are_refused(layers: list[int], curves: tuple[Curve, ...], said: str) -> None:
    with pytest.raises(FigureError, match=said):
        layers_figure(layers, curves)


def test_the_triangles_hold_every_pair_once_with_its_cosine_and_steps() -> None:
    found = circle()
    scene = vector_circle_figure(found, THEORY)
    assert len(scene.rows) == 45
    for one, two, cosine, steps in scene.rows:
        i, j = found.values.index(str(one)), found.values.index(str(two))
        assert (cosine, steps) == (pytest.approx(found.cosines[i, j], abs=1e-9), found.distances[i, j])
    assert len([mark for mark in scene.marks if mark.role == "cell"]) == 90
    assert found.verdict in scene.caption
    few = vector_circle_figure(circle(THEORY.dimensions[:4]), THEORY, {"hedonism": "Joy"})
    assert any(isinstance(mark, Text) and mark.text == "Joy" for mark in few.marks)
