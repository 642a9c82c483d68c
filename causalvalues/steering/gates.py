"""Gates: detectors that let a lever act only on tokens where its value is in play."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalvalues.elicitation.guardrails import neutral_texts
from causalvalues.elicitation.local_model import LocalModel
from causalvalues.errors import SteeringError
from causalvalues.frozen import FloatArray
from causalvalues.numerals import number
from causalvalues.randomness import require_whole, stream
from causalvalues.steering.acts import TokenGate
from causalvalues.steering.capturing import capture_tokens
from causalvalues.steering.pairs import ContrastPair
from causalvalues.steering.probes import logistic

SHARES = {"affirmed": 0.5, "plain": 1 / 6, "others": 1 / 6, "neutral": 1 / 6}
"""What each kind of text weighs when a detector is fitted."""
STEEPEST = 30.0
FIT, THRESHOLD, HELD_OUT = range(3)


@dataclass(frozen=True)
class TokenStates:
    """States of the tokens of some texts behind one layer.

    Parameters
    ----------
    states : array (tokens, d)
    which : array (tokens,)
        The text that a token belongs to, from 0.
    """

    states: NDArray[np.floating]
    which: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.states.ndim != 2 or not self.states.size or self.which.shape != (len(self.states),):
            raise SteeringError(f"Token states have the shape {self.states.shape}; give (tokens, d) and their texts.")
        if not np.isfinite(self.states).all():
            raise SteeringError("Some token states are not finite. Capture them again.")

    def of(self, texts: NDArray[np.bool_]) -> TokenStates:
        """Return the tokens of some of the texts, these counted from 0 again."""
        rows = texts[self.which]
        return TokenStates(self.states[rows], (np.cumsum(texts) - 1)[self.which[rows]])


@dataclass(frozen=True)
class GateTexts:
    """What a detector learns from.

    Parameters
    ----------
    affirmed, plain : TokenStates
        Of the value's pairs; text i of both is pair i.
    others : TokenStates
        Affirmed sentences of other values.
    neutral : TokenStates
        Matter-of-fact texts.
    """

    affirmed: TokenStates
    plain: TokenStates
    others: TokenStates
    neutral: TokenStates


@dataclass(frozen=True)
class GateFit:
    """How a detector is fitted and its threshold chosen.

    Parameters
    ----------
    share : float, default 0.05
        At most this share of the tokens of matter-of-fact texts may open the gate.
    penalty : float, default 1.0
        On half the squared weights of standardised activations, beside the mean loss.
    seed : int, default 0
        Of which texts are fitted (half of each kind), choose the threshold (a quarter), and are held out (a quarter).
    """

    share: float = 0.05
    penalty: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        require_whole("seed", self.seed, 0)
        if not 0 < self.share < 1:
            raise SteeringError(f"The share of opened tokens is {self.share}. Give a number between 0 and 1.")
        if not 0 < self.penalty < math.inf:
            raise SteeringError(f"The penalty is {self.penalty}. Give a positive number.")


@dataclass(frozen=True)
class LearnedGate:
    """A gate, and how often it opens on texts that it has not seen.

    Parameters
    ----------
    value : str
    gate : TokenGate
    affirmed, plain, others, neutral : float
        Share of tokens that open it, in held-out affirmed ends of the value, their plain twins, affirmed ends of other
        values, and matter-of-fact texts.
    sentences : float
        Share of the value's held-out affirmed ends in which a token or more opens it.
    """

    value: str
    gate: TokenGate
    affirmed: float
    plain: float
    others: float
    neutral: float
    sentences: float

    def __repr__(self) -> str:
        shares = ", ".join(f"{name} {number(getattr(self, name))}" for name in SHARES)
        return f"LearnedGate({self.value}, layer {self.gate.layer}; held-out tokens that open it: {shares})"


def gate_for(
    model: LocalModel, pairs: Sequence[ContrastPair], value: str, layer: int, fit: GateFit | None = None
) -> LearnedGate:
    """Learn where one value is in play (see `gates_for`)."""
    return gates_for(model, pairs, [value], layer, fit)[0]


def gates_for(
    model: LocalModel,
    pairs: Sequence[ContrastPair],
    values: Sequence[str],
    layer: int,
    fit: GateFit | None = None,
) -> tuple[LearnedGate, ...]:
    """Learn where values are in play, from single tokens behind a low layer.

    The model reads the pairs and 60 matter-of-fact texts; of the pairs, only tokens behind the shared context count.

    Parameters
    ----------
    model : LocalModel
    pairs : sequence of ContrastPair
        Of these values and of others.
    values : sequence of str
    layer : int
        Not above the first layer where the guarded lever acts.
    fit : GateFit, optional

    Returns
    -------
    tuple of LearnedGate

    Raises
    ------
    SteeringError
        If a value or all others have no pairs, or as `capture_tokens` and `fit_gate`.

    Notes
    -----
    The first token of a text is in no training set (see `capture`), so what a gate does there means nothing.
    """
    for value in values:
        own = sum(pair.value == value for pair in pairs)
        if own in (0, len(pairs)):
            raise SteeringError(f"There are {own} pairs of {value!r}, {len(pairs) - own} of others. Give some of both.")
    starts = [pair.context for pair in pairs]
    affirmed = TokenStates(*capture_tokens(model, [pair.affirmed_sentence for pair in pairs], layer, starts=starts))
    plain = TokenStates(*capture_tokens(model, [pair.plain_sentence for pair in pairs], layer, starts=starts))
    neutral = TokenStates(*capture_tokens(model, neutral_texts(), layer))
    found = []
    for value in values:
        own_pairs = np.array([pair.value == value for pair in pairs])
        parts = (affirmed.of(own_pairs), plain.of(own_pairs), affirmed.of(~own_pairs), neutral)
        found.append(fit_gate(value, layer, GateTexts(*parts), fit))
    return tuple(found)


def fit_gate(value: str, layer: int, texts: GateTexts, fit: GateFit | None = None) -> LearnedGate:
    """Fit a logistic detector to token states, and choose its threshold on texts that it has not seen.

    The threshold is the least one at which at most `share` of the tokens of the neutral texts kept for it would open
    the gate, one token more than there are counted as opened (so that the share holds for new tokens on average).

    Parameters
    ----------
    value : str
    layer : int
    texts : GateTexts
    fit : GateFit, optional

    Returns
    -------
    LearnedGate

    Raises
    ------
    SteeringError
        If there are fewer than four texts of a kind, or too few neutral tokens for so small a share.
    """
    fit = fit or GateFit()
    twins = _parts("pairs", texts.affirmed, fit)
    parts = {
        "affirmed": twins,
        "plain": twins[: int(texts.plain.which.max()) + 1],
        "others": _parts("others", texts.others, fit),
        "neutral": _parts("neutral", texts.neutral, fit),
    }
    if texts.plain.which.max() != texts.affirmed.which.max():
        raise SteeringError("There are not as many plain texts as affirmed ones. Give both sentences of each pair.")
    kinds = {name: getattr(texts, name) for name in SHARES}
    rows = {name: parts[name][one.which] for name, one in kinds.items()}
    weights, intercept = _detector(kinds, rows, fit)

    def scores(name: str, part: int) -> FloatArray:
        return np.asarray(kinds[name].states[rows[name] == part] @ weights + intercept)

    level = _threshold(scores("neutral", THRESHOLD), fit.share)
    gate = TokenGate(layer, weights, intercept, 1 / (1 + math.exp(-level)))
    opened = {name: scores(name, HELD_OUT) > level for name in SHARES}
    which = texts.affirmed.which[rows["affirmed"] == HELD_OUT]
    sentences = np.mean([opened["affirmed"][which == text].any() for text in np.unique(which)])
    shares = {name: float(opened[name].mean()) for name in SHARES}
    return LearnedGate(value, gate, **shares, sentences=float(sentences))


def _parts(name: str, tokens: TokenStates, fit: GateFit) -> NDArray[np.int64]:
    """Say for each text what it is used for: half are fitted, a quarter each choose the threshold and are held out."""
    count = int(tokens.which.max()) + 1
    if count < 4:
        raise SteeringError(f"There are {count} texts among the {name}. A gate needs four or more of each kind.")
    part = np.full(count, FIT)
    shuffled = stream(fit.seed, "texts of a gate", name).permutation(count)
    part[shuffled[: count // 4]] = HELD_OUT
    part[shuffled[count // 4 : 2 * (count // 4)]] = THRESHOLD
    return part


def _detector(
    kinds: dict[str, TokenStates], rows: dict[str, NDArray[np.int64]], fit: GateFit
) -> tuple[FloatArray, float]:
    seen = {name: one.states[rows[name] == FIT].astype(np.float64) for name, one in kinds.items()}
    counts = [len(states) for states in seen.values()]
    said = np.repeat([1.0, 0.0, 0.0, 0.0], counts)
    share = np.repeat([SHARES[name] / len(states) for name, states in seen.items()], counts)
    return logistic(np.concatenate(list(seen.values())), said, share, fit.penalty)


def _threshold(scores: FloatArray, share: float) -> float:
    """Return the least score above which at most a share of so many tokens, and one more, lies."""
    allowed = math.floor(share * (len(scores) + 1)) - 1
    if allowed < 0:
        raise SteeringError(
            f"A share of {share:g} cannot be told from {len(scores)} neutral tokens. Give more texts or a larger share."
        )
    level = float(np.sort(scores)[len(scores) - 1 - allowed])
    return min(max(level, -STEEPEST), STEEPEST)
