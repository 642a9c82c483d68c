"""What a file for ``causalvalues elicit`` may say: every key, its type and its default."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from causalvalues.study.sections import Section

Count = Annotated[int, Field(ge=0)]
AtLeastOne = Annotated[int, Field(ge=1)]
Price = Annotated[float, Field(ge=0)]


class ModelSettings(Section):
    """``[model]``: whom to ask.

    Parameters
    ----------
    backend : {"local", "server"}, default "local"
        A model in this process, or any server that speaks the protocol of OpenAI's chat completions.
    path : str
        Local: folder or ``.gguf`` file; "" is the embedded model, SmolLM2-135M-Instruct.
    precision : {"float32", "split", "bfloat16"}, default "float32"
        Local: how it multiplies, see `LocalModel`.
    url, name : str
        Server: address up to ``/v1``, and the name of the model.
    key_env : str, default "OPENAI_API_KEY"
        Server: environment variable that holds the key. The key itself is written nowhere.
    parallel : int, default 8
        Server: requests at the same time.
    requests_per_minute, tokens_per_minute : float, optional
        Server: limits to keep.
    price_prompt, price_completion : float, optional
        Money for a million tokens; without them the cost is shown as unknown.
    """

    backend: Literal["local", "server"] = "local"
    path: str = ""
    precision: Literal["float32", "split", "bfloat16"] = "float32"
    url: str = ""
    name: str = ""
    key_env: str = "OPENAI_API_KEY"
    parallel: AtLeastOne = 8
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    price_prompt: Price | None = None
    price_completion: Price | None = None


class ItemSettings(Section):
    """``[items]``: what is asked.

    Parameters
    ----------
    set : str, default "schwartz-10"
        ``"schwartz-10"``, ``"mft-5"``, or a file of items (TOML or CSV).
    per_value : int, optional
        The first so many items of each value, and as many reverse-keyed ones where those are asked; default all.
    reverse : bool, optional
        Whether reverse-keyed items are asked. Default: not by methods that measure salience, since a model that talks
        about a value also makes its denial likely.
    """

    set: str = "schwartz-10"
    per_value: AtLeastOne | None = None
    reverse: bool | None = None


class PersonaSettings(Section):
    """``[personas]``: who the model is asked to be.

    Parameters
    ----------
    number : int, optional
        How many: by default 20 drawn from the grammar, or all of the file. 0 asks the model without persona.
    file : str
        Table of personas instead of the grammar (columns ``id``, ``text``, where wanted ``language`` and ``holds``).
    first : int, default 0
        Where in the seeded sequence, or in the file, to begin, to have others than an earlier study had.
    """

    number: Count | None = None
    file: str = ""
    first: Count = 0


class DesignSettings(Section):
    """``[design]``: which rows are asked; rows without lever are always among them.

    Parameters
    ----------
    kind : {"personas", "full", "covering", "random"}, default "personas"
        No levers; every set of up to `order` levers; a small design in which every pair of settings occurs; or a random
        choice for each persona, balanced over levers and pairs.
    levers : str, default that of the items' theory
        Set of prompts that ships, or a file.
    names : list of str
        Use these levers only.
    order : int, default 1 (full) or 2 (covering)
        How many levers act together at most.
    singles, pairs : list of two int
        Random: least and most single levers, and pairs of levers, for each persona.
    wordings, frames, repeats : int, default 1
        Paraphrases of levers, paraphrases of the question, repeats.
    doses : list of float, default [1.0]
    """

    kind: Literal["personas", "full", "covering", "random"] = "personas"
    levers: str = ""
    names: list[str] = Field(default=[])
    order: Annotated[int, Field(ge=1, le=2)] | None = None
    singles: list[Count] = Field(default=[3, 4])
    pairs: list[Count] = Field(default=[6, 8])
    wordings: AtLeastOne = 1
    frames: AtLeastOne = 1
    repeats: AtLeastOne = 1
    doses: list[float] = Field(default=[1.0])


class HeldOutSettings(Section):
    """``[held_out]``: a test set in a file of its own, with personas and pairs of levers that nobody else has.

    Parameters
    ----------
    personas : int, default 20
        Drawn from a stream of their own; none has the text of another one.
    pairs_share : float, default 0.2
        Share of all pairs of levers that only these personas are asked under.
    singles, pairs : list of two int
        Least and most single levers and pairs for each of them; half of the pairs are kept-out ones.
    """

    personas: AtLeastOne = 20
    pairs_share: Annotated[float, Field(gt=0, lt=1)] = 0.2
    singles: list[Count] = Field(default=[3, 4])
    pairs: list[Count] = Field(default=[4, 4])


class ForcedSettings(Section):
    """``[forced]``: the assistant has already said statements of a value that we chose; then the items are asked.

    Parameters
    ----------
    personas : int, default 10
        The first so many of the personas.
    statements : int, default 3
        Statements of each value, one a row.
    doses : list of int, default [1]
        How many statements of the value are said in a row of the conversation: 1, 2 or both.
    signs : list of int, default [1]
        1 agreeing, -1 rejecting.
    pairs : int, default 0
        Rows for each persona in which two values are forced.
    neutral : int, default 2
        Rows for each persona with a neutral sentence instead: the control.
    """

    personas: AtLeastOne = 10
    statements: AtLeastOne = 3
    doses: list[Literal[1, 2]] = Field(default=[1])
    signs: list[Literal[1, -1]] = Field(default=[1])
    pairs: Count = 0
    neutral: AtLeastOne = 2


class SequentialSettings(Section):
    """``[sequential]``: questionnaires in which each answer stays in the conversation, in a random order.

    Parameters
    ----------
    personas : int, default 10
        The first so many of the personas.
    runs : int, default 1
        Orders for each persona.
    per_value : int, default 1
        Items of each value.
    """

    personas: AtLeastOne = 10
    runs: AtLeastOne = 1
    per_value: AtLeastOne = 1


class SteeringLeverSettings(Section):
    """``[steering]``: levers inside the model, tried like those of ``[design]`` and together with them.

    Parameters
    ----------
    levers : str or list of str
        Files (CSV) of levers, as `read_levers` reads them.
    names : list of str, default all
        Use these levers only.
    doses : list of float, default [1.0]
        In units of the coefficients of the file.
    prompts : bool, default true
        Whether the prompts of ``[design]`` are tried as well.
    """

    levers: str | list[str]
    names: list[str] = Field(default=[])
    doses: list[float] = Field(default=[1.0])
    prompts: bool = True


class GuardrailSettings(Section):
    """``[guardrails]``: what every row with or without levers does to plain texts and to a probe of ability.

    Parameters
    ----------
    texts : int, default 12
        Neutral texts, for the dimension ``fluency``.
    questions : int, default 20
        Probe questions, for the dimension ``capability``.
    """

    texts: Count = 12
    questions: Count = 20


class MethodSettings(Section):
    """``[method]``: the way of measuring.

    Parameters
    ----------
    kind : str, default "statement_gain"
        ``statement_gain``, ``negation_contrast``, ``rating``, ``sampled_rating``, ``yes_no``, ``forced_choice`` or
        ``rubric``.
    points : int, default 6
        Of a rating scale.
    temperature : float, default 1.0
        Where text is sampled.
    opponents : int, default 4
        Of each statement in a forced choice.
    """

    kind: Literal[
        "statement_gain", "negation_contrast", "rating", "sampled_rating", "yes_no", "forced_choice", "rubric"
    ] = "statement_gain"
    points: Annotated[int, Field(ge=2, le=9)] = 6
    temperature: Annotated[float, Field(ge=0)] = 1.0
    opponents: AtLeastOne = 4


class CheckingSettings(Section):
    """``[checks]``: rows that serve the validity and reliability gate and are no answers.

    Parameters
    ----------
    known_groups : bool, default true
        Personas that hold a value by construction, asked in both wordings (the negation control).
    paraphrases : int, default 10
        The first so many personas are asked again after another wording of the question.
    """

    known_groups: bool = True
    paraphrases: Count = 10


class ElicitationSettings(Section):
    """A whole file.

    Parameters
    ----------
    title : str
    seed : int, default 0
    judge : table, optional
        As ``[model]``: who rates free text; default the model itself.
    """

    title: str = "Values of a language model"
    seed: Annotated[int, Field(ge=0)] = 0
    model: ModelSettings = ModelSettings()
    judge: ModelSettings | None = None
    items: ItemSettings = ItemSettings()
    personas: PersonaSettings = PersonaSettings()
    design: DesignSettings = DesignSettings()
    held_out: HeldOutSettings | None = None
    forced: ForcedSettings | None = None
    sequential: SequentialSettings | None = None
    steering: SteeringLeverSettings | None = None
    guardrails: GuardrailSettings | None = None
    method: MethodSettings = MethodSettings()
    checks: CheckingSettings = CheckingSettings()
