"""Designs: which persona is asked under which levers; rows without lever are always among them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from math import comb

from causalvalues.elicitation.lever_pairs import split_pairs
from causalvalues.elicitation.random_design import RandomPlan, held_out_design, random_design
from causalvalues.elicitation.sheets import DesignLever, Persona, Sheet
from causalvalues.elicitation.variation import Setting, Variation, check_parts, check_personas, repeated, settings
from causalvalues.errors import ElicitationError
from causalvalues.randomness import require_whole


def full_design(
    personas: Sequence[Persona],
    levers: Sequence[DesignLever] = (),
    order: int = 1,
    variation: Variation | None = None,
) -> list[Sheet]:
    """Ask every persona under every set of up to `order` levers, in every dose, wording, frame and repeat.

    Parameters
    ----------
    personas : sequence of Persona
    levers : sequence of PromptLever or ActivationLever, default none
        Without levers every row is observational.
    order : int, default 1
        How many levers act together at most.
    variation : Variation, optional
        Doses, wordings, frames and repeats; one of each by default.

    Returns
    -------
    list of Sheet
        Persona by persona; those of a persona do not depend on who else is asked.

    Raises
    ------
    ElicitationError
        If ids or names are repeated, or a lever lacks a dose or wording.
    """
    variation = variation or Variation()
    check_parts(personas, levers, variation)
    require_whole("order", order, 0)
    sets = [chosen for size in range(order + 1) for chosen in combinations(levers, size)]
    return [
        sheet
        for persona in personas
        for chosen in sets
        for setting in settings(chosen, variation)
        for sheet in repeated(persona, chosen, setting, variation.repeats)
    ]


def full_size(personas: int, levers: int, order: int = 1, variation: Variation | None = None) -> int:
    """Return how many rows `full_design` has, without making them.

    Examples
    --------
    >>> full_size(20, 10, order=2)
    1120
    """
    v = variation or Variation()
    under = sum(comb(levers, size) * int(len(v.doses) ** size) for size in range(1, order + 1))
    return personas * (1 + under * v.wordings) * v.frames * v.repeats


def known_group_design(personas: Sequence[Persona], frames: int = 1) -> list[Sheet]:
    """Ask personas that hold a value by construction, once for each frame.

    Raises
    ------
    ElicitationError
        If ids are repeated or a persona holds no value.
    """
    check_personas(personas)
    for persona in personas:
        if not persona.holds:
            raise ElicitationError(f"The persona {persona.id!r} of a known group holds no value. Set `holds`.")
    return [
        sheet
        for persona in personas
        for frame in range(frames)
        for sheet in repeated(persona, (), Setting(frame=frame), 1, "known_group")
    ]


def paraphrase_design(sheets: Iterable[Sheet], frames: int) -> list[Sheet]:
    """Ask rows again after the next of `frames` wordings of the question.

    Parameters
    ----------
    sheets : iterable of Sheet
        Of a design; repeats other than the first are passed over.
    frames : int
        How many wordings there are, 2 or more.

    Returns
    -------
    list of Sheet
        Of the kind ``"paraphrase"``.
    """
    require_whole("frames", frames, 2)
    again = []
    for sheet in sheets:
        if sheet.repeat == 0:
            frame = (sheet.frame + 1) % frames
            name = f"{sheet.persona.id}|{sheet.lever_cell}|w{sheet.wording}|f{frame}|r0|paraphrase"
            again.append(replace(sheet, id=name, kind="paraphrase", frame=frame))
    return again


__all__ = [
    "RandomPlan",
    "full_design",
    "full_size",
    "held_out_design",
    "known_group_design",
    "paraphrase_design",
    "random_design",
    "split_pairs",
]
