"""Graph figures on every page, from one narrow column to a whole one, with 10, 19 and 30 long names."""

from __future__ import annotations

import pytest
from learned_graphs import learned

from causalvalues.figures import Circle, GraphOptions, Layered, value_graph
from causalvalues.graph.dag import Dag
from causalvalues.model import direct_effects
from causalvalues.scene import Text, overlaps
from causalvalues.scene.palette import SMALLEST
from causalvalues.theories.theory import theory

LONG = [
    f"{first} {second}"
    for first in ("Self-direction of", "Universalism: care for", "Responsibility towards")
    for second in ("thought", "nature", "others", "animals", "elders", "strangers", "rules", "art", "land", "time")
]
WIDTHS = [
    (10, 3.0, 219.0), (10, 1.0, 252.0), (10, 3.0, 540.0), (19, 2.0, 219.0), (19, 1.0, 397.0), (19, 2.0, 468.0),
    (30, 1.5, 219.0), (30, 1.0, 252.0), (30, 2.0, 397.0), (30, 1.0, 468.0),
]  # fmt: skip


@pytest.mark.parametrize("layout", [Circle(), Layered()])
@pytest.mark.parametrize(("count", "edges", "width"), WIDTHS)
def test_nothing_collides_on_any_page_from_one_column_to_a_whole_one(
    count: int, edges: float, width: float, layout: Circle | Layered
) -> None:
    posterior, model = learned(tuple(LONG[:count]), edges, 2)
    scene = value_graph(posterior, direct_effects(model), options=GraphOptions(layout=layout, width=width))
    assert overlaps(scene) == []
    assert scene.width == width
    assert all(mark.size >= SMALLEST for mark in scene.marks if isinstance(mark, Text))
    assert {mark.part for mark in scene.marks if isinstance(mark, Text) and mark.role == "name"} == {
        f"node-{i}-name" for i in range(count)
    }


@pytest.mark.parametrize("theory_id", ["schwartz-10", "schwartz-19", "valueeval-20"])
def test_groups_are_named_beside_the_circle_or_in_the_legend(theory_id: str) -> None:
    values = theory(theory_id)
    for width in (219.0, 252.0, 468.0):
        scene = value_graph(learned(values.dimensions, 1.0, 2)[0], theory=values, options=GraphOptions(width=width))
        assert overlaps(scene) == []
        said = " ".join(
            mark.text for mark in scene.marks if isinstance(mark, Text) and mark.role in ("group", "legend")
        )
        named = said.replace("- ", "-").lower()
        assert all(group.replace("_", "-").split("-")[-1] in named for group in values.groups)


def test_a_narrow_page_has_one_column_with_causes_above_effects() -> None:
    names = tuple("abcdef")
    edges = [("f", "a"), ("f", "c"), ("a", "b"), ("c", "b"), ("b", "d"), ("f", "d"), ("e", "d")]
    scene = value_graph(
        Dag.from_edges(
            [f"universalism {name}" for name in names], [(f"universalism {a}", f"universalism {b}") for a, b in edges]
        ),
        options=GraphOptions(layout=Layered(), width=219.0),
    )
    place = {node.name[-1]: (node.x, node.y) for node in scene.nodes}
    assert len({x for x, _ in place.values()}) == 1
    assert all(place[cause][1] < place[effect][1] for cause, effect in edges)
