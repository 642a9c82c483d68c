"""Do levers survive their files, in the layout that other tools read, and is nothing unsafe ever opened?"""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.errors import CausalValuesError, DataError, SteeringError
from causalvalues.steering import Act, SteeringLever, SteeringLevers, TokenGate, read_levers, write_levers
from causalvalues.steering.specs import HARNESS

pytest.importorskip("safetensors")

V = np.random.default_rng(0).normal(size=(9, 6))
LEVERS = (
    SteeringLever("vec_power", (Act(6, V[0], 2.5), Act(8, V[1], 0.125)), "power", description="power, at two layers"),
    SteeringLever("hold", (Act(6, V[2], 0.3, "clamp", offset=V[3]),), "security", "feature", "answer"),
    SteeringLever("least", (Act(7, V[4], 1.7, "least_shift", intercept=-0.4),), "power", "least_shift"),
    SteeringLever("cells", (Act(5, np.ones(11), -1.0, "scale"),), "hedonism", "neurons", "prompt"),
    SteeringLever("kang", (Act(6, V[7], 100.0),), "power", "feature", "phrase:your values"),
    SteeringLever("gated", (Act(6, V[5], 1.0),), gate=TokenGate(3, V[6], -1.25, 0.7)),
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
    "head outputs": ("sparsify,add,levers,blocks.6.attn.hook_z,0,1,,,,a,all", r"line 2: hookpoint is .*hook_z'. Give"),
    "activations": ("sparsify,add,levers,blocks.6.mlp.hook_post,0,1,,,,a,all", r"line 2: hookpoint is 'blocks.6.mlp"),
    "projection": ("sparsify,add,levers,layers.6.mlp.down_proj,0,1,,,,a,all", r"line 2: hookpoint is 'layers.6.mlp.d"),
    "before all": ("sparsify,add,levers,blocks.0.hook_resid_pre,0,1,,,,a,all", r"line 2: hookpoint is 'blocks.0"),
    "added to neurons": ("sparsify,add,levers,layers.5.mlp.neurons,0,1,,,,a,all", r"line 2: hookpoint is 'layers.5"),
    "scaled stream": ("sparsify,scale,levers,layers.6,0,1,,,,a,all", r"line 2: hookpoint is 'layers.6'.*mlp.neurons"),
    "nameless": ("sparsify,add,levers,blocks.6.attn.hook_z,0,1,,,,,all", "line 2: hookpoint is"),
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
        (lambda: SteeringLever("x", (Act(1, V[0], 1.0),), gate=TokenGate(2, V[1], 0.0)), "reads behind layer 2"),
        (lambda: SteeringLever("x", (Act(2, V[0], 1.0, "scale"),), gate=TokenGate(2, V[1], 0.0)), "before that"),
        (lambda: TokenGate(1, V[0], 0.0, 1.0), "threshold"),
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
        SteeringLever("a", base.acts, gate=TokenGate(0, V[0], 0.0)),
        SteeringLever("a", (Act(1, V[0], 1.0), Act(2, V[1], 1.0, "clamp"))),
    ]
    assert len({lever.fingerprint for lever in [base, *others]}) == 1 + len(others)


@pytest.mark.parametrize(
    ("hookpoint", "layer"),
    [
        ("blocks.6.hook_resid_pre", 5),
        ("blocks.6.hook_resid_post", 6),
        ("model.layers.6", 6),
        ("transformer.h.6", 6),
        ("layers.6", 6),
    ],
)
def test_a_hook_is_read_as_the_layer_that_it_is_behind(tmp_path: Path, hookpoint: str, layer: int) -> None:
    write_levers(LEVERS[:1], tmp_path / "levers.csv")
    (tmp_path / "levers" / "layers.6").rename(tmp_path / "levers" / hookpoint)
    (tmp_path / "one.csv").write_text(f"{HEAD}sparsify,add,levers,{hookpoint},0,1,,,,a,all\n")
    assert read_levers(tmp_path / "one.csv")[0].acts[0].layer == layer


