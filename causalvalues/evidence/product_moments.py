"""Product moments: means and covariances of the answers as numbers, whether or not some are missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.errors import DataError
from causalvalues.evidence.assembling import evidence_of
from causalvalues.evidence.definite import definite_evidence
from causalvalues.evidence.design import design_columns
from causalvalues.evidence.incomplete_rows import IncompleteRows, by_available_cases, by_maximum_likelihood, estimated
from causalvalues.evidence.moments import ClusterSums, Evidence
from causalvalues.evidence.rows import UsedRows, used_rows
from causalvalues.evidence.sums import centre_rows, cluster_codes, cluster_sums, group_sums, strata_of
from causalvalues.frozen import FloatArray
from causalvalues.responses.matrix import ResponseMatrix

MISSING = ("em", "pairwise", "listwise")


@dataclass(frozen=True)
class ProductMoments:
    """Means and covariances of the answers as they stand.

    With no missing answer the three ways of treating them give the same numbers, to the last bit.

    Parameters
    ----------
    missing : {"em", "pairwise", "listwise"}, default "em"
        What to do about rows in which some answers are missing.

        - ``"em"``: maximum likelihood for values that are normal given the design columns
          (`causalvalues.evidence.expectation_maximisation`). Every answer counts; right when what is missing depends
          on answers that are there (missing at random).
        - ``"pairwise"``: each covariance from the rows that answered both (`causalvalues.evidence.available_cases`).
          Right only when answers are lost completely at random. An indefinite result is shrunk, and n with it.
        - ``"listwise"``: complete rows only.

    Raises
    ------
    DataError
        If `missing` is none of these.
    """

    missing: str = "em"

    def __post_init__(self) -> None:
        if self.missing not in MISSING:
            raise DataError(f'missing is {self.missing!r}. Choose "em", "pairwise" or "listwise".')

    def summarise(self, matrix: ResponseMatrix, within: str) -> Evidence:
        """Return the evidence of a response matrix; see `causalvalues.evidence.summarise`.

        Raises
        ------
        DataError
            If there are too few rows; with missing answers also if a column or a pair of columns has too few answers,
            naming them.
        """
        if self.missing != "listwise" and _has_holes(matrix):
            rows = IncompleteRows.of(matrix, used_rows(matrix, within, complete=False))
            found = by_maximum_likelihood(rows) if self.missing == "em" else by_available_cases(rows)
            evidence = estimated(matrix, rows, found)
            return evidence if self.missing == "em" else definite_evidence(evidence)
        return _complete(matrix, used_rows(matrix, within))


def _has_holes(matrix: ResponseMatrix) -> bool:
    lost = np.isnan(matrix.scores)
    return bool((lost.any(axis=1) & ~lost.all(axis=1) & (matrix.weights > 0)).any())


def _complete(matrix: ResponseMatrix, rows: UsedRows) -> Evidence:
    design = design_columns(matrix.levers, rows.doses, rows.groups)
    order = sorted(range(len(matrix.names)), key=lambda j: matrix.names[j])
    columns = np.ascontiguousarray(np.hstack([rows.scores[:, order], design.columns]))
    sums, mean = _product_sums(columns, rows)
    return evidence_of(matrix, rows, design, sums, mean)


def _product_sums(columns: FloatArray, rows: UsedRows) -> tuple[ClusterSums, FloatArray]:
    codes = cluster_codes(len(columns), columns.shape[1], rows.clusters, rows.strata)
    centred, mean, means = centre_rows(columns, rows.weights, rows.groups)
    groups = None if rows.groups is None else group_sums(centred, rows.weights, codes, rows.groups, means)
    weight, first, second = cluster_sums(centred, rows.weights, codes)
    return ClusterSums(weight, first, second, groups, rows.clusters is None, False, strata_of(codes, rows.strata)), mean
