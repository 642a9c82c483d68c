"""Layouts at places that are given."""

from __future__ import annotations

import pytest

from causalvalues.errors import FigureError
from causalvalues.figures.placed_layout import placed_layout


def test_a_graph_without_nodes_is_refused_and_one_node_is_placed() -> None:
    with pytest.raises(FigureError, match="the graph has no node"):
        placed_layout({}, {}, {}, 300.0)
    assert list(placed_layout({"a": (3.0, 4.0)}, {"a": "Alpha"}, {}, 300.0).places) == ["a"]
