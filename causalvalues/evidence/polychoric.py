"""Moments of ordinal answers: polychoric, polyserial and product-moment correlations."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from causalvalues.errors import DataError, did_you_mean
from causalvalues.evidence.assembling import evidence_of
from causalvalues.evidence.definite import definite_evidence
from causalvalues.evidence.design import design_columns
from causalvalues.evidence.effective import pairwise_effective_n
from causalvalues.evidence.latent_pairs import BOUND, Pair, latent_pair
from causalvalues.evidence.latent_sums import Frame, Latent, frame_of, latent_sums, spanning_groups
from causalvalues.evidence.moments import Evidence
from causalvalues.evidence.ordinal_thresholds import (
    SLOPE_SPREAD,
    Cells,
    Continuous,
    Margin,
    Ordinal,
    continuous_margin,
    design_cells,
    ordinal_margin,
    refuse_unanswered,
)
from causalvalues.evidence.rows import UsedRows, used_rows
from causalvalues.frozen import FloatArray
from causalvalues.responses.matrix import ResponseMatrix

FEWEST_ANSWERS = 4
FEWEST_IN_GROUP = 10
MOST_CATEGORIES = 100


@dataclass(frozen=True)
class PolychoricMoments:
    """Correlations of the latent variables behind ordinal answers, by two-step maximum likelihood.

    Each ordinal answer is the step of a scale that a normal latent variable falls in. Thresholds are estimated from
    each column alone, then one correlation for each pair of columns from their contingency table: polychoric for two
    ordinal columns, polyserial for an ordinal and a continuous one, product-moment for two continuous ones.

    Parameters
    ----------
    ordinal : tuple of str or None, default None
        The ordinal columns; the others are continuous. None: columns with at most `max_categories` distinct answers
        that are whole numbers or evenly spaced. `Evidence.notes` names the columns.
    max_categories : int, default 10
        Used when `ordinal` is None.

    Notes
    -----
    Ordinal columns stand on their latent scale: variance 1 within design cells, mean 0, and thresholds
    (`Evidence.thresholds`) between one answer and the next. Continuous columns keep their units. Levers shift the
    latent variable (ordered probit on the design columns, with a normal prior of spread 5 on effects that the answers
    do not bound), and the correlation is that of what they leave, the same in all design cells; tables are kept for
    each cell, so with a graded lever the cost grows with the number of its doses. Every pair uses the rows that
    answered both columns, which is right when answers are missing completely at random.

    A correlation whose likelihood rises to .999 (as with an empty cell in a 2 x 2 table) is the mode under the prior
    density proportional to 1 - r^2, cut at .999, and `notes` names the pair. No count is ever added to a table.
    """

    ordinal: tuple[str, ...] | None = None
    max_categories: int = 10

    def __post_init__(self) -> None:
        if self.ordinal is not None:
            object.__setattr__(self, "ordinal", tuple(self.ordinal))
        if self.max_categories < 2:
            raise DataError(f"max_categories is {self.max_categories}; an ordinal column has at least 2 categories.")

    def summarise(self, matrix: ResponseMatrix, within: str) -> Evidence:
        """Return the evidence of a response matrix; see `causalvalues.evidence.summarise`."""
        rows = used_rows(matrix, within, complete=False)
        order = sorted(range(len(matrix.names)), key=lambda j: matrix.names[j])
        names = tuple(matrix.names[j] for j in order)
        columns = np.ascontiguousarray(rows.scores[:, order])
        refuse_unanswered(names, columns)
        design = design_columns(matrix.levers, rows.doses, rows.groups)
        frame = frame_of(rows, design)
        cells = design_cells(frame.columns, frame.weights)
        _refuse_small_groups(rows, within)
        ordinal = self._ordinal(names, columns)
        margins = [
            ordinal_margin(columns[:, j], rows.weights, cells, name)
            if ordinal[j]
            else continuous_margin(columns[:, j], rows.weights, cells)
            for j, name in enumerate(names)
        ]
        _refuse_empty_pairs(names, margins)
        latent, bounded = _estimates(names, margins, frame, cells)
        independent = rows.clusters is None
        sums = latent_sums(latent, frame, independent)
        levels = [0.0 if isinstance(margin, Ordinal) else margin.level for margin in margins]
        p, n = len(names), float(len(rows.weights))
        whole, once = sums.second.sum(axis=0), np.ones(frame.size)
        strata = None if independent else frame.strata  # of independent rows they are charged with the rest
        worth = pairwise_effective_n(whole, sums.second, once, p, n, strata=strata)
        worth = worth * (1 - (spanning_groups(rows, independent) - 1) / n)
        mean = np.array([*levels, *frame.mean])
        notes = (*_notes(names, columns, margins), *_bound_notes(bounded), *_design_notes(cells, names))
        evidence = evidence_of(matrix, rows, design, sums, mean, notes=notes, pairwise=worth)
        steps = {name: tuple(margin.thresholds.tolist()) for name, margin in zip(names, margins, strict=True)
                 if isinstance(margin, Ordinal)}  # fmt: skip
        return definite_evidence(replace(evidence, thresholds=steps))

    def _ordinal(self, names: tuple[str, ...], columns: FloatArray) -> list[bool]:
        if self.ordinal is None:
            return [_looks_ordinal(columns[:, j], self.max_categories) for j in range(len(names))]
        for name in self.ordinal:
            if name not in names:
                raise DataError(f"There is no column {name!r} to take as ordinal." + did_you_mean(name, names))
        for j, name in enumerate(names):
            number = len(np.unique(columns[~np.isnan(columns[:, j]), j]))
            if name in self.ordinal and number > MOST_CATEGORIES:
                raise DataError(
                    f"Column {name!r} holds {number} different answers; an ordinal column has at most "
                    f"{MOST_CATEGORIES}. Leave it out of `ordinal`."
                )
        return [name in self.ordinal for name in names]


def _looks_ordinal(column: FloatArray, most: int) -> bool:
    """Return whether a column has few distinct answers that are whole numbers or evenly spaced."""
    steps = np.unique(column[~np.isnan(column)])
    if len(steps) > most:
        return False
    gaps = np.diff(steps)
    even = len(gaps) == 0 or bool(np.ptp(gaps) <= 1e-9 * gaps.max())
    return even or bool((steps == np.round(steps)).all())


def _estimates(
    names: tuple[str, ...], margins: list[Margin], frame: Frame, cells: Cells
) -> tuple[Latent, list[tuple[str, str, float]]]:
    """Estimate every pair and add up influences by cluster; also return the pairs at the bound."""
    p, q = len(names), frame.design.shape[1]
    correlation = np.eye(p)
    on_correlation = np.zeros((frame.size, p, p))
    bounded = []
    for i in range(p):
        for j in range(i + 1, p):
            pair: Pair = latent_pair(margins[i], margins[j], frame.weights, cells)
            correlation[i, j] = correlation[j, i] = pair.correlation
            on_correlation[:, i, j] = on_correlation[:, j, i] = frame.sums(pair.influence)
            if pair.at_bound:
                bounded.append((names[i], names[j], pair.correlation))
    on_variance, on_effects = np.zeros((frame.size, p)), np.zeros((frame.size, q, p))
    for j, margin in enumerate(margins):
        on_variance[:, j], on_effects[:, :, j] = _margin_influence(margin, frame, cells)
    scale = np.array([1.0 if isinstance(margin, Ordinal) else margin.scale for margin in margins])
    effects = np.array([margin.effects[:q] for margin in margins]).reshape(p, q).T
    unit = cells.spread[:q, None]
    return Latent(correlation, scale, effects / unit, on_correlation, on_variance, on_effects / unit), bounded


def _margin_influence(margin: Margin, frame: Frame, cells: Cells) -> tuple[FloatArray, FloatArray]:
    """Return n times the influence on the variance (G,) and on the design effects (G, q), summed by cluster."""
    there, q, n = margin.answered, frame.design.shape[1], float(len(frame.weights))
    weights = np.where(there, frame.weights, 0.0)
    if isinstance(margin, Continuous):
        z = np.where(there, margin.z, 0.0)
        on_variance = frame.sums(weights * (z**2 - 1)) * (n / float(weights.sum()))
        x = np.hstack([np.ones((len(z), 1)), cells.columns[cells.codes]]) @ margin.inverse[:, 1 : 1 + q]
        rows = n * (weights * z)[:, None] * x
    else:
        on_variance = np.zeros(frame.size)
        first = margin.influence.shape[2] - margin.effects.size
        rows = n * weights[:, None] * margin.influence[cells.codes, margin.codes, first : first + q]
    on_effects = np.array([frame.sums(rows[:, k]) for k in range(q)]).reshape(q, frame.size)
    return on_variance, on_effects.T


def _refuse_small_groups(rows: UsedRows, within: str) -> None:
    if rows.groups is None:
        return
    k = int(rows.groups.max()) + 1
    if len(rows.weights) < FEWEST_IN_GROUP * k:
        raise DataError(
            f"The {k} groups of {within!r} have {len(rows.weights) / k:.1f} rows on average; a latent level for each "
            f"needs {FEWEST_IN_GROUP}. Use a coarser label, or `ProductMoments`."
        )


def _refuse_empty_pairs(names: tuple[str, ...], margins: list[Margin]) -> None:
    there = np.array([margin.answered for margin in margins], dtype=np.float64)
    both = there @ there.T
    few = [(i, j) for i in range(len(names)) for j in range(i + 1, len(names)) if both[i, j] < FEWEST_ANSWERS]
    if few:
        i, j = few[0]
        more = f" (and {len(few) - 1} more pairs)" if len(few) > 1 else ""
        raise DataError(
            f"Only {both[i, j]:.0f} rows answer both {names[i]!r} and {names[j]!r}{more}, so their correlation is not "
            f"known. Drop one of them (`matrix.drop([{names[i]!r}])`), or use `ProductMoments` with EM."
        )


def _notes(names: tuple[str, ...], columns: FloatArray, margins: list[Margin]) -> list[str]:
    ordinal = [f"{name!r} ({len(margin.thresholds) + 1})" for name, margin in zip(names, margins, strict=True)
               if isinstance(margin, Ordinal)]  # fmt: skip
    line = [repr(name) for name, margin in zip(names, margins, strict=True) if isinstance(margin, Continuous)]
    notes = ["Polychoric correlations by two-step maximum likelihood; ordinal columns stand on their latent scale."]
    notes.append(f"Taken as ordinal (number of categories): {', '.join(ordinal) or 'none'}.")
    if line:
        notes.append(f"Taken as continuous: {', '.join(line)}.")
    lost = np.isnan(columns).sum(axis=0)
    if lost.any():
        gaps = ", ".join(f"{name!r} {int(k)}" for name, k in zip(names, lost, strict=True) if k)
        notes.append(f"Each pair uses the rows that answered both; missing by column: {gaps}.")
    return notes


def _bound_notes(bounded: list[tuple[str, str, float]]) -> list[str]:
    if not bounded:
        return []
    shown = ", ".join(f"{a!r} and {b!r} ({r:.3f})" for a, b, r in bounded[:10])
    more = f" and {len(bounded) - 10} more" if len(bounded) > 10 else ""
    return [
        f"The likelihood of {len(bounded)} correlations rises to {BOUND:g} in size; they are the mode under a prior "
        f"proportional to 1 - r^2: {shown}{more}."
    ]


def _design_notes(cells: Cells, names: tuple[str, ...]) -> list[str]:
    if not cells.columns.shape[1]:
        return []
    return [
        f"Latent levels of the {len(names)} values follow {cells.columns.shape[1]} design columns in "
        f"{len(cells.columns)} cells (ordered probit, prior spread {SLOPE_SPREAD:g}); one residual correlation for all."
    ]
