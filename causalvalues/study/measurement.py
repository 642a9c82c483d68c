"""How reliably the values of a study are measured, and what that means for its edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.discovery import FalseEdges, ItemStability, expected_false_edges, item_stability
from causalvalues.errors import CausalValuesError, DataError
from causalvalues.evidence import CorrectedMoments, Environments, ProductMoments, reliability, summarise
from causalvalues.graph import Knowledge
from causalvalues.responses import ResponseMatrix
from causalvalues.study.answers import Answers
from causalvalues.study.moments import moments_of
from causalvalues.study.settings import StudySettings
from causalvalues.theories import ScoringKey

REPEATS = ("prompt_id", "paraphrase", "wording", "repeat")
"""Labels that are taken as repeats or paraphrases where none is named."""
FEW_VALUES, MANY_VALUES = 10, 14
"""Up to the first, false edges are simulated with `SIMULATED` data sets; up to the second, with a quarter of them."""
SIMULATED = 16
KNOWS_NONE = "they take rows of one kind, and here values were forced in some of them"


@dataclass(frozen=True, eq=False)
class Measurement:
    """Reliabilities and what follows from them.

    Parameters
    ----------
    table : DataFrame
        See `causalvalues.evidence.reliability`.
    coefficient : str
        The one that the rest stands on.
    scores : {"as they are", "corrected"}
        What the study learned from.
    false_edges : FalseEdges or None
    stability : ItemStability or None
    skipped : tuple of str
    """

    table: pd.DataFrame
    coefficient: str
    scores: str = "as they are"
    false_edges: FalseEdges | None = None
    stability: ItemStability | None = None
    skipped: tuple[str, ...] = ()

    @property
    def blocked(self) -> bool:
        """Whether claims about direct effects and paths are blocked."""
        return self.false_edges is not None and self.false_edges.blocks(self.scores)

    @property
    def share(self) -> float:
        """The expected share of false edges among the pairs without one; NaN when it is not known."""
        return float("nan") if self.false_edges is None else self.false_edges.expected(self.scores)


def measurement_of(
    settings: StudySettings,
    answers: Answers,
    knowledge: Knowledge | None = None,
    forced: Environments | None = None,
) -> Measurement | None:
    """Estimate reliabilities, the expected share of false edges, and the stability of edges; None without items.

    Parameters
    ----------
    settings : StudySettings
    answers : Answers
    knowledge : Knowledge, optional
    forced : Environments, optional
        Conditions in which values were forced: each reliability is then that of the rows in which its value was free,
        and the rest, which knows no forced values, is left out.
    """
    items, key, evidence = answers.items, answers.key, settings.evidence
    if items is None or key is None:
        return None
    if forced is not None:
        return Measurement(
            reliabilities_when_free(items, key, settings, forced),
            evidence.reliability,
            skipped=("expected false edges, and edges with single items left out: " + KNOWS_NONE,),
        )
    table = reliabilities(items, key, evidence.within, evidence.over)
    scores = "corrected" if evidence.moments == "corrected" else "as they are"
    found, skipped = None, []
    try:
        found = false_edges(settings, answers.matrix, table)
    except CausalValuesError as error:
        skipped.append(f"expected false edges: {error}")
    stability = None
    if settings.checks.item_stability and len(answers.matrix.names) <= MANY_VALUES:
        how = moments_of(evidence, key)
        scoring = how if isinstance(how, CorrectedMoments) else key
        try:
            stability = item_stability(items, scoring, None, knowledge, settings.seed)
        except CausalValuesError as error:
            skipped.append(f"edges with single items left out: {error}")
    return Measurement(table, evidence.reliability, scores, found, stability, tuple(skipped))


def reliabilities(items: ResponseMatrix, key: ScoringKey, within: str = "", over: str = "") -> pd.DataFrame:
    """Return the reliability of each dimension; a label of repeats is used where there is one.

    Parameters
    ----------
    items : ResponseMatrix
    key : ScoringKey
    within : str, default ""
    over : str, default ""
        Empty: ``prompt_id``, ``paraphrase``, ``wording`` or ``repeat``, the first that can be used.
    """
    if over:
        return reliability(items, key, within, over)
    for label in REPEATS:
        if len(set(items.labels.get(label, ()))) > 1:
            try:
                return reliability(items, key, within, label)
            except DataError:
                continue
    return reliability(items, key, within)


def reliabilities_when_free(
    items: ResponseMatrix, key: ScoringKey, settings: StudySettings, forced: Environments
) -> pd.DataFrame:
    """Return the reliability of each dimension in the rows of the conditions in which nobody forced it."""
    label, parts = items.labels[forced.by], []
    for place in range(len(forced.free)):
        mine = [name for name, own in zip(forced.names, forced.which, strict=True) if own == place]
        free = {condition.name for condition in forced.conditions if not set(mine) & set(condition.forced)}
        own = [item for item in key.all_items if item in key.items and key.items[item].dimension in mine]
        rows = items.rows(np.array([name in free for name in label])).drop(sorted(set(items.names) - set(own)))
        how = (settings.evidence.within, settings.evidence.over)
        parts.append(reliabilities(rows, key.subset(own), *how).loc[mine])
    return pd.concat(parts).loc[list(forced.names)]


def false_edges(settings: StudySettings, matrix: ResponseMatrix, table: pd.DataFrame) -> FalseEdges | None:
    """Simulate the false edges of the scores as they are and corrected; None with too many values."""
    if not 2 <= len(matrix.names) <= MANY_VALUES:
        return None
    name = settings.evidence.reliability
    if name not in table:
        raise DataError(f"There is no coefficient {name!r} for these items. Name a label of repeats with `over`.")
    within, plain = settings.evidence.within, ProductMoments(missing=settings.evidence.missing)
    repeats = SIMULATED if len(matrix.names) <= FEW_VALUES else SIMULATED // 4
    known = {dimension: float(table.loc[dimension, name]) for dimension in matrix.names}  # type: ignore[arg-type]
    errors = {dimension: float(table.loc[dimension, f"{name}_se"]) for dimension in matrix.names}  # type: ignore[arg-type]
    return expected_false_edges(summarise(matrix, within, plain), known, errors, repeats, settings.seed)
