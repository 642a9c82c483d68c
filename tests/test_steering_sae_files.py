"""Are autoencoders in the layouts of SAELens and sparsify read as they were meant, and all others refused by name?"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from causalvalues.errors import DataError, SteeringError
from causalvalues.steering.sae_files import read_autoencoder, write_autoencoder
from causalvalues.steering.sparse_autoencoder import SparseAutoencoder

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")

D, M, K = 5, 9, 3
STATES = np.random.default_rng(8).normal(size=(20, D)).astype(np.float32)


def tensors(seed: int = 0, **more: Any) -> dict[str, Any]:
    """Weights as SAELens names and lays them."""
    one = torch.Generator().manual_seed(seed)
    shapes = {"W_enc": (D, M), "b_enc": (M,), "W_dec": (M, D), "b_dec": (D,)}
    return {name: torch.randn(shape, generator=one) for name, shape in shapes.items()} | more


def turned(found: dict[str, Any]) -> dict[str, Any]:
    """The same as sparsify names and lays them."""
    return {
        "encoder.weight": found["W_enc"].T.contiguous(),
        "encoder.bias": found["b_enc"],
        "W_dec": found["W_dec"],
        "b_dec": found["b_dec"],
    }


TOPK = {
    "architecture": "topk",
    "d_in": D,
    "d_sae": M,
    "k": K,
    "dtype": "float32",
    "device": "cpu",
    "apply_b_dec_to_input": True,
    "normalize_activations": "none",
    "reshape_activations": "none",
    "rescale_acts_by_decoder_norm": False,
    "metadata": {"sae_lens_version": "6.5.1", "model_name": "toy", "hook_name": "blocks.12.hook_resid_post"},
}
STANDARD = {key: value for key, value in TOPK.items() if key != "k"} | {"architecture": "standard"}
OLD = {  # before version 6: flat, with a name for the activation
    "d_in": D,
    "d_sae": M,
    "dtype": "float32",
    "hook_name": "blocks.4.hook_resid_pre",
    "activation_fn_str": "topk",
    "activation_fn_kwargs": {"k": K},
    "model_name": "toy",
    "normalize_activations": "none",
    "finetuning_scaling_factor": False,
}
SPARSIFY = {
    "activation": "topk",
    "expansion_factor": 32,
    "normalize_decoder": True,
    "num_latents": M,
    "k": K,
    "multi_topk": False,
    "skip_connection": False,
    "transcode": False,
    "d_in": D,
}


def saved(folder: Path, cfg: Any, weights: dict[str, Any], name: str = "sae_weights.safetensors") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    safetensors.save_file(weights, folder / name)
    (folder / "cfg.json").write_text(json.dumps(cfg) if not isinstance(cfg, str) else cfg, "utf-8")
    return folder


def as_saelens_does(cfg: dict[str, Any], found: dict[str, Any]) -> tuple[Any, Any]:
    """Features and reconstruction, by the definitions of the architectures in its documentation."""
    x = torch.tensor(STATES)
    before = (x - found["b_dec"] * cfg.get("apply_b_dec_to_input", True)) @ found["W_enc"] + found["b_enc"]
    lengths = found["W_dec"].norm(dim=1) if cfg.get("rescale_acts_by_decoder_norm") else torch.ones(M)
    before = before * lengths
    if cfg.get("architecture") == "topk":
        best = before.topk(K, dim=1)
        features = torch.zeros_like(before).scatter(1, best.indices, best.values.relu())
    elif cfg.get("architecture") == "jumprelu":
        features = before.relu() * (before > found["threshold"])
    else:
        features = before.relu()
    return features.numpy(), ((features / lengths) @ found["W_dec"] + found["b_dec"]).numpy()


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize(
    ("cfg", "more"),
    [
        (TOPK, {}),
        (TOPK | {"rescale_acts_by_decoder_norm": True}, {}),
        (STANDARD, {}),
        (STANDARD | {"architecture": "jumprelu"}, {"threshold": torch.linspace(-0.5, 1.5, M)}),
    ],
    ids=["topk", "topk by length", "standard", "jumprelu"],
)
def test_what_saelens_wrote_computes_what_it_computes_there(
    tmp_path: Path, cfg: dict[str, Any], more: dict[str, Any], centred: bool
) -> None:
    cfg = cfg | {"apply_b_dec_to_input": centred}
    found = tensors(**more)
    one = read_autoencoder(saved(tmp_path, cfg, found))
    features, back = as_saelens_does(cfg, found)
    assert one.encode(STATES) == pytest.approx(features, abs=1e-5)
    assert one.reconstructed(STATES) == pytest.approx(back, abs=1e-5)
    assert (one.layer, one.model) == (12, "toy")


def test_a_flat_configuration_from_before_version_6_is_read(tmp_path: Path) -> None:
    found = tensors(scaling_factor=torch.ones(M))
    one = read_autoencoder(saved(tmp_path, OLD, found))
    assert (one.layer, one.k, one.centred, one.model) == (3, K, True, "toy")
    assert one.encode(STATES) == pytest.approx(as_saelens_does(TOPK, found)[0], abs=1e-5)


def test_logarithms_of_thresholds_are_understood(tmp_path: Path) -> None:
    bars = torch.linspace(0.1, 1.5, M)
    cfg = STANDARD | {"architecture": "jumprelu"}
    one = read_autoencoder(saved(tmp_path / "a", cfg, tensors(threshold=bars)))
    other = read_autoencoder(saved(tmp_path / "b", cfg, tensors(log_threshold=bars.log())))
    assert other.threshold == pytest.approx(one.threshold)


def test_what_sparsify_wrote_computes_what_it_computes_there(tmp_path: Path) -> None:
    found = tensors()
    folder = saved(tmp_path / "layers.10", SPARSIFY, turned(found), "sae.safetensors")
    one = read_autoencoder(folder)
    features, back = as_saelens_does(TOPK, found)
    assert one.encode(STATES) == pytest.approx(features, abs=1e-5)
    assert one.reconstructed(STATES) == pytest.approx(back, abs=1e-5)
    assert (one.layer, one.k) == (10, K)


def test_without_a_number_of_features_sparsify_multiplies_the_width(tmp_path: Path) -> None:
    cfg = SPARSIFY | {"num_latents": 0, "expansion_factor": 2}
    weights = {
        "encoder.weight": torch.ones(10, 5),
        "encoder.bias": torch.ones(10),
        "W_dec": torch.ones(10, 5),
        "b_dec": torch.ones(5),
    }
    assert read_autoencoder(saved(tmp_path / "h.0", cfg, weights, "sae.safetensors")).features == 10


@given(
    st.integers(0, 99), st.sampled_from(["saelens", "sparsify"]), st.booleans(), st.sampled_from(["k", "bar", "relu"])
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_again(tmp_path: Path, seed: int, layout: Any, typical: bool, kind: str) -> None:
    draws = np.random.default_rng(seed)
    arrays = [draws.normal(size=shape) for shape in ((D, M), (M,), (M, D), (D,))]
    more: dict[str, Any] = {"k": {"k": K}, "bar": {"threshold": draws.normal(size=M)}, "relu": {}}[kind]
    if typical:
        more["typical"] = draws.random(M)
    centred, layer = layout == "sparsify" or seed % 2 == 0, int(draws.integers(40))
    one = SparseAutoencoder(layer, *arrays, centred=centred, model="m", **more)
    folder = tmp_path / "layers.x"
    if layout == "sparsify" and kind != "k":
        with pytest.raises(SteeringError, match="Use layout='saelens'"):
            write_autoencoder(one, folder, layout)
        return
    again = read_autoencoder(write_autoencoder(one, folder, layout))
    for name in ("layer", "k", "centred", "model"):
        assert getattr(again, name) == getattr(one, name), name
    for name in ("W_enc", "b_enc", "W_dec", "b_dec", "threshold", "typical"):
        mine, theirs = getattr(one, name), getattr(again, name)
        assert (mine is None and theirs is None) or mine.tobytes() == theirs.tobytes(), name


def test_the_same_autoencoder_gives_the_same_bytes(tmp_path: Path) -> None:
    one = read_autoencoder(saved(tmp_path / "a", TOPK, tensors()))
    for layout, name in (("saelens", "sae_weights.safetensors"), ("sparsify", "sae.safetensors")):
        first, second = (write_autoencoder(one, tmp_path / f"{layout}{i}", layout) for i in range(2))  # type: ignore[arg-type]
        for file in (name, "cfg.json"):
            assert (first / file).read_bytes() == (second / file).read_bytes()


def test_half_precision_is_read(tmp_path: Path) -> None:
    found = tensors()
    for dtype in (torch.bfloat16, torch.float16, torch.float64):
        halves = {name: tensor.to(dtype) for name, tensor in found.items()}
        one = read_autoencoder(saved(tmp_path / str(dtype), TOPK, halves))
        assert one.W_dec == pytest.approx(found["W_dec"].numpy(), abs=0.02)


def test_a_folder_with_other_files_is_not_replaced(tmp_path: Path) -> None:
    one = read_autoencoder(saved(tmp_path / "a", TOPK, tensors()))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "thesis.tex").write_text("years of work")
    with pytest.raises(SteeringError, match=r"holds other files \(thesis.tex\)"):
        write_autoencoder(one, tmp_path / "b")
    write_autoencoder(replace(one, layer=7), tmp_path / "a")
    assert read_autoencoder(tmp_path / "a").layer == 7
    with pytest.raises(SteeringError, match="Did you mean 'saelens'"):
        write_autoencoder(one, tmp_path / "c", "saelen")  # type: ignore[arg-type]
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError):
        write_autoencoder(one, tmp_path / "file" / "x")


BAD_CFG: list[tuple[Any, str]] = [
    ("{", r"cfg.json is no JSON file that can be read"),
    ("[" * 100_000, r"cfg.json is no JSON file that can be read"),
    ("[]", r"cfg.json holds list"),
    (
        TOPK | {"architecture": "gated"},
        r"`architecture` 'gated' is not supported. Give one of standard",
    ),
    (TOPK | {"architecture": "batchtopk"}, r"`architecture` 'batchtopk' is not supported"),
    (TOPK | {"architecture": None}, r"`architecture` None"),
    (TOPK | {"d_in": 6}, r"b_dec has the shape \(5,\); cfg.json says|W_enc has the shape \(5, 9\); cfg.json says"),
    (TOPK | {"d_sae": 8}, r"has the shape .* cfg.json says that it has .*Use the cfg.json that belongs"),
    (TOPK | {"d_in": M, "d_sae": D}, r"lies the other way round"),
    (TOPK | {"d_in": "5"}, r"`d_in` is '5'. It must be a whole number"),
    (TOPK | {"d_in": True}, r"`d_in` is True"),
    (TOPK | {"d_sae": None}, r"`d_sae` is None"),
    (TOPK | {"d_sae": 10**12}, r"cfg.json says"),
    (TOPK | {"k": 0}, r"`k` is 0"),
    (TOPK | {"k": 10}, r"`k` is 10, above `d_sae`, 9"),
    (TOPK | {"k": float("nan")}, r"`k` is nan"),
    ({key: value for key, value in TOPK.items() if key != "k"}, r"`k` is None"),
    (TOPK | {"apply_b_dec_to_input": "yes"}, r"`apply_b_dec_to_input` is 'yes'. It must be true or false"),
    (
        TOPK | {"normalize_activations": "layer_norm"},
        r"`normalize_activations` is 'layer_norm', which is not",
    ),
    (TOPK | {"normalize_activations": "expected_average_only_in"}, r"Fold the scaling into the weights"),
    (TOPK | {"reshape_activations": "hook_z"}, r"`reshape_activations` is 'hook_z'"),
    (TOPK | {"metadata": [1]}, r"`metadata` is \[1\], not a table"),
    (TOPK | {"metadata": {"hook_name": "blocks.12.hook_mlp_out"}}, r"hook_mlp_out', which is no residual stream"),
    (TOPK | {"metadata": {"hook_name": "blocks.0.hook_resid_pre"}}, r"before the first layer"),
    (TOPK | {"metadata": {}}, r"`hook_name` says None.*read_autoencoder\(..., layer=12\)"),
    (STANDARD | {"activation_fn": "tanh-relu"}, r"`activation_fn` 'tanh-relu' is not supported"),
    (STANDARD | {"architecture": "jumprelu"}, r"lacks threshold. It has W_dec, W_enc, b_dec, b_enc"),
]


@pytest.mark.parametrize(("cfg", "message"), BAD_CFG, ids=[message[:40] for _, message in BAD_CFG])
def test_a_configuration_that_is_wrong_or_lies_is_refused_by_field(tmp_path: Path, cfg: Any, message: str) -> None:
    with pytest.raises(SteeringError, match=message) as caught:
        read_autoencoder(saved(tmp_path, cfg, tensors()))
    assert str(tmp_path) in str(caught.value)


BAD_SPARSIFY: list[tuple[dict[str, Any], str]] = [
    ({"activation": "groupmax"}, "`activation` is 'groupmax', which is not supported"),
    ({"transcode": True}, "`transcode` is True"),
    ({"skip_connection": True}, "`skip_connection` is True"),
    ({"signed": True}, "`signed` is True"),
    ({"num_latents": 8}, r"encoder.weight has the shape \(9, 5\); cfg.json says that it has \(8, 5\)"),
    ({"num_latents": -1}, "`num_latents` is -1"),
    ({"k": 10}, "`k` is 10, above `num_latents`, 9"),
    ({"d_in": None}, "`d_in` is None"),
]


@pytest.mark.parametrize(("change", "message"), BAD_SPARSIFY)
def test_configurations_of_sparsify_are_held_to_the_same(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(SteeringError, match=message):
        read_autoencoder(saved(tmp_path / "layers.3", SPARSIFY | change, turned(tensors()), "sae.safetensors"))


def test_the_layer_is_asked_for_where_nothing_says_it_and_doubted_where_something_does(tmp_path: Path) -> None:
    unsaid = saved(tmp_path / "mine", SPARSIFY, turned(tensors()), "sae.safetensors")
    with pytest.raises(SteeringError, match="Give its layer"):
        read_autoencoder(unsaid)
    assert read_autoencoder(unsaid, layer=3).layer == 3
    part = saved(tmp_path / "layers.3.mlp", SPARSIFY, turned(tensors()), "sae.safetensors")
    with pytest.raises(SteeringError, match="no residual stream"):
        read_autoencoder(part, layer=3)
    said = saved(tmp_path / "layers.3", SPARSIFY, turned(tensors()), "sae.safetensors")
    with pytest.raises(SteeringError, match="that is layer 3, not 4"):
        read_autoencoder(said, layer=4)


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in tensors().items() if key != name}


def broken(name: str, number: float) -> dict[str, Any]:
    found = tensors()
    found[name].view(-1)[1] = number
    return found


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (without("b_enc"), "lacks b_enc"),
        (tensors(r_mag=torch.ones(M)), r"does not use \(r_mag\)"),
        (tensors(W_enc=torch.ones(M, D)), "lies the other way round"),
        (tensors(scaling_factor=torch.full((M,), 2.0)), "scaling_factor other than 1"),
        (broken("W_dec", float("nan")), "W_dec has 1 numbers of 45 that are not finite"),
        (broken("b_dec", float("inf")), "b_dec has 1 numbers of 5 that are not finite"),
        (tensors(b_enc=torch.ones(M, dtype=torch.int64)), r"b_enc holds torch.int64"),
        ({}, "lacks W_enc, b_enc, W_dec, b_dec. It has nothing"),
    ],
)
def test_weights_that_are_missing_strange_or_broken_are_refused(tmp_path: Path, weights: Any, message: str) -> None:
    with pytest.raises(SteeringError, match=message) as caught:
        read_autoencoder(saved(tmp_path, TOPK, weights))
    assert "sae_weights.safetensors" in str(caught.value)


def test_a_direction_of_no_length_stays_silent(tmp_path: Path) -> None:
    found = tensors()
    found["W_dec"][4] = 0
    one = read_autoencoder(saved(tmp_path, TOPK | {"rescale_acts_by_decoder_norm": True}, found))
    assert (one.encode(STATES)[:, 4] == 0).all()
    assert np.isfinite(one.reconstructed(STATES)).all()


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_cut_off_or_with_changed_bytes_is_refused_or_read_but_never_anything_else(
    tmp_path: Path, data: Any
) -> None:
    folder = saved(tmp_path / "a", TOPK, tensors())
    file = folder / "sae_weights.safetensors"
    content = bytearray(file.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
        allowed: Callable[[], Any] = lambda: pytest.fail("a file that was cut off was read")  # noqa: E731
    else:
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= data.draw(st.integers(1, 255))
        allowed = lambda: None  # noqa: E731
    file.write_bytes(bytes(content))
    try:
        read_autoencoder(folder)
    except SteeringError as problem:
        assert "sae_weights.safetensors" in str(problem)  # noqa: PT017
    else:
        allowed()


def test_pickles_are_never_opened(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "sprung",))

    for name in ("sae_weights.pt", "ae.bin", "sae.pkl", "params.npz"):
        folder = tmp_path / name.replace(".", "_")
        folder.mkdir()
        torch.save({"W_enc": Trap()}, folder / name)
        with pytest.raises(SteeringError, match=rf"holds its weights as {name}.*Save it as safetensors"):
            read_autoencoder(folder)
    beside = saved(tmp_path / "beside", TOPK, tensors())
    torch.save({"W_enc": Trap()}, beside / "sae_weights.safetensors")
    with pytest.raises(SteeringError, match="damaged or cut off"):
        read_autoencoder(beside)
    assert not (tmp_path / "sprung").exists()


def test_folders_without_an_autoencoder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SteeringError, match="is no folder"):
        read_autoencoder(tmp_path / "nowhere")
    with pytest.raises(SteeringError, match=r"holds none of sae_weights.safetensors, sae.safetensors"):
        read_autoencoder(tmp_path)
    saved(tmp_path, TOPK, tensors())
    (tmp_path / "cfg.json").unlink()
    with pytest.raises(SteeringError, match=r"cfg.json is missing. Put it beside"):
        read_autoencoder(tmp_path)
