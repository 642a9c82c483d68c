"""What varies in a design beside personas and levers, and how one row of it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from causalvalues.elicitation.prompt_levers import check_levers, lever_text
from causalvalues.elicitation.sheets import ActivationLever, DesignLever, Kind, Persona, PromptLever, Sheet
from causalvalues.errors import ElicitationError
from causalvalues.randomness import require_whole

LeverSet = tuple[DesignLever, ...]


@dataclass(frozen=True)
class Variation:
    """Doses, wordings and repeats of a design.

    Parameters
    ----------
    doses : tuple of float, default (1.0,)
        Of every prompt lever.
    wordings : int, default 1
        How many paraphrases of the levers are used.
    frames : int, default 1
        How many paraphrases of the question before the items are used.
    repeats : int, default 1
        How often each row is asked.
    inner_doses : tuple of float, optional
        Of every lever inside the model; default `doses`.

    Raises
    ------
    CausalValuesError
        If a number is not whole or below 1.
    ElicitationError
        If the doses are none, repeated or not positive.
    """

    doses: tuple[float, ...] = (1.0,)
    wordings: int = 1
    frames: int = 1
    repeats: int = 1
    inner_doses: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        for name in ("wordings", "frames", "repeats"):
            require_whole(name, getattr(self, name))
        for name in ("doses", "inner_doses"):
            given = getattr(self, name)
            if given is None:
                continue
            doses = tuple(float(dose) for dose in given)
            if not doses or len(set(doses)) < len(doses) or not all(0 < dose < 1e6 for dose in doses):
                raise ElicitationError(f"The doses of the levers are {doses}. Give different numbers above zero.")
            object.__setattr__(self, name, doses)

    def doses_of(self, lever: DesignLever) -> tuple[float, ...]:
        """Return the doses in which a lever is tried."""
        inner = isinstance(lever, ActivationLever) and self.inner_doses is not None
        return self.inner_doses if inner and self.inner_doses else self.doses


@dataclass(frozen=True)
class Setting:
    """How a set of levers is said on a sheet.

    Parameters
    ----------
    doses : tuple of float
        One a lever.
    wording, frame : int
    """

    doses: tuple[float, ...] = ()
    wording: int = 0
    frame: int = 0


def settings(levers: LeverSet, variation: Variation) -> list[Setting]:
    """Return every way of saying a set of levers; where none is said there is one wording."""
    wordings = variation.wordings if any(isinstance(lever, PromptLever) for lever in levers) else 1
    doses = list(product(*(variation.doses_of(lever) for lever in levers)))
    return [Setting(*each) for each in product(doses, range(wordings), range(variation.frames))]


def repeated(persona: Persona, levers: LeverSet, setting: Setting, repeats: int, kind: Kind = "plain") -> list[Sheet]:
    """Return the rows of a persona under a set of levers, one a repeat."""
    pairs = sorted(zip(levers, setting.doses, strict=True), key=lambda pair: pair[0].name)
    doses = tuple((lever.name, dose) for lever, dose in pairs)
    said = tuple(lever_text(lever, dose, setting.wording) for lever, dose in pairs)
    inside = tuple((lever.fingerprint, dose) for lever, dose in pairs if isinstance(lever, ActivationLever))
    wording = setting.wording if len(inside) < len(pairs) else 0
    row = Sheet("", kind, persona, doses, said, wording, setting.frame, steering=tuple(sorted(inside)))
    name = f"{persona.id}|{row.lever_cell}|w{row.wording}|f{row.frame}"
    return [replace(row, id=f"{name}|r{repeat}|{kind}", repeat=repeat) for repeat in range(repeats)]


def check_parts(personas: Sequence[Persona], levers: Sequence[DesignLever], variation: Variation) -> None:
    """Refuse personas and levers that cannot make a design.

    Raises
    ------
    ElicitationError
        If there is no persona, two have the same id, or a lever lacks a dose or a wording that the variation asks for.
    """
    check_personas(personas)
    check_levers(levers)
    for lever in levers:
        for dose in variation.doses_of(lever):
            lever_text(lever, dose, variation.wordings - 1)


def check_personas(personas: Sequence[Persona]) -> None:
    """Refuse an empty list of personas, an id with ``|``, and two personas with one id."""
    if not personas:
        raise ElicitationError("The design has no personas. Give one or more.")
    seen: set[str] = set()
    for persona in personas:
        if "|" in persona.id or not persona.id:
            raise ElicitationError(f"A persona has the id {persona.id!r}. Give a short name without '|'.")
        if persona.id in seen:
            raise ElicitationError(f"Two personas have the id {persona.id!r}. Rename one of them.")
        seen.add(persona.id)
