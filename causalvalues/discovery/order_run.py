"""One run of the order search: the graph of the data, and graphs of bootstrap samples, in threads and with a folder."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np

from causalvalues.discovery.bootstrap_folder import DrawFolder, fingerprint
from causalvalues.discovery.bootstrap_samples import BootstrapSamples
from causalvalues.discovery.draw_runner import Draw, available_workers, run_draws
from causalvalues.discovery.exact_problem import free_rows, require_part, row_givens
from causalvalues.discovery.order_climb import OrderClimber, OrderProblem
from causalvalues.errors import DiscoveryError
from causalvalues.evidence import Environments, Evidence
from causalvalues.evidence.environments import value_parts
from causalvalues.frozen import BoolArray
from causalvalues.graph import Knowledge
from causalvalues.graph.equivalence import random_member
from causalvalues.graph.targets import separated_pairs
from causalvalues.randomness import stream

if TYPE_CHECKING:
    from causalvalues.discovery.order_search import OrderSearch

VERSION = 2  # raised when the same seed gives other graphs, so that a folder never mixes them


class OrderRun:
    """The problem in sorted-name order, the clock, and the draws that are done.

    Parameters
    ----------
    evidence : Evidence or Environments
    method : OrderSearch
    knowledge : Knowledge
    seed : int

    Raises
    ------
    DiscoveryError, CheckError, KnowledgeError
        As in `causalvalues.discovery.order_search.order_search`.
    """

    def __init__(self, evidence: Evidence | Environments, method: OrderSearch, knowledge: Knowledge, seed: int) -> None:
        self.evidence, self.method, self.knowledge, self.seed = evidence, method, knowledge, seed
        self.names = tuple(sorted(evidence.names))
        self.places = [evidence.names.index(name) for name in self.names]
        p, q = len(self.names), len(evidence.columns) - len(self.names)
        if p < 2:
            raise DiscoveryError(f"A graph needs at least two values; there is {p}.")
        for place, part in enumerate(value_parts(evidence)[0]):
            where = free_rows(evidence, place)
            if part.n < p + q + 2:
                raise DiscoveryError(
                    f"{where}{part.n} rows are too few for {p} values and {q} design columns: the correlations are "
                    f"singular, and any graph would fit. Collect at least {p + q + 2} rows, or learn on fewer values."
                )
            require_part(part, where)
        self.samples = BootstrapSamples(evidence, seed)
        fewest = float(self.samples.n.min())
        must = knowledge.must(self.names)
        self.problem = OrderProblem(
            allowed=knowledge.allowed(self.names),
            must=must,
            n=self.samples.n,
            price=method.penalty / 2 * np.log(self.samples.n) + 2 * method.ebic * float(np.log(p)),
            limit=max(1, int(must.sum(axis=0).max(initial=0)), min(p - 1, int(fewest / 4))),
            which=self.samples.which,
        )
        targets = () if isinstance(evidence, Evidence) else evidence.targets
        self._fixed = ~self.problem.allowed.T | separated_pairs(self.names, targets)
        self.draws: dict[int, Draw] = {}
        self._stop, self._late = threading.Event(), False
        _compile()
        self._start = time.monotonic()

    @property
    def score_name(self) -> str:
        """The score in words."""
        extended = f", extended with gamma {self.method.ebic:g}" if self.method.ebic else ""
        return f"Gaussian BIC x {self.method.penalty:g}{extended}"

    @property
    def found(self) -> list[BoolArray]:
        """Graphs of the complete draws in the order of their numbers; if there is none, of the first draw."""
        numbers = sorted(self.draws)
        complete = [self.draws[i].graph for i in numbers if self.draws[i].complete]
        graphs = [graph for graph in complete if graph is not None]
        cut = [graph for i in numbers if (graph := self.draws[i].graph) is not None]
        return graphs or cut[:1]

    @property
    def unusable(self) -> int:
        """How many samples carry no graph, because a value does not vary in them."""
        return sum(draw.complete and draw.graph is None for draw in self.draws.values())

    def run(self) -> tuple[BoolArray, float, bool]:
        """Search on the data and on the samples; return the graph of the data, its score, and whether it is complete.

        What an earlier run left in the folder is used, and what is finished is kept there.
        """
        method, folder = self.method, self._folder()
        kept = {} if folder is None else folder.draws
        self.draws = {number: Draw(graph) for number, graph in kept.items() if number < method.resamples}
        numbers = [number for number in range(method.resamples) if number not in self.draws]

        def take(number: int, draw: Draw) -> None:
            self.draws[number] = draw
            if folder is not None and draw.complete:
                folder.add(number, draw.graph)

        try:
            if folder is not None and folder.best is not None:
                best, score, complete = *folder.best, True
            else:
                best, score, complete = self.on_the_data()
                if folder is not None and complete:
                    folder.keep_best(best, score)
            run_draws(self.draw, numbers, take, self._stop, method.workers or available_workers())
        except KeyboardInterrupt:
            raise KeyboardInterrupt(self._how_to_go_on()) from None
        finally:
            if folder is not None:
                folder.write()
        return best, score, complete

    def on_the_data(self) -> tuple[BoolArray, float, bool]:
        """Return the best graph on the data, its score, and whether the search was complete."""
        climber = OrderClimber(self.samples.data, self.problem, self._deadline(0.5))
        generator = stream(self.seed, "order search")
        state = climber.pivoted()
        complete = climber.climb(state, generator)
        if complete:
            state, complete = climber.iterate(state, self.method.restarts, generator)
        return state.graph, state.score, complete

    def draw(self, number: int) -> Draw:
        """Return the graph of one bootstrap sample, in sorted-name order; the first one even when time is used up."""
        deadline = self._deadline(1.0)
        if not self._late and time.monotonic() > deadline:
            self._late = any(draw.graph is not None for draw in list(self.draws.values()))
        if self._late:
            return Draw(None, complete=False)
        generator = stream(self.seed, "order search", "draw", number)
        R = self.samples.sample(number, generator)
        if R is None:
            return Draw(None)
        climber = OrderClimber(R, self.problem, deadline, self._stop)
        state = climber.start(generator.permutation(len(self.names)))
        complete = climber.climb(state, generator)
        if complete:
            state, complete = climber.iterate(state, self.method.draw_restarts, generator)
        return Draw(random_member(state.graph, self._fixed, generator), complete)

    def settings(self) -> dict[str, object]:
        """The resolved settings, JSON-ready; the folder and the threads change nothing and are left out."""
        method = self.method
        return {
            "penalty": method.penalty,
            "ebic": method.ebic,
            "resamples": method.resamples,
            "restarts": method.restarts,
            "draw_restarts": method.draw_restarts,
            "time_limit": method.time_limit,
            **self._rows(),
            "most_parents": self.problem.limit,
        }

    def _rows(self) -> dict[str, object]:
        """Rows that the score counts; with environments for each value."""
        if isinstance(self.evidence, Evidence):
            return {"n": float(self.samples.n[0])}
        return {"n": dict(zip(self.names, self.samples.n.tolist(), strict=True))}

    def givens(self, drawn: int, complete: bool) -> tuple[str, ...]:
        """The assumptions, and what a time limit did."""
        lines = [
            "linear-Gaussian mechanisms",
            "no hidden common cause",
            *row_givens(self.evidence),
            "draws are graphs found on bootstrap samples: frequencies show stability, not posterior probability",
        ]
        if self.evidence.levers:
            lines.append("every lever and tried combination may act on every value (saturated)")
        if not self.samples.from_clusters:
            lines.append(
                "samples are Wishart draws of the correlations (no cluster sums were kept): rows are independent"
            )
        if self.problem.limit < len(self.names) - 1:
            lines.append(f"at most {self.problem.limit} direct causes a value (a quarter of the effective rows)")
        if self.unusable:
            lines.append(f"{self.unusable} bootstrap samples in which a value does not vary were left out")
        if not complete or drawn + self.unusable < self.method.resamples:
            done = "was" if complete else "was not"
            lines.append(
                f"the time limit of {self.method.time_limit:g} s was reached: {drawn} of {self.method.resamples} "
                f"bootstrap samples, and the search on the data {done} complete"
            )
        return tuple(lines)

    def _deadline(self, share: float) -> float:
        return np.inf if self.method.time_limit is None else self._start + share * self.method.time_limit

    def _folder(self) -> DrawFolder | None:
        if self.method.folder is None:
            return None
        changing = ("resamples", "time_limit")
        about = {
            "learner": f"order search {VERSION}",
            "names": list(self.names),
            "seed": self.seed,
            **{key: value for key, value in self.settings().items() if key not in changing},
            "evidence": fingerprint(self.evidence),
            "knowledge": fingerprint(self.knowledge),
        }
        return DrawFolder(self.method.folder, about)

    def _how_to_go_on(self) -> str:
        done = f"{sum(draw.complete for draw in self.draws.values())} of {self.method.resamples} bootstrap draws"
        if self.method.folder is None:
            return (
                f"Interrupted: {done} were done, and none is kept. "
                "Give `OrderSearch(folder=...)` to keep finished draws and go on from them."
            )
        return f"Interrupted: {done} are done and kept in {self.method.folder}. The same call goes on from there."


def _compile() -> None:
    """Load the compiled kernels on a problem of two nodes, so that no time limit pays for it."""
    problem = OrderProblem(~np.eye(2, dtype=bool), np.zeros((2, 2), dtype=bool), 10.0, 1.0, 1)
    climber = OrderClimber(np.eye(2), problem)
    generator = np.random.default_rng(0)
    state = climber.pivoted()
    climber.climb(state, generator)
    random_member(state.graph, problem.must, generator)
