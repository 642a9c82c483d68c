"""One run of a loop: every target steered, every step in the ledger before the next one begins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from causalvalues.elicitation.guardrails import CAPABILITY, FLUENCY
from causalvalues.elicitation.sheets import Persona
from causalvalues.errors import StudyError, did_you_mean
from causalvalues.frozen import FloatArray
from causalvalues.loop.asking import Asker, Heard, Request, Said
from causalvalues.loop.ledger import Ledger
from causalvalues.loop.outcomes import Outcome
from causalvalues.loop.preparing import Known, spoken
from causalvalues.loop.settings import DrawnSettings, LoopSettings, SwapSettings, TargetSettings
from causalvalues.loop.steering import Aim, Planned, Rules, Steered, steer
from causalvalues.loop.swap import SwapTarget, draw_targets
from causalvalues.prediction.lever_response import LeverResponse
from causalvalues.randomness import stream


@dataclass(frozen=True, eq=False)
class Session:
    """What a run works with.

    Parameters
    ----------
    settings : LoopSettings
    known : Known
    response : LeverResponse
        Fitted on `known.rows`.
    asker : Asker
    personas : tuple of Persona
    ledger : Ledger
    """

    settings: LoopSettings
    known: Known
    response: LeverResponse
    asker: Asker
    personas: tuple[Persona, ...]
    ledger: Ledger

    @property
    def rules(self) -> Rules:
        """When a loop stops."""
        of = self.settings.steering
        return Rules(of.asks, of.tolerance, of.least_gain, of.reach, self.settings.seed)

    def request(self, persona: int, levers: Said, frame: int = 0) -> Request:
        """Return the request for a persona under levers of the mechanism."""
        said = tuple((spoken(name, self.settings.levers.wording), dose) for name, dose in levers)
        return Request(self.personas[persona], said, frame)

    def hear(self, what: str, persona: int, levers: Said, frame: int = 0) -> FloatArray:
        """Ask for a profile and write it down."""
        heard = self.asker.hear([self.request(persona, levers, frame)])[0]
        return self.write(what, self.personas[persona].id, levers, frame, heard)

    def write(self, what: str, persona: str, levers: Said, frame: int, heard: Heard) -> FloatArray:
        """Write down what was heard, and return it."""
        self.ledger.write(
            {
                "kind": "answer",
                "for": what,
                "persona": persona,
                "levers": dict(levers),
                "frame": frame,
                "profile": dict(zip(self.asker.values, heard.profile.tolist(), strict=True)),
                "asked": heard.asked,
                "stored": heard.stored,
            }
        )
        return heard.profile


def targets_of(session: Session) -> list[tuple[Outcome, int]]:
    """Return every target with the place of its persona; the loops have not begun.

    Raises
    ------
    StudyError
        If a target names an unknown persona or value, or there is none.
    """
    for number, target in enumerate(session.settings.target, start=1):
        _check_own(session, number, target)
    found = [_own(session, number, target) for number, target in enumerate(session.settings.target, start=1)]
    if session.settings.drawn is not None:
        found += _drawn(session, session.settings.drawn)
    if session.settings.swap is not None:
        found += _swapped(session, session.settings.swap)
    if not found:
        raise StudyError("The loop has no target. Give [[target]] with a persona and a profile, [drawn] or [swap].")
    return [(_guarded(session, outcome), place) for outcome, place in found]


def _guarded(session: Session, outcome: Outcome) -> Outcome:
    """Return a target whose guardrails are no goals, but floors that no lever set may fall below."""
    limits = session.settings.guardrails
    if limits is None:
        return outcome
    aim, values = outcome.steered.aim, session.asker.values
    wanted, least = aim.wanted.copy(), np.full(len(values), -math.inf)
    for name in session.asker.key.guardrails:
        allowed = {FLUENCY: limits.fluency, CAPABILITY: limits.capability}.get(name)
        wanted[values.index(name)] = math.nan
        if allowed is not None:
            least[values.index(name)] = aim.start[values.index(name)] - allowed
    return replace(outcome, steered=replace(outcome.steered, aim=replace(aim, wanted=wanted, least=least)))


def _drawn(session: Session, drawn: DrawnSettings) -> list[tuple[Outcome, int]]:
    """Return targets in which some values rise and some fall; the others stay, or move within the budget."""
    values = [name for name in session.asker.values if name not in session.asker.key.guardrails]
    if drawn.up + drawn.down > len(values) or not drawn.up + drawn.down:
        raise StudyError(f"[drawn] moves {drawn.up + drawn.down} of {len(values)} values. Move one or more.")
    starts = [session.hear("start", place, ()) for place in range(len(session.personas))]
    found = []
    for number in range(drawn.number):
        place = number % len(session.personas)
        moved = stream(session.settings.seed, "drawn target", number).permutation(len(values))
        up = sorted(values[i] for i in moved[: drawn.up])
        down = sorted(values[i] for i in moved[drawn.up : drawn.up + drawn.down])
        wanted, others = starts[place].copy(), []
        for name in values:
            at = session.asker.values.index(name)
            wanted[at] += drawn.by * ((name in up) - (name in down))
            if name not in up + down and drawn.others is not None:
                wanted[at] = math.nan
                others.append(at)
        budget = math.inf if drawn.others is None else drawn.others
        persona = session.personas[place].id
        title = f"{persona}: {', '.join(['+' + name for name in up] + ['-' + name for name in down])}"
        aim = Aim(starts[place], wanted, None, tuple(others), budget)
        found.append((_waiting(f"drawn {number + 1}", title, persona, aim), place))
    return found


def _check_own(session: Session, number: int, target: TargetSettings) -> None:
    """Check a target before anything is asked."""
    ids = [persona.id for persona in session.personas]
    if target.persona not in ids:
        raise StudyError(f"There is no persona {target.persona!r}.{did_you_mean(target.persona, ids)}")
    values = [name for name in session.asker.values if name not in session.asker.key.guardrails]
    for name in (*target.profile, *target.change):
        if name in session.asker.key.guardrails:
            raise StudyError(
                f"Target {number} names {name!r}, which is a guardrail and no goal. Take it out, and limit its fall "
                f"in [guardrails]."
            )
        if name not in values:
            raise StudyError(f"The target names {name!r}, which is not a value here.{did_you_mean(name, values)}")
    both = sorted(set(target.profile) & set(target.change))
    if both or not (target.profile or target.change):
        raise StudyError(
            f"Target {number}: {both[0]!r} has both a profile and a change. Keep one of them."
            if both
            else f"Target {number} wants nothing. Give `profile` or `change`."
        )
    key = session.asker.key
    for name, score in target.profile.items():
        if key.combine == "mean" and not key.low <= score <= key.high:
            raise StudyError(
                f"Target {number}: {name!r} = {score:g} is outside the scale of its scores, from {key.low:g} to "
                f"{key.high:g}."
            )


def _own(session: Session, number: int, target: TargetSettings) -> tuple[Outcome, int]:
    place = [persona.id for persona in session.personas].index(target.persona)
    values = session.asker.values
    start = session.hear("start", place, ())
    wanted = np.full(len(values), math.nan)
    for name, score in target.profile.items():
        wanted[values.index(name)] = score
    for name, change in target.change.items():
        wanted[values.index(name)] = start[values.index(name)] + change
    title = target.title or f"{target.persona}: {', '.join((*target.profile, *target.change))}"
    return _waiting(f"target {number}", title, target.persona, Aim(start, wanted)), place


def _swapped(session: Session, swap: SwapSettings) -> list[tuple[Outcome, int]]:
    rows = session.known.rows
    tried = {frozenset(rows.levers[i] for i in np.flatnonzero(row)) for row in rows.doses}
    pairs = [said for said in session.known.choices if len(said) == 2]
    if swap.pairs == "unseen":
        pairs = [said for said in pairs if frozenset(name for name, _ in said) not in tried]
    away = swap.away * np.nanmax(np.abs(_cell_means(session)), axis=0)
    far = round(swap.number * swap.unreachable / (1 - swap.unreachable))
    drawn = draw_targets(len(session.personas), pairs, (swap.number, far), away, session.settings.seed)
    starts = [session.hear("start", place, ()) for place in range(len(session.personas))]
    found = []
    for target in drawn:
        profile = session.hear(f"target {target.name}", target.model, target.levers)
        aim = Aim(starts[target.steered], profile + np.array(target.displaced or np.zeros(len(profile))))
        persona = session.personas[target.steered].id
        title = f"{persona} towards {session.personas[target.model].id} under {named(target.levers)}"
        found.append((replace(_waiting(target.name, title, persona, aim), swap=target), target.steered))
    return found


def _cell_means(session: Session) -> FloatArray:
    rows = session.known.rows
    cells = np.array(rows.cells)
    return np.array([np.nanmean(rows.change[cells == cell], axis=0) for cell in sorted(set(rows.cells))])


def _waiting(name: str, title: str, persona: str, aim: Aim) -> Outcome:
    return Outcome(name, title, persona, Steered(aim, (), "not begun", (math.nan, math.nan), 0.0), 0)


def steer_all(session: Session, waiting: Sequence[tuple[Outcome, int]]) -> list[Outcome]:
    """Run the loop of every target, one after the other."""
    return [_steered(session, outcome, place) for outcome, place in waiting]


def of_kind(waiting: Sequence[tuple[Outcome, int]], kind: str) -> list[tuple[Outcome, int]]:
    """Return the same targets for one kind of lever."""
    return [(replace(one, name=f"{one.name} ({kind})", kind=kind), place) for one, place in waiting]


def _steered(session: Session, outcome: Outcome, place: int) -> Outcome:
    values = session.asker.values

    def profile(numbers: FloatArray) -> dict[str, float]:
        return dict(zip(values, numbers.tolist(), strict=True))

    def hear(planned: Planned) -> FloatArray:
        session.ledger.write(
            {
                "kind": "plan",
                "target": outcome.name,
                "step": planned.number,
                "levers": dict(planned.levers),
                "predicted": profile(planned.predicted),
                "lower": profile(planned.lower),
                "upper": profile(planned.upper),
                "predicted_error": planned.predicted_error,
                "gain": planned.gain,
            }
        )
        return session.hear(f"{outcome.name} step {planned.number}", place, planned.levers)

    aim = outcome.steered.aim
    before = len(session.ledger.lines)
    found = steer(session.response, aim, session.known.choices_of(outcome.kind), hear, session.rules)
    asked = sum(int(line.get("asked", 0)) for line in session.ledger.lines[before:])
    done = replace(outcome, steered=found, asked=asked)
    session.ledger.write(
        {
            "kind": "end",
            "target": outcome.name,
            "title": outcome.title,
            "wanted": profile(aim.wanted),
            "levers": dict(done.chosen),
            "error": found.error,
            "why": found.why,
            "chances": list(found.chances),
            "unreachable": found.unreachable,
        }
    )
    return done


def named(levers: Said) -> str:
    """Return levers as text: ``"do_power + do_security x 2"``; ``"no lever"`` for none."""
    return " + ".join(name if dose == 1 else f"{name} x {dose:g}" for name, dose in levers) or "no lever"


def displaced(target: SwapTarget | None, p: int) -> FloatArray:
    """Return by how much a target was moved away (p,)."""
    return np.zeros(p) if target is None or not target.displaced else np.array(target.displaced)
