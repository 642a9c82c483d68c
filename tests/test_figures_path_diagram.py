"""Path diagrams: who stands where, which paths are drawn, and what is said of the others."""

from __future__ import annotations

import numpy as np
import pytest

from causalvalues.errors import FigureError
from causalvalues.figures.path_diagram import Paths, path_diagram
from causalvalues.graph import Dag
from causalvalues.model.structural import StructuralModel
from causalvalues.randomness import stream
from causalvalues.scene import Scene, Shape, Text, overlaps

NAMES = ("warmth", "openness", "order", "helping", "lying")


def a_model(levers: tuple[str, ...] = ("prompt",)) -> StructuralModel:
    """Return 30 draws of prompt -> warmth -> openness -> lying, warmth -> helping, and a weak path."""
    sizes = {(5, 0): 0.6, (0, 1): 0.4, (1, 4): -0.5, (0, 3): 0.7, (2, 3): 0.04}
    coefficients = np.zeros((30, 6, 6))
    for (i, j), size in sizes.items():
        coefficients[:, i, j] = size + stream(1, str(i), str(j)).normal(0, 0.01, 30)
    scales = np.ones((30, 6)) * 0.5
    scales[:, 5] = 0.0
    return StructuralModel(NAMES, coefficients, np.zeros((30, 6)), scales, np.ones(30), levers=levers, kind="posterior")


def place(scene: Scene) -> dict[str, float]:
    return {node.name: node.x for node in scene.nodes}


def test_levers_stand_left_values_between_and_outcomes_right() -> None:
    scene = path_diagram(a_model(), ["helping", "lying"])
    x = place(scene)
    assert x["helping"] == x["lying"] == max(x.values())
    assert x["prompt"] == min(x.values())
    assert all(x["prompt"] < x[name] < x["lying"] for name in ("warmth", "openness"))
    assert {node.name: node.kind for node in scene.nodes if node.kind != "value"} == {
        "prompt": "lever",
        "helping": "outcome",
        "lying": "outcome",
    }
    assert scene.kind == "path_diagram"


def test_an_outcome_stays_on_the_right_even_when_it_acts_on_a_value() -> None:
    scene = path_diagram(Dag.from_edges("abc", [("a", "b"), ("b", "c")]), ["b"])
    x = place(scene)
    assert x["b"] == max(x.values())
    assert x["c"] < x["b"]
    assert overlaps(scene) == []


def test_weak_paths_are_hidden_counted_and_kept_in_the_table() -> None:
    scene = path_diagram(a_model(), ["helping"], paths=Paths(least=0.1))
    assert ("order", "helping") not in {(edge.cause, edge.effect) for edge in scene.edges}
    assert "Paths weaker than .10 in size are not drawn: 1." in scene.caption
    assert ("order", "helping") in {row[:2] for row in scene.rows}
    everything = path_diagram(a_model(), ["helping"], paths=Paths(least=0))
    assert len(everything.edges) == len(scene.edges) + 1
    assert "weaker" not in everything.caption


def test_coefficients_stand_on_the_paths_with_their_intervals() -> None:
    scene = path_diagram(a_model(), ["helping"])
    labels = [mark.text for mark in scene.marks if isinstance(mark, Text) and mark.role == "label"]
    assert any(text.startswith(".70 [.6") for text in labels)
    bare = path_diagram(a_model(), ["helping"], paths=Paths(intervals=False))
    assert ".70" in [mark.text for mark in bare.marks if isinstance(mark, Text) and mark.role == "label"]


def test_levers_can_be_chosen_or_left_out() -> None:
    assert "prompt" not in place(path_diagram(a_model(), levers=()))
    with pytest.raises(FigureError, match=r"no lever 'promt'.*prompt"):
        path_diagram(a_model(), levers=["promt"])
    with pytest.raises(FigureError, match=r"no value 'helpin'.*helping"):
        path_diagram(a_model(), ["helpin"])


def test_residual_loops_carry_the_residual_variance() -> None:
    scene = path_diagram(a_model(), ["helping"], paths=Paths(residuals=True))
    texts = [mark.text for mark in scene.marks if isinstance(mark, Text) and mark.role == "residual"]
    assert texts == [".25"] * 5
    assert sum(isinstance(mark, Shape) and mark.role == "loop" for mark in scene.marks) == 5
    assert overlaps(scene) == []
    with pytest.raises(FigureError, match="StructuralModel"):
        path_diagram(Dag.from_edges("ab", [("a", "b")]), paths=Paths(residuals=True))


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(FigureError, match="least"):
        Paths(least=-0.1)
    with pytest.raises(FigureError, match="three columns"):
        Paths(columns=2)


@pytest.mark.parametrize("width", [219.0, 252.0, 397.0, 468.0, 540.0])
@pytest.mark.parametrize("residuals", [False, True])
def test_nothing_collides_at_any_width(width: float, residuals: bool) -> None:
    scene = path_diagram(a_model(), ["helping", "lying"], paths=Paths(residuals=residuals), width=width)
    assert overlaps(scene) == []
    assert scene.width == width


def test_a_warning_stands_below_the_picture_and_in_the_caption() -> None:
    plain = path_diagram(a_model(), ["helping"])
    scene = path_diagram(a_model(), ["helping"], paths=Paths(note="blocked by measurement error"))
    assert scene.height > plain.height
    assert [mark.text for mark in scene.marks if isinstance(mark, Text) and mark.role == "note"][-1].startswith(
        "blocked"
    )
    assert scene.caption.endswith("Blocked by measurement error.")
