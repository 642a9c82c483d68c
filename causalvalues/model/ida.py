"""Effects within an equivalence class, as ranges: what can be said when some directions stay open (IDA)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.evidence import Evidence, require_learnable
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.graph import Dag, EquivalenceClass
from causalvalues.model.adjusting import Adjustment, Sets, Standardised, adjustments, standardised

IDA_COLUMNS = (
    "cause",
    "effect",
    "lower",
    "upper",
    "values",
    "counts_not_probabilities",
    "zero_possible",
    "sign",
)


def ida(
    evidence: Evidence,
    graph: EquivalenceClass | Dag,
    causes: Sequence[str] | None = None,
    method: Adjustment = "optimal",
) -> pd.DataFrame:
    """Return the range of each total effect over all graphs of an equivalence class.

    The open edges at a cause are oriented in every way that some graph of the class has; each way gives one effect. The
    members are never listed, so classes with millions of them are no difficulty.

    Parameters
    ----------
    evidence : Evidence
        Design columns are partialled out. Numbers are least-squares estimates without sampling error; see
        `ida_over_draws` for that.
    graph : EquivalenceClass or Dag
        A `Dag` gives ranges of one point. Directions that knowledge settled belong into `directed`.
    causes : sequence of str, optional
        Default: every value.
    method : {"optimal", "local"}, default "optimal"
        Which values are held constant: those that give the least variance, with an effect of exactly 0 where no
        directed path leads to the effect (Witte, Henckel, Maathuis and Didelez 2020), or the parents of the cause, with
        0 where the effect is one of them (Maathuis, Kalisch and Buhlmann 2009).

    Returns
    -------
    DataFrame
        One row a pair, sorted by cause and effect, in effect units per cause unit:

        - ``lower``, ``upper``: smallest and largest of the possible effects.
        - ``values``: tuple of the distinct possible effects, rising.
        - ``counts_not_probabilities``: how many ways to orient the edges at the cause give each of them. The counts
          follow from the shape of the graph; they say nothing about how probable a value is, and a mean over them
          means nothing.
        - ``zero_possible``: whether some way leaves no effect at all.
        - ``sign``: "positive" or "negative" when all possible effects agree, "zero" when all are 0, else "open".

    Raises
    ------
    ModelError
        If names differ or are unknown, the class has no member, or a cause has more than 100,000 possible parent sets.
    CheckError
        If values are constant, collinear or ipsative.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from causalvalues.evidence import summarise
    >>> rng = np.random.default_rng(0)
    >>> a = rng.normal(size=1000)
    >>> pair = summarise(pd.DataFrame({"a": a, "b": a + rng.normal(size=1000)}))
    >>> open_class = EquivalenceClass.from_dag(Dag.from_edges(["a", "b"], [("a", "b")]))
    >>> ida(pair, open_class)[["cause", "effect", "lower", "upper", "sign"]].round(2).to_numpy().tolist()
    [['a', 'b', 0.0, 1.06, 'open'], ['b', 'a', 0.0, 0.48, 'open']]
    """
    require_learnable(evidence)
    moments = standardised(evidence)
    directed, undirected = _sorted_class(graph, moments.names)
    chosen = _places(moments.names, moments.names if causes is None else causes)
    rows = []
    for cause in chosen:
        ways = [way[0] for way in adjustments(directed, undirected, [cause], _method(method))]
        effects = total_effects_of(moments, cause, ways)
        for effect in range(len(moments.names)):
            if effect != cause:
                rows.append((moments.names[cause], moments.names[effect], *_row(effects[:, effect])))
    return pd.DataFrame(rows, columns=list(IDA_COLUMNS)).astype({"values": object, "counts_not_probabilities": object})


def joint_ida(
    evidence: Evidence,
    graph: EquivalenceClass | Dag,
    causes: Sequence[str],
    effect: str,
    method: Adjustment = "optimal",
) -> pd.DataFrame:
    """Return the possible effects on one value when several are set at once.

    The effect of each cause is the one that does not pass through the other causes. It follows from the total effects
    by removing one cause after the other: with j removed too, the effect of i on y is that of i on y less that of i on
    j times that of j on y (recursive regressions: Nandy, Maathuis and Richardson 2017).

    Parameters
    ----------
    evidence, graph, method
        As in `ida`.
    causes : sequence of str
        Two or more; one gives the same numbers as `ida`.
    effect : str

    Returns
    -------
    DataFrame
        One row for each distinct possible vector of effects: a column for each cause (change of the effect for one unit
        of it, the other causes held), then ``counts_not_probabilities``. The columns must be read row by row: the
        largest value of one cause may belong to the smallest of another.

    Raises
    ------
    ModelError
        As in `ida`, or when the effect is one of the causes.
    CheckError
        As in `ida`.
    """
    require_learnable(evidence)
    moments = standardised(evidence)
    directed, undirected = _sorted_class(graph, moments.names)
    places, goal = _places(moments.names, causes), _places(moments.names, [effect])[0]
    if goal in places:
        raise ModelError(f"{effect!r} is a cause and the effect. Choose another effect.")
    order = sorted(places)
    found = []
    for way in adjustments(directed, undirected, order, _method(method)):
        between = np.vstack([total_effects_of(moments, cause, [way[k]])[0] for k, cause in enumerate(order)])
        found.append(_without_each_other(between[:, [*order, goal]]))
    distinct, counts = _distinct(np.array(found))
    table = pd.DataFrame(distinct, columns=[moments.names[cause] for cause in order])[list(causes)]
    table["counts_not_probabilities"] = counts
    return table


def total_effects_of(moments: Standardised, cause: int, ways: Sequence[Sets]) -> FloatArray:
    """Return the effect (ways, p) of one cause on every value, each distinct regression solved once."""
    known: dict[tuple[int, tuple[int, ...]], float] = {}
    out = np.zeros((len(ways), len(moments.names)))
    for number, way in enumerate(ways):
        for effect, held in enumerate(way):
            if held is None or effect == cause:
                continue
            if (effect, held) not in known:
                known[effect, held] = moments.slope(cause, effect, held)
            out[number, effect] = known[effect, held]
    return out


def _without_each_other(total: FloatArray) -> FloatArray:
    """Return the effects (k,) on the last column when all k causes are set, from total effects (k, k + 1)."""
    k = len(total)
    effect = total.copy()
    np.fill_diagonal(effect[:, :k], 0.0)
    for j in range(k):
        # paths through j go to j first and on from there; effect[j, j] is 0, so those of j itself stay
        effect = effect - np.outer(effect[:, j], effect[j])
        np.fill_diagonal(effect[:, :k], 0.0)
    return np.asarray(effect[:, k])


def _row(effects: FloatArray) -> tuple[object, ...]:
    distinct, counts = _distinct(effects[:, None])
    values = tuple(float(value) for value in distinct[:, 0])
    lower, upper = values[0], values[-1]
    zero = any(value == 0.0 for value in values)
    sign = "zero" if lower == upper == 0 else "positive" if lower > 0 else "negative" if upper < 0 else "open"
    return lower, upper, values, tuple(counts), zero, sign


def _distinct(rows: FloatArray) -> tuple[FloatArray, list[int]]:
    """Return the distinct rows, rising, and how often each occurs; 1e-9 of the largest entry is no difference."""
    step = 1e-9 * max(float(np.abs(rows).max()), 1e-300)
    _, first, counts = np.unique(np.round(rows / step), axis=0, return_index=True, return_counts=True)
    return rows[first], [int(count) for count in counts]


def _sorted_class(graph: EquivalenceClass | Dag, names: tuple[str, ...]) -> tuple[BoolArray, BoolArray]:
    if sorted(graph.names) != list(names):
        raise ModelError(
            f"The graph is over {sorted(graph.names)}, the evidence over {list(names)}. Use the same values."
        )
    order = [graph.names.index(name) for name in names]
    box = np.ix_(order, order)
    if isinstance(graph, Dag):
        return graph.adjacency[box], np.zeros_like(graph.adjacency)
    graph.member()
    return graph.directed[box], graph.undirected[box]


def _places(names: tuple[str, ...], chosen: Sequence[str]) -> list[int]:
    for name in chosen:
        if name not in names:
            raise ModelError(f"There is no value {name!r}." + did_you_mean(name, names))
    if len(set(chosen)) < len(chosen) or not chosen:
        raise ModelError(f"Causes must be at least one, and differ: {tuple(chosen)}.")
    return sorted(names.index(name) for name in chosen)


def _method(method: Adjustment) -> Adjustment:
    if method not in ("optimal", "local"):
        raise ModelError(f"`method` is {method!r}. Use 'optimal' or 'local'.")
    return method
