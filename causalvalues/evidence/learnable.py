"""The last gate before learning: moments from which no graph can be learned are refused by name."""

from __future__ import annotations

import numpy as np

from causalvalues.errors import CheckError
from causalvalues.evidence.finding import columns
from causalvalues.evidence.moments import Evidence
from causalvalues.evidence.relations import CONSTANT, LARGEST, LITTLE, SMALLEST, Relation, linear_relations
from causalvalues.evidence.remedies import IPSATIVE_REMEDY


def require_learnable(evidence: Evidence) -> None:
    """Refuse constant, duplicate, collinear and ipsative values; needs the moments alone.

    Parameters
    ----------
    evidence : Evidence

    Raises
    ------
    CheckError
        Naming the columns and the remedy.
    """
    names, p = evidence.names, len(evidence.names)
    order = sorted(range(p), key=lambda j: names[j])
    scatter = evidence.residual_scatter[np.ix_(order, order)]
    whole = np.diag(evidence.scatter)[order]
    spread = np.diag(scatter)
    size = np.abs(evidence.mean[order])
    unfit = [names[order[j]] for j in range(p) if not (np.isfinite(whole[j]) and size[j] <= LARGEST)]
    spreads = np.sqrt(np.where(np.isfinite(whole), np.maximum(whole, 0.0), 0.0) / evidence.n)
    unfit += [names[order[j]] for j in range(p) if not 0 <= spreads[j] <= LARGEST or 0 < spreads[j] < SMALLEST]
    if unfit:
        raise CheckError(
            f"{_sentence(unfit)} too large or too small in number: sums of squares cannot be held. Give the answers in "
            "another unit, so that their spread is near 1."
        )
    still = [names[order[j]] for j in range(p) if not spreads[j] > CONSTANT * size[j]]
    if still:
        raise CheckError(
            f"{_sentence(still)} constant in all {evidence.n} rows, so no effect of or on it can be learned. "
            f"Drop it (`matrix.drop({still!r})`) or ask with a wider set of personas."
        )
    little = [names[order[j]] for j in range(p) if not spreads[j] > LITTLE * size[j]]
    if little:
        raise CheckError(
            f"{_sentence(little)} of too little spread for the size of the numbers: the differences between rows are "
            "less than 1e-10 of the mean. Subtract a constant from all rows, for example the mean."
        )
    fixed = [names[order[j]] for j in range(p) if spread[j] <= 1e-10 * whole[j]]
    if fixed:
        inside = "the groups" if evidence.within and not evidence.levers else "each design cell"
        raise CheckError(
            f"{_sentence(fixed)} constant within {inside}: nothing is left to learn from once the levers are accounted "
            f"for. Drop it (`matrix.drop({fixed!r})`) or declare it as a lever, if it is one."
        )
    scale = np.sqrt(spread)
    relations = linear_relations(scatter / np.outer(scale, scale))
    if relations:
        raise CheckError(" ".join(_refusal(relation, [names[j] for j in order]) for relation in relations))


def _sentence(names: list[str]) -> str:
    where = columns(names)
    return f"{where[0].upper()}{where[1:]} {'are' if len(names) > 1 else 'is'}"


def _refusal(relation: Relation, names: list[str]) -> str:
    members = [names[j] for j in relation.members]
    where = columns(members, most=20)
    where = where[0].upper() + where[1:]
    if relation.kind == "duplicate":
        return f"{where} hold the same numbers up to scale and sign. Drop one (`matrix.drop([{members[-1]!r}])`)."
    if relation.kind == "collinear":
        return (
            f"{where} are collinear: each follows from the others (smallest eigenvalue of the correlations "
            f"{relation.share:.2g}). Drop one of them, or drop the sum and keep its parts."
        )
    degree = "nearly " if relation.kind == "nearly ipsative" else ""
    return (
        f"{where} are {degree}ipsative: in each row they add up to {degree}the same number, as scores do after each "
        f"person's mean was subtracted, so every column follows {degree}from the others. {IPSATIVE_REMEDY}"
    )
