"""Indefinite correlations are shrunk with their n, or refused, and noise stays free of edges."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.errors import DataError
from causalvalues.evidence import (
    Evidence,
    PolychoricMoments,
    RankMoments,
    made_definite,
    require_learnable,
    resample,
    summarise,
)


def holed(seed: int, n: int, p: int, missing: float) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    codes = np.digitize(random.normal(size=(n, p)), [-0.8, 0.8]).astype(float)
    codes[random.random((n, p)) < missing] = np.nan
    return pd.DataFrame(codes, columns=[f"v{j:02d}" for j in range(p)])


def shrunk() -> Evidence:
    return summarise(holed(1, 40, 8, 0.4), moments=PolychoricMoments())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 12), st.floats(5, 500))
def test_the_smallest_eigenvalue_reaches_its_standard_error_and_n_falls(seed: int, p: int, n: float) -> None:
    noise = np.triu(np.random.default_rng(seed).uniform(-0.9, 0.9, (p, p)), 1)
    before = noise + noise.T + np.eye(p)
    after, left = made_definite(before, n)
    smallest = np.linalg.eigvalsh(before)[0]
    floor = min(np.sqrt(2 / n), 0.5)
    assert np.linalg.eigvalsh(after)[0] >= min(floor, 1) - 1e-9
    if smallest >= floor:
        assert after is before
        assert left == n
    else:
        assert min(n, p + 1) <= left <= n
        assert (np.abs(after - np.eye(p)) <= np.abs(before - np.eye(p)) + 1e-15).all()
        assert left < n or n <= p + 1


def test_a_definite_matrix_of_many_rows_is_left_alone() -> None:
    evidence = summarise(holed(2, 800, 5, 0.1), moments=PolychoricMoments())
    assert not any("shrunk" in note for note in evidence.notes)


def test_shrunk_evidence_is_learnable_and_its_cluster_sums_still_add_up() -> None:
    evidence = shrunk()
    assert any("shrunk" in note and "one standard error" in note for note in evidence.notes)
    require_learnable(evidence)
    assert np.linalg.eigvalsh(evidence.correlation)[0] > 0.1
    assert evidence.n_score < 20
    np.testing.assert_allclose(evidence.clusters.second.sum(axis=0), evidence.scatter, atol=1e-9)
    np.testing.assert_allclose(np.diag(evidence.scatter), evidence.n)
    draw = resample(evidence, np.random.default_rng(0).multinomial(40, np.full(40, 1 / 40)))
    assert np.linalg.eigvalsh(draw.correlation)[0] > 0


def test_correlations_that_contradict_each_other_are_refused_by_name() -> None:
    random = np.random.default_rng(3)
    n = 3000
    rows = np.full((n, 4), np.nan)
    rows[:, 3] = random.normal(size=n)
    for part, (i, j, sign) in enumerate([(0, 1, 1), (1, 2, 1), (0, 2, -1)]):
        inside = slice(part * 1000, (part + 1) * 1000)
        rows[inside, i] = random.normal(size=1000)
        rows[inside, j] = 0.95 * sign * rows[inside, i] + 0.3 * random.normal(size=1000)
    data = pd.DataFrame(rows, columns=["first", "second", "third", "other"])
    with pytest.raises(DataError, match="'first', 'second', 'third' contradict") as caught:
        summarise(data, moments=RankMoments())
    assert "'other'" not in str(caught.value)


def benchmark() -> ModuleType:
    path = Path(__file__).parents[1] / "benchmarks" / "ordinal_answers.py"
    spec = importlib.util.spec_from_file_location("ordinal_answers", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_noise_with_holes_gives_at_most_seven_percent_false_edges_and_a_tiny_floor_gives_many() -> None:
    bench = benchmark()
    case = bench.Case(rows=60, values=8, categories=2, missing=0.3)
    found = [bench.noise_shares(case, repeat) for repeat in range(25)]
    shares = pd.DataFrame(found).mean()
    assert shares["shrunk, n reduced"] <= 0.07
    assert shares["floor 1e-8"] > 0.25
