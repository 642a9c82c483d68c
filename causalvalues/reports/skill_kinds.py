"""The part of the skill report that tells prompts from levers inside the model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from causalvalues.errors import StudyError
from causalvalues.figures.skill_kinds import skill_kinds_figure
from causalvalues.numerals import estimate, number
from causalvalues.skill.lever_kinds import parts_of
from causalvalues.skill.report import SkillReport
from causalvalues.skill.tables import Rows, best_of, numbers_of
from causalvalues.steering import SteeringLever, read_levers
from causalvalues.study.document import Block, Bullets, Cell, Heading, Paragraph, Picture, Table

PROMPTS, INSIDE = "prompts", "inside"
ABOUT = (
    "Rows are sorted by the levers that act in them: prompts alone, levers inside the model alone, or both (mixed). "
    "The predictions are the same as above; predictors have learned from all kinds. R2 is taken about each value's "
    "mean change in the rows of that kind, so kinds differ in what there is to foresee: compare predictors within a "
    "kind, and kinds with their ceilings in mind."
)
SORTS = ("simple", "mechanism", "graph")


def levers_inside(name: str, folder: Path, levers: Sequence[str]) -> tuple[SteeringLever, ...]:
    """Return the levers of a file that are among the levers of the answers; none without a file.

    Parameters
    ----------
    name : str
        Relative to `folder`; "" for none.
    folder : Path
    levers : sequence of str
        Of the answers.

    Raises
    ------
    StudyError
        If no lever of the file is among them.
    DataError, SteeringError
        As `read_levers`.
    """
    if not name:
        return ()
    held = read_levers(folder / name)
    found = tuple(lever for lever in held if lever.name in levers)
    if not found:
        raise StudyError(
            f"[report.skill] inside: none of the {len(held)} levers of {name} ({held[0].name!r} ...) is a lever of the "
            f"answers ({levers[0]!r} ...). Give the file that the answers were asked with."
        )
    return found


def kinds_of(levers: Sequence[str], inside: Sequence[SteeringLever]) -> dict[str, str]:
    """Return the kind of each lever, prompts first; nothing where no lever is inside the model."""
    names = {lever.name for lever in inside}
    if not names:
        return {}
    prompts = [lever for lever in levers if lever not in names]
    return dict.fromkeys(prompts, PROMPTS) | dict.fromkeys([x for x in levers if x in names], INSIDE)


def inside_aims(inside: Sequence[SteeringLever], values: Sequence[str]) -> dict[str, str]:
    """Return the values that levers inside the model aim at, as their file says."""
    return {lever.name: lever.value for lever in inside if lever.value in values}


def kind_blocks(found: SkillReport) -> list[Block]:
    """Return heading, sentences, picture and table; nothing where kinds were not asked for."""
    if found.by_kind.empty:
        return []
    return [
        Heading("By kind of lever"),
        Bullets(tuple(_bullet(sentence) for sentence in found.kind_verdict)),
        Paragraph(ABOUT),
        Picture("skill-kinds", skill_kinds_figure(found)),
        _table(found),
    ]


def _bullet(sentence: str) -> tuple[str, str]:
    """Return a sentence as its short beginning, up to the colon, and the rest."""
    lead, _, rest = sentence.partition(": ")
    return f"{lead}.", rest[:1].upper() + rest[1:]


def _table(found: SkillReport) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for (split, kind), here in parts_of(found.by_kind).items():
        names = [name for sort in SORTS if (name := best_of(here, "micro_r2", sort)) is not None]
        rows += [_cells(split, kind, here, name) for name in names]
    return Table(
        ("Split", "Levers", "Rows", "Sets", "Predictor", "Micro R2", "MAE", "Coverage", "Difference", "Ceiling"),
        tuple(rows),
        "The best simple predictor, the best fitted mechanism and the best model with a graph of each split and kind, "
        "with 90% intervals: the left-out groups are drawn again, as in the tables above. Difference: micro R2 less "
        "that of the best simple predictor. All predictors are in tables/skill_by_kind.csv.",
    )


def _cells(split: str, kind: str, here: Rows, name: str) -> tuple[Cell, ...]:
    row = numbers_of(here, name)
    simple = here[name]["predictor_kind"] == "simple"
    apart = estimate(row["difference"], row["difference_lower"], row["difference_upper"], 3)
    return (
        split,
        kind,
        f"{int(row['rows']):,}",
        f"{int(row['lever_sets']):,}",
        name,
        estimate(row["micro_r2"], row["lower"], row["upper"]),
        number(row["mae"], 3),
        number(row["coverage"]) if math.isfinite(row["coverage"]) else None,
        None if simple else apart,
        row["ceiling"] if math.isfinite(row["ceiling"]) else None,
    )
