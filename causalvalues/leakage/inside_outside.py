"""Whether the structure learned from answers looks like the value vectors inside the model, and like the circle."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from causalvalues.errors import DataError
from causalvalues.frozen import FloatArray
from causalvalues.graph.posterior import GraphPosterior
from causalvalues.leakage.relabelling import pair_ranks, rank_correlations, relabellings, two_sided_p
from causalvalues.model.circle_order import circle_distances
from causalvalues.numerals import number
from causalvalues.theories.names import in_order
from causalvalues.theories.theory import ValueTheory

BEHAVIOUR, INSIDE, CIRCLE = "behaviour", "inside", "circle"
PARTIAL = "behaviour and inside, given circle"
ALPHA = 0.05


@dataclass(frozen=True, eq=False)
class InsideOutside:
    """Three symmetric matrices over the same values, and how well they agree.

    Parameters
    ----------
    matrices : mapping of str to DataFrame (p, p)
        ``"behaviour"``, ``"inside"`` and, with a circular theory, ``"circle"`` (minus the steps between two values), in
        the order of the theory; the diagonal is NaN.
    table : DataFrame
        Indexed by ``behaviour and inside``, ``behaviour and circle``, ``inside and circle`` and ``behaviour and
        inside, given circle``: ``rho`` (Spearman's correlation over pairs of values; partial in the last row), ``p``
        (two-sided, over relabellings of the values), ``null_lower, null_upper`` (2.5% and 97.5% of what relabelled
        values give).
    exact : bool
        Whether all relabellings were taken (up to 7 values), or 20,000 random ones.
    what : str
        What the numbers of behaviour are.
    """

    matrices: dict[str, pd.DataFrame]
    table: pd.DataFrame
    exact: bool
    what: str = field(default="")

    def __repr__(self) -> str:
        first = self.table.iloc[0]
        p, rho = number(float(first["p"]), 3), number(float(first["rho"]))
        return f"InsideOutside({len(self.names)} values; behaviour and inside: rho {rho}, p {p})"

    @property
    def names(self) -> tuple[str, ...]:
        """The values, in the order of the matrices."""
        return tuple(str(name) for name in self.matrices[BEHAVIOUR].index)

    def verdict(self, row: str) -> str:
        """Return in words what a row of the table says, at the 5% level."""
        rho, p = (float(self.table.loc[row, column]) for column in ("rho", "p"))  # type: ignore[arg-type]
        if not np.isfinite(rho) or p > ALPHA:
            return "does not confirm a likeness"
        return "alike" if rho > 0 else "opposite"


def inside_outside(
    graph: GraphPosterior | pd.DataFrame,
    cosines: pd.DataFrame,
    theory: ValueTheory | None = None,
    seed: int = 0,
) -> InsideOutside:
    """Hold what answers say about pairs of values against the value vectors and the circle of a theory.

    Parameters
    ----------
    graph : GraphPosterior or DataFrame (p, p)
        Behaviour: of a posterior P(adjacent), which has no sign (see `signed_adjacency`); or a symmetric matrix such as
        correlations or partial correlations of answers.
    cosines : DataFrame (p, p)
        Inside: cosines of the value vectors, or another symmetric likeness.
    theory : ValueTheory, optional
        Names and order; where it is circular, the circle is the third matrix.
    seed : int, default 0
        Of the relabellings above 7 values.

    Returns
    -------
    InsideOutside

    Raises
    ------
    DataError
        If a matrix is not symmetric or not finite off the diagonal, the values differ, there are fewer than 4, or all
        pairs of a matrix have the same number.

    Notes
    -----
    The p (p - 1) / 2 pairs share values, so that their usual p-value, which takes them as independent, is too small
    where some values are like all others and some like none (in simulations it claims 30% where it should claim 10%).
    Instead the values of one matrix are relabelled, rows and columns together (Mantel 1967, Cancer Research 27,
    209-220): p is the share of relabellings whose correlation is as far from zero. The partial correlation of ranks is
    held against relabellings of behaviour alone (Smouse, Long and Sokal 1986, Systematic Zoology 35, 627-632); where
    both matrices have more of a circle than the ranks of the steps take out, its p is too small (Guillot and Rousset
    2013, Methods in Ecology and Evolution 4, 336-344): read it as a hint.

    No interval is given. A bootstrap of values is not valid: a value that is drawn twice stands beside itself, a pair
    with likeness one in every matrix, which lifts all correlations; and the values of a theory are all that it has, not
    a sample. The quantiles under relabelling say how large a correlation chance gives.
    """
    spelled = _spelled(_behaviour(graph), "The behaviour", theory), _spelled(cosines, "The cosines", theory)
    odd = sorted(set(spelled[0].index) ^ set(spelled[1].index))
    if odd:
        raise DataError(f"The value {odd[0]!r} is in one of the two matrices only. Give both over the same values.")
    names = in_order(map(str, spelled[0].index), theory)
    if len(names) < 4:
        raise DataError(f"There are {len(names)} values. Give 4 or more: fewer have too few pairs.")
    tables = {BEHAVIOUR: spelled[0].loc[names, names], INSIDE: spelled[1].loc[names, names]}
    if theory is not None and theory.circular:
        tables[CIRCLE] = pd.DataFrame(-circle_distances(names, theory), names, names)
    inner = sorted(names)
    ranks = {what: pair_ranks(_whole(table.loc[inner, inner], what)) for what, table in tables.items()}
    labels, exact = relabellings(len(names), seed)
    rows = {
        f"{one} and {two}": _agreement(rank_correlations(ranks[one], ranks[two], labels))
        for one, two in ((BEHAVIOUR, INSIDE), (BEHAVIOUR, CIRCLE), (INSIDE, CIRCLE))
        if two in ranks
    }
    if CIRCLE in ranks:
        rows[PARTIAL] = _agreement(_partial(ranks, labels))
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["rho", "p", "null_lower", "null_upper"])
    apart = np.where(np.eye(len(names), dtype=bool), np.nan, 0.0)
    what = "P(adjacent)" if isinstance(graph, GraphPosterior) else ""
    return InsideOutside({key: each + apart for key, each in tables.items()}, table, exact, what)


def signed_adjacency(posterior: GraphPosterior, correlations: pd.DataFrame) -> pd.DataFrame:
    """Return P(adjacent) with the sign of the partial correlation of each pair given all other values.

    Parameters
    ----------
    posterior : GraphPosterior
    correlations : DataFrame (p, p)
        Of the same values, for example ``evidence.correlation``.

    Returns
    -------
    DataFrame (p, p)

    Raises
    ------
    DataError
        If the values differ.
    """
    names = list(posterior.names)
    if set(correlations.index) != set(names) or set(correlations.columns) != set(names):
        raise DataError("The posterior and the correlations are over different values. Give those of its evidence.")
    inverse = np.linalg.pinv(correlations.loc[names, names].to_numpy(dtype=float), hermitian=True)
    return posterior.adjacent_probabilities * np.sign(-inverse)


def _behaviour(graph: GraphPosterior | pd.DataFrame) -> pd.DataFrame:
    return graph.adjacent_probabilities if isinstance(graph, GraphPosterior) else graph


def _spelled(table: pd.DataFrame, what: str, theory: ValueTheory | None) -> pd.DataFrame:
    """Return a matrix with the theory's names where it knows them; raise `DataError` where rows are not the columns."""
    if not isinstance(table, pd.DataFrame):
        raise DataError(
            f"{what}: this is a {type(table).__name__}. Give a DataFrame with the values as rows and columns."
        )
    for names in (table.index, table.columns):
        if not names.is_unique:
            raise DataError(f"{what} names the value {names[names.duplicated()][0]!r} twice. Rename one of them.")
    if set(table.index) != set(table.columns):
        raise DataError(f"{what} has other rows than columns. Give a matrix of values by the same values.")
    known = {
        name: theory.canonical(str(name)) if theory is not None and theory.knows(str(name)) else str(name)
        for name in table.index
    }
    return table.loc[:, list(table.index)].rename(index=known, columns=known)


def _whole(table: pd.DataFrame, what: str) -> FloatArray:
    found = table.to_numpy(dtype=float)
    high = np.triu_indices(len(found), 1)
    pairs = found[high]
    if not np.isfinite(pairs).all() or not np.allclose(pairs, found.T[high], rtol=0, atol=1e-8):
        raise DataError(f"The matrix of {what} is not symmetric, or holds a number that is not finite. Correct it.")
    if np.ptp(pairs) <= 1e-12:
        raise DataError(f"All pairs have the same number in the matrix of {what}, so nothing can be like it.")
    return found


def _partial(ranks: dict[str, FloatArray], labels: np.ndarray) -> FloatArray:
    """Return the partial correlation of behaviour and inside given the circle, behaviour relabelled."""
    with_inside = rank_correlations(ranks[INSIDE], ranks[BEHAVIOUR], labels)
    with_circle = rank_correlations(ranks[CIRCLE], ranks[BEHAVIOUR], labels)
    other = float(rank_correlations(ranks[INSIDE], ranks[CIRCLE], labels[:1])[0])
    rest = np.sqrt(np.maximum(1 - with_circle**2, 0.0) * max(1 - other**2, 0.0))
    found = np.full(len(labels), np.nan)
    return np.asarray(np.divide(with_inside - with_circle * other, rest, out=found, where=rest > 1e-6))


def _agreement(null: FloatArray) -> tuple[float, float, float, float]:
    if not np.isfinite(null[0]):
        return np.nan, np.nan, np.nan, np.nan
    known = null[np.isfinite(null)]
    low, high = np.quantile(known, [0.025, 0.975])
    return float(null[0]), two_sided_p(known), float(low), float(high)
