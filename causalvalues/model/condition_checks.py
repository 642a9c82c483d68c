"""Whether conditions did what was assumed: free values keep their equation, forced ones lose their causes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import fdtrc

from causalvalues.errors import ModelError
from causalvalues.evidence.environments import Condition, Environments
from causalvalues.evidence.holm import holm_adjusted
from causalvalues.evidence.moments import Evidence
from causalvalues.frozen import FloatArray, IntArray
from causalvalues.graph.dag import Dag

SAME = "same equation"
CUT = "cut from its causes"
COLUMNS = ("value", "condition", "assumption", "rows", "f", "df1", "df2", "p", "p_holm")
RANK = 1e-10


def condition_checks(dag: Dag, environments: Environments) -> pd.DataFrame:
    """Test for every value and condition what learning from forced values rests on, given a graph.

    Where a value was free, its equation (intercept and slopes on its causes) should be that of the other conditions in
    which it was free: the F test of Chow (1960). Where it was forced and its number varies, its causes should not act
    on it: the F test of all slopes. A small p says that the condition did more than forcing its targets, or less (a
    manipulation that only shifts a value leaves its causes in place), or that the graph is wrong.

    Parameters
    ----------
    dag : Dag
        Over the values of the environments.
    environments : Environments
        Without levers; conditions with too few rows for moments of their own are left out. Where they were made with
        ``within`` the condition, equations have an intercept for each condition, so only slopes are compared. Groups of
        another label ``within`` should answer in every condition (as personas do), because their means are taken over
        the conditions together.

    Returns
    -------
    DataFrame
        ``value, condition, assumption`` ("same equation" or "cut from its causes"), ``rows`` of the condition, ``f``,
        ``df1``, ``df2``, ``p`` and ``p_holm`` (Holm's correction over the table); the smallest p first. The statistics
        count effective rows: where rows are clustered, sums of squares and degrees of freedom are scaled by one
        design effect (n_score / n), which is an approximation.

    Raises
    ------
    ModelError
        If graph and environments speak of different values, or there are levers.

    References
    ----------
    Chow (1960), Econometrica 28, 591-605.
    """
    if set(dag.names) != set(environments.names):
        odd = sorted(set(dag.names) ^ set(environments.names))
        raise ModelError(f"The graph and the environments differ in the values {', '.join(odd)}. Use the same in both.")
    if environments.levers:
        raise ModelError("These environments hold levers. Make them without (conditions that force nothing need none).")
    rows = []
    for name in sorted(environments.names):
        own = environments.of(name)
        parents = np.array([own.names.index(cause) for cause in sorted(dag.parents(name))], dtype=np.int64)
        for condition in environments.conditions:
            if condition.evidence is None:
                continue
            if name in condition.forced:
                tested = _cut(condition.evidence, own.names.index(name), parents)
            else:
                levels = own.within == environments.by
                tested = _same((own, condition.evidence), own.names.index(name), parents, levels)
            if tested is not None:
                rows.append(_row(name, condition, tested))
    table = pd.DataFrame(rows, columns=list(COLUMNS[:-1]))
    table["p_holm"] = holm_adjusted(table["p"].to_numpy(dtype=np.float64))
    return table.sort_values(["p", "value", "condition"], ignore_index=True)


@dataclass(frozen=True)
class _Test:
    f: float
    df1: int
    df2: float


@dataclass(frozen=True, eq=False)
class _Sums:
    """Rows, means and scatter."""

    n: float
    mean: FloatArray
    scatter: FloatArray

    @classmethod
    def of(cls, evidence: Evidence) -> _Sums:
        return cls(float(evidence.n), evidence.mean, evidence.scatter)

    def without(self, part: _Sums, levels: bool) -> _Sums:
        """Return the sums of the other rows; with `levels` scatter is about the mean of each condition."""
        n = self.n - part.n
        step = part.mean - self.mean
        mean = self.mean - step * part.n / n
        shift = np.outer(step, step) * (part.n + part.n**2 / n)
        return _Sums(n, mean, self.scatter - part.scatter - (0.0 if levels else shift))

    def residual(self, node: int, parents: IntArray) -> tuple[float, int]:
        """Return the residual sum of squares of a regression with intercept, and its number of slopes."""
        total = float(self.scatter[node, node])
        if not len(parents):
            return total, 0
        block, side = self.scatter[np.ix_(parents, parents)], self.scatter[parents, node]
        moves = np.diag(block) > RANK * self.n * (1.0 + self.mean[parents] ** 2)
        block, side = block[np.ix_(moves, moves)], side[moves]
        if not moves.any():
            return total, 0
        scale = np.sqrt(np.diag(block))
        unit = block / np.outer(scale, scale)
        slopes = np.linalg.pinv(unit, rcond=RANK, hermitian=True) @ (side / scale)
        rank = int(np.linalg.matrix_rank(unit, tol=RANK * len(unit), hermitian=True))
        return max(total - float(slopes @ (side / scale)), 0.0), rank


def _same(moments: tuple[Evidence, Evidence], node: int, parents: IntArray, levels: bool) -> _Test | None:
    """Chow's test of one condition against the others in which the value was free; None where there is no other.

    `moments` are those of all conditions in which the value was free, and of the one; with `levels` each condition has
    its own intercept in both equations, whose cost is in the effective rows of the first.
    """
    own, part = moments
    whole, here = _Sums.of(own), _Sums.of(part)
    rest = whole.without(here, levels) if whole.n > here.n else None
    if rest is None or rest.n <= len(parents) + 1 or here.n <= len(parents) + 1:
        return None
    together, slopes = whole.residual(node, parents)
    one, slopes_one = here.residual(node, parents)
    other, slopes_other = rest.residual(node, parents)
    df1 = slopes_one + slopes_other + (0 if levels else 1) - slopes
    share = min(own.n_score / own.n, part.n_score / part.n)
    df2 = share * whole.n - slopes_one - slopes_other - (1 if levels else 2)
    apart = one + other
    if df1 < 1 or df2 < 1 or apart <= 0:
        return None
    return _Test(max(together - apart, 0.0) / df1 / (apart / df2), df1, df2)


def _cut(part: Evidence, node: int, parents: IntArray) -> _Test | None:
    """Test all slopes of a forced value in its condition; None where it has no causes, or is one constant."""
    here = _Sums.of(part)
    total = float(here.scatter[node, node])
    if total <= RANK * here.n * (1.0 + float(here.mean[node]) ** 2):
        return None
    left, slopes = here.residual(node, parents)
    df2 = part.n_score - slopes - 1
    if slopes < 1 or df2 < 1 or left <= 0:
        return None
    return _Test((total - left) / slopes / (left / df2), slopes, df2)


def _row(name: str, condition: Condition, tested: _Test) -> tuple[object, ...]:
    p = float(fdtrc(tested.df1, tested.df2, tested.f))
    assumption = CUT if name in condition.forced else SAME
    return name, condition.name, assumption, condition.rows, tested.f, tested.df1, tested.df2, p
