"""The skill report as blocks: sentences first, then pictures and tables."""

from __future__ import annotations

import math

from causalvalues.figures.skill_calibration import calibration_figure
from causalvalues.figures.skill_dots import skill_figure
from causalvalues.numerals import estimate, number
from causalvalues.reports.skill_kinds import kind_blocks
from causalvalues.skill.report import SkillReport
from causalvalues.skill.tables import column_of, named_rows, numbers_of, of_split
from causalvalues.study.document import Block, Bullets, Cell, Heading, Paragraph, Picture, Table

FORMULA = (
    "Micro R2 is 1 less the squared errors of all predicted changes over the squared deviations of the observed "
    "changes from the mean change of their value, all rows and values pooled; macro R2 is the mean over values of the "
    "same for one value. Rank: Spearman's correlation over all changes. In row: over the values of one row, averaged "
    "over rows. Interval score: the width of the 90% interval, plus 20 times the distance of what lies outside (lower "
    "is better). Mean changes of lever sets are averages over the rows that are foreseen. Levers that may act on every "
    "value (saturated) do so by their own effects, whatever the graph, so that of pairs and units the graph can say "
    "something of its own only with sparse levers; a left-out lever is what puts the arrows to the test."
)


def skill_blocks(found: SkillReport) -> list[Block]:
    """Return headings, the verdict, both pictures, tables by split, the differences, the ceiling, and kinds of levers.

    Parameters
    ----------
    found : SkillReport
    """
    blocks: list[Block] = [
        Heading("How well are changes foreseen?"),
        Bullets(tuple(("", sentence) for sentence in found.verdict), lead=True),
        Picture("skill", skill_figure(found)),
    ]
    blocks.append(Picture("skill-calibration", calibration_figure(found)))
    blocks.append(Paragraph(FORMULA))
    for split in found.predictions:
        blocks += [Heading(split.capitalize(), 3), _table(found, split)]
        apart = _apart(found, split)
        blocks += [] if apart is None else [apart]
    blocks.append(_ceiling(found))
    blocks += kind_blocks(found)
    if found.notes:
        blocks += [Heading("What was left out, and what counts as error", 3)]
        blocks.append(Bullets(tuple(("", note) for note in found.notes)))
    return blocks


def skill_files(found: SkillReport) -> dict[str, str]:
    """Return the tables as CSV text, by file name."""
    files = {
        "skill.csv": found.table.to_csv(lineterminator="\n"),
        "skill_differences.csv": found.differences.to_csv(lineterminator="\n"),
        "skill_ceiling.csv": found.ceiling.rename_axis("split").to_csv(lineterminator="\n"),
    }
    return files if found.by_kind.empty else files | {"skill_by_kind.csv": found.by_kind.to_csv(lineterminator="\n")}


def _table(found: SkillReport, split: str) -> Table:
    here = of_split(found.table, split)
    known = column_of(here, "micro_r2")
    rows: list[tuple[Cell, ...]] = []
    for name in sorted(here, key=lambda each: -known.get(each, -math.inf)):
        row = numbers_of(here, name)
        measured = [row[column] for column in ("macro_r2", "mae", "rank", "row_rank", "coverage", "interval_score")]
        cells = [number(each, 3) if math.isfinite(each) else None for each in measured]
        first = estimate(row["micro_r2"], row["lower"], row["upper"])
        effects = estimate(row["effects_r2"], row["effects_lower"], row["effects_upper"])
        rows.append((name, str(here[name]["kind"]), first, *cells, effects))
    told = found.predictions[split]
    return Table(
        ("Predictor", "Kind", "Micro R2", "Macro R2", "MAE", "Rank", "In row", "Coverage", "Interval score", "Mean R2"),
        tuple(rows),
        f"{len(told.groups)} rows of {len(set(told.groups))} left-out groups under {len(set(told.cells))} lever sets, "
        "each foreseen by predictors that have not seen its group. 90% intervals: groups drawn again; for the R2 of "
        "mean changes (last column), lever sets.",
    )


def _apart(found: SkillReport, split: str) -> Table | None:
    here = of_split(found.differences, split)
    if not here:
        return None
    names = list(here)
    rows: list[tuple[Cell, ...]] = []
    for name in names:
        row = numbers_of(here, name)
        columns = ("micro_r2", "mae", "effects_r2")
        rows.append((name, *(estimate(row[c], row[f"{c}_lower"], row[f"{c}_upper"], 3) for c in columns)))
    against, for_effects = (here[names[0]][column] for column in ("against", "effects_against"))
    return Table(
        ("Predictor", "Micro R2", "MAE", "R2 of mean changes"),
        tuple(rows),
        f'Difference to the best simple predictor ("{against}"; for mean changes "{for_effects}"), with 90% intervals '
        "of the paired bootstrap.",
    )


def _ceiling(found: SkillReport) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for split in found.predictions:
        row = numbers_of(named_rows(found.ceiling), split)
        known = (row[column] for column in ("micro", "macro", "effects"))
        rows.append((split, *(each if math.isfinite(each) else None for each in known)))
    return Table(
        ("Split", "Micro R2", "Macro R2", "R2 of mean changes"),
        tuple(rows),
        "The highest R2 that any predictor could reach, given the error of the answers; a dash where it is not known.",
    )
