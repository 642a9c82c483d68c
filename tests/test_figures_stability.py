"""How stable the edges of a graph are."""

from __future__ import annotations

import numpy as np
import pytest
from number_figures import (
    assert_clean_at_all_widths,
    cells,
    posterior_of,
    random_posterior,
    sizes,
    spans,
    texts_of,
    values_of,
)

from causalvalues.errors import FigureError
from causalvalues.figures.stability_figure import stability_figure
from causalvalues.graph.posterior import GraphPosterior


def colliders_and_chains() -> GraphPosterior:
    """Of ten graphs on a, b, c: six a -> c <- b (compelled), three a -> c alone (open), one with no edge."""
    graphs = np.zeros((10, 3, 3), dtype=bool)
    graphs[:9, 0, 2] = True
    graphs[:6, 1, 2] = True
    return posterior_of(["a", "b", "c"], graphs)


@sizes
def test_the_bars_are_clean_at_every_width(size: int) -> None:
    posterior = random_posterior(size)
    _, labels, values = values_of(size)
    assert_clean_at_all_widths(lambda width: stability_figure(posterior, 20, values, labels, width=width))


def test_a_bar_is_as_long_as_the_share_of_graphs_with_the_edge_split_by_direction() -> None:
    scene = stability_figure(colliders_and_chains())
    table = cells(scene)
    assert [row[:2] for row in scene.rows] == [("a", "c"), ("b", "c"), ("a", "b")]
    assert table["a"] != {}
    first, second = (dict(zip(scene.columns, row, strict=True)) for row in scene.rows[:2])
    assert (first["adjacent"], first["forward"], first["open"], first["reverse"]) == (0.9, 0.6, 0.3, 0.0)
    assert (second["adjacent"], second["forward"], second["open"], second["reverse"]) == (0.6, 0.6, 0.0, 0.0)
    ((left, middle),) = spans(scene, "row-0", "forward")
    ((also_middle, right),) = spans(scene, "row-0", "open")
    assert middle == pytest.approx(also_middle)
    assert (middle - left) / (right - left) == pytest.approx(6 / 9, abs=1e-3)


def test_the_parts_of_each_edge_add_up_to_its_frequency() -> None:
    for row in stability_figure(random_posterior(10), most=45).rows:
        adjacent, forward, left_open, reverse = (float(x) if isinstance(x, float) else 0.0 for x in row[2:6])
        assert forward + left_open + reverse == pytest.approx(adjacent, abs=1e-9)


def test_a_reverse_that_is_compelled_is_striped() -> None:
    graphs = np.zeros((10, 3, 3), dtype=bool)
    graphs[:6, 0, 2] = graphs[:6, 1, 2] = True
    graphs[6:, 2, 0] = graphs[6:, 1, 0] = True
    scene = stability_figure(posterior_of(["a", "b", "c"], graphs))
    assert spans(scene, "row-0", "reverse")
    assert spans(scene, "row-0", "stripe")
    (box,) = spans(scene, "row-0", "reverse")
    assert all(box[0] - 1e-3 <= left and right <= box[1] + 1e-3 for left, right in spans(scene, "row-0", "stripe"))


def test_only_an_edge_whose_direction_is_settled_has_an_arrow_in_its_name() -> None:
    graphs = np.zeros((10, 3, 3), dtype=bool)
    graphs[:, 0, 1] = True
    open_edge = stability_figure(posterior_of(["a", "b", "c"], graphs))
    assert texts_of(open_edge, "name")[0] == "a \u2013 b"
    assert texts_of(stability_figure(colliders_and_chains()), "name")[0] == "a \u2192 c"


def test_edges_beyond_the_limit_are_counted_and_not_shown() -> None:
    scene = stability_figure(random_posterior(10), most=5)
    assert len(scene.rows) == 5
    shares = [row[2] for row in scene.rows]
    assert shares == sorted(shares, reverse=True)
    (first, *_) = texts_of(scene, "note")
    rest = [row for row in stability_figure(random_posterior(10), most=45).rows[5:] if row[2] != 0.0]
    assert first.startswith(f"{len(rest)} more pairs are joined")


def test_the_threshold_stands_where_the_averaged_graph_cuts() -> None:
    posterior = random_posterior(10)
    scene = stability_figure(posterior, most=45)
    drawn = {(row[0], row[1]) for row in scene.rows if row[-1] == "yes"}
    averaged = posterior.averaged_graph()
    assert drawn == set(zip(averaged["cause"], averaged["effect"], strict=True))
    ((x, _),) = spans(scene, "threshold", "reference")
    ((left, _), *_) = spans(scene, "row-0", "forward")
    half = [mark.x for mark in scene.marks if getattr(mark, "text", "") == ".6" and mark.part == "axis"]  # type: ignore[union-attr]
    assert (x - left) / (half[0] - left) == pytest.approx(0.5 / 0.6, abs=0.01)


def test_no_edge_to_show_is_refused() -> None:
    with pytest.raises(FigureError, match="at least one"):
        stability_figure(random_posterior(10), most=0)
    with pytest.raises(FigureError, match="needs two values"):
        stability_figure(posterior_of(["a"], np.zeros((2, 1, 1), dtype=bool)))
