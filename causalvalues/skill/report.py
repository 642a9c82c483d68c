"""The skill report: who foresees what levers do, how well, and whether a graph adds anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import pandas as pd

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.given import require_kind
from causalvalues.prediction import PairedRows, paired_rows
from causalvalues.randomness import require_whole
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.skill.contenders import Contender, standard_contenders
from causalvalues.skill.foreseen import Foreseen, foresee
from causalvalues.skill.lever_kinds import Judging, check_kinds, kind_of, kind_table, kind_verdict
from causalvalues.skill.noise import Noise, noise_ceiling
from causalvalues.skill.noise_sources import retest_noise
from causalvalues.skill.resampling import resampled
from causalvalues.skill.score_table import difference_table, score_table
from causalvalues.skill.splits import (
    BY_LEVER,
    BY_PAIR,
    BY_UNIT,
    NEW,
    Fold,
    lever_folds,
    new_fold,
    pair_folds,
    unit_folds,
)
from causalvalues.skill.verdict import verdict

SPLITS = ("lever", "pair", "unit")


@dataclass(frozen=True)
class SkillSettings:
    """How `skill_report` judges.

    Parameters
    ----------
    contenders : tuple of Contender, default ()
        Empty: `standard_contenders` with `own` and `groups`.
    own : mapping of lever to value, optional
        The value that each lever aims at; by default levers named ``<prefix>_<value>``, such as ``do_power``.
    groups : mapping of str to sequence of str, default {}
        Latent factors of the factor-plus-graph model, such as the higher-order groups of a theory.
    splits : tuple of str, default ("lever", "pair", "unit")
    folds : int, default 10
        Into which lever sets and units are dealt.
    noise : Noise, optional
        Error of the observed profiles; by default from repeated rows, where there are any.
    resamples : int, default 1000
        Bootstrap samples of the left-out groups.
    wordings : str, default ""
        As in `paired_rows`.
    kinds : mapping of lever to kind, default {}
        For example ``{"do_power": "prompts", "vec_power": "inside"}``: rows are then also judged by the kind of the
        levers that act. Every lever is named, with or without its wording; levers of other data may stand in it.

    Raises
    ------
    ModelError
        If a split is unknown, two contenders have one name, or a kind has no name or the name ``"mixed"``.
    """

    contenders: tuple[Contender, ...] = ()
    own: Mapping[str, str] | None = None
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    splits: tuple[str, ...] = SPLITS
    folds: int = 10
    noise: Noise | None = None
    resamples: int = 1000
    wordings: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_whole("folds", self.folds, 2)
        require_whole("resamples", self.resamples, 0)
        for split in self.splits:
            if split not in SPLITS:
                raise ModelError(f"There is no split {split!r}." + did_you_mean(split, SPLITS))
        names = [each.predictor.name for each in self.contenders]
        if len(set(names)) < len(names):
            twice = sorted(name for name in set(names) if names.count(name) > 1)
            raise ModelError(f"Two contenders are named {twice[0]!r}. Give each a name of its own.")
        check_kinds(self.kinds)


@dataclass(frozen=True, eq=False)
class SkillReport:
    """How well changes under levers are foreseen.

    Parameters
    ----------
    table : DataFrame
        Index [split, predictor]; ``kind``; ``micro_r2`` with ``lower`` and ``upper`` (90%), ``macro_r2``, ``mae``,
        ``rank`` (Spearman over all cells), ``row_rank`` (Spearman over the values of a row, mean over rows),
        ``coverage`` and ``interval_score`` of 90% intervals, ``effects_r2`` with ``effects_lower`` and
        ``effects_upper``, and ``effects_correlation`` (of the mean changes of lever sets). R2 as in `micro_r2` and
        `macro_r2`: about each value's mean change.
    differences : DataFrame
        Index [split, predictor]: micro R2, mean absolute error and R2 of mean effects less those of the best simple
        predictor of that split (``against``, ``effects_against``), with 90% intervals of the paired bootstrap.
    ceiling : DataFrame
        Index split: ``micro``, ``macro``, ``effects``.
    verdict : tuple of str
    predictions : mapping of str to Foreseen
        By split.
    notes : tuple of str
        What was left out and why; what counts as error.
    by_kind : DataFrame
        Index [split, kind, predictor], the kinds in the order of `SkillSettings.kinds` and then ``"mixed"`` for rows
        in which several kinds act; ``predictor_kind``, ``rows``, ``lever_sets``, ``groups`` (left-out groups with such
        rows), ``micro_r2`` with ``lower`` and ``upper`` (90%; the groups of the whole split are drawn, as for `table`),
        ``mae``, ``coverage``, ``ceiling`` (the error variance is that of all rows), and ``difference`` of micro R2 to
        the best simple predictor of that split and kind (``against``) with ``difference_lower`` and
        ``difference_upper``. Empty without kinds.
    kind_verdict : tuple of str
        A sentence on each split and kind.
    """

    table: pd.DataFrame
    differences: pd.DataFrame
    ceiling: pd.DataFrame
    verdict: tuple[str, ...]
    predictions: Mapping[str, Foreseen]
    notes: tuple[str, ...]
    by_kind: pd.DataFrame = field(default_factory=lambda: kind_table({}, {}, Judging({}, Noise(), 0, 0)))
    kind_verdict: tuple[str, ...] = ()

    def __repr__(self) -> str:
        predictors = len(self.table.index.get_level_values("predictor").unique())
        return f"SkillReport({predictors} predictors; {', '.join(self.predictions)})"


def skill_report(
    data: ResponseMatrix | PairedRows,
    seed: int = 0,
    settings: SkillSettings | None = None,
    test: ResponseMatrix | PairedRows | None = None,
) -> SkillReport:
    """Cross-validate predictors of change by lever, by lever set and by unit, and hold them against each other.

    Parameters
    ----------
    data : ResponseMatrix or PairedRows
        Scores of values, with levers.
    seed : int, default 0
    settings : SkillSettings, optional
    test : ResponseMatrix or PairedRows, optional
        Other rows under the same levers: foreseen from all of `data`, and in the place of the rows of left-out levers.

    Returns
    -------
    SkillReport

    Raises
    ------
    ModelError
        If no split is possible, no predictor could learn, or a lever is in none of the kinds that are asked for.
    """
    require_whole("seed", seed, 0)
    asked = SkillSettings() if settings is None else settings
    rows = _rows(data, asked)
    other = None if test is None else _same_columns(_rows(test, asked), rows)
    for lever in rows.levers if asked.kinds else ():
        kind_of(lever, asked.kinds)
    contenders = asked.contenders or standard_contenders(asked.own, asked.groups)
    notes: list[str] = []
    found: dict[str, Foreseen] = {}
    for split, folds in _folds(rows, other, asked, seed, notes).items():
        found[split] = foresee(split, folds, contenders, seed)
        notes += _skipped(found[split])
    found = {split: each for split, each in found.items() if each.predicted}
    if not found:
        raise ModelError("Nothing could be foreseen. " + " ".join(notes))
    noise = _noise(rows, asked, notes)
    kinds = {each.predictor.name: each.kind for each in contenders}
    drawn = {split: resampled(each, asked.resamples, seed) for split, each in found.items()}
    table = score_table(found, drawn, kinds)
    differences = difference_table(table, drawn)
    ceiling = pd.DataFrame.from_dict(
        {split: asdict(noise_ceiling(f.observed, f.cells, f.values, noise)) for split, f in found.items()},
        orient="index",
    )
    said = verdict(table, differences, ceiling)
    by_kind = kind_table(found, asked.kinds, Judging(kinds, noise, asked.resamples, seed))
    return SkillReport(table, differences, ceiling, said, found, tuple(notes), by_kind, kind_verdict(by_kind))


def _rows(data: ResponseMatrix | PairedRows, asked: SkillSettings) -> PairedRows:
    """Return paired rows with values and levers in name order, so that the order of columns changes nothing."""
    require_kind(data, PairedRows | ResponseMatrix, "The data: give a ResponseMatrix or `paired_rows(...)`", ModelError)
    rows = data if isinstance(data, PairedRows) else paired_rows(data, asked.wordings)
    if not len(rows) or not rows.levers:
        raise ModelError("There are no rows under levers, so there is no change to foresee.")
    values = sorted(range(len(rows.values)), key=lambda j: rows.values[j])
    levers = sorted(range(len(rows.levers)), key=lambda i: rows.levers[i])
    return PairedRows(
        tuple(rows.values[j] for j in values),
        tuple(rows.levers[i] for i in levers),
        rows.units,
        rows.start[:, values],
        rows.doses[:, levers],
        rows.reached[:, values],
        rows.weights,
    )


def _same_columns(test: PairedRows, rows: PairedRows) -> PairedRows:
    if test.values != rows.values or test.levers != rows.levers:
        odd = sorted(set(test.values) ^ set(rows.values)) + sorted(set(test.levers) ^ set(rows.levers))
        raise ModelError(f"The two sets of rows differ in {', '.join(odd)}. Give the same values and levers for both.")
    return test


def _folds(
    rows: PairedRows, test: PairedRows | None, asked: SkillSettings, seed: int, notes: list[str]
) -> dict[str, tuple[Fold, ...]]:
    """Return the folds of each split; a split that the data do not allow gives a note."""
    ways: dict[str, tuple[str, Callable[[], tuple[Fold, ...]]]] = {
        "lever": (BY_LEVER, lambda: lever_folds(rows, asked.own, seed, test)),
        "pair": (BY_PAIR, lambda: pair_folds(rows, asked.folds, seed)),
        "unit": (BY_UNIT, lambda: unit_folds(rows, asked.folds, seed)),
    }
    found: dict[str, tuple[Fold, ...]] = {}
    for split in (name for name in SPLITS if name in asked.splits):
        title, make = ways[split]
        try:
            found[title] = make()
        except ModelError as error:
            notes.append(f"{title}: not judged. {error}")
    if test is not None:
        found[NEW] = new_fold(rows, test)
    return found


def _skipped(found: Foreseen) -> list[str]:
    """Return one sentence for each reason why predictors are left out."""
    reasons = list(dict.fromkeys(found.skipped.values()))
    names = {why: [repr(name) for name, reason in found.skipped.items() if reason == why] for why in reasons}
    return [f"{found.split}: left out: {', '.join(names[why])}. {why}" for why in reasons]


def _noise(rows: PairedRows, asked: SkillSettings, notes: list[str]) -> Noise:
    if asked.noise is not None:
        noise = asked.noise
    else:
        try:
            noise = retest_noise(rows)
        except ModelError as error:
            notes.append(f"No noise ceiling: {error}")
            return Noise()
    if noise.how:
        notes.append(noise.how)
    return noise
