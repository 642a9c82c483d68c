"""Is it the value or the sentence? How much the effects of forced statements of one value differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import fdtrc

from causalvalues.errors import ModelError
from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.numerals import number
from causalvalues.skill.forced_answers import ForcedAnswers


@dataclass(frozen=True, eq=False)
class StatementEffects:
    """What single statements did, and whether the statements of one value do the same.

    Parameters
    ----------
    effects : DataFrame
        One row a statement, index (value, statement, stance), one column a value: mean change after it against the
        controls of the units that heard it; ``rows`` counts them.
    components : DataFrame
        One row for each value that was measured, and ``pooled`` (sums over values): variance of the effects of other
        values on it ``between_values``, ``between_statements`` of one value and ``residual``; ``statements`` per value
        (harmonic mean); ``generalises``, the share of the variance between mean effects of values that would be found
        again with other statements; ``p`` of "all statements of a value do the same" (F test).
    verdict : str
    """

    effects: pd.DataFrame
    components: pd.DataFrame
    verdict: str

    def __repr__(self) -> str:
        return f"StatementEffects({len(self.effects)} statements; {self.verdict})"

    def general_se(self, se: pd.DataFrame) -> pd.DataFrame:
        """Return errors that speak of other statements, too: sqrt(se^2 + between_statements / statements).

        Parameters
        ----------
        se : DataFrame (p, p)
            Of effects of values on values [forced value, value], over units.
        """
        part = self.components.loc[list(se.columns)]
        extra = (part["between_statements"] / part["statements"]).to_numpy()
        return pd.DataFrame(np.sqrt(np.square(se) + extra), index=se.index, columns=se.columns)


def statement_effects(answers: ForcedAnswers) -> StatementEffects:
    """Split the effects of forced answers into those of the value and those of the sentence.

    For each measured value j, over the rows after one statement of another value, y = m + v_i + s_(i)k + e: forced
    value i, statement k of it (agreed with or rejected: the two do much the same, so they count as one). Variances by
    the method of moments for unbalanced nested designs, not below zero.

    Parameters
    ----------
    answers : ForcedAnswers
        With named statements.

    Returns
    -------
    StatementEffects

    Raises
    ------
    ModelError
        If statements are not named, or no value had two of them in single-statement rows.

    References
    ----------
    Searle, Casella and McCulloch (1992), Variance Components, section 5.3 (Henderson's method I, nested); Cronbach,
    Gleser, Nanda and Rajaratnam (1972), The Dependability of Behavioral Measurements (generalisability).
    """
    rows = [i for i, said in enumerate(answers.said) if len(said) == 1]
    sentences = [(answers.said[i][0], answers.statements[i][0], answers.stances[i][0]) for i in rows]
    if not any(name for _, name, _ in sentences):
        raise ModelError("The statements that were forced are not named. Give the label that names them.")
    names = sorted(set(sentences))
    if len({(value, name) for value, name, _ in names}) <= len({value for value, _, _ in names}):
        raise ModelError("No value had two statements, so nothing tells the value from the sentence. Force several.")
    change = answers.change[rows]
    which = np.array([names.index(sentence) for sentence in sentences])
    said = sorted({(value, name) for value, name, _ in names})
    one = np.array([said.index((value, name)) for value, name, _ in sentences])
    owner = np.array([answers.values.index(value) for value, _ in said])
    found = {value: _components(change[:, j], (one, owner), owner[one] != j) for j, value in enumerate(answers.values)}
    table = pd.DataFrame(found).T
    pooled = table.mean()
    pooled["generalises"] = _share(pooled["between_values"], pooled["between_statements"], pooled["statements"])
    pooled["p"] = float(min(1.0, len(table) * table["p"].min()))
    table.loc["pooled"] = pooled
    return StatementEffects(_means(change, which, names, answers.values), table, _verdict(table))


def _components(y: FloatArray, nested: tuple[IntArray, IntArray], rows: BoolArray) -> dict[str, float]:
    """Return the variance components of one measured value."""
    which, owner = nested
    use = rows & np.isfinite(y)
    y, which = y[use], which[use]
    n_k = np.bincount(which, minlength=len(owner)).astype(float)
    sum_k = np.bincount(which, y, minlength=len(owner))
    n_i, sum_i = np.bincount(owner, n_k), np.bincount(owner, sum_k)
    total = float(n_k.sum())
    mean_k, mean_i = sum_k / np.maximum(n_k, 1), sum_i / np.maximum(n_i, 1)
    values, sentences = int((n_i > 0).sum()), int((n_k > 0).sum())
    free = (values - 1.0, float(sentences - values), total - sentences)
    if min(free) < 1:
        nan = float("nan")
        return dict.fromkeys(
            ("between_values", "between_statements", "residual", "statements", "generalises", "p"), nan
        )
    squares_a = float((n_i * np.square(mean_i - sum_i.sum() / total)).sum())
    squares_b = float((n_k * np.square(mean_k - mean_i[owner])).sum())
    squares_e = float(np.square(y - mean_k[which]).sum())
    inside = np.bincount(owner, np.square(n_k)) / np.maximum(n_i, 1)
    residual = squares_e / free[2]
    between_k = (squares_b - free[1] * residual) / (total - inside.sum())
    shared = inside.sum() - np.square(n_k).sum() / total
    between_i = (squares_a - shared * between_k - free[0] * residual) / (total - np.square(n_i).sum() / total)
    each = np.bincount(owner, (n_k > 0).astype(float))
    statements = values / (1 / each[each > 0]).sum()
    between_i, between_k = max(between_i, 0.0), max(between_k, 0.0)
    return {
        "between_values": between_i,
        "between_statements": between_k,
        "residual": residual,
        "statements": float(statements),
        "generalises": _share(between_i, between_k, float(statements)),
        "p": float(fdtrc(free[1], free[2], squares_b / free[1] / residual)) if residual > 0 else float("nan"),
    }


def _share(values: float, sentences: float, number_of: float) -> float:
    total = values + sentences / number_of
    return float(values / total) if total > 0 else float("nan")


def _means(
    change: FloatArray, which: IntArray, names: list[tuple[str, str, str]], values: tuple[str, ...]
) -> pd.DataFrame:
    seen = np.isfinite(change)
    count = np.zeros((len(names), len(values)))
    sums = np.zeros_like(count)
    np.add.at(count, which, seen)
    np.add.at(sums, which, np.where(seen, change, 0.0))
    index = pd.MultiIndex.from_tuples(names, names=["value", "statement", "stance"])
    table = pd.DataFrame(np.where(count > 0, sums / np.maximum(count, 1), np.nan), index=index, columns=list(values))
    table.insert(0, "rows", np.bincount(which, minlength=len(names)))
    return table


def _verdict(table: pd.DataFrame) -> str:
    one = {str(name): float(table[name].loc["pooled"]) for name in table.columns}
    both = one["between_values"] + one["between_statements"]
    if not both > 0:
        return "neither values nor sentences differ in what they do to other values"
    share = one["between_statements"] / both
    sure = "" if one["p"] < 0.05 else " (not told from none)"
    many, again = number(one["statements"], 0), number(one["generalises"])
    return (
        f"of the variance between sentences in what they do to other values, {number(share)} lies between the "
        f"sentences of one value{sure}; with {many} sentences a value, {again} of the variance between values would be "
        "found again with other sentences"
    )
