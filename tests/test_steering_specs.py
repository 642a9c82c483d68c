"""Do levers survive their files, in the layout that other tools read, and is nothing unsafe ever opened?"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.errors import CausalValuesError, DataError, SteeringError
from causalvalues.steering import Act, Gate, SteeringLever, SteeringLevers, read_levers, write_levers
from causalvalues.steering.specs import HARNESS

pytest.importorskip("safetensors")

V = np.random.default_rng(0).normal(size=(9, 6))
LEVERS = (
    SteeringLever("vec_power", (Act(6, V[0], 2.5), Act(8, V[1], 0.125)), "power", description="power, at two layers"),
    SteeringLever("hold", (Act(6, V[2], 0.3, "clamp", offset=V[3]),), "security", "feature", "answer"),
    SteeringLever("least", (Act(7, V[4], 1.7, "least_shift", intercept=-0.4),), "power", "least_shift"),
    SteeringLever("cells", (Act(5, np.ones(11), -1.0, "scale"),), "hedonism", "neurons", "prompt"),
    SteeringLever("gated", (Act(6, V[5], 1.0),), gate=Gate(3, V[6], -1.25, 0.7)),
)


def test_levers_come_back_as_they_were(tmp_path: Path) -> None:
    write_levers(LEVERS, tmp_path / "levers.csv")
    found = read_levers(tmp_path / "levers.csv")
    assert [lever.fingerprint for lever in found] == [lever.fingerprint for lever in LEVERS]
    for name in ("name", "value", "method", "positions", "description"):
        assert [getattr(lever, name) for lever in found] == [getattr(lever, name) for lever in LEVERS]


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        write_levers(LEVERS, tmp_path / name / "levers.csv")
    first, second = (
        [path.read_bytes() for path in sorted((tmp_path / name).rglob("*.*")) if path.is_file()] for name in "ab"
    )
    assert first == second
    assert len(first) > 5


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=5).filter(any),
    st.floats(-1e3, 1e3, allow_nan=False),
    st.integers(0, 40),
)
def test_any_direction_survives(tmp_path_factory: pytest.TempPathFactory, v: list[float], c: float, layer: int) -> None:
    folder = tmp_path_factory.mktemp("levers")
    lever = SteeringLever("x", (Act(layer, np.array(v), c),))
    write_levers([lever], folder / "x.csv")
    assert read_levers(folder / "x.csv")[0].fingerprint == lever.fingerprint


def test_the_table_has_the_columns_of_the_harness_first_and_its_directions_lie_where_it_looks(tmp_path: Path) -> None:
    """The harness reads ``<sparse_model>/<hookpoint>/{cfg.json, sae.safetensors}`` and takes a row of W_dec."""
    from safetensors.numpy import load_file

    write_levers(LEVERS[:2], tmp_path / "levers.csv")
    rows = list(csv.DictReader((tmp_path / "levers.csv").read_text().splitlines()))
    assert tuple(rows[0])[: len(HARNESS)] == HARNESS
    for row, act in zip(rows, [*LEVERS[0].acts, *LEVERS[1].acts], strict=True):
        folder = tmp_path / row["sparse_model"] / row["hookpoint"]
        held, settings_ = load_file(folder / "sae.safetensors"), json.loads((folder / "cfg.json").read_text())
        assert np.array_equal(held["W_dec"][int(row["feature_index"])].astype(float), act.direction)
        assert held["encoder.weight"].shape == (settings_["num_latents"], settings_["d_in"])
        assert row["hookpoint"] == f"layers.{act.layer}"
        assert float(row["steering_coefficient"]) == act.coefficient


def test_a_table_of_the_harness_is_read_feature_by_feature(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    folder = tmp_path / "release" / "layer_4"
    folder.mkdir(parents=True)
    decoder = V[:, :4].astype(np.float32)
    encoder = {"W_enc": decoder.T.copy(), "b_enc": decoder[:, 0].copy()}
    save_file({"W_dec": decoder, "b_dec": decoder[0], **encoder}, folder / "sae_weights.safetensors")
    (folder / "cfg.json").write_text(json.dumps({"metadata": {"hook_name": "blocks.4.hook_resid_post"}}))
    table = tmp_path / "steer.csv"
    table.write_text(
        "loader,action,sparse_model,hookpoint,feature_index,steering_coefficient,head_index,sae_id,description\n"
        "sae_lens,add,release,layers.4,2,240.0,,layer_4,more of it\n"
        "sae_lens,clamp,release,,5,3,,layer_4,\n"
    )
    first, second = read_levers(table)
    assert (first.name, first.acts[0].layer, first.acts[0].coefficient) == ("feature_4_2", 4, 240.0)
    assert np.array_equal(first.acts[0].direction, decoder[2].astype(float))
    assert (second.acts[0].layer, second.acts[0].action) == (4, "clamp")
    assert np.array_equal(second.acts[0].offset, decoder[0].astype(float))


HEAD = ",".join((*HARNESS, "name", "positions")) + "\n"
BAD = {
    "unknown loader": ("hub,add,levers,layers.6,0,1,,,,a,all", "loader is 'hub'"),
    "no such row": ("sparsify,add,levers,layers.6,99,1,,,,a,all", "no 99"),
    "fraction": ("sparsify,add,levers,layers.6,0.5,1,,,,a,all", "feature_index is '0.5'"),
    "no number": ("sparsify,add,levers,layers.6,0,much,,,,a,all", "steering_coefficient is 'much'"),
    "infinite": ("sparsify,add,levers,layers.6,0,inf,,,,a,all", "steering_coefficient is 'inf'"),
    "no layer": ("sparsify,add,levers,embedding,0,1,,,,a,all", "hookpoint is 'embedding'"),
    "no folder": ("sparsify,add,elsewhere,layers.6,0,1,,,,a,all", "no sae.safetensors"),
    "action": ("sparsify,multiply,levers,layers.6,0,1,,,,a,all", "'multiply' does not exist"),
    "head": ("sparsify,add,levers,layers.6,0,1,3,,,a,all", "head_index is '3'"),
    "positions": ("sparsify,add,levers,layers.6,0,1,,,,a,last", "acts on 'last'"),
    "name": ("sparsify,add,levers,layers.6,0,1,,,,a+b,all", "'a\\+b'"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_malformed_row_is_named(tmp_path: Path, case: str) -> None:
    write_levers(LEVERS, tmp_path / "levers.csv")
    row, message = BAD[case]
    (tmp_path / "bad.csv").write_text(HEAD + row + "\n")
    with pytest.raises(CausalValuesError, match=message):
        read_levers(tmp_path / "bad.csv")


def test_rows_of_one_lever_must_agree(tmp_path: Path) -> None:
    write_levers(LEVERS[:1], tmp_path / "levers.csv")
    text = (tmp_path / "levers.csv").read_text().split("\n")
    text[2] = text[2].replace(",all,", ",answer,")
    (tmp_path / "levers.csv").write_text("\n".join(text))
    with pytest.raises(DataError, match=r"has 'all' and 'answer' in the column positions \(lines 2 and 3\)"):
        read_levers(tmp_path / "levers.csv")


def test_files_that_can_hold_code_are_not_opened(tmp_path: Path) -> None:
    write_levers(LEVERS[:1], tmp_path / "levers.csv")
    weights = tmp_path / "levers" / "layers.6" / "sae.safetensors"
    weights.rename(weights.with_suffix(".pt"))
    with pytest.raises(SteeringError, match=r"sae\.pt is not opened, for such files can hold code"):
        read_levers(tmp_path / "levers.csv")


@pytest.mark.parametrize("damage", ["cut", "text", "nan", "zero", "renamed"])
def test_damaged_directions_are_refused(tmp_path: Path, damage: str) -> None:
    from safetensors.numpy import load_file, save_file

    write_levers(LEVERS[:1], tmp_path / "levers.csv")
    weights = tmp_path / "levers" / "layers.6" / "sae.safetensors"
    held = load_file(weights)
    if damage == "cut":
        weights.write_bytes(weights.read_bytes()[:-20])
    elif damage == "text":
        weights.write_text("hello")
    elif damage == "renamed":
        save_file({"decoder": held["W_dec"]}, weights)
    else:
        held["W_dec"][0] = np.nan if damage == "nan" else 0.0
        save_file(held, weights)
    with pytest.raises(SteeringError, match=r"safetensors|not finite|zero everywhere|no tensor W_dec"):
        read_levers(tmp_path / "levers.csv")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Act(-1, V[0], 1.0), "layer -1"),
        (lambda: Act(1.5, V[0], 1.0), "layer 1.5"),  # type: ignore[arg-type]
        (lambda: Act(1, np.zeros(4), 1.0), "zero everywhere"),
        (lambda: Act(1, np.array([1.0, np.nan]), 1.0), "1 numbers of 2 that are not finite"),
        (lambda: Act(1, np.array([1.0, 1e300]), 1.0), "not finite"),
        (lambda: Act(1, V, 1.0), "shape"),
        (lambda: Act(1, ["a"], 1.0), "no list of numbers"),  # type: ignore[arg-type]
        (lambda: Act(1, V[0], float("nan")), "coefficient"),
        (lambda: Act(1, V[0], 1.0, "clamp", offset=V[0][:2]), "offset"),
        (lambda: SteeringLever("", (Act(1, V[0], 1.0),)), "name ''"),
        (lambda: SteeringLever("x", ()), "does nothing"),
        (lambda: SteeringLever("x", (Act(1, V[0], 1.0),), gate=Gate(2, V[1], 0.0)), "reads behind layer 2"),
        (lambda: SteeringLever("x", (Act(2, V[0], 1.0, "scale"),), gate=Gate(2, V[1], 0.0)), "in layer 2, before that"),
        (lambda: Gate(1, V[0], 0.0, 1.0), "threshold"),
        (lambda: SteeringLevers([]), "no lever"),
        (lambda: SteeringLevers([LEVERS[0], LEVERS[0]]), "Two levers have the name 'vec_power'"),
        (lambda: SteeringLevers(LEVERS)["vec_powr"], "vec_power"),
    ],
)  # fmt: skip
def test_levers_that_cannot_work_are_refused(make: object, message: str) -> None:
    with pytest.raises(SteeringError, match=message):
        make()  # type: ignore[operator]


def test_fingerprints_tell_levers_apart_and_forget_names() -> None:
    base = SteeringLever("a", (Act(1, V[0], 1.0), Act(2, V[1], 1.0)))
    same = SteeringLever("b", (Act(2, V[1], 1.0), Act(1, V[0], 1.0)), "power", description="else")
    assert base.fingerprint == same.fingerprint
    others = [
        SteeringLever("a", (Act(1, V[0], 1.0), Act(2, V[1], 1.5))),
        SteeringLever("a", (Act(1, V[0], 1.0), Act(3, V[1], 1.0))),
        SteeringLever("a", (Act(1, V[0], 1.0), Act(2, V[2], 1.0))),
        SteeringLever("a", base.acts, positions="answer"),
        SteeringLever("a", base.acts, gate=Gate(0, V[0], 0.0)),
        SteeringLever("a", (Act(1, V[0], 1.0), Act(2, V[1], 1.0, "clamp"))),
    ]
    assert len({lever.fingerprint for lever in [base, *others]}) == 1 + len(others)
