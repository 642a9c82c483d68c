"""The data doctor: what may make a graph learned from these answers wrong, and what to type next.

Codes
-----
Columns: CV101 no answer at all, CV102 constant, CV103 nearly constant, CV104 duplicate, CV105 collinear, CV106 nearly
collinear, CV107 fewer than three values, CV108 ceiling or floor, CV109 infinite, CV110 looks like a missing code,
CV111 too little spread for the size of its numbers, CV112 numbers too large or too small.
Rows: CV201 fewer rows than needed, CV202 few rows for a full model, CV203 repeated units taken as independent, CV204
clusters cut through units, CV205 few clusters, CV206 identical rows, CV207 many rows lost to gaps, CV208
a few rows hold most of the weight.
Groups: CV301 missingness differs between groups, CV302 one group dominates, CV303 sign differs between pooled and
within, CV304 steered and unsteered rows pooled. Centring: CV401 ipsative, CV402 nearly ipsative. Levers: CV501 never
used or never varied, CV502 few rows in a design cell, CV503 levers that cannot be told apart.
"""

from __future__ import annotations

from itertools import chain

import pandas as pd

from causalvalues.evidence.doctor_columns import (
    ceiling_and_floor,
    constant_columns,
    few_values,
    infinite_answers,
    missing_codes,
    unfit_sizes,
)
from causalvalues.evidence.doctor_groups import (
    dominating_groups,
    missing_by_group,
    pooled_steering,
    sign_changes,
)
from causalvalues.evidence.doctor_relations import related_columns
from causalvalues.evidence.doctor_rows import (
    cluster_trouble,
    identical_rows,
    lever_trouble,
    repeated_units,
    row_numbers,
    uneven_weights,
)
from causalvalues.evidence.finding import Finding
from causalvalues.evidence.rows import as_matrix
from causalvalues.responses.matrix import ResponseMatrix

CHECKS = (
    constant_columns,
    unfit_sizes,
    infinite_answers,
    missing_codes,
    few_values,
    ceiling_and_floor,
    related_columns,
    row_numbers,
    uneven_weights,
    repeated_units,
    cluster_trouble,
    identical_rows,
    missing_by_group,
    dominating_groups,
    sign_changes,
    pooled_steering,
    lever_trouble,
)

SEVERITIES = ("blocking", "warning", "note")


def check(data: ResponseMatrix | pd.DataFrame) -> list[Finding]:
    """Look for everything that is known to make learned graphs wrong.

    Parameters
    ----------
    data : ResponseMatrix or pandas.DataFrame
        A plain numeric data frame counts as independent rows; every column is a value.

    Returns
    -------
    list of Finding
        Blocking ones first, then warnings and notes; empty when nothing was found. Pass it to `refuse` to stop on
        blocking findings.

    Raises
    ------
    DataError
        If a column of a data frame is not numeric.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rows = pd.DataFrame({"power": np.arange(30.0) ** 0.5, "security": np.full(30, 3.0)})
    >>> [(finding.code, finding.where) for finding in check(rows) if finding.severity == "blocking"]
    [('CV102', "column 'security'")]
    """
    matrix = as_matrix(data)
    found = list(chain.from_iterable(look(matrix) for look in CHECKS))
    return sorted(found, key=lambda finding: (SEVERITIES.index(finding.severity), finding.code))
