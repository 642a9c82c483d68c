"""Saving and loading: every bit comes back, and what is no saved file is refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalvalues import Dag, GraphPosterior, StructuralModel, load, save
from causalvalues.errors import DataError
from causalvalues.study import StudyRun, load_model
from causalvalues.study.arrays import READABLE, array_from_json, array_to_json

ODD = ("a b", 'quote " <b>', "日本語\n100 %")


def same(first: object, second: object) -> bool:
    """Whether two saved things hold the same, arrays bit by bit."""
    assert type(first) is type(second)
    held, other = vars(first), vars(second)
    fields = [name for name in held if not name.startswith("_") and name in type(first).__dataclass_fields__]  # type: ignore[attr-defined]
    return all(
        np.array_equal(held[name], other[name], equal_nan=held[name].dtype != np.bool_)
        if isinstance(held[name], np.ndarray)
        else held[name] == other[name]
        for name in fields
    )


@given(arrays.arrays(np.float64, arrays.array_shapes(max_dims=3, max_side=4), elements=st.floats(allow_nan=True)))
def test_every_array_of_numbers_comes_back_bit_by_bit(array: np.ndarray) -> None:
    back = array_from_json(json.loads(json.dumps(array_to_json(array), allow_nan=False)))
    assert back.dtype == array.dtype
    assert np.array_equal(back, array, equal_nan=True)
    assert np.array_equal(np.signbit(back[~np.isnan(back)]), np.signbit(array[~np.isnan(array)]))


@pytest.mark.parametrize("kind", [np.float64, np.bool_])
def test_large_arrays_are_packed_and_come_back(kind: type) -> None:
    array = np.random.default_rng(0).normal(size=(3, READABLE // 3, 2)) > 0 if kind is np.bool_ else None
    array = np.random.default_rng(0).normal(size=(READABLE, 2)) if array is None else array
    held = array_to_json(array)
    assert "zlib_base64" in held
    assert np.array_equal(array_from_json(held), array)


def test_a_graph_comes_back(tmp_path: Path) -> None:
    graph = Dag.from_edges(ODD, [(ODD[0], ODD[2])])
    back = load(save(graph, tmp_path / "graph.json"))
    assert same(back, graph)
    assert back.edges == graph.edges  # type: ignore[union-attr]


def test_a_posterior_comes_back(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    draws = np.triu(random.random((20, 3, 3)) > 0.5, 1)
    posterior = GraphPosterior(
        names=ODD,
        draws=draws,
        weights=random.random(20),
        kind="posterior",
        edge=draws.mean(axis=0),
        prior_edge=np.full((3, 3), np.nan),
        exact=False,
        method="made up",
        givens=("none",),
        settings={"alpha": 1.5, "prior": {"name": "uniform"}},
        seed=4,
        levers=("push",),
        lever_mode="sparse",
        lever_draws=random.random((20, 1, 3)) > 0.5,
    )
    back = load(save(posterior, tmp_path / "posterior.json"))
    assert same(back, posterior)


def test_the_model_and_the_posterior_of_a_study_come_back(demo_run: StudyRun) -> None:
    assert same(load(demo_run.folder / "graph" / "model.json"), demo_run.results.model)
    assert same(load(demo_run.folder / "graph" / "posterior.json"), demo_run.results.posterior)


def test_saving_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    model = StructuralModel.from_coefficients(["a", "b"], np.array([[0.0, 0.1], [0.0, 0.0]]))
    first, second = save(model, tmp_path / "1.json"), save(load(tmp_path / "1.json"), tmp_path / "2.json")
    assert first.read_bytes() == second.read_bytes()


def test_what_was_saved_is_plain_json_with_a_version(tmp_path: Path) -> None:
    held = json.loads(save(Dag.from_edges(["a", "b"], [("a", "b")]), tmp_path / "graph.json").read_text())
    assert held["format"] == "causalvalues-dag"
    assert held["version"] == 1
    assert held["names"] == ["a", "b"]


def change(path: Path, **entries: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def test_a_later_version_is_refused_by_name(tmp_path: Path) -> None:
    path = save(Dag.from_edges(["a", "b"], []), tmp_path / "graph.json")
    change(path, version=2)
    with pytest.raises(DataError, match="version 2 of causalvalues-dag; this package reads version 1"):
        load(path)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"format": "something"}, "its format is 'something'"),
        ({"extra": 1}, "extra"),
        ({"adjacency": {"type": "bool", "shape": [2, 2], "numbers": [True]}}, "damaged"),
        ({"adjacency": {"type": "bool", "shape": [2, 2], "numbers": [False, True, True, False]}}, "cycle"),
        ({"adjacency": 3}, "damaged"),
    ],
)
def test_a_damaged_file_is_refused_with_its_name(tmp_path: Path, entries: dict[str, object], said: str) -> None:
    path = save(Dag.from_edges(["a", "b"], []), tmp_path / "graph.json")
    change(path, **entries)
    with pytest.raises(DataError, match=said):
        load(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.json").write_text("no json")
    (tmp_path / "list.json").write_text("[]")
    for name, said in (("none.json", "no file"), ("text.json", "not JSON"), ("list.json", "not written by `save`")):
        with pytest.raises(DataError, match=said):
            load(tmp_path / name)
    with pytest.raises(DataError, match="cannot be saved"):
        save("text", tmp_path / "x.json")  # type: ignore[arg-type]


def test_a_graph_is_no_model(tmp_path: Path) -> None:
    path = save(Dag.from_edges(["a", "b"], []), tmp_path / "graph.json")
    with pytest.raises(DataError, match="holds a Dag, and a StructuralModel is needed"):
        load_model(path)
