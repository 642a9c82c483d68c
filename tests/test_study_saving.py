"""Saving and loading: every bit comes back, and what is no saved file is refused by name."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalvalues import Dag, GraphPosterior, StructuralModel, load, save
from causalvalues.errors import DataError, FigureError, ModelError
from causalvalues.figures import value_graph
from causalvalues.scene import scene_from_json, scene_to_json
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


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"format": []}',
        b'{"format": {}}',
        b'{"format": "causalvalues-dag", "version": true}',
        b'{"format": "causalvalues-dag", "version": 1.0}',
    ],
)
def test_corrupted_json_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.json").write_bytes(content)
    with pytest.raises(DataError, match=r"bad\.json"):
        load(tmp_path / "bad.json")


def test_a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    path = save(Dag.from_edges(["a", "b"], [("a", "b")]), tmp_path / "graph.json")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load(path).edges == (("a", "b"),)  # type: ignore[union-attr]


def test_an_array_is_never_unpacked_beyond_its_shape() -> None:
    packed = base64.b64encode(zlib.compress(bytes(80_000_000), 9)).decode()
    for shape in ([2], [10**9, 10**9], [-1], ["2"]):
        with pytest.raises(DataError, match="damaged"):
            array_from_json({"type": "float64", "shape": shape, "zlib_base64": packed})


def numbers(shape: list[int], held: list[float | None]) -> dict[str, object]:
    return {"type": "float64", "shape": shape, "numbers": held}


MODEL_DAMAGE = [
    ({"weights": numbers([1], [-1.0])}, "weights"),
    ({"weights": numbers([1], [0.0])}, "weights"),
    ({"weights": numbers([1], [None])}, "weights"),
    ({"residual_scales": numbers([1, 2], [1.0, -1.0])}, "residual scale of b"),
    ({"intercepts": numbers([1, 2], [0.0, None])}, "intercepts of draw 0 are not finite at b"),
    ({"coefficients": numbers([1, 2, 2], [0.0, None, 0.0, 0.0])}, "not finite at a -> b"),
    ({"coefficients": numbers([1, 2, 2], [1.0, 0.0, 0.0, 0.0])}, "a acts on itself"),
    ({"coefficients": numbers([1, 2, 2], [0.0, 1.0, 1.0, 0.0])}, "cycle"),
    ({"values": ["a", ""]}, "node name"),
    ({"values": ["a", 5]}, "values should be a list of text"),
    ({"values": "ab"}, "values should be a list of text"),
    ({"kind": "other"}, "kind"),
    ({"measures": 3}, "measures"),
]


@pytest.mark.parametrize(("entries", "said"), MODEL_DAMAGE)
def test_a_damaged_model_gives_no_numbers(tmp_path: Path, entries: dict[str, object], said: str) -> None:
    path = save(StructuralModel.from_coefficients(["a", "b"], np.zeros((2, 2))), tmp_path / "model.json")
    change(path, **entries)
    with pytest.raises(DataError, match=rf"model\.json.*{said}"):
        load(path)


def test_a_model_of_numbers_that_are_none_is_refused() -> None:
    with pytest.raises(ModelError, match="not finite at a -> b"):
        StructuralModel.from_coefficients(["a", "b"], np.array([[0, np.nan], [0, 0]]))
    with pytest.raises(ModelError, match="not finite at b"):
        StructuralModel.from_coefficients(["a", "b"], np.zeros((2, 2)), np.array([0, np.inf]))


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"weights": numbers([1], [-1.0])}, "weights"),
        ({"kind": "other"}, "kind"),
        ({"method": 3}, "method"),
        ({"givens": "text"}, "givens"),
        ({"givens": [1]}, "givens"),
        ({"exact": 1}, "exact"),
        ({"edge": numbers([2, 2], [0.0, 7.0, 0.0, 0.0])}, "edge should hold probabilities"),
        ({"draws": {"type": "bool", "shape": [1, 2, 2], "numbers": [False, True, True, False]}}, "cycle"),
        ({"draws": numbers([1, 2, 2], [0.5, 0.5, 0.0, 0.0])}, "draws"),
    ],
)
def test_a_damaged_posterior_gives_no_numbers(tmp_path: Path, entries: dict[str, object], said: str) -> None:
    zeros = np.zeros((2, 2))
    posterior = GraphPosterior(("a", "b"), np.zeros((1, 2, 2)), np.ones(1), "posterior", zeros, zeros, False, "none")
    path = save(posterior, tmp_path / "posterior.json")
    load(path)
    change(path, **entries)
    with pytest.raises(DataError, match=rf"posterior\.json.*{said}"):
        load(path)


WRONG = (None, "x", 5, [], {}, [None], [[1]], True, 1e308, "\ud800")


def test_a_damaged_scene_is_refused_or_can_be_drawn() -> None:
    from causalvalues.formats.dot import dot_text
    from causalvalues.formats.graphml import graphml_text
    from causalvalues.scene.svg import svg_text

    text = scene_to_json(value_graph(Dag.from_edges(["a", "b"], [("a", "b")])))
    refused = 0

    def try_all(parent: object) -> None:
        nonlocal refused
        places = list(parent) if isinstance(parent, dict) else range(min(len(parent), 3))  # type: ignore[arg-type]
        for place in places:
            right = parent[place]  # type: ignore[index]
            for wrong in WRONG:
                parent[place] = wrong  # type: ignore[index]
                try:
                    scene = scene_from_json(json.dumps(held))
                except FigureError:
                    refused += 1
                else:
                    svg_text(scene), dot_text(scene), graphml_text(scene)
            parent[place] = right  # type: ignore[index]
            if isinstance(right, dict | list):
                try_all(right)

    held = json.loads(text)
    try_all(held)
    assert json.loads(text) == held
    assert refused > 500
    held["marks"][0]["role"] = 3
    with pytest.raises(FigureError, match=r"damaged: field marks\[0\]\.role should be text"):
        scene_from_json(json.dumps(held))


@pytest.mark.parametrize("version", [True, 1.0, "1", None])
def test_a_version_that_is_no_whole_number_is_refused(tmp_path: Path, version: object) -> None:
    path = save(Dag.from_edges(["a", "b"], []), tmp_path / "graph.json")
    change(path, version=version)
    with pytest.raises(DataError, match="has version"):
        load(path)
