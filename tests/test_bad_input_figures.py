"""Bad and extreme input of figures: a clean picture, or an error that names the offender and the remedy."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from number_figures import posterior_of, texts_of

from causalvalues.errors import DataError, FigureError
from causalvalues.figures import (
    DotRows,
    Dots,
    DotText,
    GraphOptions,
    Paths,
    dot_plot,
    effects_heatmap,
    graph_difference,
    path_diagram,
    priorities_figure,
    profile_figure,
    rank_figure,
    side_effects_figure,
    stability_figure,
    value_circle,
    value_graph,
)
from causalvalues.formats.reading import graph_from_text
from causalvalues.graph.dag import Dag
from causalvalues.interventions import Shift
from causalvalues.model.direct_effects import direct_effects
from causalvalues.model.effects import Effects
from causalvalues.model.structural import StructuralModel
from causalvalues.numerals import scale_number, ticks
from causalvalues.scene.lint import has_errors, lint
from causalvalues.scene.nouns import Scene
from causalvalues.scene.overlap import overlaps
from causalvalues.theories import theory

NAMES = ["a", "b", "c", "d"]
GRAPHS = np.triu(np.random.default_rng(0).random((30, 4, 4)) < 0.7, 1)


def effects(size: float = 1.0, names: list[Any] | None = None) -> Effects:
    names = NAMES if names is None else names
    numbers = size * np.random.default_rng(1).normal(size=(4, 4))
    mean, share = (pd.DataFrame(table, names, names) for table in (numbers, np.full((4, 4), 0.5)))
    return Effects(mean, mean - size, mean + size, share, share, 0.9)


def profile(size: float = 1.0) -> pd.DataFrame:
    mean = size * np.arange(1.0, 5.0)
    return pd.DataFrame({"start": mean - size, "target": mean, "mean": mean, "lower": mean, "upper": mean}, NAMES)


def drawn(size: float = 1.0, **given: Any) -> dict[str, Callable[[], Scene]]:
    graph = posterior_of(NAMES, GRAPHS)
    options = {key: given[key] for key in given if key == "width"}
    rest = {key: given[key] for key in given if key != "width"}
    means = pd.DataFrame([size * np.arange(4.0)], ["one"], NAMES)
    return {
        "graph": lambda: value_graph(graph, effects(size), options=GraphOptions(**options), **rest),
        "difference": lambda: graph_difference(graph, posterior_of(NAMES, GRAPHS[:9]), **given),
        "paths": lambda: path_diagram(graph, ["d"], effects=effects(size), **given),
        "side effects": lambda: side_effects_figure(effects(size), Shift("a", 1.0), **given),
        "radar": lambda: profile_figure(profile(size), **given),
        "rows": lambda: profile_figure(profile(size), DotRows(), **given),
        "priorities": lambda: priorities_figure(means, **given),
        "stability": lambda: stability_figure(graph, **given),
        "heatmap": lambda: effects_heatmap(effects(size), **given),
    }


KINDS = list(drawn())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [50, 1e6, math.nan, math.inf, "468", None, True])
def test_a_width_that_is_no_width_is_refused_with_the_widths_that_work(kind: str, width: Any) -> None:
    with pytest.raises(FigureError, match=r"Give (a number of points, )?(180|200) to (2000|1440)|Give 180 to"):
        drawn(width=width)[kind]()


@pytest.mark.parametrize("kind", KINDS)
def test_the_name_of_a_theory_is_refused_with_the_call_that_makes_one(kind: str) -> None:
    with pytest.raises(FigureError, match=r"'schwartz-10' is no value theory. Give theory\('schwartz-10'\)"):
        drawn(theory="schwartz-10")[kind]()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("labels", "said"), [({"a": 5}, "label of 'a' is 5"), (["a"], "Give a mapping")])
def test_labels_that_are_no_text_by_name_are_refused(kind: str, labels: Any, said: str) -> None:
    with pytest.raises(FigureError, match=said):
        drawn(labels=labels)[kind]()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1e-12, 1e-5, 1e12])
def test_tiny_and_huge_numbers_give_a_clean_picture(kind: str, size: float) -> None:
    scene = drawn(size, width=219.0)[kind]()
    assert overlaps(scene) == []
    assert not has_errors(lint(scene))


@pytest.mark.parametrize("kind", ["side effects", "rows", "priorities"])
@pytest.mark.parametrize("size", [1e-300, 1e-12, 1e-5, 1.0, 1e12])
def test_the_numbers_at_a_scale_differ_from_tick_to_tick(kind: str, size: float) -> None:
    texts = texts_of(drawn(size)[kind](), "tick")
    assert len(texts) > 1
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("size", [1e-300, 1e-12, 3.0, 1e12])
def test_ticks_stay_apart_at_any_size(size: float) -> None:
    places = ticks(0.0, size)
    assert len(set(places)) == len(places) > 3
    assert [float(scale_number(at).replace("\u2212", "-")) for at in places] == pytest.approx(places, rel=0.01)


def test_the_paths_of_a_posterior_without_levers_are_drawn() -> None:
    scene = path_diagram(posterior_of(NAMES, GRAPHS), ["d"])
    assert scene.edges


@pytest.mark.parametrize("missing", [math.nan, math.inf])
def test_side_effects_that_are_no_numbers_are_refused_by_name(missing: float) -> None:
    found = effects()
    found.mean.loc["a", "c"] = missing
    with pytest.raises(FigureError, match=r"change of 'c' is (nan|inf)"):
        side_effects_figure(found, Shift("a", 1.0))


def test_priorities_without_a_finite_mean_are_refused() -> None:
    with pytest.raises(FigureError, match="no mean is known"):
        priorities_figure(pd.DataFrame([[math.nan, math.nan]], ["one"], ["a", "b"]))
    with pytest.raises(DataError, match="The mean of 'a' in 'one' is infinite"):
        priorities_figure(pd.DataFrame([[math.inf, math.nan]], ["one"], ["a", "b"]))


def test_values_that_share_a_name_are_refused_by_name() -> None:
    with pytest.raises(FigureError, match="'a' is there twice"):
        effects_heatmap(effects(names=["a", "a", "b", "c"]))


@pytest.mark.parametrize("draw", [priorities_figure, rank_figure])
def test_groups_that_share_a_name_as_text_are_refused_by_name(draw: Any) -> None:
    with pytest.raises(FigureError, match="'1' is there twice"):
        draw(pd.DataFrame([[1.0, 2.0], [2.0, 1.0]], [1, "1"], ["a", "b"]))


def test_a_dot_plot_of_one_tiny_number_shows_it() -> None:
    scene = dot_plot(["a"], [Dots("one", "filled", (3e-9,))], DotText("t", "axis", "Caption."))
    assert any(text.endswith("e\u22129") for text in texts_of(scene, "tick"))


def test_the_format_of_a_text_may_be_named_without_its_dot() -> None:
    assert graph_from_text("b ~ a", "lavaan").dag().edges == (("a", "b"),)


@pytest.mark.parametrize(("reverse", "said"), [(4, True), (0, False)])
def test_a_caption_says_when_an_interval_is_that_of_the_graphs_with_the_edge(reverse: int, said: bool) -> None:
    draws = np.zeros((10, 2, 2))
    draws[reverse:, 0, 1] = draws[:reverse, 1, 0] = 0.5
    model = StructuralModel(("a", "b"), draws, np.zeros((10, 2)), np.ones((10, 2)), np.ones(10), kind="posterior")
    scene = value_graph(posterior_of(["a", "b"], draws != 0), direct_effects(model))
    assert ("over the graphs that have the edge in the direction of the effect" in scene.caption) is said


def test_a_map_of_values_is_the_same_for_any_order_of_the_columns() -> None:
    values = theory("schwartz-10")
    names = list(values.dimensions)
    table = pd.DataFrame(np.corrcoef(np.random.default_rng(3).normal(size=(10, 40))).round(9), names, names)
    turned = table.loc[names[::-1], names[::-1]]
    assert value_circle(turned, values) == value_circle(table, values)


def test_a_graph_without_nodes_is_refused() -> None:
    with pytest.raises(FigureError, match="the graph has no node"):
        value_graph(Dag.from_edges([], []))


def test_the_residuals_of_values_without_edges_stay_on_a_narrow_page() -> None:
    model = StructuralModel.from_coefficients(["a", "b"], np.zeros((2, 2)))
    scene = path_diagram(model, ["b"], paths=Paths(residuals=True), width=219.0)
    assert texts_of(scene, "residual") == ["1.00", "1.00"]
    assert overlaps(scene) == []
