"""What a file for ``causalvalues steer-loop`` may say: every key, its type and its default."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from causalvalues.study.elicitation_settings import ItemSettings, MethodSettings, ModelSettings, PersonaSettings
from causalvalues.study.sections import Name, Section
from causalvalues.study.settings import DataSettings

AtLeastOne = Annotated[int, Field(ge=1)]
Dose = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class LearnSettings(DataSettings):
    """``[data]``: the answers that the first predictions are learned from, as in a study file.

    Parameters
    ----------
    wordings : str, default ""
        Label of the wordings of levers (``"wording"``): each wording is then a lever of its own.
    """

    wordings: str = ""


class LeverChoice(Section):
    """``[levers]``: what the loop may say.

    Parameters
    ----------
    source : str, default that of the items' theory
        Set of prompts that ships, or a file.
    names : list of str, default all
    wording : int, default 0
        Which paraphrase of each lever.
    doses : list of float, default [1.0]
        Above zero.
    most : int, default 2
        How many levers together.
    untried : bool, default True
        Whether levers may be combined that the answers never had together.
    inside : str
        File (CSV) of levers inside the model (`read_levers`), which the answers of `[data]` have as well.
    inner_doses : list of float, default [1.0]
        Of those; above zero.
    compare : bool, default False
        Steer towards every target three times: with prompts alone, with levers inside the model alone, with both.
    """

    source: str = ""
    names: list[Name] = Field(default=[])
    wording: Annotated[int, Field(ge=0)] = 0
    doses: list[Dose] = Field(default=[1.0], min_length=1)
    most: AtLeastOne = 2
    untried: bool = True
    inside: str = ""
    inner_doses: list[Dose] = Field(default=[1.0], min_length=1)
    compare: bool = False


class LimitSettings(Section):
    """``[guardrails]``: what the answers to plain texts and to a probe of ability may lose.

    Parameters
    ----------
    texts, questions : int, default 12 and 20
        As `[guardrails]` of the elicitation that gave the answers; others are refused.
    fluency : float, optional
        Largest fall from the start, in nats per token.
    capability : float, optional
        Largest fall from the start, in nats.
    """

    texts: Annotated[int, Field(ge=0)] = 12
    questions: Annotated[int, Field(ge=0)] = 20
    fluency: Annotated[float, Field(ge=0)] | None = None
    capability: Annotated[float, Field(ge=0)] | None = None


class DrawnSettings(Section):
    """``[drawn]``: targets that no lever made: some values up, some down, within a budget of side effects.

    Parameters
    ----------
    number : int, default 40
        For personas in turn.
    up, down : int, default 2 and 1
        How many values are to rise and to fall; drawn at random.
    by : float, default 0.2
        How far, in score units.
    others : float, optional
        The budget: how far the other values may move on average (mean absolute change, score units). Left out: they are
        wanted where they are, and count in the error like those that move.
    """

    number: AtLeastOne = 40
    up: Annotated[int, Field(ge=0)] = 2
    down: Annotated[int, Field(ge=0)] = 1
    by: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.2
    others: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None


class TargetSettings(Section):
    """``[[target]]``: whom to steer, and where to.

    Parameters
    ----------
    persona : str
        Id of the persona that is steered.
    profile, change : table of value = number
        Wanted scores, or wanted changes from what the persona answers without levers.
    title : str, default ""
    """

    persona: str
    profile: dict[Name, Finite] = Field(default={})
    change: dict[Name, Finite] = Field(default={})
    title: str = ""


class SwapSettings(Section):
    """``[swap]``: a test of the loop: targets are measured profiles of *other* personas under a pair of levers.

    All pairs of levers are asked for every persona (through the store), so that the best pair is known, and the loop
    is compared with simpler ways. Some targets are unreachable by construction.

    Parameters
    ----------
    number : int, default 100
        Targets that some persona reached.
    unreachable : float, default 0.3
        Share of all targets that lie where no pair of levers leads.
    away : float, default 1.0
        How far the unreachable ones are moved: each value up or down by this times the largest mean effect that any
        row of levers has on it in the answers.
    pairs : {"any", "unseen"}, default "unseen"
        Which pairs make targets: any, or those that the answers of `[data]` never had together.
    """

    number: AtLeastOne = 100
    unreachable: Annotated[float, Field(ge=0, lt=1)] = 0.3
    away: Annotated[float, Field(gt=0)] = 1.0
    pairs: Literal["any", "unseen"] = "unseen"


class SteeringSettings(Section):
    """``[steering]``: when to stop.

    Parameters
    ----------
    asks : int, default 8
        Most lever sets that are asked for one target, the start not counted.
    tolerance : float, default 0.0
        Stop when the mean absolute error is at most this, in score units.
    least_gain : float, default 0.01
        Stop when no lever set is expected to lower the error by this share of it.
    reach : float, default 0.0
        A target counts as reached when the mean absolute error is at most this, in score units; it is flagged as
        unreachable when no lever set has a fair chance of that. 0: nothing is flagged.
    """

    asks: Annotated[int, Field(ge=0)] = 8
    tolerance: Annotated[float, Field(ge=0)] = 0.0
    least_gain: Annotated[float, Field(ge=0)] = 0.01
    reach: Annotated[float, Field(ge=0)] = 0.0


class SealedSettings(Section):
    """``[sealed]``: rows that the loop never sees; they give the reported figures.

    Parameters
    ----------
    frame : int, default 1
        Wording of the question that only sealed rows have.
    """

    frame: AtLeastOne = 1


class LoopSettings(Section):
    """A whole file for ``causalvalues steer-loop``.

    Parameters
    ----------
    title : str
    seed : int, default 0
        For personas, targets, predictive samples and bootstraps.
    """

    title: str = "A closed loop on a language model"
    seed: Annotated[int, Field(ge=0)] = 0
    data: LearnSettings
    model: ModelSettings = ModelSettings()
    items: ItemSettings = ItemSettings()
    method: MethodSettings = MethodSettings()
    personas: PersonaSettings = PersonaSettings()
    levers: LeverChoice = LeverChoice()
    target: list[TargetSettings] = Field(default=[])
    swap: SwapSettings | None = None
    drawn: DrawnSettings | None = None
    guardrails: LimitSettings | None = None
    steering: SteeringSettings = SteeringSettings()
    sealed: SealedSettings | None = None
