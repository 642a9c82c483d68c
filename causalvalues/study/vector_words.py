"""The first lines of the report on value vectors: every word chosen by the numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from causalvalues.elicitation.guardrails import neutral_texts
from causalvalues.numerals import estimate, number, percent
from causalvalues.steering.trial import Gain, Trial
from causalvalues.study.vector_results import VectorResults
from causalvalues.study.vector_summary import (
    Gains,
    chance_of,
    control_verdict,
    gains,
    layer_rows,
    mean_of,
    mean_with_interval,
)

UNIT = "nats per token"
Line = tuple[str, str]


def first_lines(results: VectorResults) -> tuple[Line, ...]:
    """Return the first lines of the report: a short beginning and the text of each."""
    if results.trial is None:
        tried: tuple[Line, ...] = (("Not tried:", "what the levers do was not measured (--no-trial)."), _price(results))
    else:
        tried = _trial_lines(results, results.trial)
    return (*tried, _reading(results), _circle(results))


def _trial_lines(results: VectorResults, trial: Trial) -> tuple[Line, ...]:
    found = gains(trial)
    low = min(range(len(found.names)), key=lambda i: (found.both[i].lower, found.names[i]))
    texts = "statements and words" if found.words else "statements"
    gained = (
        f"{texts} of the wanted value gain {number(mean_of(found.both))} {UNIT} more than those of other values, mean "
        f"over {len(found.names)} {_plural('value', len(found.names))}; the smallest lower end of their "
        f"{percent(trial.level)} intervals is {number(found.both[low].lower)} ({shown(results, found.values[low])}). "
        f"{_not_above(results, found, found.both)}"
    )
    if found.words:
        gained += (
            f" Over statements alone it is {number(mean_of(found.statements))}: "
            f"{_not_above(results, found, found.statements, 'every')} Over words alone it is "
            f"{number(mean_of(found.words))}: {_not_above(results, found, found.words, 'every')}"
        )
    control = mean_with_interval(found.control, trial.level)
    lines = [("Gain:", gained), *_chance_lines(results.chance, mean_of(found.both)), _price(results)]
    controlled = (
        f"affirmed statements of the wanted value gain {_estimate(control)} {UNIT} more than negated ones, mean over "
        f"levers (their gain over other values' statements is {number(mean_of(found.statements))}): "
        f"{control_verdict(found)}.{_single(results, found)}"
    )
    return (*lines, ("Negation control:", controlled))


def _not_above(results: VectorResults, found: Gains, kind: Sequence[Gain], every: str = "Every") -> str:
    zero = [shown(results, value) for value, each in zip(found.values, kind, strict=True) if not each.lower > 0]
    if zero:
        return f"{'N' if every[0].isupper() else 'n'}ot above zero with confidence: {', '.join(zero)}."
    return f"{every} interval lies above zero."


def _single(results: VectorResults, found: Gains) -> str:
    """Name the levers whose own control leaves zero, whatever the mean says."""
    pairs = list(zip(found.values, found.control, strict=True))
    more = [f"{shown(results, value)} {number(each.mean)}" for value, each in pairs if each.lower > 0]
    less = [f"{shown(results, value)} {number(each.mean)}" for value, each in pairs if each.upper < 0]
    said = [f"affirmed gain more under {', '.join(more)}"] if more else []
    said += [f"denied gain more under {', '.join(less)}"] if less else []
    return f" By their own intervals, {'; '.join(said)}." if said else ""


def _chance_lines(chance: Trial | None, gain: float) -> tuple[Line, ...]:
    if chance is None:
        return (("Random directions:", "none were tried."),)
    found = chance_of(chance)
    share = f" ({100 * found.mean / gain:.0f}% of the levers' gain)".replace("-", "\u2212") if gain > 0 else ""
    spread = f", standard deviation {number(found.spread)}" if math.isfinite(found.spread) else ""
    said = (
        f"{found.number} of the same length gain {number(found.mean, 3)} {UNIT} on average{share}; largest "
        f"{number(found.largest)}{spread}; they cost {number(float(chance.losses.mean()), 3)} on average."
    )
    return (("Random directions:", said),)


def _price(results: VectorResults) -> Line:
    made, trial = results.made, results.trial
    spent = [each.loss for each in made]
    texts = len(neutral_texts())
    if trial is None:
        said = (
            f"doses of 1 were set to cost {number(results.settings.loss)} {UNIT} on {(texts + 1) // 2} matter-of-fact "
            f"texts, and cost {number(min(spent), 3)} to {number(max(spent), 3)} there."
        )
        return ("Price:", said)
    losses = trial.losses
    most = int(losses.argmax())
    said = (
        f"a dose of 1 costs {number(float(losses.mean()), 3)} {UNIT} of matter-of-fact text on average, at most "
        f"{number(float(losses[most]), 3)} ({shown(results, trial.levers[most].value)}), on {texts // 2} texts that "
        f"the doses were not set by (set for {number(results.settings.loss)}). Of a small probe of ability "
        f"{percent(float(trial.right[:-1].mean()))} stay right on average, {percent(float(trial.right[:-1].min()))} at "
        f"least; without levers {percent(float(trial.right[-1]))}."
    )
    return ("Price:", said)


def _reading(results: VectorResults) -> Line:
    best = results.learned.probes.best_layer()
    row = next(row for row in layer_rows(results) if row.layer == best)
    said = (
        f"behind layer {best} probes tell held-out sentences of a value from plain ones and from other values' with a "
        f"balanced accuracy of {number(row.accuracy)} (chance .50)"
    )
    words = results.learned.words
    if words is not None:
        read = estimate(row.words, row.words_lower, row.words_upper)
        said += (
            f"; of {words.texts} held-out words the directions read a share of {read} as their own value "
            f"(chance {number(words.chance)})"
        )
    return ("Reading:", f"{said}.")


def _circle(results: VectorResults) -> Line:
    found, looks = results.learned.circle, results.learned.circles
    if found is None:
        return ("Circle:", "not asked: the theory has no circle, or has pairs for too few of its values.")
    ends = [each.agreement for each in looks]
    few = sum(each.p < 0.05 / len(looks) for each in looks)
    said = (
        f"{found.verdict} The layer was chosen by the probes. Looks in all: {len(looks)} "
        f"{_plural('layer', len(looks))}, agreement {number(min(ends))} to {number(max(ends))}, p below "
        f".05 / {len(looks)} at {few} of them."
    )
    return ("Circle:", said)


def shown(results: VectorResults, value: str) -> str:
    """Return a value as the theory calls it."""
    named = results.given.theory
    return named.labels.get(named.canonical(value), value) if named.knows(value) else value


def _estimate(found: object) -> str:
    return estimate(*(getattr(found, end) for end in ("mean", "lower", "upper")))


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"
