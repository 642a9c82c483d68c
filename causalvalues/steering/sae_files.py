"""Sparse autoencoders as files: the layouts of SAELens and of sparsify, read and written by path."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from causalvalues.errors import SteeringError, did_you_mean
from causalvalues.files import replacing_folder
from causalvalues.steering.sae_fields import FOLDED, SETTINGS, Settings, saelens_settings, sparsify_settings
from causalvalues.steering.sparse_autoencoder import SparseAutoencoder

Layout = Literal["saelens", "sparsify"]
WEIGHTS: Mapping[Layout, str] = {"saelens": "sae_weights.safetensors", "sparsify": "sae.safetensors"}
TYPICAL = "typical_activations.safetensors"
PICKLES = (".pt", ".pth", ".bin", ".pkl", ".pickle", ".ckpt", ".npz", ".npy", ".joblib")
# names of tensors in a layout, and ours; True: the other way round
NAMES: Mapping[Layout, Mapping[str, tuple[str, bool]]] = {
    "saelens": {name: (name, False) for name in ("W_enc", "b_enc", "W_dec", "b_dec")},
    "sparsify": {
        "encoder.weight": ("W_enc", True),
        "encoder.bias": ("b_enc", False),
        "W_dec": ("W_dec", False),
        "b_dec": ("b_dec", False),
    },
}
Tensors = dict[str, Any]


def read_autoencoder(folder: str | Path, layer: int | None = None) -> SparseAutoencoder:
    """Read a sparse autoencoder from a folder; only JSON and safetensors are read, and nothing is fetched.

    Parameters
    ----------
    folder : str or Path
        With ``cfg.json`` and ``sae_weights.safetensors`` (SAELens: architectures standard, topk and jumprelu) or
        ``sae.safetensors`` (sparsify: topk).
    layer : int, optional
        The layer behind which its states are. Default: what the configuration (``hook_name``) or, for sparsify, the
        name of the folder (``layers.10``) says.

    Returns
    -------
    SparseAutoencoder
        With `typical`, if it was written by `write_autoencoder`.

    Raises
    ------
    SteeringError
        Naming the file, the field or tensor, and the remedy: no such files, weights that are pickled, an architecture
        or option that is not supported, a configuration that contradicts the tensors, lost or damaged tensors.
    """
    where = Path(folder)
    layout = _layout(where)
    settings = (saelens_settings if layout == "saelens" else sparsify_settings)(_json(where / SETTINGS), where, layer)
    file = where / WEIGHTS[layout]
    tensors = _tensors(file, _shapes(layout, settings))
    arrays = {ours: tensors[name].T if turned else tensors[name] for name, (ours, turned) in NAMES[layout].items()}
    threshold = tensors.get("threshold")
    if "log_threshold" in tensors:
        threshold = np.exp(tensors["log_threshold"])
    if settings.by_length:
        length = np.linalg.norm(arrays["W_dec"], axis=1)
        arrays["W_enc"], arrays["b_enc"] = arrays["W_enc"] * length, arrays["b_enc"] * length
        arrays["W_dec"] = arrays["W_dec"] / np.where(length > 0, length, 1)[:, None]
    made = _made(file, settings, arrays, threshold)
    if not (where / TYPICAL).is_file():
        return made
    typical = _tensors(where / TYPICAL, {"typical": (settings.features,)})["typical"]
    return replace(made, typical=typical)


def write_autoencoder(autoencoder: SparseAutoencoder, folder: str | Path, layout: Layout = "saelens") -> Path:
    """Write a sparse autoencoder in a layout that others read.

    Parameters
    ----------
    autoencoder : SparseAutoencoder
    folder : str or Path
        New, empty, or one that holds such an autoencoder already, which is replaced as a whole. For sparsify call it
        ``layers.<layer>``: that is where its own reader looks for the place.
    layout : {"saelens", "sparsify"}, default "saelens"

    Returns
    -------
    Path
        The folder: ``cfg.json``, the weights, and the typical activations in a file of their own, which both leave
        alone.

    Raises
    ------
    SteeringError
        If the layout does not exist or cannot hold it, or the folder holds other files.
    DataError
        If the place cannot be written to.
    """
    from safetensors.numpy import save

    if layout not in NAMES:
        raise SteeringError(f"The layout {layout!r} does not exist.{did_you_mean(str(layout), NAMES)}")
    if layout == "sparsify" and (autoencoder.k is None or not autoencoder.centred):
        raise SteeringError("sparsify holds top-k autoencoders of centred states only. Use layout='saelens'.")
    where = Path(folder)
    known = {SETTINGS, TYPICAL, *WEIGHTS.values()}
    strange = sorted(file.name for file in where.iterdir() if file.name not in known) if where.is_dir() else []
    if strange:
        raise SteeringError(
            f"{where} holds other files ({', '.join(strange[:3])}), so it is not replaced. Give a new folder."
        )
    tensors = {}
    for name, (ours, turned) in NAMES[layout].items():
        array = getattr(autoencoder, ours)
        tensors[name] = np.ascontiguousarray(array.T if turned else array)
    if autoencoder.threshold is not None:
        tensors["threshold"] = autoencoder.threshold
    with replacing_folder(where) as part:
        (part / WEIGHTS[layout]).write_bytes(save(tensors))
        (part / SETTINGS).write_text(json.dumps(_cfg(autoencoder, layout), indent=2) + "\n", "utf-8")
        if autoencoder.typical is not None:
            (part / TYPICAL).write_bytes(save({"typical": autoencoder.typical}))
    return where


def _cfg(autoencoder: SparseAutoencoder, layout: Layout) -> dict[str, Any]:
    d, m, layer = autoencoder.width, autoencoder.features, autoencoder.layer
    if layout == "sparsify":
        return {
            "activation": "topk", "expansion_factor": max(m // d, 1), "normalize_decoder": True, "num_latents": m,
            "k": autoencoder.k, "multi_topk": False, "skip_connection": False, "transcode": False, "d_in": d,
            "hookpoint": f"layers.{layer}", "model_name": autoencoder.model,
        }  # fmt: skip
    kind: dict[str, Any] = {"architecture": "standard" if autoencoder.threshold is None else "jumprelu"}
    if autoencoder.k is not None:
        kind = {"architecture": "topk", "k": autoencoder.k, "rescale_acts_by_decoder_norm": False}
    return {
        **kind, "d_in": d, "d_sae": m, "dtype": "float32", "device": "cpu",
        "apply_b_dec_to_input": autoencoder.centred, "normalize_activations": "none", "reshape_activations": "none",
        "metadata": {
            "sae_lens_version": "6.0.0", "model_name": autoencoder.model,
            "hook_name": f"blocks.{layer}.hook_resid_post", "hook_head_index": None, "prepend_bos": False,
        },
    }  # fmt: skip


def _layout(where: Path) -> Layout:
    if not where.is_dir():
        raise SteeringError(f"{where} is no folder. Give the folder with {SETTINGS} and the weights.")
    for layout, name in WEIGHTS.items():
        if (where / name).is_file():
            return layout
    pickled = sorted(file.name for file in where.iterdir() if file.suffix in PICKLES)
    if pickled:
        raise SteeringError(
            f"{where} holds its weights as {pickled[0]}, a kind of file that can run code or has no layout, and "
            f"is not opened. Save it as safetensors where you trust it (SAELens: sae.save_model(folder))."
        )
    raise SteeringError(f"{where} holds none of {', '.join(WEIGHTS.values())}. Give the folder of one autoencoder.")


def _json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise SteeringError(f"{file} is missing. Put it beside the weights; it says what they are.") from None
    except (OSError, ValueError, RecursionError) as problem:
        raise SteeringError(f"{file} is no JSON file that can be read ({problem}). Copy it again.") from None
    if not isinstance(found, dict):
        raise SteeringError(f"{file} holds {type(found).__name__}, not a configuration. Copy it again.")
    return found


def _shapes(layout: Layout, settings: Settings) -> dict[str, tuple[int, ...]]:
    d, m = settings.width, settings.features
    ours = {"W_enc": (d, m), "b_enc": (m,), "W_dec": (m, d), "b_dec": (d,)}
    return {name: ours[own][::-1] if turned else ours[own] for name, (own, turned) in NAMES[layout].items()} | (
        {"threshold": (m,)} if settings.jumps else {}
    )


def _tensors(file: Path, wanted: Mapping[str, tuple[int, ...]]) -> Tensors:
    """Return the tensors of a file as float32, after their names and shapes were checked."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt") as content:
            shapes = {name: tuple(content.get_slice(name).get_shape()) for name in content.keys()}  # noqa: SIM118
            wanted = _checked_names(file, dict(wanted), shapes)
            tensors = {name: content.get_tensor(name) for name in wanted}
            extra = {name: content.get_tensor(name) for name in shapes if name in FOLDED}
    except (SafetensorError, OSError) as problem:
        raise SteeringError(f"{file} cannot be read ({problem}). It is damaged or cut off; copy it again.") from None
    for name, tensor in extra.items():
        if not bool((tensor == 1).all()):
            raise SteeringError(f"{file} has a {name} other than 1, which is not supported. Fold it into W_dec first.")
    for name, tensor in tensors.items():
        if not tensor.is_floating_point():
            raise SteeringError(f"{file}: {name} holds {tensor.dtype}, not floating-point numbers. Save it as float32.")
        lost = int((~tensor.isfinite()).sum())
        if lost:
            raise SteeringError(
                f"{file}: {name} has {lost} numbers of {tensor.numel()} that are not finite. Copy it again."
            )
    return {name: tensor.float().numpy() for name, tensor in tensors.items()}


