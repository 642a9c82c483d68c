"""Moments of rows in which some answers are missing, as sums of an estimate over clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.errors import DataError
from causalvalues.evidence.assembling import evidence_of
from causalvalues.evidence.available_cases import available_cases, available_n
from causalvalues.evidence.design import Design, design_columns
from causalvalues.evidence.effective import residual_maker
from causalvalues.evidence.expectation_maximisation import NormalFit, fit_normal
from causalvalues.evidence.missing_patterns import Patterns, patterns_of
from causalvalues.evidence.moments import ClusterSums, Evidence, GroupSums
from causalvalues.evidence.observed_information import LARGEST, Information
from causalvalues.evidence.rows import UsedRows
from causalvalues.evidence.sums import cluster_codes, group_sums, strata_of
from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.responses.matrix import ResponseMatrix


@dataclass(frozen=True, eq=False)
class IncompleteRows:
    """Rows on a common scale, in sorted order: values, design columns, and all but one group as indicators.

    Parameters
    ----------
    rows : UsedRows
    design : Design
    names : tuple of str, length p
        Values in sorted order.
    columns : array (n, m + k)
        Less `centre`, over `scale`; NaN where there is no answer. A constant column is zero where it is answered.
    centre, scale : array (m + k,)
    codes : array (n,) of int
        Cluster or block of each row.
    """

    rows: UsedRows
    design: Design
    names: tuple[str, ...]
    columns: FloatArray
    centre: FloatArray
    scale: FloatArray
    codes: IntArray

    @classmethod
    def of(cls, matrix: ResponseMatrix, rows: UsedRows) -> IncompleteRows:
        """Build the columns and check that there are answers enough."""
        names = tuple(sorted(matrix.names))
        scores = rows.scores[:, [matrix.names.index(name) for name in names]]
        _check_answers(names, ~np.isnan(scores))
        design = design_columns(matrix.levers, rows.doses, rows.groups)
        groups = np.zeros((len(scores), 0))
        if rows.groups is not None:
            groups = (rows.groups[:, None] == np.arange(1, rows.groups.max() + 1)).astype(np.float64)
        raw = np.hstack([scores, design.columns, groups])
        seen = ~np.isnan(raw)
        count = (rows.weights[:, None] * seen).sum(axis=0)
        centre = np.nansum(rows.weights[:, None] * raw, axis=0) / count
        centre += np.nansum(rows.weights[:, None] * (raw - centre), axis=0) / count
        still = np.nanmax(raw, axis=0) == np.nanmin(raw, axis=0)
        centre[still] = np.nanmax(raw, axis=0)[still]
        spread = np.sqrt(np.nansum(rows.weights[:, None] * (raw - centre) ** 2, axis=0) / count)
        scale = np.where(still | (spread == 0), 1.0, spread)
        codes = cluster_codes(len(raw), 2 * raw.shape[1], rows.clusters, rows.strata)
        return cls(rows, design, names, (raw - centre) / scale, centre, scale, codes)

    @property
    def size(self) -> int:
        """Number m of values and design columns."""
        return len(self.names) + int(self.design.columns.shape[1])

    @property
    def moving(self) -> BoolArray:
        """Which of all columns are not constant."""
        return np.asarray(np.nanmax(self.columns, axis=0) > np.nanmin(self.columns, axis=0))


@dataclass(frozen=True, eq=False)
class Estimate:
    """Mean (m + k,) and covariance of `IncompleteRows.columns`, with influences summed over clusters.

    `pairwise` (p, p) is the effective n where rows are independent, before unequal weights cost anything.
    """

    mean: FloatArray
    covariance: FloatArray
    first: FloatArray
    second: FloatArray
    pairwise: FloatArray
    notes: tuple[str, ...]


def by_maximum_likelihood(rows: IncompleteRows) -> Estimate:
    """Estimate by maximum likelihood, with influences from the observed information."""
    moving = rows.moving
    p, total = len(rows.names), len(moving)
    columns = np.ascontiguousarray(rows.columns[:, moving])
    weights = rows.rows.weights
    _check_rows(rows, columns.shape[1])
    patterns = patterns_of(columns, weights)
    fit = fit_normal(patterns)
    n = float(weights.sum())
    notes = [_em_note(rows, patterns, fit)]
    values = int(moving[:p].sum())
    try:
        if columns.shape[1] > LARGEST:
            raise np.linalg.LinAlgError
        information = Information(patterns, fit.at)
        first, second = information.influences(columns, weights, rows.codes)
        pairwise = information.effective_n(fit.at.covariance, values, n)
    except np.linalg.LinAlgError:
        cases = available_cases(columns, weights, rows.codes)
        first, second = cases.first, cases.second
        pairwise = available_n(fit.at.covariance, cases.count, values, n)
        why = f"more than {LARGEST} columns" if columns.shape[1] > LARGEST else "the information is singular"
        notes.append(f"Effective n as of available cases, which is at most that of EM ({why}).")
    place = np.ix_(moving, moving)
    mean, covariance = np.zeros(total), np.zeros((total, total))
    mean[moving], covariance[place] = fit.at.mean, fit.at.covariance
    whole = np.zeros((len(first), total)), np.zeros((len(first), total, total))
    whole[0][:, moving] = first
    whole[1][:, np.flatnonzero(moving)[:, None], np.flatnonzero(moving)] = second
    all_pairs = np.full((p, p), n)
    all_pairs[np.ix_(moving[:p], moving[:p])] = pairwise
    return Estimate(mean, covariance, *whole, all_pairs, tuple(notes))


def by_available_cases(rows: IncompleteRows) -> Estimate:
    """Estimate each pair from the rows that answered both; the result may be indefinite.

    Each value is first regressed on design columns and groups in the rows that answered it, so that the covariances
    are those of residuals, whatever the size of the effects.
    """
    weights, p = rows.rows.weights, len(rows.names)
    slopes, columns = _residuals(rows)
    cases = available_cases(columns, weights, rows.codes)
    whole = np.eye(columns.shape[1])
    whole[:p, p:] = slopes
    n = float(weights.sum())
    pairwise = available_n(cases.covariance, cases.count, p, n)
    counts = cases.count[:p, :p][np.triu_indices(p, 1)] if p > 1 else cases.count[0]
    notes = [
        f"Missing answers: pairwise, {counts.min():.0f} to {counts.max():.0f} rows for a correlation; "
        f"{_shares(rows)} (right only if answers are lost completely at random)."
    ]
    covariance, second = whole @ cases.covariance @ whole.T, whole @ cases.second @ whole.T
    return Estimate(whole @ cases.mean, covariance, cases.first @ whole.T, second, pairwise, tuple(notes))


def _residuals(rows: IncompleteRows) -> tuple[FloatArray, FloatArray]:
    """Return slopes (p, k) of the values on design columns and groups, and the columns with residuals for values."""
    p = len(rows.names)
    columns = np.array(rows.columns)
    design = rows.columns[:, p:]
    slopes = np.zeros((p, design.shape[1]))
    for j in range(p if design.shape[1] else 0):
        seen = ~np.isnan(columns[:, j])
        root = np.sqrt(rows.rows.weights[seen])[:, None]
        given = np.hstack([np.ones((int(seen.sum()), 1)), design[seen]])
        slopes[j] = np.linalg.lstsq(root * given, root[:, 0] * columns[seen, j], rcond=None)[0][1:]
        columns[seen, j] -= design[seen] @ slopes[j]
    return slopes, columns


def estimated(matrix: ResponseMatrix, rows: IncompleteRows, found: Estimate) -> Evidence:
    """Return the evidence of an estimate, in the units of the answers and with group means removed."""
    m, weights = rows.size, rows.rows.weights
    scale, n = rows.scale, float(weights.sum())
    weight = np.bincount(rows.codes, weights).astype(np.float64)
    remove = np.eye(m)
    groups = None
    mean = (rows.centre + scale * found.mean)[:m]
    share = (weight / n)[:, None]
    first = (found.first - share * found.first.sum(axis=0))[:, :m] * scale[:m]
    moves = found.second - share[:, :, None] * found.second.sum(axis=0)
    if rows.rows.groups is not None:
        remove = residual_maker(found.covariance, m)
        groups, first = _groups(rows, found), np.zeros_like(first)
    remove = scale[:m, None] * remove
    covariance = remove @ found.covariance @ remove.T
    second = weight[:, None, None] * covariance + remove @ moves @ remove.T
    second = (second + second.transpose(0, 2, 1)) / 2
    independent = rows.rows.clusters is None
    sums = ClusterSums(weight, first, second, groups, independent, True, strata_of(rows.codes, rows.rows.strata))
    pairwise = found.pairwise * (n / float((weights**2).sum())) if independent else None
    return evidence_of(matrix, rows.rows, rows.design, sums, mean, notes=found.notes, pairwise=pairwise)


def _groups(rows: IncompleteRows, found: Estimate) -> GroupSums | None:
    """Return which groups occur in which cluster, with their estimated means; none of the sums move with them."""
    if rows.rows.groups is None:
        return None
    m = rows.size
    slopes = np.linalg.solve(found.covariance[m:, m:], found.covariance[m:, :m])
    indicators = np.vstack([np.zeros(len(slopes)), np.eye(len(slopes))])
    level = (indicators - rows.centre[m:]) / rows.scale[m:] - found.mean[m:]
    means = rows.centre[:m] + rows.scale[:m] * (found.mean[:m] + level @ slopes)
    still = np.zeros((len(rows.codes), m))
    return group_sums(still, rows.rows.weights, rows.codes, rows.rows.groups, means)


def _check_answers(names: tuple[str, ...], seen: BoolArray) -> None:
    """Refuse columns without an answer, and pairs of columns that hardly any row answers together."""
    empty = [name for name, count in zip(names, seen.sum(axis=0), strict=True) if not count]
    if empty:
        shown = ", ".join(repr(name) for name in empty)
        raise DataError(
            f"No row holds an answer to {shown} (all {len(seen)} missing). Drop {'them' if len(empty) > 1 else 'it'}: "
            f"`matrix.drop({empty!r})`."
        )
    both = seen.T.astype(np.int64) @ seen.astype(np.int64)
    few = [(int(i), int(j)) for i, j in np.argwhere(np.triu(both < FEWEST, 1))]
    if few:
        shown = ", ".join(f"{names[i]!r} with {names[j]!r} ({both[i, j]})" for i, j in few[:5])
        raise DataError(
            f"{len(few)} pairs of columns were answered together in fewer than {FEWEST} rows, so their correlation "
            f"cannot be known: {shown}{', ...' if len(few) > 5 else ''}. Drop one column of each pair "
            f"(for example `matrix.drop([{names[few[0][1]]!r}])`), or add rows that answer both."
        )


FEWEST = 3
"""Fewest rows that must answer a pair of columns."""


def _check_rows(rows: IncompleteRows, columns: int) -> None:
    """Refuse values with fewer answers than the regression on all other columns needs."""
    seen = ~np.isnan(rows.columns[:, : len(rows.names)])
    if rows.rows.groups is not None:
        inside = np.array([np.bincount(rows.rows.groups, answered) for answered in seen.T])
        empty = [name for name, counts in zip(rows.names, inside, strict=True) if not counts.all()]
        if empty:
            raise DataError(
                f"In some group of {rows.rows.within!r} no row answers {empty[0]!r}, so its mean there is unknown. "
                f"Drop the group or the column (`matrix.drop([{empty[0]!r}])`)."
            )
    few = [(name, int(count)) for name, count in zip(rows.names, seen.sum(axis=0), strict=True) if count < columns + 2]
    if few:
        shown = ", ".join(f"{name!r} ({count} answers)" for name, count in few[:5])
        raise DataError(
            f"Too few answers for maximum likelihood with {columns} columns (values, levers, combinations and groups), "
            f"which needs at least {columns + 2} on each value: {shown}. Drop these columns "
            f'(`matrix.drop({[name for name, _ in few[:5]]!r})`), or use `ProductMoments(missing="pairwise")`.'
        )


def _em_note(rows: IncompleteRows, patterns: Patterns, fit: NormalFit) -> str:
    full = np.asarray(patterns.seen.all(axis=1))
    complete = int(full[patterns.code].sum())
    note = (
        f"Missing answers: EM (maximum likelihood for normal values), {len(patterns.seen)} patterns, {complete} of "
        f"{len(patterns.code)} rows complete; {_shares(rows)}."
    )
    if fit.singular:
        note += " It stopped because the columns became collinear (run `check`)."
    elif not fit.converged:
        note += f" It had NOT converged after {len(fit.path) - 1} steps: take the numbers as rough."
    return note


def _shares(rows: IncompleteRows) -> str:
    lost = np.isnan(rows.columns[:, : len(rows.names)]).mean(axis=0)
    shown = ", ".join(f"{name!r} {share:.1%}" for name, share in zip(rows.names, lost, strict=True) if share)
    return f"missing by column: {shown}"
