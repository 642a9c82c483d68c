"""The numbers of a skill report: how good each predictor is, and its difference to the best simple one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from causalvalues.frozen import FloatArray
from causalvalues.prediction import Prediction
from causalvalues.prediction.left_out import macro_r2, micro_r2
from causalvalues.skill import measures
from causalvalues.skill.foreseen import Foreseen
from causalvalues.skill.resampling import Resampled, ends
from causalvalues.skill.tables import Row, best_of, numbers_of, of_split


def score_table(
    found: Mapping[str, Foreseen], drawn: Mapping[str, Resampled], kinds: Mapping[str, str]
) -> pd.DataFrame:
    """Return the measures [split, predictor]; see `SkillReport.table`."""
    rows: dict[tuple[str, str], Row] = {}
    for split, each in found.items():
        for place, (name, told) in enumerate(each.predicted.items()):
            low, high = ends(drawn[split].r2[:, place])
            bounds = ends(drawn[split].effects[:, place])
            row: Row = {
                "kind": kinds[name],
                "micro_r2": micro_r2(each.observed, told.mean),
                "lower": low,
                "upper": high,
            }
            rows[split, name] = row | _of_rows(each.observed, told) | _of_effects(each, told.mean, bounds)
    return _indexed(rows)


def _of_rows(observed: FloatArray, told: Prediction) -> Row:
    return {
        "macro_r2": macro_r2(observed, told.mean),
        "mae": measures.mean_absolute_error(observed, told.mean),
        "rank": measures.rank_correlation(observed, told.mean),
        "row_rank": measures.row_rank_correlation(observed, told.mean),
        "coverage": measures.coverage(observed, told.lower, told.upper),
        "interval_score": measures.interval_score(observed, told.lower, told.upper),
    }


def _of_effects(each: Foreseen, mean: FloatArray, bounds: tuple[float, float]) -> Row:
    effects = measures.cell_means(each.observed, each.cells)
    seen = measures.cell_means(np.where(np.isfinite(each.observed), mean, np.nan), each.cells)
    both = np.isfinite(effects) & np.isfinite(seen)
    varies = both.sum() > 2 and np.ptp(seen[both]) > 1e-12 and np.ptp(effects[both]) > 1e-12
    return {
        "effects_r2": micro_r2(effects, seen),
        "effects_lower": bounds[0],
        "effects_upper": bounds[1],
        "effects_correlation": float(np.corrcoef(effects[both], seen[both])[0, 1]) if varies else np.nan,
    }


def difference_table(table: pd.DataFrame, drawn: Mapping[str, Resampled]) -> pd.DataFrame:
    """Return what each predictor has over the best simple one of the split, drawn in pairs."""
    rows: dict[tuple[str, str], Row] = {}
    for split, draws in drawn.items():
        here = of_split(table, split)
        best, best_effects = best_of(here, "micro_r2", "simple"), best_of(here, "effects_r2", "simple")
        if best is None:
            continue
        for place, name in enumerate(draws.names):
            row: Row = {"against": best, "effects_against": best_effects or ""}
            for column, samples, against in (
                ("micro_r2", draws.r2, best),
                ("mae", draws.error, best),
                ("effects_r2", draws.effects, best_effects),
            ):
                if against is None:  # one lever set: its mean change has nothing to vary with
                    row |= dict.fromkeys((column, f"{column}_lower", f"{column}_upper"), np.nan)
                    continue
                low, high = ends(samples[:, place] - samples[:, draws.names.index(against)])
                apart = numbers_of(here, name)[column] - numbers_of(here, against)[column]
                row |= {column: apart, f"{column}_lower": low, f"{column}_upper": high}
            rows[split, name] = row
    return _indexed(rows)


def _indexed(rows: Mapping[tuple[str, str], Row]) -> pd.DataFrame:
    table = pd.DataFrame(list(rows.values()))
    if rows:
        table.index = pd.MultiIndex.from_tuples(list(rows), names=["split", "predictor"])
    return table
