"""Search over orders for given correlations: best-position moves, repeated from perturbed orders."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Event

import numpy as np

from causalvalues.discovery.order_state import Memo, OrderState, OrderTask, ParentBasis
from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.randomness import stream

SMALL_GAIN = 1e-7  # smallest gain in log score that counts, so that rounding decides nothing
SLOTS = 2**13  # questions that a search remembers
MOST_REMEMBERED = 16  # most parents in an answer that is remembered


@dataclass(frozen=True, eq=False)
class OrderProblem:
    """What a search maximises: the score of a graph is the sum of -n/2 log(residual variance) - price * parents.

    Parameters
    ----------
    allowed : array (p, p) of bool
        Which edges may exist, [cause, effect].
    must : array (p, p) of bool
        Which edges must exist.
    n : float or array (p,)
        Rows that the score counts, for all nodes or for each.
    price : float or array (p,)
        Cost of one edge in log score, for all nodes or for each.
    limit : int
        Most parents a node may have.
    which : array (p,) of int, or None
        The correlation matrix that each node is scored with; None where there is one.
    """

    allowed: BoolArray
    must: BoolArray
    n: float | FloatArray
    price: float | FloatArray
    limit: int
    which: IntArray | None = None


class OrderClimber:
    """Local and iterated local search on one correlation matrix, or on one for each part of the rows.

    Parameters
    ----------
    R : array (p, p) or (f, p, p)
        Correlations, in the order of the sorted names.
    problem : OrderProblem
    deadline : float, default infinity
        `time.monotonic()` after which the search stops with what it has.
    stop : threading.Event, optional
        Set by another thread to stop the search.
    """

    def __init__(
        self, R: FloatArray, problem: OrderProblem, deadline: float = np.inf, stop: Event | None = None
    ) -> None:
        p = R.shape[-1]
        self.problem = problem
        self.deadline = deadline
        self.stop = stop
        self.task = OrderTask(
            R=np.ascontiguousarray(R.reshape(-1, p, p)),
            which=np.zeros(p, dtype=np.int64) if problem.which is None else np.ascontiguousarray(problem.which),
            allowed=np.ascontiguousarray(problem.allowed),
            must=np.ascontiguousarray(problem.must),
            fixed=problem.must.sum(axis=0).astype(np.int64),
            rule=_rule(problem, p),
            before=np.zeros(p, dtype=bool),
            candidate=np.zeros(p, dtype=bool),
            basis=ParentBasis(np.zeros((problem.limit, p)), np.zeros(p), np.zeros(p), np.zeros(max(p, 2))),
            own=np.zeros(problem.limit, dtype=np.int64),
            other=np.zeros(problem.limit, dtype=np.int64),
            shares=np.zeros(p),
            memo=_memo(p),
        )

    @property
    def late(self) -> bool:
        """Whether the time is used up, or the search was stopped."""
        return time.monotonic() > self.deadline or (self.stop is not None and self.stop.is_set())

    def start(self, order: IntArray) -> OrderState:
        """Return the state for an order; a node is moved behind the causes that it is required to have."""
        from causalvalues.discovery.order_move_kernels import refit, respect

        p = len(self.task.which)
        parents = np.zeros((p, self.problem.limit), dtype=np.int64)
        for v in range(p):
            parents[v, : self.task.fixed[v]] = np.flatnonzero(self.problem.must[:, v])
        state = OrderState(
            respect(order, self.task.must), parents, self.task.fixed.copy(), np.zeros(p), np.zeros((p, p))
        )
        refit(state, self.task)
        return state

    def pivoted(self) -> OrderState:
        """Return the state for the order in which each next node has the smallest variance given the earlier ones."""
        from causalvalues.discovery.order_move_kernels import pivoted_order

        return self.start(pivoted_order(self.task.R[0]))

    def climb(self, state: OrderState, generator: np.random.Generator) -> bool:
        """Move one node after the other to its best position until no move helps; return False when time ran out first.

        The nodes are visited in one random order, again and again. The state is changed in place.
        """
        from causalvalues.discovery.order_move_kernels import move_nodes

        p = len(self.task.which)
        nodes, progress = generator.permutation(p), np.zeros(3, dtype=np.int64)
        highest = np.array([state.score])
        while progress[1] < p:
            if self.late:
                return False
            progress[2] = max(1, 2000 // p)  # nodes between two looks at the clock
            move_nodes(nodes, state, self.task, progress, highest)
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
        from causalvalues.discovery.order_move_kernels import perturb

        p = len(self.task.which)
        swaps = max(1, round(4 * float(np.log(p))))
        for _ in range(restarts if p > 1 else 0):
            trial = state.copied()
            ends = generator.integers((p, p - 1), size=(swaps, 2))
            ends[:, 1] += ends[:, 1] >= ends[:, 0]  # two different places
            perturb(ends, trial, self.task)
            complete = self.climb(trial, generator)
            if trial.score > state.score - 1e-6:
                state = trial
            if not complete:
                return state, False
        return state, True


def _rule(problem: OrderProblem, p: int) -> FloatArray:
    """The price of an edge in log score, and as the shares of a residual variance that `OrderTask.rule` speaks of."""
    half_n, price = np.broadcast_to(problem.n, p) / 2, np.broadcast_to(problem.price, p)
    gained = -np.expm1(-(price + SMALL_GAIN) / half_n)
    kept = np.expm1(np.minimum((price - SMALL_GAIN) / half_n, 700.0))
    return np.ascontiguousarray(np.stack([half_n, price, gained, kept], axis=1))


def _memo(p: int) -> Memo:
    return Memo(
        codes=stream(0, "codes of nodes").integers(0, 2**63 - 1, size=(p, 3)),
        keys=np.full(SLOTS, -1, dtype=np.int64),
        parents=np.zeros((SLOTS, MOST_REMEMBERED), dtype=np.int16),
        counts=np.zeros(SLOTS, dtype=np.int64),
        scores=np.zeros(SLOTS),
    )
