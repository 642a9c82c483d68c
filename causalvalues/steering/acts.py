"""A lever inside a model as data: what is done, at which layer, in which direction, on which tokens."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from causalvalues.errors import SteeringError
from causalvalues.frozen import FloatArray, frozen_floats

Action = Literal["add", "clamp", "least_shift", "scale"]
Positions = str
"""``"all"``, ``"prompt"``, ``"answer"``, or ``"phrase:..."``."""

ACTIONS: tuple[Action, ...] = ("add", "clamp", "least_shift", "scale")
POSITIONS: tuple[Positions, ...] = ("all", "prompt", "answer")
PHRASE = "phrase:"
_MARKS = "+=|,;\n\r\t"


@dataclass(frozen=True, eq=False)
class Act:
    """What is done to the activations behind one layer.

    With h the activations of a token as the model made them, s the dose and c the coefficient:

    - ``"add"``: h + s c v (difference of means, sparse features);
    - ``"clamp"``: h + u (s c - u.(h - b)), u = v / |v|: the part along u becomes s c, counted from the offset b;
    - ``"least_shift"``: h + u max(0, (s c - v.h - a) / |v|), the least shift after which the probe with weights v and
      intercept a says a probability of at least sigmoid(s c) (Jin et al. 2025, ConVA);
    - ``"scale"``: h_j (1 + s c v_j) for each neuron j: with v_j = 1 and c = gamma - 1 a dose of 1 multiplies the neuron
      by gamma (Su et al. 2025, ValueLocate); c = -1 ablates it.

    Parameters
    ----------
    layer : int
        Decoder layer, from 0.
    direction : array (d,)
        v. For ``"scale"`` one number a neuron of the layer's feed-forward block (d is its width), else as wide as the
        residual stream, which is changed behind the layer.
    coefficient : float
        c, for a dose of 1.
    action : {"add", "clamp", "least_shift", "scale"}, default "add"
    intercept : float, default 0.0
        a, of ``"least_shift"``.
    offset : array (d,), optional
        b, of ``"clamp"``; default zero. An offset of zeros, or of another action, becomes None.

    Raises
    ------
    SteeringError
        If the direction is empty, zero or not finite, or a number is not finite.
    """

    layer: int
    direction: FloatArray
    coefficient: float
    action: Action = "add"
    intercept: float = 0.0
    offset: FloatArray | None = None

    def __repr__(self) -> str:
        return f"Act({self.action} at layer {self.layer}, {self.direction.size} numbers, {self.coefficient:g} a dose)"

    def __post_init__(self) -> None:
        put = object.__setattr__
        if isinstance(self.layer, bool) or not isinstance(self.layer, int | np.integer) or self.layer < 0:
            raise SteeringError(f"The layer {self.layer!r} is no whole number from 0. Layers are counted from 0.")
        put(self, "layer", int(self.layer))
        if self.action not in ACTIONS:
            raise SteeringError(f"The action {self.action!r} does not exist. Use one of {', '.join(ACTIONS)}.")
        where = f"The direction at layer {self.layer}"
        put(self, "direction", checked_direction(self.direction, where))
        for name in ("coefficient", "intercept"):
            number = getattr(self, name)
            if not isinstance(number, int | float | np.floating) or not math.isfinite(number):
                raise SteeringError(f"The {name} at layer {self.layer} is {number!r}. Give a finite number.")
            put(self, name, float(number))
        if self.offset is not None:
            offset = np.asarray(self.offset, dtype=np.float32).astype(np.float64)
            if offset.shape != self.direction.shape or not np.isfinite(offset).all():
                raise SteeringError(f"The offset at layer {self.layer} must be as wide as the direction, and finite.")
            put(self, "offset", frozen_floats(offset + 0.0) if self.action == "clamp" and offset.any() else None)

    @property
    def site(self) -> Literal["residual", "neurons"]:
        """Where it acts: behind the whole layer, or on the neurons of its feed-forward block."""
        return "neurons" if self.action == "scale" else "residual"


@dataclass(frozen=True, eq=False)
class TokenGate:
    """A detector that opens for tokens in whose state a value is in play.

    A token is steered when sigmoid(w.h + a) is above the threshold, h its state behind `layer` before any lever there
    acts. A gate reads behind the first layer that it guards or before; of neurons, behind the layer before theirs.

    Parameters
    ----------
    layer : int
    weights : array (d,)
        w.
    intercept : float
        a.
    threshold : float, default 0.5
        Between 0 and 1.
    """

    layer: int
    weights: FloatArray
    intercept: float
    threshold: float = 0.5

    def __repr__(self) -> str:
        return f"TokenGate(layer {self.layer}, opens above {self.threshold:g})"

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", checked_direction(self.weights, f"The gate at layer {self.layer}"))
        if not math.isfinite(self.intercept):
            raise SteeringError(f"The intercept of the gate at layer {self.layer} is not finite.")
        if not 0 < self.threshold < 1:
            raise SteeringError(f"The threshold of the gate is {self.threshold}. Give a probability between 0 and 1.")


@dataclass(frozen=True, eq=False)
class SteeringLever:
    """A named lever inside a model, for example the value vector of power at layers 6 and 8.

    Parameters
    ----------
    name : str
        As in tables of answers: ``"vec_power"``; without any of ``+ = | , ;``.
    acts : tuple of Act
        One or more; several at one layer add.
    value : str, default ""
        The value that it aims at.
    method : str, default "value_vector"
        How it was made: ``"value_vector"``, ``"probe"``, ``"least_shift"``, ``"neurons"``, ``"feature"`` ...
    positions : {"all", "prompt", "answer"} or "phrase:...", default "all"
        The tokens that it acts on: all; those before the assistant's turn; those whose states predict the answer (the
        last token of the prompt, and the answer); or those of a phrase wherever it stands in the prompt
        (``"phrase:your values"``, as Kang et al. 2025 steer), which must be there.
    gate : TokenGate, optional
    description : str, default ""
        What it does, in a few words.

    Raises
    ------
    SteeringError
        If the name is not usable, there is no act, or the gate reads behind an act that it guards.
    """

    name: str
    acts: tuple[Act, ...]
    value: str = ""
    method: str = "value_vector"
    positions: Positions = "all"
    gate: TokenGate | None = None
    description: str = ""

    def __repr__(self) -> str:
        return f"SteeringLever({self.name!r}, {self.method} at layers {list(self.layers)}, {self.positions} tokens)"

    def __post_init__(self) -> None:
        if not self.name.strip() or any(mark in self.name for mark in _MARKS):
            raise SteeringError(f"A lever has the name {self.name!r}. Give a short name without any of + = | , ;")
        object.__setattr__(self, "acts", tuple(self.acts))
        if not self.acts:
            raise SteeringError(f"The lever {self.name!r} does nothing. Give it one act or more.")
        if self.positions not in POSITIONS and not self.phrase:
            raise SteeringError(
                f"The lever {self.name!r} acts on {self.positions!r}. Use one of {', '.join(POSITIONS)}, or "
                f"{PHRASE}your values."
            )
        first = min(self.acts, key=lambda act: (act.layer, act.site == "residual"))
        if self.gate is not None and self.gate.layer > first.layer - (first.site == "neurons"):
            raise SteeringError(
                f"The gate of {self.name!r} reads behind layer {self.gate.layer}, and the lever acts "
                f"{'in' if first.site == 'neurons' else 'behind'} layer {first.layer}, before that. Let it read before "
                "the lever acts."
            )

    @property
    def phrase(self) -> str:
        """The phrase of the prompt that it acts on alone; "" when it acts elsewhere."""
        return self.positions.removeprefix(PHRASE).strip() if self.positions.startswith(PHRASE) else ""

    @property
    def layers(self) -> tuple[int, ...]:
        """The layers where it acts, ascending."""
        return tuple(sorted({act.layer for act in self.acts}))

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits of everything that it does; name and description do not count."""
        acts = [
            [act.layer, act.action, act.coefficient, act.intercept, _digest(act.direction), _digest(act.offset)]
            for act in self.acts
        ]
        gate = self.gate
        guard = None if gate is None else [gate.layer, _digest(gate.weights), gate.intercept, gate.threshold]
        text = json.dumps([sorted(acts, key=repr), self.positions, guard], separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def checked_direction(direction: Any, what: str) -> FloatArray:
    """Return a direction as a read-only array; its numbers are rounded to single precision, as files keep them.

    Raises
    ------
    SteeringError
        If it is no list of finite numbers, or all of them are zero; `what` begins the message.
    """
    try:
        with np.errstate(over="ignore"):
            found = np.asarray(direction, dtype=np.float32).astype(np.float64)
    except (TypeError, ValueError):
        raise SteeringError(f"{what} is no list of numbers.") from None
    if found.ndim != 1 or not found.size:
        raise SteeringError(f"{what} has the shape {found.shape}. Give one number for each activation.")
    lost = int((~np.isfinite(found)).sum())
    if lost:
        raise SteeringError(f"{what} has {lost} numbers of {found.size} that are not finite. Make it again.")
    if not found.any():
        raise SteeringError(f"{what} is zero everywhere, so it leads nowhere.")
    return frozen_floats(found + 0.0)  # zeros without a sign, so that equal directions have equal bytes


def check_names(levers: Sequence[SteeringLever]) -> None:
    """Raise `SteeringError` when two levers have the same name."""
    seen: set[str] = set()
    for lever in levers:
        if lever.name in seen:
            raise SteeringError(f"Two levers have the name {lever.name!r}. Rename one of them.")
        seen.add(lever.name)


def _digest(array: FloatArray | None) -> str:
    return "" if array is None else hashlib.sha256(np.ascontiguousarray(array, dtype="<f8").tobytes()).hexdigest()
