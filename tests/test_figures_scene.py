"""What a graph figure says: heads, signs, numbers, captions; plan figures and heat maps."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.errors import FigureError, ModelError
from causalvalues.figures import GraphOptions, Layered, effects_heatmap, plan_figure, value_graph
from causalvalues.figures.effects_heatmap import cell_colour
from causalvalues.graph.dag import Dag
from causalvalues.graph.posterior import GraphPosterior
from causalvalues.model import direct_effects
from causalvalues.model.effects import Effects, total_effects
from causalvalues.model.structural import StructuralModel
from causalvalues.numerals import estimate, number, ticks
from causalvalues.planning import Plan, Status, Target
from causalvalues.scene import Scene, Shape, Text, overlaps, scene_from_json, scene_to_json
from causalvalues.scene.nouns import Edge
from causalvalues.scene.palette import NEGATIVE, PAPER, POSITIVE, contrast, readable_ink
from causalvalues.theories.theory import theory


def posterior_of(
    names: tuple[str, ...], draws: list[list[tuple[str, str]]], levers: tuple[str, ...] = ()
) -> GraphPosterior:
    graphs = np.array([Dag.from_edges(names, edges).adjacency for edges in draws])
    p = len(names)
    return GraphPosterior(
        names=names,
        draws=graphs,
        weights=np.ones(len(draws)),
        kind="posterior",
        edge=graphs.mean(axis=0),
        prior_edge=np.full((p, p), 0.3) * (1 - np.eye(p)),
        exact=False,
        method="four graphs by hand",
        givens=("linear mechanisms",),
        levers=levers,
        lever_mode="saturated" if levers else "none",
        independent_draws=1e9,  # the shares are what they are, not counts
    )


def collider_and_chain() -> GraphPosterior:
    """a -> c <- b is compelled; d - e is open; P(d, e adjacent) = .75."""
    collider = [("a", "c"), ("b", "c")]
    return posterior_of(
        ("a", "b", "c", "d", "e"),
        [[*collider, ("d", "e")], [*collider, ("e", "d")], [*collider, ("d", "e")], collider],
    )


def effects_table(means: dict[tuple[str, str], float], names: str = "abcde") -> Effects:
    mean = pd.DataFrame(0.0, index=list(names), columns=list(names))
    for (cause, effect), size in means.items():
        mean.loc[cause, effect] = size
    return Effects(mean, mean - 0.1, mean + 0.1, (mean > 0).astype(float), (mean < 0).astype(float), 0.9)


MEANS = {("a", "c"): 0.42, ("b", "c"): -0.3, ("d", "e"): 0.2, ("e", "d"): 0.2}


def marks(scene: Scene, part: str) -> dict[str, Shape | Text]:
    return {mark.role: mark for mark in scene.marks if mark.part == part}


def edge_part(scene: Scene, cause: str, effect: str) -> str:
    return next(edge.part for edge in scene.edges if (edge.cause, edge.effect) == (cause, effect))


def test_an_edge_inside_an_open_class_has_no_head_and_a_compelled_one_has() -> None:
    scene = value_graph(collider_and_chain(), effects_table(MEANS))
    assert {(edge.cause, edge.effect): edge.directed for edge in scene.edges} == {
        ("a", "c"): True,
        ("b", "c"): True,
        ("d", "e"): False,
    }
    assert "head" in marks(scene, edge_part(scene, "a", "c"))
    assert "head" not in marks(scene, edge_part(scene, "d", "e"))


def test_the_label_of_an_open_edge_is_italic_and_the_legend_says_what_that_means() -> None:
    scene = value_graph(collider_and_chain(), effects_table(MEANS))
    open_label = marks(scene, edge_part(scene, "d", "e") + "-label")["label"]
    sure_label = marks(scene, edge_part(scene, "a", "c") + "-label")["label"]
    assert isinstance(open_label, Text)
    assert isinstance(sure_label, Text)
    assert (open_label.italic, sure_label.italic) == (True, False)
    legend = [mark.text for mark in scene.marks if isinstance(mark, Text) and mark.part == "legend"]
    assert "no head: direction open or contested" in legend
    assert any("italic" in text for text in legend)


def test_sign_is_colour_and_dash_together() -> None:
    scene = value_graph(collider_and_chain(), effects_table(MEANS))
    up, down = (marks(scene, edge_part(scene, cause, "c"))["line"] for cause in "ab")
    assert isinstance(up, Shape)
    assert isinstance(down, Shape)
    assert (up.stroke, up.dash) == (POSITIVE, ())
    assert down.stroke == NEGATIVE
    assert down.dash


def test_width_grows_with_the_probability_of_adjacency() -> None:
    scene = value_graph(collider_and_chain(), effects_table(MEANS))
    sure, weaker = (marks(scene, edge_part(scene, *pair))["line"] for pair in (("a", "c"), ("d", "e")))
    assert isinstance(sure, Shape)
    assert isinstance(weaker, Shape)
    assert sure.stroke_width > weaker.stroke_width > 0


def test_a_label_is_the_effect_with_its_interval() -> None:
    scene = value_graph(collider_and_chain(), effects_table(MEANS))
    texts = [mark.text for mark in scene.marks if isinstance(mark, Text) and mark.role == "label"]
    assert ".42 [.32, .52]" in texts
    assert "−.30 [−.40, −.20]" in texts


def test_without_effects_the_labels_are_probabilities_and_edges_carry_no_sign() -> None:
    scene = value_graph(collider_and_chain())
    label = marks(scene, edge_part(scene, "d", "e") + "-label")["label"]
    assert isinstance(label, Text)
    assert label.text == ".75"
    colours = {mark.stroke for mark in scene.marks if isinstance(mark, Shape) and mark.part.startswith("edge")}
    assert not colours & {POSITIVE, NEGATIVE}
    assert "Blue" not in scene.caption


COMPELS_CA = [("c", "a"), ("b", "a")]  # the collider compels c -> a
COMPELS_AC = [("a", "c"), ("b", "c")]
OPEN_AC = [("a", "c")]


def edge_between(scene: Scene, pair: str) -> Edge:
    return next(edge for edge in scene.edges if {edge.cause, edge.effect} == set(pair))


def test_a_head_stands_where_the_compelled_mass_is_even_when_exact_sums_point_the_other_way() -> None:
    posterior = posterior_of(("a", "b", "c"), [OPEN_AC] * 9 + [COMPELS_CA] * 11)
    turned = np.array(posterior.edge)
    turned[0, 2], turned[2, 0] = 0.55, 0.45
    edge = edge_between(value_graph(dataclasses.replace(posterior, edge=turned)), "ac")
    assert (edge.cause, edge.effect, edge.directed) == ("c", "a", True)
    assert edge.direction == pytest.approx(0.45)
    assert edge.prior_direction == pytest.approx(0.5)


def test_an_edge_that_is_often_absent_has_a_head_only_when_most_graphs_compel_it() -> None:
    absent = [[("b", "d")]]
    rare = value_graph(posterior_of(("a", "b", "c", "d"), [COMPELS_AC] * 9 + [OPEN_AC] * 3 + absent * 8))
    edge = edge_between(rare, "ac")
    assert not edge.directed
    assert (edge.compelled, edge.open, edge.verdict) == (0.75, 0.25, "contested")
    often = value_graph(posterior_of(("a", "b", "c", "d"), [COMPELS_AC] * 9 + [OPEN_AC] * 3 + absent * 4))
    assert edge_between(often, "ac").directed


def test_a_contested_edge_has_no_head_and_its_numbers_are_in_every_table() -> None:
    scene = value_graph(posterior_of(("a", "b", "c"), [COMPELS_AC] * 9 + [COMPELS_CA] * 7 + [OPEN_AC] * 4))
    edge = edge_between(scene, "ac")
    assert (edge.directed, edge.verdict) == (False, "contested")
    assert (edge.compelled, edge.compelled_reverse, edge.open) == (0.45, 0.35, 0.2)
    assert "a with c, direction contested" in scene.alt
    row = dict(zip(scene.columns, next(row for row in scene.rows if row[:2] == ("a", "c")), strict=True))
    assert [row[what] for what in ("compelled", "compelled_reverse", "open", "verdict")] == [
        0.45,
        0.35,
        0.2,
        "contested",
    ]


def test_a_direction_that_is_given_has_a_head_and_the_words_say_so() -> None:
    posterior = posterior_of(("a", "b"), [[("a", "b")]])
    known = dataclasses.replace(posterior, prior_edge=np.array([[0, 0.4], [0, 0]]))
    scene = value_graph(known)
    assert [(edge.directed, edge.verdict) for edge in scene.edges] == [(True, "given")]
    assert "Arrow head: direction given by knowledge." in scene.caption
    assert "direction given by knowledge" in [mark.text for mark in scene.marks if isinstance(mark, Text)]
    assert "a to b, direction given" in scene.alt


def test_the_threshold_for_heads_is_respected() -> None:
    posterior = collider_and_chain()
    assert not any(
        edge.directed for edge in value_graph(posterior, options=GraphOptions(head=1.0)).edges if edge.cause == "d"
    )
    assert sum(edge.directed for edge in value_graph(posterior, options=GraphOptions(head=1.0)).edges) == 2


def test_direct_effects_are_means_over_the_draws_that_have_the_edge() -> None:
    model = StructuralModel(
        values=("a", "b"),
        coefficients=np.array([[[0, 1.0], [0, 0]], [[0, 3.0], [0, 0]], [[0, 0], [5.0, 0]]]),
        intercepts=np.zeros((3, 2)),
        residual_scales=np.ones((3, 2)),
        weights=np.array([3.0, 1.0, 4.0]),
        kind="posterior",
    )
    effects = direct_effects(model)
    assert effects.mean.loc["a", "b"] == pytest.approx(1.5)
    assert effects.mean.loc["b", "a"] == pytest.approx(5.0)
    assert effects.positive.loc["a", "b"] == pytest.approx(0.5)
    assert (effects.lower.loc["a", "b"], effects.upper.loc["a", "b"]) == (1.0, 3.0)
    half = direct_effects(model, 0.4)  # 1 has 3/4 of the weight of the draws with the edge
    assert (half.lower.loc["a", "b"], half.upper.loc["a", "b"]) == (1.0, 1.0)


def test_the_interval_of_a_direct_effect_is_that_of_a_total_effect_where_there_is_no_other_path() -> None:
    random = np.random.default_rng(0)
    coefficients = np.zeros((101, 2, 2))
    coefficients[:, 0, 1] = random.normal(size=101) + 5.0
    ones = np.ones((101, 2))
    model = StructuralModel(("a", "b"), coefficients, 0 * ones, ones, random.uniform(size=101), kind="posterior")
    for level in (0.5, 0.8, 0.9):
        direct, total = direct_effects(model, level), total_effects(model, level=level)
        for ends in ("lower", "upper"):
            assert getattr(direct, ends).loc["a", "b"] == pytest.approx(getattr(total, ends).loc["a", "b"], abs=1e-12)


def test_a_level_of_direct_effects_outside_zero_and_one_is_refused() -> None:
    with pytest.raises(ModelError, match="level"):
        direct_effects(StructuralModel.from_coefficients(["a", "b"], [[0, 2], [0, 0]]), 1.0)


@given(st.lists(st.floats(-3, 3).filter(lambda x: abs(x) > 0.01), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None)
def test_the_interval_of_a_direct_effect_lies_inside_the_draws_and_about_their_middle(sizes: list[float]) -> None:
    coefficients = np.zeros((len(sizes), 2, 2))
    coefficients[:, 0, 1] = sizes
    ones = np.ones((len(sizes), 2))
    model = StructuralModel(("a", "b"), coefficients, 0 * ones, ones, np.ones(len(sizes)), kind="posterior")
    effects = direct_effects(model)
    lower, upper = (float(table.loc["a", "b"]) for table in (effects.lower, effects.upper))
    assert min(sizes) <= lower <= np.median(sizes) + 1e-9
    assert np.median(sizes) - 1e-9 <= upper <= max(sizes)


def test_the_caption_says_what_is_open_what_is_hidden_and_what_the_numbers_rest_on() -> None:
    caption = value_graph(collider_and_chain(), effects_table(MEANS), labels={"d": "Power"}).caption
    assert "No head: direction open or contested; the number (italic) is the effect of Power on e" in caption
    assert "Four graphs by hand; 4 posterior draws. Given: linear mechanisms." in caption


def test_the_alternative_text_names_every_edge() -> None:
    alt = value_graph(collider_and_chain(), effects_table(MEANS)).alt
    for phrase in ("a to c, positive .42", "b to c, negative −.30", "d with e, positive .20, direction open"):
        assert phrase in alt


def test_a_given_graph_has_heads_on_all_edges_and_no_probabilities() -> None:
    scene = value_graph(Dag.from_edges("abc", [("a", "b"), ("b", "c")]))
    assert all(edge.directed and edge.adjacent is None for edge in scene.edges)
    assert "P(adjacent)" not in scene.caption


def test_lever_edges_are_drawn_in_layers_only_and_only_when_their_interval_leaves_out_zero() -> None:
    posterior = posterior_of(("a", "b"), [[("a", "b")]], levers=("push a", "push b"))
    mean = pd.DataFrame(
        [[0, 0.5], [0, 0], [0.8, 0.05], [0, 0.9]], index=["a", "b", "push a", "push b"], columns=["a", "b"]
    )
    effects = Effects(mean, mean - 0.1, mean + 0.1, (mean > 0) * 1.0, (mean < 0) * 1.0, 0.9)
    layered = value_graph(posterior, effects, options=GraphOptions(layout=Layered()))
    circle = value_graph(posterior, effects)
    acting = {(edge.cause, edge.effect) for edge in layered.edges if edge.kind == "lever"}
    assert acting == {("push a", "a"), ("push b", "b")}
    assert all(edge.adjacent is None for edge in layered.edges if edge.kind == "lever")  # assumed, not found
    assert "2 weaker lever effects are not drawn" in layered.caption
    assert not any(edge.kind == "lever" for edge in circle.edges)
    assert {node.kind for node in layered.nodes} == {"value", "lever"}


def test_names_of_a_theory_are_shown_and_given_labels_win() -> None:
    names = theory("schwartz-10").dimensions
    posterior = posterior_of(names, [[("power", "security")]])
    scene = value_graph(posterior, theory=theory("schwartz-10"), labels={"power": "POWER"})
    shown = {node.name: node.label for node in scene.nodes}
    assert shown["self_direction"] == "Self-direction"
    assert shown["power"] == "POWER"
    assert [node.name for node in scene.nodes] == list(names)
    assert next(node for node in scene.nodes if node.name == "power").group == "self_enhancement"


def test_the_order_of_the_columns_changes_nothing() -> None:
    names = ("delta", "alpha", "gamma", "beta")
    draws = [[("delta", "alpha"), ("gamma", "alpha")], [("delta", "alpha"), ("gamma", "alpha"), ("beta", "gamma")]] * 2
    one = value_graph(posterior_of(names, draws))
    two = value_graph(posterior_of(tuple(sorted(names)), draws))
    assert scene_to_json(one) == scene_to_json(two)


def test_inputs_are_left_as_they_were() -> None:
    effects = effects_table(MEANS)
    before = effects.mean.copy()
    posterior = collider_and_chain()
    value_graph(posterior, effects)
    pd.testing.assert_frame_equal(effects.mean, before)


def test_effects_that_do_not_name_a_node_leave_its_edges_without_number() -> None:
    mean = pd.DataFrame([[0.4]], index=["a"], columns=["c"])
    scene = value_graph(collider_and_chain(), mean)
    assert {edge.cause: edge.mean for edge in scene.edges} == {"a": 0.4, "b": None, "d": None}


def test_numbers_are_printed_the_way_psychology_journals_want_them() -> None:
    assert number(-0.304) == "−.30"
    assert number(0.999) == "1.00"
    assert number(-1.25, 1) == "−1.2"
    assert number(float("nan")) == number(None) == "–"
    assert estimate(0.1, float("nan"), 1.0) == ".10"
    assert number(3.0, 0) == "3"


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
@settings(max_examples=100, deadline=None)
def test_ticks_are_round_and_inside(low: float, span: float) -> None:
    found = ticks(low, low + span)
    tolerance = 1e-6 * max(abs(low), span)
    assert all(low - tolerance <= tick <= low + span + tolerance for tick in found)
    assert 2 <= len(found) <= 13


@given(st.floats(-1, 1))
def test_the_palette_is_symmetric_white_at_zero_and_its_numbers_stay_readable(value: float) -> None:
    colour = cell_colour(value, 1.0)
    assert cell_colour(0.0, 1.0) == PAPER
    assert contrast(readable_ink(colour), colour) >= 4.5


def heat_model() -> StructuralModel:
    return StructuralModel.from_coefficients("abc", np.array([[0, 0.5, 0], [0, 0, -0.8], [0, 0, 0]]))


def test_a_heat_map_prints_every_effect_but_those_of_a_value_on_itself() -> None:
    effects = total_effects(heat_model())
    scene = effects_heatmap(effects, labels={"a": "First"})
    numbers = {mark.part: mark.text for mark in scene.marks if isinstance(mark, Text) and mark.role == "number"}
    assert numbers["cell-0-1"] == ".50"
    assert numbers["cell-0-2"] == "−.40"
    assert numbers["cell-1-2"] == "−.80"
    assert len(numbers) == 6
    assert any(isinstance(mark, Text) and mark.text == "First" for mark in scene.marks)
    fills = {mark.part: mark.fill for mark in scene.marks if isinstance(mark, Shape) and mark.role == "cell"}
    assert fills["cell-1-0"] == PAPER
    assert ("a", "c", -0.4, -0.4, -0.4, 0.0) in scene.rows


def test_a_heat_map_shows_in_bold_what_the_interval_keeps_off_zero() -> None:
    mean = pd.DataFrame([[1.0, 0.5], [0.5, 1.0]], index=list("ab"), columns=list("ab"))
    lower = pd.DataFrame([[1.0, 0.1], [-0.1, 1.0]], index=list("ab"), columns=list("ab"))
    scene = effects_heatmap(Effects(mean, lower, mean + 0.1, mean, 0 * mean, 0.9))
    bold = {mark.part: mark.bold for mark in scene.marks if isinstance(mark, Text) and mark.role == "number"}
    assert bold == {"cell-0-1": True, "cell-1-0": False}


def test_rows_of_levers_follow_the_values_that_they_are_named_after() -> None:
    rows = ["any", "do_b", "do_a", "a"]
    mean = pd.DataFrame(np.ones((4, 2)), index=rows, columns=["b", "a"])
    scene = effects_heatmap(Effects(mean, mean, mean, mean, mean, 0.9))
    assert list(dict.fromkeys(row[0] for row in scene.rows)) == ["a", "do_a", "do_b", "any"]


def test_an_empty_heat_map_is_refused() -> None:
    empty = pd.DataFrame()
    with pytest.raises(FigureError, match="empty"):
        effects_heatmap(Effects(empty, empty, empty, empty, empty, 0.9))


def a_plan() -> Plan:
    predicted = pd.DataFrame(
        {
            "start": [0.0, 0.1, -0.2],
            "target": [0.5, np.nan, -1.0],
            "mean": [0.45, 0.2, -0.4],
            "lower": [0.1, -0.1, -0.9],
            "upper": [0.8, 0.5, 0.1],
        },
        index=["security", "power", "tradition"],
    )
    empty = pd.DataFrame()
    return Plan(
        Status.OPTIMAL, {"do_security": 1.0}, (), predicted, 0.6, 0.6, 0.31, 0.4, math.nan, empty, 1.0, empty, (), empty
    )


def test_a_plan_figure_shows_targeted_values_first_and_marks_the_one_that_misses() -> None:
    scene = plan_figure(a_plan(), Target({"security": 0.5, "tradition": -1.0}), labels={"do_security": "Prompt"})
    assert [row[0] for row in scene.rows] == ["security", "tradition", "power"]
    bold = {mark.part for mark in scene.marks if isinstance(mark, Text) and mark.role == "number" and mark.bold}
    assert bold == {"row-1"}
    bands = {mark.part for mark in scene.marks if isinstance(mark, Shape) and mark.role == "band"}
    assert bands == {"row-0", "row-1", "legend"}
    heading = next(mark.text for mark in scene.marks if isinstance(mark, Text) and mark.role == "heading")
    assert heading == "Levers: Prompt × 1.00; chance that all targets are met: .31"


def test_a_plan_figure_puts_scores_where_they_belong() -> None:
    scene = plan_figure(a_plan(), Target({"security": 0.5, "tradition": -1.0}))
    at = {}
    for mark in scene.marks:
        if isinstance(mark, Shape) and mark.part == "row-0" and mark.role in ("start", "target", "mean"):
            xs = [x for _, numbers in mark.path for x in numbers[::2]]
            at[mark.role] = (min(xs) + max(xs)) / 2
    share = (at["mean"] - at["start"]) / (at["target"] - at["start"])
    assert share == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_a_plan_figure_with_long_names_and_many_levers_has_no_collisions(scale: float) -> None:
    values = theory("schwartz-19")
    score = scale * np.linspace(-1, 1, 19)
    wanted = np.where(np.arange(19) % 3 == 0, score + 0.3 * scale, np.nan)
    columns = {"start": score, "target": wanted, "mean": score * 0.9, "lower": score - scale, "upper": score + scale}
    predicted = pd.DataFrame(columns, index=list(values.dimensions))
    doses = {f"Above all, care for {name}": 0.5 for name in values.dimensions[:7]}
    plan = dataclasses.replace(a_plan(), predicted=predicted, doses=doses)
    goal = {name: float(score) for name, score in predicted["target"].dropna().items()}
    scene = plan_figure(plan, Target(goal, tolerance=0.2 * scale), values)
    assert overlaps(scene) == []
    texts = [mark.text for mark in scene.marks if isinstance(mark, Text)]
    assert set(values.labels.values()) <= set(texts)


def test_a_plan_without_target_or_predictions_still_answers() -> None:
    scene = plan_figure(a_plan())
    assert not any(isinstance(mark, Shape) and mark.role == "band" for mark in scene.marks)
    with pytest.raises(FigureError, match="predicts no value"):
        plan_figure(dataclasses.replace(a_plan(), predicted=pd.DataFrame()))


def test_scenes_make_the_round_trip_through_json() -> None:
    for scene in (
        value_graph(collider_and_chain(), effects_table(MEANS)),
        plan_figure(a_plan()),
        effects_heatmap(total_effects(heat_model())),
    ):
        again = scene_from_json(scene_to_json(scene))
        assert again == scene
        assert scene_to_json(again) == scene_to_json(scene)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "not JSON"),
        ("[]", "not a scene"),
        ('{"format": "causalvalues-scene", "version": 99}', "version 99"),
        ('{"format": "causalvalues-scene", "version": 2}', "incomplete"),
    ],
)
def test_a_file_that_is_no_scene_is_refused_by_name(text: str, complaint: str) -> None:
    with pytest.raises(FigureError, match=complaint):
        scene_from_json(text)


def test_a_width_that_no_page_has_is_refused() -> None:
    with pytest.raises(FigureError, match="72 to the inch"):
        GraphOptions(width=6.5)
    with pytest.raises(FigureError, match="two directions qualify"):
        GraphOptions(head=0.4)
    with pytest.raises(FigureError, match="two columns"):
        Layered(columns=1)


def test_a_figure_without_intervals_does_not_speak_of_them() -> None:
    model = StructuralModel.from_coefficients(["a", "b"], [[0, 0.5], [0, 0]])
    graph = Dag.from_edges(["a", "b"], [("a", "b")])
    plain = value_graph(graph, direct_effects(model), options=GraphOptions(intervals=False))
    assert "interval" not in plain.caption
    assert not any("interval" in mark.text for mark in plain.marks if isinstance(mark, Text))
    assert "interval" in value_graph(graph, direct_effects(model)).caption


@pytest.mark.parametrize("lower", [-0.2, 0.1])
def test_a_heat_map_speaks_of_bold_numbers_only_where_some_are(lower: float) -> None:
    table = pd.DataFrame([[0.0, 0.3], [0.0, 0.0]], list("ab"), list("ab"))
    low, high = table.where(table == 0, lower), table.where(table == 0, 0.5)
    scene = effects_heatmap(Effects(table, low, high, table, table, 0.9))
    said = " ".join(mark.text for mark in scene.marks if isinstance(mark, Text))
    bold = [mark for mark in scene.marks if isinstance(mark, Text) and mark.role == "number" and mark.bold]
    assert len(bold) == (lower > 0)
    assert ("bold: 90% interval excludes zero" in said) == ("Bold: the 90%" in scene.caption) == (lower > 0)
    assert ("no 90% interval excludes zero" in said) == ("No 90% interval" in scene.caption) == (lower < 0)
