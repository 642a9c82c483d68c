"""What the ``[report.NAME]`` tables of a study file may say: every key, its type and its default."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from causalvalues.study.sections import Name, Section


class Units(Section):
    """Keys that reports about single units share.

    Parameters
    ----------
    units : list of str, default the first `most_units` in name order
        Units that are shown: unit ids, or with `where` texts of that label.
    where : str
        Label by which units are looked up; default the label of the clusters.
    most_units : int, default 10
    """

    units: list[Name] = Field(default=[])
    where: str = ""
    most_units: int = Field(default=10, ge=1)


class CoupleSettings(Units):
    """``[report.couple]``: a profile of priorities, and how each unit gets there.

    Parameters
    ----------
    target : table of value = priority
        Priorities from 1 (not important) to 5 (very important); whole or not.
    step : float, default 1.0
        Score units between two priorities, in standard deviations of the rows without lever; priority 3 is their mean.
    theta : float, default 0.0
        A unit is changed only when the sum of |observed - target| priorities exceeds this.
    tolerance : float, default 0.5
        A plan hits when every named value ends within this many priorities.
    levers : list of str, default all
    max_levers : int, default 2
    untried : bool, default False
        Allow combinations of levers that were never tried.
    relation : float, default 0.9
        Probability from which two values count as consistent or opposing.
    model : {"auto", "levers", "graph"}, default "auto"
        What foresees levers: the response fitted to units with and without them, or the graph; "auto" takes the first
        where it can be had.
    """

    target: dict[Name, float] = Field(default={})
    step: float = Field(default=1.0, gt=0)
    theta: float = Field(default=0.0, ge=0)
    tolerance: float = Field(default=0.5, gt=0)
    levers: list[Name] = Field(default=[])
    max_levers: int = Field(default=2, ge=1)
    untried: bool = False
    relation: float = Field(default=0.9, gt=0.5, lt=1)
    model: Literal["auto", "levers", "graph"] = "auto"


class KangSettings(Section):
    """``[report.kang]``: whether what a graph calls downstream moved more than the rest.

    Parameters
    ----------
    own : table of lever = value
        What each lever steers; else the value in its name (``do_<value>``), else the value that it moved most.
    same : float, default None
        A change of at most this many score units counts as none. Default: 0 where at least 5% of all changes are
        exactly 0, else .2 standard deviations of the rows without lever, for each value.
    permutations : int, default 2000
    draws : int, default 100
        Graphs of the posterior that are tested beside the consensus graph.
    fdr : float, default 0.05
        Share of false claims that is allowed among the cells that are called up or down.
    reference : list of [cause, effect]
        Edges of another graph over the same values, tested in the same way.
    """

    own: dict[Name, Name] = Field(default={})
    same: float | None = Field(default=None, ge=0)
    permutations: int = Field(default=2000, ge=19)
    draws: int = Field(default=100, ge=1)
    fdr: float = Field(default=0.05, gt=0, lt=1)
    reference: list[list[Name]] = Field(default=[])


class ConvaSettings(Section):
    """``[report.conva]``: the least shift that makes a value count as present, and what it does besides.

    Parameters
    ----------
    detector : {"threshold", "logistic"}, default "threshold"
        "threshold": a value counts as present when its score, measured again, would exceed `present`; "logistic": a
        logistic regression of a judge's yes or no on all scores.
    judge : table of value = label
        Labels that hold a judge's yes or no (also 1 and 0, true and false). Without one, the logistic detector takes
        the other half of a value's items above their median as the judge.
    present : float, default 0.0
        The threshold, in standard deviations above the mean of the rows without lever.
    noise : float, default from Cronbach's alpha
        Standard deviation of one measurement, as a share of that of the scores. Without items: .5.
    p0 : float, default 0.8
        Wanted probability that a value counts as present.
    gate : float, default 0.3
        A unit is shifted only where the detector gives more than this: where the value is in play.
    own : table of lever = value
    values : list of str, default all
    forced_by, stances_by : str
        Labels of rows after forced answers, for doses (as in `ForcedLabels`); with the demo answers they are known.
    """

    detector: Literal["threshold", "logistic"] = "threshold"
    judge: dict[Name, Name] = Field(default={})
    present: float = Field(default=0.0, allow_inf_nan=False)
    noise: float | None = Field(default=None, gt=0, lt=1)
    p0: float = Field(default=0.8, gt=0, lt=1)
    gate: float = Field(default=0.3, ge=0, lt=1)
    own: dict[Name, Name] = Field(default={})
    values: list[Name] = Field(default=[])
    forced_by: str = ""
    stances_by: str = "stances"


class ValuepilotSettings(Section):
    """``[report.valuepilot]``: which action to take, by what it leads to.

    Parameters
    ----------
    preferences : table of value = weight
        How much each value matters, from 0 to 1; others do not count.
    actions : list of lists of levers, default every set of levers that was tried, and doing nothing
        Candidate actions; [] does nothing.
    central : bool, default False
        Pull preferences away from the middle first: p' = 1 / (1 + exp(-10 (p - 0.5))).
    first : {"weighted sum", "weighted product", "PROMETHEE II", "TOPSIS", "sigmoid flow"}, default "PROMETHEE II"
        The method whose ranking is shown in the figure and compared with other rankings.
    rankings : list of lists of str
        Rankings by people or by another system, best first, each of names of actions (``do_a+do_b``, ``nothing``).
    start : str, default "typical"
        "typical" or a unit.
    where : str
        Label by which it is looked up; default the label of the clusters.
    model : {"auto", "levers", "graph"}, default "auto"
        As in ``[report.couple]``.
    draws : int, default 200
        Draws of the model for the chance of being first.
    most : int, default 12
        Actions in the figure and the first table.
    """

    preferences: dict[Name, float] = Field(default={})
    actions: list[list[Name]] = Field(default=[])
    central: bool = False
    first: Literal["weighted sum", "weighted product", "PROMETHEE II", "TOPSIS", "sigmoid flow"] = "PROMETHEE II"
    rankings: list[list[str]] = Field(default=[])
    start: str = "typical"
    where: str = ""
    model: Literal["auto", "levers", "graph"] = "auto"
    draws: int = Field(default=200, ge=2)
    most: int = Field(default=12, ge=2)


class AdaemSettings(Section):
    """``[report.adaem]``: which items tell respondents apart.

    Parameters
    ----------
    by : str, default the group label, else the single levers
        Label whose groups are to be told apart; "levers" for the rows under each single lever.
    bins : int, default 5
        Classes of equal size that scores with many steps are sorted into.
    permutations : int, default 199
        Exchanges of group labels behind each null.
    fdr : float, default 0.05
    own : table of lever = value
    most : int, default 15
        Items in the figure.
    chosen : int, default 8
        Items of the short set.
    """

    by: str = ""
    bins: int = Field(default=5, ge=2)
    permutations: int = Field(default=199, ge=19)
    fdr: float = Field(default=0.05, gt=0, lt=1)
    own: dict[Name, Name] = Field(default={})
    most: int = Field(default=15, ge=2)
    chosen: int = Field(default=8, ge=1)


class SkillReportSettings(Section):
    """``[report.skill]``: how predictors of change are cross-validated.

    Parameters
    ----------
    splits : list of "lever", "pair", "unit", default all
        What is left out.
    folds : int, default 10
    resamples : int, default 1000
    wordings : str
        Label of the wordings of levers: each is then a lever of its own.
    noise : {"repeats", "items"}, default "repeats"
        Where the error of the observed profiles is from: repeated rows, or split halves of the items.
    own : table of lever = value
        What each lever steers; else the value in its name (``do_<value>``, ``vec_<value>``).
    inside : str
        File (CSV) of levers inside the model, relative to the study file, as `read_levers` reads it. Predictors are
        then also judged by kind of lever: those levers, all others ("prompts"), and both together.
    """

    splits: list[Literal["lever", "pair", "unit"]] = Field(default=["lever", "pair", "unit"], min_length=1)
    folds: int = Field(default=10, ge=2)
    resamples: int = Field(default=1000, ge=0)
    wordings: str = ""
    noise: Literal["repeats", "items"] = "repeats"
    own: dict[Name, Name] = Field(default={})
    inside: str = ""


class SteeringReportSettings(Section):
    """``[report.steering]``: levers inside a model, measured on every value.

    Parameters
    ----------
    levers : str
        File (CSV) of the levers inside the model: their aims; those made at random are controls. The other levers are
        prompts.
    own : table of lever = value
        Aims of other levers; default by their names.
    dose : float, default 1.0
        At which leakage is measured.
    allowed : table of guardrail = number
        Largest loss of each guardrail, for the dose where a lever breaks.
    cosines : str
        File of cosines between value vectors, as steer-vectors writes it; then the structure of the answers is held
        against it.
    """

    levers: str = ""
    own: dict[Name, Name] = Field(default={})
    dose: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    allowed: dict[Name, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = Field(default={})
    cosines: str = ""


class ExperimentReportSettings(Section):
    """``[report.experiment]``: rows after forced answers, and what they are held against.

    Parameters
    ----------
    forced : str
        File of the rows after forced answers, relative to the study file; models then learn from the study's own
        answers. Left out: the study's answers are those rows, and no model is held against them.
    sequential : str
        File of questionnaires in turn.
    forced_by, stances_by, items_by, neutral : str
        As in `ForcedLabels`.
    moment_draws : int, default 20
    own : table of lever = value
    """

    forced: str = ""
    sequential: str = ""
    forced_by: str = "forced"
    stances_by: str = "stances"
    items_by: str = "forced_items"
    neutral: str = "neutral"
    moment_draws: int = Field(default=20, ge=0)
    own: dict[Name, Name] = Field(default={})