def _checked_names(
    file: Path, wanted: dict[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]]
) -> dict[str, tuple[int, ...]]:
    if "threshold" in wanted and "log_threshold" in found:
        wanted["log_threshold"] = wanted.pop("threshold")
    missing = [name for name in wanted if name not in found]
    if missing:
        raise SteeringError(
            f"{file} lacks {', '.join(missing)}. It has {', '.join(sorted(found)) or 'nothing'}. Save the whole "
            "autoencoder again."
        )
    strange = sorted(set(found) - set(wanted) - set(FOLDED))
    if strange:
        raise SteeringError(
            f"{file} has tensors that this kind of autoencoder does not use ({', '.join(strange[:4])}), so it would "
            "compute something else than was trained. Check `architecture` in cfg.json."
        )
    for name, shape in wanted.items():
        if found[name] != shape:
            turned = " It lies the other way round." if found[name] == shape[::-1] and len(shape) == 2 else ""
            raise SteeringError(
                f"{file}: {name} has the shape {found[name]}; {SETTINGS} says that it has {shape}.{turned} Use the "
                f"{SETTINGS} that belongs to these weights."
            )
    return wanted


def _made(file: Path, settings: Settings, arrays: Tensors, threshold: Any) -> SparseAutoencoder:
    try:
        return SparseAutoencoder(
            settings.layer, **arrays, k=settings.k, threshold=threshold, centred=settings.centred, model=settings.model
        )
    except SteeringError as problem:
        raise SteeringError(f"{file}: {problem}") from None
