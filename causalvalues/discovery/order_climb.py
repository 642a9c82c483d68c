"""Search over orders for one correlation matrix: best-position moves, repeated from perturbed orders."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from causalvalues.discovery.order_state import OrderState, OrderTask
from causalvalues.frozen import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class OrderProblem:
    """What a search maximises: the score of a graph is the sum of -n/2 log(residual variance) - price * parents.

    Parameters
    ----------
    allowed : array (p, p) of bool
        Which edges may exist, [cause, effect].
    must : array (p, p) of bool
        Which edges must exist.
    n : float
        Rows that the score counts.
    price : float
        Cost of one edge in log score.
    limit : int
        Most parents a node may have.
    """

    allowed: BoolArray
    must: BoolArray
    n: float
    price: float
    limit: int


class OrderClimber:
    """Local and iterated local search on one correlation matrix.

    Parameters
    ----------
    R : array (p, p)
        Correlations, in the order of the sorted names.
    problem : OrderProblem
    deadline : float, default infinity
        `time.monotonic()` after which the search stops with what it has.
    """

    def __init__(self, R: FloatArray, problem: OrderProblem, deadline: float = np.inf) -> None:
        p = len(R)
        self.problem = problem
        self.deadline = deadline
        self.task = OrderTask(
            R=np.ascontiguousarray(R),
            allowed=np.ascontiguousarray(problem.allowed),
            must=np.ascontiguousarray(problem.must),
            fixed=problem.must.sum(axis=0).astype(np.int64),
            rule=np.array([problem.n / 2, problem.price]),
            before=np.zeros(p, dtype=bool),
            candidate=np.zeros(p, dtype=bool),
            work=np.zeros((problem.limit + 3, max(p, 2))),
        )

    @property
    def late(self) -> bool:
        """Whether the time is used up."""
        return time.monotonic() > self.deadline

    def start(self, order: IntArray) -> OrderState:
        """Return the state for an order; a node is moved behind the causes that it is required to have."""
        from causalvalues.discovery.order_move_kernels import refit, respect

        p = len(self.task.R)
        parents = np.zeros((p, self.problem.limit), dtype=np.int64)
        for v in range(p):
            parents[v, : self.task.fixed[v]] = np.flatnonzero(self.problem.must[:, v])
        state = OrderState(respect(order, self.task.must), parents, self.task.fixed.copy(), np.zeros(p))
        refit(state, self.task)
        return state

    def pivoted(self) -> OrderState:
        """Return the state for the order in which each next node has the smallest variance given the earlier ones."""
        from causalvalues.discovery.order_move_kernels import pivoted_order

        return self.start(pivoted_order(self.task.R))

    def climb(self, state: OrderState, generator: np.random.Generator) -> bool:
        """Move one node after the other to its best position until no move helps; return False when time ran out first.

        The nodes are visited in one random order, again and again. The state is changed in place.
        """
        from causalvalues.discovery.order_move_kernels import move_nodes

        p, still = len(self.task.R), 0
        nodes = generator.permutation(p)
        at_once = p if np.isinf(self.deadline) else max(1, 2000 // p)  # moves between two looks at the clock
        while still < p:
            for first in range(0, p, at_once):
                if self.late:
                    return False
                batch = nodes[first : first + at_once]
                unmoved = move_nodes(batch, state, self.task)
                still = still + unmoved if unmoved == len(batch) else unmoved
                if still >= p:
                    break
        return True

    def iterate(self, state: OrderState, restarts: int, generator: np.random.Generator) -> tuple[OrderState, bool]:
        """Repeat: swap about 4 log p pairs of nodes, climb, keep the result unless it is worse (iterated local search).

        Keeping results that are equally good lets the search wander among the orders of one equivalence class.

        Returns
        -------
        state : OrderState
            The best one found.
        complete : bool
            False when time ran out first.
        """
        from causalvalues.discovery.order_move_kernels import refit, respect

        p = len(self.task.R)
        swaps = max(1, round(4 * float(np.log(p))))
        for _ in range(restarts if p > 1 else 0):
            trial = state.copied()
            for _ in range(swaps):
                a, b = generator.choice(p, size=2, replace=False)
                trial.order[[a, b]] = trial.order[[b, a]]
            trial.order[:] = respect(trial.order, self.task.must)
            refit(trial, self.task)
            complete = self.climb(trial, generator)
            if trial.score > state.score - 1e-6:
                state = trial
            if not complete:
                return state, False
        return state, True
