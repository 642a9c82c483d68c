"""Training a top-k sparse autoencoder on states of tokens (Gao et al. 2024)."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from causalvalues.errors import SteeringError
from causalvalues.randomness import require_whole, stream
from causalvalues.steering.sparse_autoencoder import Floats, SparseAutoencoder, typical_activations

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class SparseTraining:
    """How a sparse autoencoder is trained.

    Parameters
    ----------
    features : int, optional
        m. Default: four times the width of the states.
    k : int, default 32
        Features active on a token.
    tokens : int, default 600_000
        Tokens read in all; the states are gone through again, in another order, until that many were read.
    batch : int, default 1024
        2 or more; the last batch of a turn has between half and one and a half times as many.
    rate : float, optional
        Step size of Adam. Default: .0002 / sqrt(m / 16384) (Gao et al., section 2.1), twice that for the few steps of
        a small training; it rises over the first 5% of the steps and falls to zero over the last 20%.
    dead_after : int, default 30_000
        A feature is dead when it was active on none of the last so many tokens. The d / 2 most nearly active dead
        features learn from what the others leave over (AuxK, weight 1/32).
    seed : int, default 0
    threads : int, optional
        Threads of torch. Default: as torch is set.
    device : {"auto", "cpu", "cuda"}, default "auto"
        ``"auto"`` takes a GPU when torch sees one.

    Raises
    ------
    SteeringError
        If a setting is not as said.
    """

    features: int | None = None
    k: int = 32
    tokens: int = 600_000
    batch: int = 1024
    rate: float | None = None
    dead_after: int = 30_000
    seed: int = 0
    threads: int | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"

    def __post_init__(self) -> None:
        for name in ("features", "k", "tokens", "batch", "dead_after", "threads"):
            number = getattr(self, name)
            if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < 1):
                raise SteeringError(f"`{name}` is {number!r}. Give a whole number of 1 or more.")
        if self.batch < 2:
            raise SteeringError("`batch` is 1. Give 2 or more: what is learned is measured by how states differ.")
        require_whole("seed", self.seed, 0)
        if self.rate is not None and not (math.isfinite(self.rate) and self.rate > 0):
            raise SteeringError(f"`rate` is {self.rate!r}. Give a step size above 0, such as .001.")
        if self.device not in ("auto", "cpu", "cuda"):
            raise SteeringError(f"The device {self.device!r} does not exist. Use 'auto', 'cpu' or 'cuda'.")


def train_autoencoder(
    states: Any, layer: int, training: SparseTraining | None = None, model: str = ""
) -> SparseAutoencoder:
    """Train a top-k sparse autoencoder.

    Parameters
    ----------
    states : array (tokens, d)
        Of many tokens, without the first ones of texts (`capture_tokens` leaves them out).
    layer : int
        Where they are from.
    training : SparseTraining, optional
    model : str, default ""
        Name of the language model.

    Returns
    -------
    SparseAutoencoder
        Rows of W_dec have length 1; features are in the units of the states; `typical` is set. The same bytes for the
        same states, settings and number of threads on one processor; another number of threads may round sums
        otherwise, and a GPU adds them in any order.

    Raises
    ------
    SteeringError
        If the states are not finite, all the same or fewer than k, or the training diverges (a smaller `rate` helps).

    Notes
    -----
    Gao et al. (2024), Scaling and evaluating sparse autoencoders, sections 2.1-2.4 and A: b_dec starts at the geometric
    median, W_enc at the transpose of W_dec; the part of the gradient along a row of W_dec is left out, and rows get
    length 1 again after each step. While it is trained the states have mean square 1 per dimension; that is folded into
    b_enc and b_dec at the end. Here b_dec learns from what is decoded only.
    """
    training = training or SparseTraining()
    found = np.asarray(states, dtype=np.float32)
    if found.ndim != 2 or not found.size or not np.isfinite(found).all():
        raise SteeringError(f"The states have the shape {found.shape}, or are not finite. Give (tokens, d).")
    m = training.features or 4 * found.shape[1]
    if training.k > m or len(found) < training.k:
        raise SteeringError(f"k is {training.k}, with {m} features and {len(found)} tokens. Give a smaller k.")
    middle = _geometric_median(found, training.seed)
    scale = 1 / math.sqrt(max(float(((found - middle) ** 2).mean()), 1e-30))
    if scale > 1e12:
        raise SteeringError("All states are the same, so there is nothing to learn. Give states of many tokens.")
    with _threads(training.threads):
        W_enc, b_enc, W_dec, b_dec = _Trainer(found, middle, scale, m, training).run()
    made = SparseAutoencoder(
        layer, W_enc, b_enc / np.float32(scale), W_dec, middle + b_dec / np.float32(scale), training.k, model=model
    )
    return replace(made, typical=typical_activations(made, found))


class _Trainer:
    """One training: parameters, their optimiser, and how long ago each feature was active."""

    def __init__(self, states: Floats, middle: Floats, scale: float, m: int, training: SparseTraining) -> None:
        import torch

        self._set, self._scale, self._d, self._m = training, scale, states.shape[1], m
        cuda = torch.cuda.is_available()
        if training.device == "cuda" and not cuda:
            raise SteeringError("torch sees no GPU here. Use device='cpu' or 'auto'.")
        self._device = "cuda" if training.device != "cpu" and cuda else "cpu"
        self._states = torch.from_numpy(np.ascontiguousarray(states))
        self._middle = torch.tensor(middle, device=self._device)
        rows = stream(training.seed, "sparse autoencoder", "directions").standard_normal((m, self._d))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        self._decoder = self._leaf(rows)
        self._encoder = self._leaf(rows)  # kept transposed, (m, d)
        self._encoder_bias, self._decoder_bias = self._leaf(np.zeros(m)), self._leaf(np.zeros(self._d))
        self._silent = torch.zeros(m, dtype=torch.int64, device=self._device)
        rate = training.rate or 2 * 2e-4 / math.sqrt(m / 2**14)
        leaves = [self._decoder, self._encoder, self._encoder_bias, self._decoder_bias]
        self._adam = torch.optim.Adam(leaves, lr=rate, betas=(0.9, 0.999), eps=6.25e-10)
        self._rate = rate

    def run(self) -> tuple[Floats, Floats, Floats, Floats]:
        batches = list(_batches(len(self._states), self._set))
        for step, places in enumerate(batches):
            self._adam.param_groups[0]["lr"] = self._rate * _share_of_rate(step / len(batches))
            x = (self._states[places].to(self._device) - self._middle) * self._scale
            loss = self._loss(x)
            if not math.isfinite(loss.item()):
                raise SteeringError(
                    f"The training diverged in step {step + 1} of {len(batches)}. Give a smaller `rate` than "
                    f"{self._rate:.2g}."
                )
            self._step(loss)
        return (
            _numpy(self._encoder.T),
            _numpy(self._encoder_bias),
            _numpy(self._decoder),
            _numpy(self._decoder_bias),
        )

    def _loss(self, x: torch.Tensor) -> torch.Tensor:
        """Return the share of variance left over, and that of the dead features' guess at it over 32."""
        import torch
        from torch.nn.functional import embedding_bag

        before = (x - self._decoder_bias.detach()) @ self._encoder.T + self._encoder_bias
        values, places = before.topk(self._set.k, dim=1, sorted=False)
        values = values.relu()
        back = embedding_bag(places, self._decoder, per_sample_weights=values, mode="sum") + self._decoder_bias
        spread = ((x - x.mean(0)) ** 2).sum()
        left = x - back
        loss = (left**2).sum() / spread
        self._silent += len(x)
        self._silent[places[values > 0]] = 0
        dead = torch.nonzero(self._silent > self._set.dead_after)[:, 0]
        if len(dead):
            nearest = before[:, dead].relu()
            most = min(self._d // 2, len(dead)) or 1
            if most < len(dead):
                top, where = nearest.topk(most, dim=1, sorted=False)
                nearest = torch.zeros_like(nearest).scatter(1, where, top)
            loss = loss + ((nearest @ self._decoder[dead] - left.detach()) ** 2).sum() / spread / 32
        return loss

    def _step(self, loss: torch.Tensor) -> None:
        import torch

        self._adam.zero_grad()
        loss.backward()
        with torch.no_grad():
            rows, slope = self._decoder, self._decoder.grad
            slope -= (slope * rows).sum(1, keepdim=True) * rows
            self._adam.step()
            rows /= torch.linalg.vector_norm(rows, dim=1, keepdim=True).clamp(min=1e-12)

    def _leaf(self, array: Any) -> torch.Tensor:
        import torch

        return torch.tensor(array, dtype=torch.float32, device=self._device, requires_grad=True)


def _batches(tokens: int, training: SparseTraining) -> Iterator[Any]:
    """Yield places of tokens, each of them once before any comes again; less than half a batch joins the one before."""
    import torch

    wanted, size = training.tokens, min(training.batch, tokens)
    for turn in range(math.ceil(wanted / tokens)):
        order = torch.from_numpy(stream(training.seed, "sparse autoencoder", "order", turn).permutation(tokens))
        start, most = 0, min(tokens, wanted - turn * tokens)
        while start < most:
            stop = start + size if tokens - start - size >= size / 2 else tokens
            yield order[start:stop]
            start = stop


def _share_of_rate(done: float) -> float:
    return min((done + 1e-3) / 0.05, (1 - done) / 0.2, 1.0)


def _geometric_median(states: Floats, seed: int) -> Floats:
    """Return the point with the least mean distance from (a sample of) the states (Weiszfeld's iteration)."""
    some = states
    if len(states) > 10_000:
        some = states[np.sort(stream(seed, "median").choice(len(states), 10_000, replace=False))]
    middle = some.mean(0, dtype=np.float64).astype(np.float32)
    for _ in range(20):
        weights = 1 / np.maximum(np.linalg.norm(some - middle, axis=1), 1e-6)
        middle = (weights[:, None] * some).sum(0) / weights.sum()
    return np.asarray(middle, dtype=np.float32)


def _numpy(tensor: torch.Tensor) -> Floats:
    return np.asarray(tensor.detach().cpu().numpy(), dtype=np.float32)


@contextlib.contextmanager
def _threads(wanted: int | None) -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(wanted or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
