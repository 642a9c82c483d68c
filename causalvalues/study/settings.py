"""What a study file may say: every key, its type and its default."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from causalvalues.study.plan_settings import PlanSettings
from causalvalues.study.sections import Name, Section


class DataSettings(Section):
    """``[data]``: which answers, and what they are.

    Parameters
    ----------
    path : str
        File of answers, relative to the study file. Either this or ``demo = true``.
    demo : bool, default False
        The answers that ship with the package.
    key : str
        Scoring key (id or file): the columns are items. Or `theory`: the columns are dimensions already.
    centring : {"none", "person_mean"}, default "none"
    drop : list of str
        Dimensions to leave out after scoring.
    strata_by : str
        Label of the strata that clusters were sampled within; they are resampled within them, too.
    """

    path: str = ""
    demo: bool = False
    key: str = ""
    theory: str = ""
    layout: Literal["detect", "wide", "long"] = "detect"
    columns: list[Name] = []
    labels: list[Name] = []
    levers: list[Name] = []
    drop: list[Name] = []
    cluster_by: str = ""
    group_by: str = ""
    strata_by: str = ""
    unit: str = ""
    item: str = ""
    answer: str = ""
    weight: str = ""
    separator: str = ""
    decimal: str = ""
    encoding: str = "utf-8"
    missing_text: list[str] = []
    measures: Literal["unknown", "salience", "endorsement"] = "unknown"
    centring: Literal["none", "person_mean"] = "none"
    min_answered: int | None = None


class EvidenceSettings(Section):
    """``[evidence]``: how rows become moments.

    Parameters
    ----------
    within : str
        Label whose group means are removed.
    moments : {"product", "polychoric", "rank", "corrected"}, default "product"
        Covariances of the scores as they stand; of the latent scales behind ordinal answers; of normal scores of
        ranks; of the true scores behind items that measure with error (needs a key).
    missing : {"em", "pairwise", "listwise"}, default "em"
        What product moments do about rows with missing answers.
    ordinal : list of str, default every column of few steps
        Of polychoric moments: the ordinal columns.
    reliability : {"alpha", "omega", "split_half"}, default "alpha"
        Which coefficient speaks of measurement error, in corrected moments and in the check.
    over : str
        Label of repeats or paraphrases, for split-half.
    """

    within: str = ""
    moments: Literal["product", "polychoric", "rank", "corrected"] = "product"
    missing: Literal["em", "pairwise", "listwise"] = "em"
    ordinal: list[Name] = []
    reliability: Literal["alpha", "omega", "split_half"] = "alpha"
    over: str = ""


class EnvironmentSettings(Section):
    """``[environments]``: conditions in which values were forced from outside.

    Parameters
    ----------
    by : str
        Label that names the condition of a row.
    forced : table of condition = list of values
        The values that were forced in each condition, [] for none. Left out: each condition but the baseline is named
        after the value that it forces.
    baseline : str
        A condition in which nothing was forced.
    unknown : bool, default False
        It is not known what the conditions act on: each but the baseline becomes a lever, and learning finds its
        targets.
    """

    by: str
    forced: dict[Name, list[Name]] = {}
    baseline: str = ""
    unknown: bool = False


class KnowledgeSettings(Section):
    """``[knowledge]``: what is known before the data; edges are pairs ``[cause, effect]``."""

    tiers: list[list[Name]] = []
    required: list[list[Name]] = []
    forbidden: list[list[Name]] = []


class DiscoverySettings(Section):
    """``[discovery]``: how graphs are learned.

    Parameters
    ----------
    method : {"auto", "exact", "order"}, default "auto"
        Exact up to 20 values, order search above.
    draws : int, default 1000
        Graphs drawn from the exact posterior.
    moment_draws : int, default 100 (40 above 16 scored columns) where rows are clustered or moments estimated, else 0
        Bootstrap moments that the exact posterior is averaged over.
    score, alpha_w, prior, odds
        Local score and prior over graphs of the exact posterior.
    levers : {"saturated", "sparse"}, default "saturated"
    compare_levers : bool, default True
        Learn under the other lever model, too, and say where the two disagree.
    sensitivity : bool, default True
        Show every pair under other priors.
    pooled : bool, default True
        Say which edges an analysis would have claimed that ignores levers and clusters.
    resamples, penalty, time_limit
        Of the order search (`time_limit` of both).
    """

    method: Literal["auto", "exact", "order"] = "auto"
    draws: int = Field(default=1000, ge=1)
    moment_draws: int | None = Field(default=None, ge=0)
    score: Literal["BGe", "BIC"] = "BGe"
    alpha_w: float | None = None
    prior: Literal["uniform", "sparse", "fair_parents"] = "uniform"
    odds: float = 0.25
    levers: Literal["saturated", "sparse"] = "saturated"
    compare_levers: bool = True
    sensitivity: bool = True
    pooled: bool = True
    resamples: int = Field(default=100, ge=1)
    penalty: float = 1.0
    time_limit: float | None = None


class FalsifySettings(Section):
    """``[falsify]``: a graph is learned from one part of the clusters and tested on the other.

    Parameters
    ----------
    run : bool, default True
    share : float, default 0.5
        Of the clusters that are kept from learning.
    splits : int, default 11
        How often the clusters are split anew; p-values are joined as twice their median.
    """

    run: bool = True
    share: float = Field(default=0.5, gt=0, lt=1)
    splits: int = Field(default=11, ge=1)


class CheckSettings(Section):
    """``[checks]``: what else stands beside the graph; each is left out, with a word, where it cannot be done.

    Parameters
    ----------
    measurement_error : bool, default True
        Reliabilities, and the expected share of false edges (answers to items with a key).
    item_stability : bool, default True
        Each edge with single items left out.
    hidden_causes : bool, default True
        Graphs given hidden factors, sensitivity values and a search that allows for hidden causes.
    partial_by : str, default the clusters
        Label whose shared part is removed in the partialled graph.
    lever_ratios : bool, default True
        The ratio of lever effects on two values against the graph's total effect.
    assumptions : bool, default True
        Tests of the equations: straight lines, normal residuals, equal spread.
    """

    measurement_error: bool = True
    item_stability: bool = True
    hidden_causes: bool = True
    partial_by: str = ""
    lever_ratios: bool = True
    assumptions: bool = True


class ModelSettings(Section):
    """``[model]``: how equations are fitted, and the level of all intervals."""

    estimator: Literal["posterior", "maximum_likelihood"] = "posterior"
    level: float = Field(default=0.9, gt=0, lt=1)


class QuerySettings(Section):
    """``[[query]]``: one question to the model.

    Parameters
    ----------
    kind : {"counterfactual", "intervene", "paths"}
        What one unit would have answered; what a population would look like; through which paths one node moves
        another.
    unit : str
        Unit id, or with `where` the label that it is looked up by (counterfactual). Only rows without lever are used.
    set, shift : table of name = number
        Interventions.
    cause, effect : str
        Of ``paths``.
    """

    kind: Literal["counterfactual", "intervene", "paths"]
    title: str = ""
    unit: str = ""
    where: str = ""
    set: dict[Name, float] = {}
    shift: dict[Name, float] = {}
    cause: str = ""
    effect: str = ""


class FigureSettings(Section):
    """``[figures]``: file formats and the layout of the graph."""

    formats: list[Literal["svg", "pdf", "png"]] = Field(default=["svg", "pdf", "png"], min_length=1)
    layout: Literal["circle", "layered"] = "circle"


class StudySettings(Section):
    """A whole study file.

    Parameters
    ----------
    title : str
        Heading of the report.
    seed : int, default 0
        One seed for everything that draws.
    report : table of tables
        ``[report.NAME]``: options of the ready reports, checked by ``causalvalues report``.
    """

    title: str = "A study of values"
    seed: int = Field(default=0, ge=0)
    data: DataSettings
    evidence: EvidenceSettings = EvidenceSettings()
    environments: EnvironmentSettings | None = None
    knowledge: KnowledgeSettings = KnowledgeSettings()
    discovery: DiscoverySettings = DiscoverySettings()
    falsify: FalsifySettings = FalsifySettings()
    checks: CheckSettings = CheckSettings()
    model: ModelSettings = ModelSettings()
    query: list[QuerySettings] = []
    plan: list[PlanSettings] = []
    figures: FigureSettings = FigureSettings()
    report: dict[Name, dict[str, Any]] = {}
