"""What stays the same for every matrix that the exact posterior scores: columns, rows, knowledge and method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from causalvalues.discovery.lattice import Lattice
from causalvalues.discovery.moment_draws import ScoredColumns, scored_columns
from causalvalues.discovery.priors import GraphPrior
from causalvalues.discovery.scores import BIC, BGe
from causalvalues.errors import CheckError, DiscoveryError
from causalvalues.evidence import Environments, Evidence, require_learnable
from causalvalues.evidence.environments import value_parts
from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.graph import Knowledge


@dataclass(frozen=True, eq=False)
class ExactProblem:
    """All arrays are in name order, so that the order of the columns changes nothing.

    Parameters
    ----------
    parts : tuple of Evidence
        One for all values, or one for each set of environments in which some values were free.
    which : array (p,) of int
        The part that scores each value.
    columns : ScoredColumns
        The same in all parts.
    freedom : tuple of float
        Effective degrees of freedom of each part.
    allowed, must : array (p, p) of bool
        Edges that may and must exist.
    score : BGe or BIC
    prior : UniformDags, SparseDags or FairParents
    """

    parts: tuple[Evidence, ...]
    which: IntArray
    columns: ScoredColumns
    freedom: tuple[float, ...]
    allowed: BoolArray
    must: BoolArray
    score: BGe | BIC
    prior: GraphPrior

    @property
    def names(self) -> tuple[str, ...]:
        """The values in name order."""
        return self.columns.scored[: self.columns.values]

    @property
    def levers(self) -> tuple[str, ...]:
        """The levers in their own order."""
        return self.parts[0].levers

    def lattice(self, correlations: Sequence[FloatArray]) -> Lattice:
        """Score every parent set of every value with the correlation matrix of its own part."""
        scored = [
            Lattice.score(matrix, self.columns.values, n, self.score, self.prior)
            for matrix, n in zip(correlations, self.freedom, strict=True)
        ]
        return Lattice.gathered(scored, self.which).masked(self.allowed, self.must)

    def whole(self) -> Lattice:
        """Score with the moments of the evidence itself."""
        return self.lattice([self.columns.correlation(part.scatter, part.columns) for part in self.parts])


def exact_problem(
    evidence: Evidence | Environments, knowledge: Knowledge, score: BGe | BIC, prior: GraphPrior, sparse: bool
) -> ExactProblem:
    """Check the evidence and put it in order.

    Parameters
    ----------
    evidence : Evidence or Environments
    knowledge : Knowledge
    score : BGe or BIC
    prior : UniformDags, SparseDags or FairParents
    sparse : bool
        Whether levers are scored columns.

    Raises
    ------
    CheckError
        If the moments cannot carry a graph.
    DiscoveryError
        If too few rows are left.
    """
    parts, which = value_parts(evidence)
    columns = scored_columns(parts[0], sparse)
    freedom = []
    for place, part in enumerate(parts):
        where = free_rows(evidence, place)
        require_part(part, where)
        n = part.degrees_of_freedom_after(len(columns.others))
        if n < 1:
            raise DiscoveryError(
                f"{where}After the mean and {len(columns.others)} design columns, {n:.1f} effective rows are left of "
                f"{part.n_score:.1f}. Collect more rows, or measure fewer lever combinations."
            )
        freedom.append(n)
    names = columns.scored[: columns.values]
    own = which[[parts[0].names.index(name) for name in names]]
    allowed, must = knowledge.allowed(names), knowledge.must(names)
    return ExactProblem(parts, own, columns, tuple(freedom), allowed, must, score, prior)


def require_part(part: Evidence, where: str) -> None:
    """Refuse moments from which no graph can be learned, and say of which rows they are."""
    try:
        require_learnable(part)
    except CheckError as error:
        if not where:
            raise
        raise CheckError(f"{where}{error}") from None


def free_rows(evidence: Evidence | Environments, place: int) -> str:
    """Return the beginning of an error about one part of the rows; nothing when the evidence is one part."""
    if isinstance(evidence, Evidence):
        return ""
    values = [name for name, own in zip(evidence.names, evidence.which, strict=True) if own == place]
    return f"In the rows in which {', '.join(repr(name) for name in sorted(values))} was free: "


def row_givens(evidence: Evidence | Environments) -> tuple[str, ...]:
    """Return what is assumed about rows: how many count, and what forcing a value does."""
    if isinstance(evidence, Evidence):
        return (f"one effective sample size for all pairs: {evidence.n_score:.0f} of {evidence.n} rows",)
    counts = sorted({(part.n, round(part.n_score)) for part in evidence.free})
    shown = ", ".join(f"{effective} of {rows}" for rows, effective in counts)
    forced = "forced values were set from outside, whatever their causes; every other equation is the same throughout"
    rows = f"one effective sample size for each value, of the rows in which it was free: {shown}"
    return (rows, forced) if any(evidence.targets) else (rows,)
