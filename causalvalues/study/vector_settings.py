"""What ``causalvalues steer-vectors`` may be told: every setting, its type and its default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from causalvalues.errors import StudyError
from causalvalues.study.sections import Section

Count = Annotated[int, Field(ge=0)]
DEEPEST = 0.8
"""Share of the depth of a model up to which levers act by default; what lies above is about the next word."""


class VectorSettings(Section):
    """How levers are made of value vectors.

    Parameters
    ----------
    title : str, default "Value vectors"
        Heading of the report.
    model : str, default ""
        Folder or ``.gguf`` file; "" is the embedded model, SmolLM2-135M-Instruct.
    theory : str, default "schwartz-10"
        Id or file of a theory: order and names of the values, and the circle that directions are held against.
    pairs : str, default ""
        Id or file of contrast pairs (`contrast_pairs`); "" those of the theory.
    items, words : str, default ""
        Ids or files of what levers are tried on: statements with negated wordings (`item_set`), and words
        (`held_out_words`); "" those of the theory.
    layers : list of int, optional
        Decoder layers, from 0, behind which levers act; default `default_layers`.
    loss : float, default 0.08
        What a dose of 1 costs on matter-of-fact texts, in nats per token.
    kind : {"cleaned", "mean_difference", "discriminant"}, default "cleaned"
        See `value_vectors`.
    positions : {"all", "prompt", "answer"}, default "all"
        Which tokens levers act on.
    random : int, default 3
        Twins of each lever with random directions of the same length.
    trial : bool, default True
        Whether levers are tried on what they were not made from.
    seed : int, default 0
        Of random directions, folds, halvings and relabellings.
    """

    title: str = "Value vectors"
    model: str = ""
    theory: str = "schwartz-10"
    pairs: str = ""
    items: str = ""
    words: str = ""
    layers: list[int] | None = None
    loss: float = 0.08
    kind: Literal["cleaned", "mean_difference", "discriminant"] = "cleaned"
    positions: Literal["all", "prompt", "answer"] = "all"
    random: Count = 3
    trial: bool = True
    seed: Count = 0


def default_layers(depth: int) -> list[int]:
    """Return every second layer from 2 up to 80% of the depth; the last layer of a model that is too shallow for that.

    Parameters
    ----------
    depth : int
        How many layers the model has.

    Examples
    --------
    >>> default_layers(30)
    [2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24]
    """
    return list(range(2, int(DEEPEST * depth + 1e-9) + 1, 2)) or [depth - 1]


def layers_given(text: str) -> list[int] | None:
    """Read ``"2,4,6"``; None for an empty text.

    Raises
    ------
    StudyError
        If it is no list of whole numbers.

    Examples
    --------
    >>> layers_given("2, 4,6")
    [2, 4, 6]
    """
    if not text.strip():
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise StudyError(f"--layers {text!r} is not understood. Write numbers of layers, for example 2,4,6.") from None


def chosen_layers(wanted: Sequence[int] | None, depth: int) -> tuple[int, ...]:
    """Return the layers that are asked for, ascending and each once, or the default ones.

    Raises
    ------
    StudyError
        If there is none, or the model has no such layer.
    """
    if wanted is None:
        return tuple(default_layers(depth))
    if not wanted:
        raise StudyError("There is no layer to steer at. Name one or more, or leave `layers` out.")
    for layer in wanted:
        if not 0 <= layer < depth:
            raise StudyError(f"There is no layer {layer}. The model has {depth}, counted from 0 to {depth - 1}.")
    return tuple(sorted(set(wanted)))
