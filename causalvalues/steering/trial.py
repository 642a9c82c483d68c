"""A trial of levers on sentences and words that they were not made from: gain, negation control, price, chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from causalvalues.elicitation.frames import Frames, frames
from causalvalues.elicitation.guardrails import ProbeQuestion, capability_probe, neutral_texts
from causalvalues.elicitation.items import ItemSet
from causalvalues.elicitation.local_model import LocalModel
from causalvalues.elicitation.local_network import score
from causalvalues.elicitation.local_precision import arithmetic
from causalvalues.elicitation.questions import Message
from causalvalues.errors import SteeringError
from causalvalues.frozen import FloatArray, frozen_floats
from causalvalues.randomness import require_whole, stream
from causalvalues.steering.acts import SteeringLever
from causalvalues.steering.calibrating import prompt_for, text_scores
from causalvalues.steering.hooks import Dosed, steered

Kind = Literal["statement", "negated", "word"]
LEAD = "What matters most in life is"


@dataclass(frozen=True)
class Gain:
    """A gain with its interval, in nats per token.

    Parameters
    ----------
    mean, lower, upper : float
    """

    mean: float
    lower: float
    upper: float


@dataclass(frozen=True, eq=False)
class Trial:
    """What levers did to texts that they were not made from.

    Parameters
    ----------
    levers : tuple of SteeringLever
    doses : tuple of float
    kinds : tuple of {"statement", "negated", "word"}, length m
        What each text is.
    values : tuple of str, length m
        The value that each text is about.
    gains : array (levers, m)
        Mean log-probability per token with the lever minus without it, nats; of a word: its own tokens alone.
    losses : array (levers,)
        Mean loss per token of neutral texts, nats.
    right : array (levers + 1,)
        Share of the probe's questions answered right; the last number is that of the model without levers.
    level : float
        Of intervals.
    """

    levers: tuple[SteeringLever, ...]
    doses: tuple[float, ...]
    kinds: tuple[Kind, ...]
    values: tuple[str, ...]
    gains: FloatArray
    losses: FloatArray
    right: FloatArray
    level: float = 0.95

    def __repr__(self) -> str:
        return f"Trial({len(self.levers)} levers on {len(self.kinds)} texts about {len(set(self.values))} values)"

    def gain(self, lever: int, kinds: Sequence[Kind] = ("statement", "word"), value: str = "") -> Gain:
        """Return how much more the texts of a value gain than those of the other values, with a Welch interval.

        Parameters
        ----------
        lever : int
            Its place.
        kinds : sequence of {"statement", "negated", "word"}, default statements and words
        value : str, default the value that the lever aims at
        """
        own, others = self._parted(lever, kinds, value or self.levers[lever].value)
        return _welch(own, others, self.level)

    def endorsement(self, lever: int) -> Gain:
        """Return the negation control: gain of affirmed minus gain of negated statements of the value.

        With a t interval. Where it is about zero, the lever moves what the model talks about, not what it affirms.
        """
        from scipy.special import stdtrit

        value = self.levers[lever].value
        affirmed, negated = (self.gains[lever][self._of([kind], value)] for kind in ("statement", "negated"))
        change = affirmed - negated
        if len(change) < 2:
            return Gain(float(change.mean()), -np.inf, np.inf)
        half = stdtrit(len(change) - 1, (1 + self.level) / 2) * change.std(ddof=1) / np.sqrt(len(change))
        mean = float(change.mean())
        return Gain(mean, mean - float(half), mean + float(half))

    def matrix(self, kinds: Sequence[Kind] = ("statement", "word")) -> tuple[tuple[str, ...], FloatArray]:
        """Return the values, and how much their texts gain on average under each lever, (levers, values)."""
        names = tuple(dict.fromkeys(self.values))
        cells = [[self.gains[i][self._of(kinds, name)].mean() for name in names] for i in range(len(self.levers))]
        return names, np.array(cells)

    def _of(self, kinds: Sequence[str], value: str) -> np.ndarray:
        return np.array([k in kinds and v == value for k, v in zip(self.kinds, self.values, strict=True)])

    def _parted(self, lever: int, kinds: Sequence[str], value: str) -> tuple[FloatArray, FloatArray]:
        chosen = np.array([kind in kinds for kind in self.kinds])
        own = self._of(kinds, value)
        if not own.any():
            known = ", ".join(sorted(set(self.values)))
            raise SteeringError(f"The trial has no texts about {value!r}. It has {known}.")
        if not (chosen & ~own).any():
            raise SteeringError(f"The trial has no texts about values other than {value!r} to compare with.")
        return self.gains[lever][own], self.gains[lever][chosen & ~own]


def run_trial(
    model: LocalModel,
    levers: Sequence[SteeringLever],
    items: ItemSet,
    words: Mapping[str, tuple[str, ...]],
    doses: Sequence[float] | None = None,
) -> Trial:
    """Try levers on held-out statements and words, on neutral texts and on the probe of ability.

    The neutral texts are those that `calibrated` does not use.

    Parameters
    ----------
    model : LocalModel
    levers : sequence of SteeringLever
        Each is tried alone.
    items : ItemSet
        Statements with negated wordings; reverse-keyed ones are left out.
    words : mapping of str to tuple of str
        Value -> words that end "What matters most in life is ...".
    doses : sequence of float, optional
        One a lever; default 1.

    Returns
    -------
    Trial

    Raises
    ------
    SteeringError
        If an item has no negated wording, a lever does not fit the model or sends its activations to infinity.
    """
    dosed = list(zip(levers, [1.0] * len(levers) if doses is None else doses, strict=True))
    asked = [item for item in items.items if not item.reverse]
    lacking = next((item.id for item in asked if not item.negated), None)
    if lacking is not None:
        raise SteeringError(
            f"The item {lacking!r} has no negated wording for the negation control. Give all items one."
        )
    said = frames(asked[0].language)
    counts: list[tuple[Kind, int]] = [("statement", len(asked)), ("negated", len(asked))]
    counts.append(("word", sum(map(len, words.values()))))
    kinds = [kind for kind, count in counts for _ in range(count)]
    values = [item.value for item in asked] * 2 + [value for value, mine in words.items() for _ in mine]
    statements = [i.statement for i in asked] + [i.negated for i in asked]
    texts = _texts(model, said, statements, [word for mine in words.values() for word in mine])
    neutral, probe = neutral_texts()[1::2], capability_probe()
    plain = texts.per_token(model, ())
    gains = [texts.per_token(model, [one]) - plain for one in dosed]
    losses = _losses(model, neutral, dosed)
    right = [_right(model, probe, [one]) for one in dosed] + [_right(model, probe, ())]
    return Trial(
        tuple(levers),
        tuple(float(dose) for _, dose in dosed),
        tuple(kinds),
        tuple(values),
        frozen_floats(gains),
        frozen_floats(losses),
        frozen_floats(right),
    )


def random_levers(levers: Sequence[SteeringLever], seed: int = 0, each: int = 1) -> tuple[SteeringLever, ...]:
    """Return twins of levers with random directions of the same length: what any push of that size does.

    Twins of levers on neurons (``"scale"``) change other neurons, drawn at random, by the same numbers.

    Parameters
    ----------
    levers : sequence of SteeringLever
    seed : int, default 0
    each : int, default 1
        Twins of each lever.

    Returns
    -------
    tuple of SteeringLever
        The twins of the first lever first. Names begin with ``rand_`` in place of ``vec_``, and end with a number where
        there are several; the value stays, so that a trial can compare.
    """
    require_whole("each", each)
    return tuple(_twin(lever, seed, k, each > 1) for lever in levers for k in range(1, each + 1))


def _twin(lever: SteeringLever, seed: int, number: int, numbered: bool) -> SteeringLever:
    name = f"rand_{lever.name.removeprefix('vec_')}{f'_{number}' if numbered else ''}"
    acts = []
    for place, act in enumerate(lever.acts):
        draw = stream(seed, "random direction", lever.name, number, place, act.layer)
        if act.action == "scale":
            acts.append(replace(act, direction=draw.permutation(act.direction)))
            continue
        drawn = draw.normal(size=act.direction.size)
        length = np.linalg.norm(act.direction) / np.linalg.norm(drawn)
        acts.append(replace(act, direction=drawn * length))
    neurons = all(act.action == "scale" for act in acts)
    text = (
        "scales as many random neurons by the same numbers" if neurons else "adds a random direction of the same length"
    )
    return replace(lever, name=name, acts=tuple(acts), method="random", description=text)


@dataclass(frozen=True)
class _Texts:
    """What is scored: answers after one prompt; those from the place `words` on begin with `lead`, which counts not."""

    prompt: tuple[int, ...]
    answers: tuple[tuple[int, ...], ...]
    words: int
    lead: tuple[int, ...]

    def per_token(self, model: LocalModel, levers: Sequence[Dosed]) -> FloatArray:
        """Return the mean log-probability per token, shape (m,)."""
        network = model.network
        pairs = [(self.prompt, end) for end in (*self.answers, self.lead)]
        with arithmetic(model.threads), steered(network.model, levers) as watch:
            sums = np.array(score(network, pairs, watch))
        tokens = np.array([len(end) for end in self.answers], dtype=float)
        found = sums[:-1]
        found[self.words :] -= sums[-1]
        tokens[self.words :] -= len(self.lead)
        return np.asarray(found / tokens)


def _texts(model: LocalModel, said: Frames, statements: Sequence[str], words: Sequence[str]) -> _Texts:
    prompt = model.prompt_tokens((Message("user", said.statement_request(0)),))
    lead = model.answer_tokens(LEAD)
    ends = [model.answer_tokens(f"{LEAD} {word}.") for word in words]
    for word, whole in zip(words, ends, strict=True):
        if whole[: len(lead)] != lead:
            raise SteeringError(f"The word {word!r} changes the tokens before it. Give another one.")
    return _Texts(prompt, (*map(model.answer_tokens, statements), *ends), len(statements), lead)


def _losses(model: LocalModel, texts: Sequence[str], dosed: Sequence[Dosed]) -> list[float]:
    """Return what each lever takes from plain texts; those that act on prompts alone, as answers after one."""
    prompts = [prompt_for(model, lever) for lever, _ in dosed]
    fluent = {prompt: text_scores(model, texts, (), prompt).mean() for prompt in set(prompts)}
    found = [text_scores(model, texts, [one], prompt).mean() for one, prompt in zip(dosed, prompts, strict=True)]
    return [float(fluent[prompt] - each) for each, prompt in zip(found, prompts, strict=True)]


def _right(model: LocalModel, probe: Sequence[ProbeQuestion], levers: Sequence[Dosed]) -> float:
    texts = [f"{one.prompt} {word}" for one in probe for word in (one.right, one.wrong)]
    prompt = prompt_for(model, levers[0][0]) if levers else ()
    tokens = [
        len(model.answer_tokens(text))
        if prompt
        else len(model.tokenizer(text, add_special_tokens=False)["input_ids"]) - 1
        for text in texts
    ]
    sums = (text_scores(model, texts, levers, prompt) * np.array(tokens)).reshape(-1, 2)
    return float((sums[:, 0] > sums[:, 1]).mean())


def _welch(own: FloatArray, others: FloatArray, level: float) -> Gain:
    """Return the difference of two means with Welch's interval (Welch 1947, Biometrika 34); endless for one text."""
    from scipy.special import stdtrit

    mean = float(own.mean() - others.mean())
    if min(len(own), len(others)) < 2:
        return Gain(mean, -np.inf, np.inf)
    parts = [float(sample.var(ddof=1)) / len(sample) for sample in (own, others)]
    if sum(parts) == 0:
        return Gain(mean, mean, mean)
    freedom = sum(parts) ** 2 / sum(part**2 / (len(s) - 1) for part, s in zip(parts, (own, others), strict=True))
    half = float(stdtrit(freedom, (1 + level) / 2)) * float(np.sqrt(sum(parts)))
    return Gain(mean, mean - half, mean + half)
