"""Levers at work: forward hooks that are always removed."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from causalvalues.elicitation.local_steering import Fed, Find, Watch
from causalvalues.errors import SteeringError
from causalvalues.frozen import BoolArray
from causalvalues.steering.acts import Act, SteeringLever, TokenGate
from causalvalues.steering.modules import layer_at, neuron_count, neurons_at, stream_width

if TYPE_CHECKING:
    import torch

Dosed = tuple[SteeringLever, float]


@contextmanager
def steered(model: Any, levers: Sequence[Dosed], find: Find | None = None) -> Iterator[Watch | None]:
    """Let levers act on a model inside the context; whatever happens there, the model is as before after it.

    Levers at one layer add: each sees the activations as the model made them, and the sum of the changes is added.

    Parameters
    ----------
    model : transformers causal language model
    levers : sequence of (SteeringLever, float)
        With their doses. A dose of 0 does nothing.
    find : callable, optional
        Returns which tokens of the prompt hold a phrase, for levers that act there alone.

    Yields
    ------
    callable or None
        To be told which tokens are about to be read (`Fed`), when a lever acts on some of them alone.

    Raises
    ------
    SteeringError
        If a layer does not exist, a direction is not as wide as the model, the model has no parts of known names; or,
        while the model reads, if activations go to infinity (the message names levers, doses and layer).
    """
    acting = [(lever, float(dose)) for lever, dose in levers if dose != 0]
    sites = _sites(model, acting, {lever.phrase: _found(lever, find) for lever, _ in acting if lever.phrase})
    handles: list[Any] = []
    try:
        for site in sites:
            handles.append(site.attach())
        listens = any(lever.positions != "all" for lever, _ in levers)
        yield _Told(sites) if listens else None
    finally:
        for handle in handles:
            handle.remove()


class _Told:
    """Passes on to every site which tokens are about to be read."""

    def __init__(self, sites: Sequence[_Site]) -> None:
        self._sites = sites

    def __call__(self, fed: Fed) -> None:
        for site in self._sites:
            site.fed = fed


class _Site:
    """One place of the model, with everything that is done there."""

    def __init__(
        self, model: Any, place: tuple[int, bool], gates: dict[int, torch.Tensor], phrases: Mapping[str, BoolArray]
    ) -> None:
        layer, neurons = place
        self.fed: Fed | None = None
        self._phrases = phrases
        self._module = neurons_at(model, layer) if neurons else layer_at(model, layer)
        self._neurons = neurons
        self._gates = gates
        self._where = f"{'in the neurons of' if neurons else 'behind'} layer {layer}"
        self._acts: list[tuple[int, Dosed, Callable[[torch.Tensor], torch.Tensor]]] = []
        self._readers: list[tuple[int, Callable[[torch.Tensor], torch.Tensor]]] = []

    def act(self, number: int, dosed: Dosed, act: Act, like: torch.Tensor) -> None:
        """Let a lever (by its number) act here."""
        self._acts.append((number, dosed, _change(act, dosed, like)))

    def read(self, number: int, gate: TokenGate, like: torch.Tensor) -> None:
        """Let the gate of a lever (by its number) read here."""
        self._readers.append((number, _reader(gate, like)))

    def attach(self) -> Any:
        """Hook it to the model."""
        if self._neurons:
            return self._module.register_forward_pre_hook(lambda _, given: (self._moved(given[0]), *given[1:]))
        return self._module.register_forward_hook(self._behind)

    def _behind(self, module: Any, given: Any, made: Any) -> Any:  # noqa: ARG002
        if isinstance(made, tuple):
            return (self._moved(made[0]), *made[1:])
        return self._moved(made)

    def _moved(self, states: torch.Tensor) -> torch.Tensor:
        """Return the states (..., m, d) with every change added."""
        for number, reader in self._readers:
            self._gates[number] = reader(states)
        if not self._acts:
            return states
        found = states
        for number, dosed, change in self._acts:
            part = change(states)
            mask = self._mask(number, dosed[0], states)
            found = found + (part if mask is None else part * mask)
        # Squares, for norms overflow long before sums do, and a model then says something without any meaning.
        if not math.isfinite(float(found.detach().float().square().sum())):
            named = " with ".join(f"{lever.name!r} at dose {dose:g}" for _, (lever, dose), _ in self._acts)
            raise SteeringError(f"{named} sends the activations {self._where} to infinity. Lower the dose.")
        return found

    def _here(self, lever: SteeringLever, fed: Fed) -> BoolArray:
        """Return which of the tokens that are read a lever acts on."""
        if not lever.phrase:
            return fed.answer if lever.positions == "answer" else ~fed.answer
        held = self._phrases[lever.phrase]
        return np.asarray(held[np.minimum(fed.depths, len(held) - 1)] & (fed.depths < len(held)))

    def _mask(self, number: int, lever: SteeringLever, states: torch.Tensor) -> torch.Tensor | None:
        """Return 1 for the tokens that a lever acts on, 0 for the others, (..., m, 1); None for all."""
        import torch

        mask = self._gates[number] if lever.gate is not None else None
        if lever.positions != "all":
            if self.fed is None or self.fed.answer.shape[-1] != states.shape[-2]:
                raise SteeringError(
                    f"{lever.name!r} acts on the {lever.positions} alone, and was not told which tokens are read."
                )
            here = torch.from_numpy(self._here(lever, self.fed)).to(states.device)[..., None].to(states.dtype)
            mask = here if mask is None else mask * here
        return mask


def _found(lever: SteeringLever, find: Find | None) -> BoolArray:
    """Return which tokens of the prompt hold the phrase of a lever."""
    if find is None:
        raise SteeringError(f"{lever.name!r} acts on the phrase {lever.phrase!r} of a prompt, and here is no prompt.")
    held = find(lever.phrase)
    if not held.any():
        raise SteeringError(
            f"{lever.name!r} acts on the phrase {lever.phrase!r}, which the prompt does not hold. Choose words of the "
            "question or of the persona."
        )
    return held


def _sites(model: Any, levers: Sequence[Dosed], phrases: Mapping[str, BoolArray]) -> list[_Site]:
    """Return the places where something is done, in the order in which the model comes to them."""
    like = next(model.parameters())
    gates: dict[int, torch.Tensor] = {}
    acts: dict[tuple[int, bool], list[tuple[int, Dosed, Act]]] = defaultdict(list)
    for number, (lever, dose) in enumerate(levers):
        for act in lever.acts:
            acts[act.layer, act.site == "residual"].append((number, (lever, dose), act))
        if lever.gate is not None:
            acts.setdefault((lever.gate.layer, True), [])
    found = []
    for layer, residual in sorted(acts):
        site = _Site(model, (layer, not residual), gates, phrases)
        for number, dosed, act in acts[layer, residual]:
            _check_width(model, dosed[0], act.direction.size, layer, residual)
            site.act(number, dosed, act, like)
        for number, (lever, _) in enumerate(levers):
            gate = lever.gate
            if residual and gate is not None and gate.layer == layer:
                _check_width(model, lever, gate.weights.size, layer, True)
                site.read(number, gate, like)
        found.append(site)
    return found


def _check_width(model: Any, lever: SteeringLever, width: int, layer: int, residual: bool) -> None:
    needed = stream_width(model) if residual else neuron_count(model, layer)
    if width != needed:
        raise SteeringError(
            f"{lever.name!r} has a direction of {width} numbers for layer {layer}, which has {needed} "
            f"{'activations' if residual else 'neurons'}. It was made for another model or place; make it again for "
            "this one."
        )


def _change(act: Act, dosed: Dosed, like: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return what an act adds to states, see `Act`."""
    import torch

    def tensor(array: Any) -> torch.Tensor:
        return torch.tensor(array, dtype=torch.float32, device=like.device)

    amount = dosed[1] * act.coefficient
    direction = tensor(act.direction)
    if act.action == "add":
        shift = (direction * amount).to(like.dtype)
        return lambda _: shift
    if act.action == "scale":
        factor = (direction * amount).to(like.dtype)
        return lambda states: states * factor
    length = torch.linalg.vector_norm(direction)
    unit = direction / length
    if act.action == "clamp":
        offset = tensor(act.offset) if act.offset is not None else torch.zeros_like(direction)
        return lambda states: ((amount - (states.float() - offset) @ unit)[..., None] * unit).to(states.dtype)
    intercept = act.intercept

    def least(states: torch.Tensor) -> torch.Tensor:
        lacking = (amount - states.float() @ direction - intercept) / length
        return (lacking.clamp(min=0)[..., None] * unit).to(states.dtype)

    return least


def _reader(gate: TokenGate, like: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return what tells from states where a gate is open, (..., m, 1)."""
    import torch

    weights = torch.tensor(gate.weights, dtype=torch.float32, device=like.device)
    level = math.log(gate.threshold / (1 - gate.threshold)) - gate.intercept
    return lambda states: (states.float() @ weights > level)[..., None].to(states.dtype)
