"""A skill report by kind of lever: prompts alone, levers inside the model alone, and both together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.prediction.left_out import base_lever
from causalvalues.skill.foreseen import Foreseen
from causalvalues.skill.noise import Noise, noise_ceiling
from causalvalues.skill.resampling import resampled
from causalvalues.skill.score_table import difference_table, score_table
from causalvalues.skill.tables import Row, Rows, best_of, named_rows, numbers_of, of_split
from causalvalues.skill.verdict import quoted, told_apart, with_interval

MIXED = "mixed"
"""Rows in which levers of more than one kind act."""
COLUMNS = (
    "predictor_kind", "rows", "lever_sets", "groups", "micro_r2", "lower", "upper", "mae", "coverage", "ceiling",
    "against", "difference", "difference_lower", "difference_upper",
)  # fmt: skip
FEW = 5
"""Intervals from fewer left-out groups are rough."""


@dataclass(frozen=True)
class Judging:
    """What is needed to judge predictions beside the predictions.

    Parameters
    ----------
    predictors : mapping of str to str
        Predictor -> ``"simple"``, ``"mechanism"`` or ``"graph"``.
    noise : Noise
    resamples, seed : int
    """

    predictors: Mapping[str, str]
    noise: Noise
    resamples: int
    seed: int


def check_kinds(kinds: Mapping[str, str]) -> None:
    """Raise `ModelError` where a kind of lever has no name, or the name that rows with several kinds have."""
    for lever, kind in kinds.items():
        if not isinstance(kind, str) or not kind.strip():
            raise ModelError(f"The kind of lever {lever!r} is {kind!r}. Give it a name, such as 'prompts'.")
        if kind == MIXED:
            raise ModelError(
                f"The kind of lever {lever!r} is {MIXED!r}, as rows with several kinds are called. Rename it."
            )


def kind_of(lever: str, kinds: Mapping[str, str]) -> str:
    """Return the kind of a lever, which may be named without its wording.

    Raises
    ------
    ModelError
        If it is in no kind.
    """
    found = kinds.get(lever, kinds.get(base_lever(lever)))
    if found is None:
        raise ModelError(
            f"The lever {lever!r} is in no kind." + did_you_mean(lever, kinds) + " Name every lever in `kinds`."
        )
    return found


def row_kinds(levers: Sequence[Sequence[str]], kinds: Mapping[str, str]) -> tuple[str, ...]:
    """Return the kind of the levers that act in each row, or ``"mixed"``.

    Examples
    --------
    >>> row_kinds([("a",), ("a", "b")], {"a": "prompts", "b": "inside"})
    ('prompts', 'mixed')
    """
    sets = [{kind_of(lever, kinds) for lever in some} for some in levers]
    return tuple(some.pop() if len(some) == 1 else MIXED for some in sets)


def kind_table(found: Mapping[str, Foreseen], kinds: Mapping[str, str], how: Judging) -> pd.DataFrame:
    """Judge the rows of each kind by themselves; see `SkillReport.by_kind`.

    Every bootstrap sample draws the left-out groups of the whole split, as for `SkillReport.table`, and then looks at
    the rows of the kind, so that numbers of kinds belong together and one kind alone gives the numbers of that table.
    """
    cells: dict[tuple[str, str, str], Row] = {}
    for split, each in found.items() if kinds else ():
        of_rows = row_kinds(each.levers, kinds)
        for kind in (*dict.fromkeys(kinds.values()), MIXED):
            here = np.array([of_row == kind for of_row in of_rows], dtype=bool)
            if here.any():
                part = replace(each, observed=np.where(here[:, None], each.observed, np.nan))
                counts: Row = {"rows": int(here.sum())}
                for column, names in (("lever_sets", each.cells), ("groups", each.groups)):
                    counts[column] = len({name for name, inside in zip(names, here.tolist(), strict=True) if inside})
                for name, row in _judged(part, how).items():
                    cells[split, kind, name] = {**row, **counts}
    index = pd.MultiIndex.from_tuples(list(cells), names=["split", "kind", "predictor"]) if cells else _nothing()
    return pd.DataFrame(list(cells.values()), columns=list(COLUMNS), index=index)


def _nothing() -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([[], [], []], names=["split", "kind", "predictor"])


def _judged(part: Foreseen, how: Judging) -> dict[str, Row]:
    """Return the measures of each predictor on rows of one kind."""
    drawn = {part.split: resampled(part, how.resamples, how.seed)}
    table = score_table({part.split: part}, drawn, how.predictors)
    scores, apart = of_split(table, part.split), of_split(difference_table(table, drawn), part.split)
    ceiling = noise_ceiling(part.observed, part.cells, part.values, how.noise).micro
    rows: dict[str, Row] = {}
    for name, row in scores.items():
        kept = {column: row[column] for column in ("micro_r2", "lower", "upper", "mae", "coverage")}
        other = apart.get(name, {})
        ends = {f"difference{end}": other.get(f"micro_r2{end}", float("nan")) for end in ("", "_lower", "_upper")}
        rows[name] = {
            "predictor_kind": row["kind"], "ceiling": ceiling, "against": other.get("against", ""), **kept, **ends
        }  # fmt: skip
    return rows


def parts_of(by_kind: pd.DataFrame) -> dict[tuple[str, str], Rows]:
    """Return the rows of each split and kind by predictor, in the order of the table."""
    whole = named_rows(by_kind.set_axis(range(len(by_kind)), axis=0))
    found: dict[tuple[str, str], dict[str, Row]] = {}
    for i, (split, kind, name) in enumerate(by_kind.index):
        row = whole[str(i)]
        found.setdefault((str(split), str(kind)), {})[str(name)] = {**row, "kind": row["predictor_kind"]}
    return dict(found)


def kind_verdict(by_kind: pd.DataFrame) -> tuple[str, ...]:
    """Say of each split and kind whether a graph or a mechanism is better than the best simple predictor."""
    return tuple(_said(split, kind, here) for (split, kind), here in parts_of(by_kind).items())


def _said(split: str, kind: str, here: Rows) -> str:
    first = next(iter(here))
    counts = numbers_of(here, first)
    rows, sets, groups = (int(counts[column]) for column in ("rows", "lever_sets", "groups"))
    lead = f"{split.capitalize()}, {kind} ({rows} rows, {sets} lever sets): "
    best = best_of(here, "micro_r2", "simple")
    if best is None:
        return lead + "not judged, since no simple predictor is there or the changes do not vary."
    said = [f"of the simple predictors {quoted(best)} foresees changes best (micro R2 {with_interval(here, best)})"]
    for sort, who in (("graph", "of the models with a graph"), ("mechanism", "of the fitted mechanisms")):
        name = best_of(here, "micro_r2", sort)
        if name is not None:
            apart = told_apart(numbers_of(here, name), "difference", sort).removesuffix(".")
            said.append(f"{who} {quoted(name)} (micro R2 {with_interval(here, name)}) is {apart}")
    rough = f" The intervals are rough, with {groups} left-out groups." if groups < FEW else ""
    return lead + "; ".join(said) + "." + rough