def test_the_hook_that_a_folder_names_is_read_in_the_same_way(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    folder = tmp_path / "release"
    folder.mkdir()
    save_file({"W_dec": V.astype(np.float32)}, folder / "sae_weights.safetensors")
    (tmp_path / "one.csv").write_text(f"{HEAD}sae_lens,add,release,,0,1,,,,a,all\n")
    (folder / "cfg.json").write_text(json.dumps({"hook_name": "blocks.4.hook_resid_pre"}))
    assert read_levers(tmp_path / "one.csv")[0].acts[0].layer == 3
    (folder / "cfg.json").write_text(json.dumps({"hook_name": "blocks.4.attn.hook_z"}))
    with pytest.raises(DataError, match=r"line 2: hookpoint is '', and its folder says 'blocks\.4\.attn\.hook_z'"):
        read_levers(tmp_path / "one.csv")


def test_a_gate_reads_behind_a_layer_and_nowhere_else(tmp_path: Path) -> None:
    write_levers(LEVERS[5:], tmp_path / "levers.csv")
    text = (tmp_path / "levers.csv").read_text()
    (tmp_path / "levers.csv").write_text(text.replace(",layers.3,", ",layers.3.mlp.neurons,"))
    with pytest.raises(DataError, match=r"line 2: gate_hookpoint is 'layers\.3\.mlp\.neurons'"):
        read_levers(tmp_path / "levers.csv")


def test_levers_are_not_written_under_names_that_would_not_be_read(tmp_path: Path) -> None:
    write_levers(LEVERS, tmp_path / "deep.csv", "decoder.layers.")
    found = read_levers(tmp_path / "deep.csv")
    assert [lever.fingerprint for lever in found] == [lever.fingerprint for lever in LEVERS]
    with pytest.raises(SteeringError, match=r"'attn\.'.*layer_prefix"):
        write_levers(LEVERS, tmp_path / "odd.csv", "attn.")
    assert not (tmp_path / "odd.csv").exists()


def test_no_offset_and_an_offset_of_zero_are_the_same_lever(tmp_path: Path) -> None:
    bare, zero, tiny = (
        SteeringLever("hold", (Act(6, V[2], 0.3, "clamp", offset=offset),))
        for offset in (None, np.zeros(6), np.full(6, 1e-60))
    )
    assert zero.acts[0].offset is None
    assert bare.fingerprint == zero.fingerprint == tiny.fingerprint
    write_levers([bare, replace(zero, name="again")], tmp_path / "levers.csv")
    assert {lever.fingerprint for lever in read_levers(tmp_path / "levers.csv")} == {bare.fingerprint}


@pytest.mark.parametrize("turned", [False, True])
def test_clamps_from_different_offsets_at_one_place_are_not_mixed_up(tmp_path: Path, turned: bool) -> None:
    bare, away = (
        SteeringLever(name, (Act(6, V[2], 0.3, "clamp", offset=offset),))
        for name, offset in (("bare", None), ("away", V[3]))
    )
    both = [away, bare] if turned else [bare, away]
    with pytest.raises(SteeringError, match=r"clamp at layers\.6 from different offsets \(none counts as zero\)"):
        write_levers(both, tmp_path / "levers.csv")
    for lever in both:
        write_levers([lever, LEVERS[0]], tmp_path / f"{lever.name}.csv")
        assert read_levers(tmp_path / f"{lever.name}.csv")[0].fingerprint == lever.fingerprint


def test_an_offset_counts_for_clamps_alone_and_zero_has_no_sign(tmp_path: Path) -> None:
    plain = SteeringLever("a", (Act(6, V[0], 1.0),))
    assert SteeringLever("a", (Act(6, V[0], 1.0, offset=V[3]),)).fingerprint == plain.fingerprint
    signs = [SteeringLever(name, (Act(6, [zero, 1.0], 1.0),)) for name, zero in (("a", 0.0), ("b", -0.0))]
    write_levers(signs, tmp_path / "levers.csv")
    found = read_levers(tmp_path / "levers.csv")
    assert [lever.fingerprint for lever in found] == [lever.fingerprint for lever in signs]


@pytest.mark.parametrize(("column", "other"), [("gate_intercept", "2.5"), ("gate_threshold", "0.9")])
def test_rows_of_one_lever_have_one_gate(tmp_path: Path, column: str, other: str) -> None:
    gated = SteeringLever("gated", (Act(6, V[5], 1.0), Act(8, V[5], 1.0)), gate=TokenGate(3, V[6], 1.0, 0.5))
    write_levers([gated], tmp_path / "levers.csv")
    rows = list(csv.DictReader((tmp_path / "levers.csv").read_text().splitlines()))

    def read_with(text: str) -> None:
        rows[1][column] = text
        with (tmp_path / "levers.csv").open("w") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        assert read_levers(tmp_path / "levers.csv")[0].fingerprint == gated.fingerprint

    read_with({"gate_intercept": "1", "gate_threshold": ""}[column])  # the same number, written otherwise
    with pytest.raises(DataError, match=rf"and '{other}' in the column {column} \(lines 2 and 3\)"):
        read_with(other)
