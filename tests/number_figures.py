"""Made-up inputs that the tests of several number figures share: 10, 19 and 30 values, long names included."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import pytest

from causalvalues.graph.posterior import GraphPosterior
from causalvalues.model.structural import StructuralModel
from causalvalues.scene.lint import lint
from causalvalues.scene.nouns import Scene, Shape, Text
from causalvalues.scene.overlap import overlaps
from causalvalues.theories import ValueTheory, theory

WIDTHS = (219.0, 252.0, 397.0, 468.0, 540.0)
CUT_SHORT = "FIG203"
"""A name that is far too long may end in an ellipsis."""

sizes = pytest.mark.parametrize("size", [10, 19, 30])


def values_of(size: int) -> tuple[list[str], dict[str, str], ValueTheory]:
    """Return names, labels and theory; some labels are longer than any margin, one is a single long word."""
    values = theory("schwartz-10" if size == 10 else "schwartz-19")
    names = [*values.dimensions, *(f"extra_{k}" for k in range(size - len(values.dimensions)))]
    labels = {name: f"Readiness to take over responsibilities {name[6:]}" for name in names if name.startswith("extra")}
    labels[names[3]] = "A value with a name that is far too long for the margin of any page, and goes on"
    labels[names[5]] = "Pneumonoultramicroscopicsilicovolcanoconiosis"
    return names, labels, values


def random_graphs(size: int, draws: int = 40) -> np.ndarray:
    """Return acyclic graphs (draws, size, size), some edges in nearly all of them."""
    random = np.random.default_rng(size)
    share = np.triu(random.random((size, size)), 1) ** 2
    return np.asarray(np.triu(random.random((draws, size, size)) < share, 1))


def random_model(size: int) -> StructuralModel:
    """Return a model of random draws."""
    names, _, _ = values_of(size)
    graphs = random_graphs(size)
    coefficients = graphs * np.random.default_rng(1).normal(0, 0.4, graphs.shape)
    s = len(graphs)
    return StructuralModel(
        tuple(names), coefficients, np.zeros((s, size)), np.ones((s, size)), np.ones(s), kind="posterior"
    )


def random_posterior(size: int) -> GraphPosterior:
    """Return a posterior of random draws, without exact sums."""
    names, _, _ = values_of(size)
    return posterior_of(names, random_graphs(size))


def posterior_of(names: list[str], graphs: np.ndarray, weights: np.ndarray | None = None) -> GraphPosterior:
    """Return a posterior whose edge probabilities are the frequencies of its draws."""
    p = len(names)
    w = np.ones(len(graphs)) / len(graphs) if weights is None else weights
    edge = np.einsum("s,sij->ij", w, graphs.astype(float))
    prior = np.where(np.eye(p, dtype=bool), 0.0, 0.1)
    return GraphPosterior(tuple(names), graphs, w, "posterior", edge, prior, False, "made up", independent_draws=1e9)


def random_profile(size: int) -> pd.DataFrame:
    """Return a predicted profile with intervals and a target for some values."""
    names, _, _ = values_of(size)
    random = np.random.default_rng(size)
    mean = random.normal(size=size)
    target = np.where(random.random(size) < 0.5, random.normal(size=size), np.nan)
    start = random.normal(size=size)
    columns = {"start": start, "target": target, "mean": mean, "lower": mean - 0.4, "upper": mean + 0.4}
    return pd.DataFrame(columns, index=names)


def assert_clean_at_all_widths(draw: Callable[[float], Scene]) -> None:
    """Assert that nothing collides, leaves the page or is hard to see, at all widths that figures must work at."""
    for width in WIDTHS:
        scene = draw(width)
        assert scene.width == width
        assert overlaps(scene) == []
        if width in (219.0, 468.0):  # the lint looks at colours, which do not depend on the width
            assert [flaw for flaw in lint(scene) if flaw.code != CUT_SHORT] == []
        assert scene.caption
        assert scene.alt
        assert len(scene.rows) > 0
        assert all(len(row) == len(scene.columns) for row in scene.rows)


def texts_of(scene: Scene, role: str) -> list[str]:
    """Return the texts of a role in their order."""
    return [mark.text for mark in scene.marks if isinstance(mark, Text) and mark.role == role]


def middles(scene: Scene, part: str, role: str) -> list[float]:
    """Return the middle x of each shape of a part and role."""
    found = []
    for mark in scene.marks:
        if isinstance(mark, Shape) and mark.part == part and mark.role == role:
            xs = [x for _, numbers in mark.path for x in numbers[::2]]
            found.append((min(xs) + max(xs)) / 2)
    return found


def spans(scene: Scene, part: str, role: str) -> list[tuple[float, float]]:
    """Return left and right end of each shape of a part and role."""
    found = []
    for mark in scene.marks:
        if isinstance(mark, Shape) and mark.part == part and mark.role == role:
            xs = [x for _, numbers in mark.path for x in numbers[::2]]
            found.append((min(xs), max(xs)))
    return found


def cells(scene: Scene) -> Mapping[str, Mapping[str, object]]:
    """Return the table of a scene by its first column."""
    return {str(row[0]): dict(zip(scene.columns, row, strict=True)) for row in scene.rows}
