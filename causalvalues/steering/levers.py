"""The levers that a model may be steered by."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

from causalvalues.elicitation.local_steering import Find, Watch
from causalvalues.elicitation.questions import Doses
from causalvalues.elicitation.sheets import ActivationLever
from causalvalues.errors import SteeringError, did_you_mean
from causalvalues.steering.acts import SteeringLever, check_names
from causalvalues.steering.hooks import steered


class SteeringLevers:
    """Levers inside a model, known by name to designs and by fingerprint to the model.

    Parameters
    ----------
    levers : iterable of SteeringLever
        Their names are all different.

    Raises
    ------
    SteeringError
        If there is none, or two have one name.

    Examples
    --------
    >>> from causalvalues.steering import Act
    >>> held = SteeringLevers([SteeringLever("vec_power", (Act(6, [0.0, 1.0], 2.0),), value="power")])
    >>> held.for_design()[0].value
    'power'
    """

    def __init__(self, levers: Iterable[SteeringLever]) -> None:
        self.levers = tuple(levers)
        if not self.levers:
            raise SteeringError("There is no lever. Give one or more.")
        check_names(self.levers)
        self._known = {lever.fingerprint: lever for lever in self.levers}

    def __repr__(self) -> str:
        return f"SteeringLevers({len(self.levers)}: {', '.join(lever.name for lever in self.levers[:5])} ...)"

    def __getitem__(self, name: str) -> SteeringLever:
        """Return a lever by its name."""
        names = [lever.name for lever in self.levers]
        if name not in names:
            raise SteeringError(f"There is no lever {name!r}.{did_you_mean(name, names)}")
        return self.levers[names.index(name)]

    def for_design(self, names: Iterable[str] = ()) -> tuple[ActivationLever, ...]:
        """Return what `full_design` and the other designs take; `names` chooses some, default all."""
        chosen = [self[name] for name in names] or self.levers
        return tuple(ActivationLever(one.name, one.fingerprint, one.value, one.description) for one in chosen)

    def by_position(self, doses: Doses) -> bool:
        """Whether some of the levers act on some tokens alone."""
        return any(self._lever(fingerprint).positions != "all" for fingerprint, _ in doses)

    def acting(self, model: Any, doses: Doses, find: Find | None = None) -> AbstractContextManager[Watch | None]:
        """Let levers act on a model, see `steered`."""
        return steered(model, [(self._lever(fingerprint), dose) for fingerprint, dose in doses], find)

    def _lever(self, fingerprint: str) -> SteeringLever:
        if fingerprint not in self._known:
            raise SteeringError(
                f"The model was given no lever with the fingerprint {fingerprint!r}. Give the levers of the design to "
                "LocalModel(levers=...)."
            )
        return self._known[fingerprint]
