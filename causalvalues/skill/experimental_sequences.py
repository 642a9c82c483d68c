"""Answers of questionnaires in which each answer stays in the conversation: what came before is a cause."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from causalvalues.errors import DataError
from causalvalues.frozen import FloatArray

COLUMNS = ("unit_id", "persona_id", "position", "item", "dimension", "response")


@dataclass(frozen=True, eq=False)
class SequentialAnswers:
    """Questionnaires of r sheets over p values, one answer a value, in an order that differs between sheets.

    Parameters
    ----------
    values : tuple of str, length p
        In name order.
    units : tuple of str, length r
        Who answered.
    items : tuple of str, length p
        The item of each value.
    position : array (r, p)
        When each value was answered, from 0.
    answers : array (r, p)
        NaN where an answer was lost.
    """

    values: tuple[str, ...]
    units: tuple[str, ...]
    items: tuple[str, ...]
    position: FloatArray
    answers: FloatArray

    def __repr__(self) -> str:
        return f"SequentialAnswers({len(self.units)} sheets x {len(self.values)} values)"

    def rows(self) -> pd.DataFrame:
        """Return the answers less what their position in the questionnaire does on average, one row a sheet."""
        frame = pd.DataFrame(self.answers, columns=list(self.values))
        late = self.position.astype(int)
        steps = np.array([np.nanmean(np.where(late == k, self.answers - np.nanmean(self.answers, axis=0), np.nan))
                          for k in range(len(self.values))])  # fmt: skip
        return pd.DataFrame(frame - steps[late])


def read_sequential(path: str | Path) -> SequentialAnswers:
    """Read the answers of questionnaires in turn, as ``causalvalues elicit`` writes them (``sequential.csv``).

    Parameters
    ----------
    path : str or Path
        A CSV, compressed or not, with the columns unit_id, persona_id, position, item, dimension, response.

    Raises
    ------
    DataError
        If columns are missing, or sheets do not ask one and the same item of each value.
    """
    table = pd.read_csv(path)
    lost = [name for name in COLUMNS if name not in table.columns]
    if lost:
        raise DataError(f"{Path(path).name} has no column {lost[0]!r}. Give the file of questionnaires asked in turn.")
    asked = table.drop_duplicates(["dimension", "item"])
    if table.duplicated(["unit_id", "dimension"]).any() or asked["dimension"].duplicated().any():
        raise DataError("Some sheet asks two items of a value. Ask one item a value (`per_value = 1`).")
    values = sorted(str(value) for value in table["dimension"].unique())
    position = _wide(table, "position", values)
    if position.isna().any(axis=None):
        raise DataError("Some sheet does not ask every value. Leave it out.")
    answers = _wide(table, "response", values)
    owner = table.drop_duplicates("unit_id").set_index("unit_id")["persona_id"]
    items = table.drop_duplicates("dimension").set_index("dimension")["item"]
    return SequentialAnswers(
        tuple(values),
        tuple(str(owner[unit]) for unit in position.index),
        tuple(str(items[value]) for value in values),
        position.to_numpy(dtype=float),
        answers.to_numpy(dtype=float),
    )


def _wide(table: pd.DataFrame, what: str, values: list[str]) -> pd.DataFrame:
    """Return one row a sheet in name order, one column a value."""
    return table.set_index(["unit_id", "dimension"])[what].unstack()[values].sort_index()  # noqa: PD010


def earlier_effects(answers: SequentialAnswers, start: pd.DataFrame, shrinkage: float = 20.0) -> pd.DataFrame:
    """Estimate what an earlier answer of value i does to a later answer of value j; the order is random.

    For each value j, ridge regression of (answer - the unit's answer to the same item on its own) on which values were
    answered before, whether any was, and how many. The effects of values are shrunk, the other two are not. What all
    earlier answers do alike cannot be told from how many there were, so only differences within a column mean anything.

    Parameters
    ----------
    answers : SequentialAnswers
    start : DataFrame (units, items)
        What each unit answers to each item by itself.
    shrinkage : float, default 20.0
        Penalty on the squared effects, in rows.

    Returns
    -------
    DataFrame (p, p)
        [earlier value, later value].

    Raises
    ------
    DataError
        If fewer than two of the units, or not all items, are in `start`.
    """
    lost = [item for item in answers.items if item not in start.columns]
    if lost:
        raise DataError(f"The answers by themselves lack the item {lost[0]!r}. Give the items, not scores of values.")
    known = np.array([unit in start.index for unit in answers.units])
    if known.sum() < 2:
        raise DataError("Fewer than two units answered both in turn and by themselves. Ask the same units both ways.")
    units = [unit for unit in answers.units if unit in start.index]
    change = answers.answers[known] - start.loc[units, list(answers.items)].to_numpy(dtype=float)
    late = answers.position[known]
    p = len(answers.values)
    found = np.zeros((p, p))
    penalty = np.diag([shrinkage] * p + [1e-9] * 3)
    for j in range(p):
        seen = np.isfinite(change[:, j])
        before = (late[seen] < late[seen][:, [j]]).astype(float)
        x = np.column_stack([before, late[seen, j] > 0, late[seen, j], np.ones(seen.sum())])
        found[:, j] = np.linalg.solve(x.T @ x + penalty, x.T @ change[seen, j])[:p]
    return pd.DataFrame(found, index=list(answers.values), columns=list(answers.values))
