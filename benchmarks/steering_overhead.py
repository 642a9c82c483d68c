"""How much longer does a forward pass take while a lever acts at twelve layers?

    python benchmarks/steering_overhead.py [--rounds 15] [--threads 2] [--statements 40]

One pass scores statements as answers to one prompt. Passes with and without the lever alternate, and the first of a
pair alternates too, so that what else the machine does meets both alike; the median over pairs is printed. The target
is at most 10%.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence

import numpy as np

from causalvalues.elicitation.items import item_set
from causalvalues.elicitation.local_model import LocalModel
from causalvalues.elicitation.local_network import score
from causalvalues.elicitation.local_precision import arithmetic
from causalvalues.elicitation.questions import Message
from causalvalues.steering import Act, SteeringLever, steered
from causalvalues.steering.hooks import Dosed
from causalvalues.steering.modules import stream_width

LAYERS = range(2, 26, 2)
TARGET = 0.10


def lever(width: int) -> SteeringLever:
    """Return a lever that adds a small direction behind twelve layers."""
    draw = np.random.default_rng(0)
    return SteeringLever("vec", tuple(Act(layer, draw.normal(size=width), 0.01) for layer in LAYERS))


def seconds(model: LocalModel, pairs: Sequence[tuple[tuple[int, ...], tuple[int, ...]]], acting: list[Dosed]) -> float:
    """Return how long one pass takes."""
    before = time.perf_counter()
    with arithmetic(model.threads), steered(model.network.model, acting) as watch:
        score(model.network, pairs, watch)
    return time.perf_counter() - before


def main() -> None:
    """Print the median of both, and of what the lever adds."""
    options = argparse.ArgumentParser(description="Time that a lever adds to a forward pass.")
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--statements", type=int, default=40)
    given = options.parse_args()
    model = LocalModel(threads=given.threads)
    prompt = model.prompt_tokens((Message("user", "What matters to you?"),))
    texts = [item.statement for item in item_set("schwartz-10").items if not item.reverse][: given.statements]
    pairs = [(prompt, model.answer_tokens(text)) for text in texts]
    acting: list[list[Dosed]] = [[], [(lever(stream_width(model.network.model)), 1.0)]]
    for each in acting:
        seconds(model, pairs, each)
    rounds = []
    for k in range(given.rounds):
        found = {}
        for place in (0, 1) if k % 2 else (1, 0):
            found[place] = seconds(model, pairs, acting[place])
        rounds.append((found[0], found[1]))
    more = statistics.median(steered_ / plain - 1 for plain, steered_ in rounds)
    plain, with_lever = (statistics.median(column) for column in zip(*rounds, strict=True))
    said = "reached" if more <= TARGET else "missed"
    print(f"{len(pairs)} statements, {given.threads} threads: {plain:.3f} s without, {with_lever:.3f} s with a lever")
    print(f"median of {len(rounds)} pairs: {100 * more:+.1f}% (target at most {100 * TARGET:.0f}%: {said})")


if __name__ == "__main__":
    main()
