"""What is learned from contrast pairs and tried on a model, step by step: the results of ``steer-vectors``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.elicitation.guardrails import neutral_texts
from causalvalues.elicitation.items import ItemSet
from causalvalues.elicitation.local_model import LocalModel
from causalvalues.frozen import FloatArray
from causalvalues.steering.acts import SteeringLever
from causalvalues.steering.calibrating import Calibrated, calibrated
from causalvalues.steering.capturing import capture, typical_norms
from causalvalues.steering.decoding import Decoding, decode_values
from causalvalues.steering.modules import layer_prefix
from causalvalues.steering.pairs import ContrastPair
from causalvalues.steering.probes import ProbeFit, ValueProbes, fit_probes
from causalvalues.steering.trial import LEAD, Trial, random_levers, run_trial
from causalvalues.steering.value_vectors import ValueVectors, value_vectors, vector_levers
from causalvalues.steering.vector_circle import FEWEST, VectorCircle, vector_circle
from causalvalues.study.vector_settings import VectorSettings
from causalvalues.theories import ValueTheory

HALVES = 20
"""Random halvings of the pairs that the stability of directions is averaged over."""
STEPS = ("read the pairs", "learn the directions", "set the doses", "try the levers", "try random directions", "write")


@dataclass(frozen=True)
class Given:
    """What a run is made of, beside the model.

    Parameters
    ----------
    theory : ValueTheory
    pairs : tuple of ContrastPair
    items : ItemSet or None
        None where levers are not tried.
    words : mapping of str to tuple of str
        Value -> held-out words; may be empty.
    """

    theory: ValueTheory
    pairs: tuple[ContrastPair, ...]
    items: ItemSet | None
    words: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class Learned:
    """Directions of values, and how well they read them.

    Parameters
    ----------
    vectors : ValueVectors
    probes : ValueProbes
    words : Decoding or None
        Of held-out words; None without words.
    circles : tuple of VectorCircle
        One a layer; none where the theory has no circle or too few of its values have pairs.
    """

    vectors: ValueVectors
    probes: ValueProbes
    words: Decoding | None
    circles: tuple[VectorCircle, ...]

    @property
    def circle(self) -> VectorCircle | None:
        """The circle at the layer where probes do best on held-out pairs; agreement has no part in the choice."""
        layer = self.probes.best_layer()
        return next((each for each in self.circles if each.layer == layer), None)


@dataclass(frozen=True, eq=False)
class VectorResults:
    """Everything that a report says.

    Parameters
    ----------
    settings : VectorSettings
    given : Given
    model, backend : str
        Name and identity of the model.
    prefix : str
        Before the number of a layer in the model's names.
    learned : Learned
    made : tuple of Calibrated
    twins : tuple of SteeringLever
    trial, chance : Trial or None
        Of the levers, and of their random twins; None where they were not tried.
    """

    settings: VectorSettings
    given: Given
    model: str
    backend: str
    prefix: str
    learned: Learned
    made: tuple[Calibrated, ...]
    twins: tuple[SteeringLever, ...]
    trial: Trial | None
    chance: Trial | None

    @property
    def levers(self) -> tuple[SteeringLever, ...]:
        """The levers as they are written."""
        return tuple(each.lever for each in self.made)


def vector_results(
    model: LocalModel,
    given: Given,
    layers: Sequence[int],
    settings: VectorSettings,
    say: Callable[[str], None] = lambda _: None,
) -> VectorResults:
    """Learn value vectors, make levers of them, and try these.

    Parameters
    ----------
    model : LocalModel
    given : Given
    layers : sequence of int
        Ascending.
    settings : VectorSettings
    say : callable, optional
        Told the name of each step as it begins.

    Raises
    ------
    SteeringError
        As the verbs that it calls.
    """
    learned = learn(model, given, layers, settings, say)
    say(STEPS[2])
    share = 0.1 / len(layers)  # a first guess of the dose, which is then set
    made = calibrated(model, vector_levers(learned.vectors, layers, share, settings.positions), settings.loss)
    levers = tuple(each.lever for each in made)
    twins = random_levers(levers, settings.seed, settings.random) if settings.random else ()
    trial = chance = None
    if given.items is not None:
        say(STEPS[3])
        trial = run_trial(model, levers, given.items, given.words)
        say(STEPS[4])
        chance = run_trial(model, twins, given.items, given.words) if twins else None
    prefix = layer_prefix(model.network.model)
    return VectorResults(settings, given, model.model, model.identity, prefix, learned, made, twins, trial, chance)


def learn(
    model: LocalModel, given: Given, layers: Sequence[int], settings: VectorSettings, say: Callable[[str], None]
) -> Learned:
    """Let a model read pairs and words, and learn vectors and probes from one reading."""
    say(STEPS[0])
    pairs = given.pairs
    starts = [pair.context for pair in pairs]
    affirmed = capture(model, [pair.affirmed_sentence for pair in pairs], layers, starts=starts)
    plain = capture(model, [pair.plain_sentence for pair in pairs], layers, starts=starts)
    norms = typical_norms(model, neutral_texts(), layers)
    said = [(value, word) for value, words in given.words.items() for word in words]
    states = _words(model, [word for _, word in said], layers) if said else None
    say(STEPS[1])
    vectors = value_vectors(
        pairs, affirmed, plain, layers, settings.kind, norms=norms, halves=HALVES, seed=settings.seed
    )
    probes = fit_probes(pairs, affirmed, plain, layers, ProbeFit(seed=settings.seed))
    words = None if states is None else decode_values(vectors, states, [value for value, _ in said])
    return Learned(vectors, probes, words, _circles(vectors, given.theory, settings.seed))


def _words(model: LocalModel, words: Sequence[str], layers: Sequence[int]) -> FloatArray:
    texts = [f"{LEAD} {word}." for word in words]
    return np.asarray(capture(model, texts, layers, starts=[LEAD] * len(texts)), dtype=np.float64)


def _circles(vectors: ValueVectors, theory: ValueTheory, seed: int) -> tuple[VectorCircle, ...]:
    fits = theory.circular and len(vectors.values) >= FEWEST and all(map(theory.knows, vectors.values))
    return tuple(vector_circle(vectors, layer, theory, seed=seed) for layer in vectors.layers) if fits else ()
