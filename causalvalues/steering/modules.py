"""Where the layers and neurons of a model are."""

from __future__ import annotations

from typing import Any

from causalvalues.errors import SteeringError

LAYERS = ("layers", "h", "blocks", "transformer.h", "decoder.layers", "language_model.layers")
"""Paths from the base model (`model.base_model` of transformers) to the list of its decoder layers."""
DOWN = ("mlp.down_proj", "mlp.c_proj", "mlp.dense_4h_to_h", "mlp.fc2", "fc2", "feed_forward.w2")
"""Paths from a layer to the projection whose inputs are the neurons of its feed-forward block."""


def layers_of(model: Any) -> list[Any]:
    """Return the decoder layers of a transformers causal language model, the first one first.

    Raises
    ------
    SteeringError
        If none of the known paths leads to them; the message lists what the model has.
    """
    return list(_layers(model)[1])


def layer_prefix(model: Any) -> str:
    """Return what stands before the number of a layer in names of modules, seen from the base model: ``"layers."``."""
    return f"{_layers(model)[0]}."


def layer_at(model: Any, layer: int) -> Any:
    """Return one layer.

    Raises
    ------
    SteeringError
        If there is no such layer.
    """
    found = layers_of(model)
    if not 0 <= layer < len(found):
        raise SteeringError(f"There is no layer {layer}. The model has {len(found)}, counted from 0.")
    return found[layer]


def neurons_at(model: Any, layer: int) -> Any:
    """Return the projection whose inputs are the neurons of a layer (its feed-forward block, after the activation).

    Raises
    ------
    SteeringError
        If there is no such layer, or its parts have unknown names; the message lists what was found.
    """
    block = layer_at(model, layer)
    found = next((part for path in DOWN if (part := _part(block, path)) is not None), None)
    if found is None:
        names = ", ".join(name for name, _ in block.named_modules() if name)
        raise SteeringError(
            f"Layer {layer} has none of the parts {', '.join(DOWN)} whose inputs would be its neurons. It has: {names}."
        )
    return found


def stream_width(model: Any) -> int:
    """Return how wide the residual stream is."""
    return int(model.config.get_text_config().hidden_size)


def neuron_count(model: Any, layer: int) -> int:
    """Return how many neurons a layer has.

    Raises
    ------
    SteeringError
        As `neurons_at`.
    """
    return int(neurons_at(model, layer).weight.numel() // stream_width(model))


def _layers(model: Any) -> tuple[str, Any]:
    base = model.base_model
    for path in LAYERS:
        found = _part(base, path)
        if found is not None and len(found):
            return path, found
    names = ", ".join(name for name, _ in base.named_children())
    raise SteeringError(
        f"The model {type(model).__name__} has no decoder layers under any of {', '.join(LAYERS)}. "
        f"Its parts are: {names or 'none'}."
    )


def _part(module: Any, path: str) -> Any:
    for name in path.split("."):
        module = getattr(module, name, None)
        if module is None:
            return None
    return module
