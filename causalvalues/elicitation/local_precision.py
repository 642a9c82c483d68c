"""How a local model multiplies: plain float32, float32 made of bfloat16 products, or coarse bfloat16."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from causalvalues.errors import ElicitationError, did_you_mean

if TYPE_CHECKING:
    import torch

Precision = Literal["split", "float32", "bfloat16"]
PRECISIONS: tuple[Precision, ...] = ("split", "float32", "bfloat16")


def require_precision(name: str) -> None:
    """Raise `ElicitationError` for a precision that does not exist."""
    if name not in PRECISIONS:
        raise ElicitationError(f"The precision {name!r} does not exist.{did_you_mean(name, PRECISIONS)}")


def split_products(model: Any) -> None:
    r"""Let every linear layer but the last of a float32 model multiply in three bfloat16 products.

    With :math:`x = x_h + x_l` and :math:`W = W_h + W_l`, where the first parts are rounded to bfloat16,

    .. math:: W x \approx W_h x_h + (W_h x_l + W_l x_h),

    the first product kept in float32, the small second one in bfloat16. What is left out, and the rounding of the small
    terms, is of relative size :math:`2^{-16}`. It needs a processor with bfloat16 matrix units to be quick.

    Parameters
    ----------
    model : torch.nn.Module
        Changed in place.
    """
    import torch

    parts = _Parts()
    for layer in list(model.modules()):
        if type(layer) is torch.nn.Linear and layer is not model.get_output_embeddings():
            layer.forward = _split_forward(layer, parts)


def rounded_products(model: Any) -> None:
    """Let every linear layer but the last of a float32 model multiply once in bfloat16; the rest stays float32.

    The quickest way on processors with bfloat16 matrix units; the mean log-probability per token of a statement is off
    by about .01 nats (root mean square).

    Parameters
    ----------
    model : torch.nn.Module
        Changed in place: the weights stay float32.
    """
    import torch

    for layer in list(model.modules()):
        if type(layer) is torch.nn.Linear and layer is not model.get_output_embeddings():
            layer.forward = _rounded_forward(layer.weight.detach().bfloat16(), layer.bias)


def _rounded_forward(weight: torch.Tensor, bias: torch.Tensor | None) -> Callable[[torch.Tensor], torch.Tensor]:
    from torch.nn.functional import linear

    def forward(x: torch.Tensor) -> torch.Tensor:
        product = linear(x.bfloat16(), weight).float()
        return product if bias is None else product.add_(bias)

    return forward


class _Parts:
    """The two parts of the last input, kept because several layers read the same input."""

    def __init__(self) -> None:
        self._whole: torch.Tensor | None = None
        self._found: tuple[torch.Tensor, torch.Tensor] | None = None

    def of(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return x_h in float32, and [x_l, x_h] in bfloat16."""
        import torch

        if self._whole is not x or self._found is None:
            width = x.shape[-1]
            both = torch.empty((*x.shape[:-1], 2 * width), dtype=torch.bfloat16, device=x.device)
            upper = both[..., width:].copy_(x).float()
            both[..., :width].copy_(torch.sub(x, upper))
            self._whole, self._found = x, (upper, both)
        return self._found


def _split_forward(layer: Any, parts: _Parts) -> Callable[[torch.Tensor], torch.Tensor]:
    import torch
    from torch.nn.functional import linear

    weight, bias = layer.weight.detach(), layer.bias
    high = weight.bfloat16()
    low = (weight - high.float()).bfloat16()
    correct = _packed(torch.cat([high, low], dim=1))  # meets [x_l, x_h]
    upper_weight = high.float()
    layer.weight = torch.nn.Parameter(upper_weight, requires_grad=False)

    def forward(x: torch.Tensor) -> torch.Tensor:
        upper, both = parts.of(x)
        torch.set_float32_matmul_precision("medium")  # exact for these factors; attention stays float32
        try:
            large = linear(upper, upper_weight, bias)
        finally:
            torch.set_float32_matmul_precision("highest")
        return large.add_(correct(both))

    return forward


def _packed(weight: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return the product with a bfloat16 matrix, laid out once for the processor where torch offers that."""
    import torch
    from torch.nn.functional import linear

    known = hasattr(torch.ops.mkldnn, "_reorder_linear_weight") and torch.backends.mkldnn.is_available()
    if weight.device.type != "cpu" or not known:
        return lambda x: linear(x, weight)
    laid_out = torch.ops.mkldnn._reorder_linear_weight(weight, 256)
    product = torch.ops.mkldnn._linear_pointwise
    return lambda x: product(x, laid_out, None, "none", [], "")


@contextlib.contextmanager
def arithmetic(threads: int | None) -> Iterator[None]:
    """Compute in plain float32, with so many threads and no gradients; what torch had set before comes back after.

    Parameters
    ----------
    threads : int or None
        None leaves the number of threads as it is.
    """
    import torch

    before, count = torch.get_float32_matmul_precision(), torch.get_num_threads()
    torch.set_float32_matmul_precision("highest")
    if threads is not None:
        torch.set_num_threads(threads)
    try:
        with torch.inference_mode():
            yield
    finally:
        torch.set_float32_matmul_precision(before)
        torch.set_num_threads(count)
