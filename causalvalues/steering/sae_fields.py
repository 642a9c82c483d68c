"""What the configuration of a saved sparse autoencoder says, in the words of SAELens and of sparsify."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from causalvalues.errors import SteeringError

SETTINGS = "cfg.json"
FOLDED = ("scaling_factor", "finetuning_scaling_factor")
"""Tensors of old files that do nothing where they are 1."""
SUPPORTED = ("standard", "topk", "jumprelu")
_HOOK = re.compile(r"(?:[A-Za-z_]\w*\.)*(?:blocks|layers|h)\.([0-9]+)(?:\.hook_resid_(pre|post))?")


@dataclass(frozen=True)
class Settings:
    """A configuration that was understood.

    Parameters
    ----------
    layer, width, features : int
    k : int, optional
    jumps : bool
        Whether there are thresholds.
    centred : bool
    by_length : bool
        Whether the k features were chosen by a_j |row j of W_dec|.
    model : str
    """

    layer: int
    width: int
    features: int
    k: int | None
    jumps: bool
    centred: bool
    by_length: bool
    model: str


def residual_layer(hook: str) -> int | None:
    """Return the layer whose residual stream a hook names: 12 for ``blocks.12.hook_resid_post``, ``layers.12``.

    The stream before layer 13 is that behind layer 12, and before the first layer it is -1. None for any other place,
    such as a part of a layer.
    """
    match = _HOOK.fullmatch(hook)
    return None if match is None else int(match[1]) - (match[2] == "pre")


def saelens_settings(cfg: Mapping[str, Any], folder: Path, layer: int | None) -> Settings:
    """Return what a ``cfg.json`` of SAELens says (from version 6, and the flat ones before).

    Raises
    ------
    SteeringError
        If something is missing, is not what it should be, or is not supported.
    """
    file = folder / SETTINGS
    more = cfg.get("metadata", {})
    if not isinstance(more, dict):
        raise SteeringError(f"{file}: `metadata` is {more!r}, not a table. Copy the file again.")
    kind = cfg.get("architecture", "standard")
    activation = cfg.get("activation_fn", cfg.get("activation_fn_str", "relu"))
    options = cfg.get("activation_fn_kwargs") or {}
    if activation == "topk" and kind == "standard":
        kind = "topk"
    if kind not in SUPPORTED:
        raise SteeringError(
            f"{file}: the `architecture` {kind!r} is not supported. Give one of {', '.join(SUPPORTED)}; a batchtopk "
            "autoencoder that SAELens saves for inference is a jumprelu."
        )
    if activation not in ("relu", "topk"):
        raise SteeringError(f"{file}: the `activation_fn` {activation!r} is not supported. Give a relu or topk one.")
    k = None
    if kind == "topk":
        k = _whole({"k": options.get("k") if isinstance(options, dict) else None} | dict(cfg), "k", file)
    _require(cfg, file, "normalize_activations", ("none", False, None), "Fold the scaling into the weights first.")
    _require(cfg, file, "reshape_activations", ("none", None), "Give one of the residual stream.")
    hook = more.get("hook_name", cfg.get("hook_name", cfg.get("hook_point")))
    name = more.get("model_name", cfg.get("model_name", ""))
    return Settings(
        _layer(hook, layer, file, "`hook_name`"),
        _whole(cfg, "d_in", file),
        _at_most(k, _whole(cfg, "d_sae", file), "d_sae", file),
        k,
        kind == "jumprelu",
        _truth(cfg, "apply_b_dec_to_input", True, file),
        k is not None and _truth(cfg, "rescale_acts_by_decoder_norm", False, file),
        name if isinstance(name, str) else "",
    )


def sparsify_settings(cfg: Mapping[str, Any], folder: Path, layer: int | None) -> Settings:
    """Return what a ``cfg.json`` of sparsify says; errors as `saelens_settings`."""
    file = folder / SETTINGS
    _require(cfg, file, "activation", ("topk", None), "Give a topk one.")
    for name in ("transcode", "skip_connection", "signed"):
        _require(cfg, file, name, (False, None), "Give an autoencoder of the residual stream.")
    d = _whole(cfg, "d_in", file)
    m = cfg.get("num_latents") or d * _whole({"expansion_factor": 32} | dict(cfg), "expansion_factor", file)
    k = _whole({"k": 32} | dict(cfg), "k", file)
    hook = cfg.get("hookpoint") or folder.resolve().name
    name = cfg.get("model_name", "")
    return Settings(
        _layer(hook, layer, file, "`hookpoint` or the name of the folder"),
        d,
        _at_most(k, _whole({"num_latents": m}, "num_latents", file), "num_latents", file),
        k,
        False,
        True,
        False,
        name if isinstance(name, str) else "",
    )


def _layer(hook: Any, layer: int | None, file: Path, field: str) -> int:
    """Return the layer that a hook is behind (`residual_layer`), and see that it is the one that was said."""
    found = residual_layer(hook) if isinstance(hook, str) else None
    if found is None:
        elsewhere = isinstance(hook, str) and re.search(r"hook_|mlp|attn|attention", hook)
        if elsewhere or layer is None:
            raise SteeringError(
                f"{file}: {field} says {hook!r}, which is no residual stream behind a layer. "
                + ("Give an autoencoder of one." if elsewhere else "Give its layer: read_autoencoder(..., layer=12).")
            )
        return layer
    if found < 0:
        raise SteeringError(f"{file}: {field} says {hook!r}, before the first layer. Give one behind a layer.")
    if layer is not None and layer != found:
        raise SteeringError(f"{file}: {field} says {hook!r}, that is layer {found}, not {layer}. Leave `layer` out.")
    return found


def _whole(cfg: Mapping[str, Any], name: str, file: Path) -> int:
    found = cfg.get(name)
    if isinstance(found, bool) or not isinstance(found, int) or found < 1:
        raise SteeringError(f"{file}: `{name}` is {found!r}. It must be a whole number of 1 or more.")
    return found


def _truth(cfg: Mapping[str, Any], name: str, default: bool, file: Path) -> bool:
    found = cfg.get(name, default)
    if not isinstance(found, bool):
        raise SteeringError(f"{file}: `{name}` is {found!r}. It must be true or false.")
    return found


def _at_most(k: int | None, features: int, name: str, file: Path) -> int:
    if k is not None and k > features:
        raise SteeringError(
            f"{file}: `k` is {k}, above `{name}`, {features}. Use the file that belongs to the weights."
        )
    return features


def _require(cfg: Mapping[str, Any], file: Path, name: str, allowed: tuple[Any, ...], remedy: str) -> None:
    if not any(cfg.get(name) is one or (isinstance(one, str) and cfg.get(name) == one) for one in allowed):
        raise SteeringError(f"{file}: `{name}` is {cfg[name]!r}, which is not supported. {remedy}")
