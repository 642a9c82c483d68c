"""The structural causal model: a set of linear structural equation models, one for each draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.frozen import BoolArray, FloatArray, frozen_floats


@dataclass(frozen=True, eq=False)
class StructuralModel:
    """Draws of linear structural equations x_j = a_j + sum_i B[i, j] x_i + e_j over m nodes.

    The nodes are p values, k levers and the tried combinations of levers, in this order. Levers have no causes; a
    combination node is the product of the doses of its levers and is set with them, never by itself.

    Parameters
    ----------
    values : tuple of str, length p
    levers : tuple of str, length k
    combinations : tuple of tuple of str
        Each is a tuple of lever names.
    coefficients : array (s, m, m)
        B[draw, cause, effect], effect units per cause unit; each draw is acyclic.
    intercepts : array (s, m)
        a[draw, node]; zero for levers and combinations.
    residual_scales : array (s, m)
        Standard deviation of e; zero for levers and combinations.
    weights : array (s,)
        Normalised to sum 1 when made.
    kind : {"posterior", "bootstrap", "point"}
        What the draws are.
    givens : tuple of str
        Assumptions, carried over from discovery.
    measures : str
        As in `ResponseMatrix`.

    Raises
    ------
    ModelError
        If a draw has a cycle, something causes a lever, shapes differ, a number is not finite, a scale or weight is
        negative, or a name is empty or no text.
    """

    values: tuple[str, ...]
    coefficients: FloatArray
    intercepts: FloatArray
    residual_scales: FloatArray
    weights: FloatArray
    levers: tuple[str, ...] = ()
    combinations: tuple[tuple[str, ...], ...] = ()
    kind: str = "point"
    givens: tuple[str, ...] = field(default=())
    measures: str = "unknown"

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "values", tuple(self.values))
        put(self, "levers", tuple(self.levers))
        put(self, "combinations", tuple(tuple(levers) for levers in self.combinations))
        for name in (*self.values, *self.levers, *(lever for levers in self.combinations for lever in levers)):
            if not isinstance(name, str) or not name:
                raise ModelError(f"The node name {name!r} should be text that is not empty.")
        s, m = len(self.weights), len(self.nodes)
        try:
            weights = frozen_floats(self.weights, (s,), "weights")
            if not (np.isfinite(weights).all() and (weights >= 0).all() and 0 < weights.sum() < np.inf):
                raise ModelError("The weights of the draws should be finite, not negative, and more than 0 in all.")
            put(self, "coefficients", frozen_floats(self.coefficients, (s, m, m), "coefficients"))
            put(self, "intercepts", frozen_floats(self.intercepts, (s, m), "intercepts"))
            put(self, "residual_scales", frozen_floats(self.residual_scales, (s, m), "residual_scales"))
            put(self, "weights", frozen_floats(weights / weights.sum(), (s,), "weights"))
        except ValueError as error:
            raise ModelError(f"{error}; the nodes are {', '.join(self.nodes)}.") from None
        self._check_numbers()
        if len(set(self.nodes)) < m:
            raise ModelError(f"Node names must differ: {self.nodes}.")
        if self.coefficients[:, :, len(self.values) :].any():
            raise ModelError(
                "A lever has a cause. Levers are set by the experimenter, so nothing in the model acts on them."
            )
        self._check_acyclic()

    def _check_numbers(self) -> None:
        for what in ("coefficients", "intercepts", "residual_scales"):
            bad = np.argwhere(~np.isfinite(getattr(self, what)))
            if len(bad):
                draw, *ends = bad[0].tolist()
                at = " -> ".join(self.nodes[end] for end in ends)
                raise ModelError(f"The {what} of draw {draw} are not finite at {at}. Fit the model again.")
        if (self.residual_scales < 0).any():
            draw, node = np.argwhere(self.residual_scales < 0)[0].tolist()
            raise ModelError(f"The residual scale of {self.nodes[node]} in draw {draw} is negative; it is a deviation.")

    def _check_acyclic(self) -> None:
        p = len(self.values)
        edges = self.coefficients[:, :p, :p] != 0
        loops = np.flatnonzero(edges.diagonal(axis1=1, axis2=2).any(axis=0))
        if len(loops):
            raise ModelError(f"{self.values[loops[0]]} acts on itself in a draw. Every draw must be acyclic.")
        if any_cycle(edges):
            raise ModelError("The coefficients of a draw form a cycle. Every draw must be acyclic.")

    def __repr__(self) -> str:
        levers = f", {len(self.levers)} levers" if self.levers else ""
        draws = f"{len(self.weights)} {self.kind} draws"
        return f"StructuralModel({len(self.values)} values{levers}, {draws}; B[cause, effect])"

    @property
    def nodes(self) -> tuple[str, ...]:
        """Names of all m nodes: values, levers, combinations (``a+b``)."""
        return self.values + self.levers + tuple("+".join(levers) for levers in self.combinations)

    def place(self, node: str) -> int:
        """Return the index of a node; raise `ModelError` when it is unknown."""
        if node not in self.nodes:
            raise ModelError(f"There is no node {node!r} in this model." + did_you_mean(node, self.nodes))
        return self.nodes.index(node)

    @cached_property
    def total(self) -> FloatArray:
        """Total effects (s, m, m): (I - B)^-1, [draw, cause, effect]; exactly 0 where no path leads."""
        return path_sums(self.coefficients)

    @property
    def mean_coefficients(self) -> pd.DataFrame:
        """Weighted mean of the direct effects, [cause, effect]."""
        mean = np.tensordot(self.weights, self.coefficients, axes=1)
        return pd.DataFrame(mean, index=list(self.nodes), columns=list(self.nodes))

    @classmethod
    def from_coefficients(
        cls,
        names: Sequence[str],
        coefficients: FloatArray,
        intercepts: FloatArray | None = None,
        residual_scales: FloatArray | None = None,
        levers: Sequence[str] = (),
    ) -> StructuralModel:
        """Build the model of one draw from known numbers.

        Parameters
        ----------
        names : sequence of str, length m
            All nodes; those that are also in `levers` must stand last.
        coefficients : array (m, m)
            [cause, effect].
        intercepts : array (m,), default zeros
        residual_scales : array (m,), default ones (zeros for levers)
        levers : sequence of str, default ()

        Examples
        --------
        >>> model = StructuralModel.from_coefficients(["a", "b"], [[0, 2], [0, 0]])
        >>> float(model.total[0, 0, 1])
        2.0
        """
        names, levers = tuple(names), tuple(levers)
        m, p = len(names), len(names) - len(levers)
        if names[p:] != levers:
            raise ModelError(f"The levers must be the last nodes, in the same order: {names} and {levers}.")
        a = np.zeros(m) if intercepts is None else np.asarray(intercepts, dtype=float)
        scales = (
            np.r_[np.ones(p), np.zeros(m - p)] if residual_scales is None else np.asarray(residual_scales, dtype=float)
        )
        return cls(
            values=names[:p],
            levers=levers,
            coefficients=np.asarray(coefficients, dtype=float)[None],
            intercepts=a[None],
            residual_scales=scales[None],
            weights=np.ones(1),
        )


def any_cycle(graphs: BoolArray) -> bool:
    """Whether any graph (s, p, p) of a stack has a directed cycle: a walk of p edges visits a node twice.

    Examples
    --------
    >>> any_cycle(np.array([[[False, True], [True, False]]]))
    True
    """
    edges = graphs.astype(float)
    power = edges
    for _ in range(max(edges.shape[1] - 1, 0)):
        if not power.any():
            return False
        power = ((power @ edges) > 0).astype(float)
    return bool(power.any())


def path_sums(coefficients: FloatArray) -> FloatArray:
    """Return (I - B)^-1 = I + B + B^2 + ... for acyclic B, exactly zero where no directed path leads.

    The series ends after the longest path; (I + B)(I + B^2)(I + B^4)... sums it in few products.

    Parameters
    ----------
    coefficients : array (s, m, m)
        B[draw, cause, effect].

    Returns
    -------
    array (s, m, m)

    Examples
    --------
    >>> path_sums(np.array([[[0.0, 2.0, 1.0], [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]]]))[0].tolist()
    [[1.0, 2.0, 7.0], [0.0, 1.0, 3.0], [0.0, 0.0, 1.0]]
    """
    power = np.array(coefficients, dtype=np.float64)
    total = power + np.eye(power.shape[1])
    while True:
        power = power @ power
        if not power.any():
            return total
        total = total + total @ power
