"""How good is a sparse autoencoder trained here in minutes, and do neurons and features hold on unseen contexts?

    python benchmarks/steering_sparse.py [--layer 8] [--texts 768] [--tokens 600000] [--threads 1] [--keep FOLDER]

Everything is made here: the model writes texts (bfloat16), their states are captured (float32), one text in ten is held
out, the autoencoder is trained on the others. Printed: seconds of each step; explained variance, dead features, mean L0
on training and held-out tokens; loss recovered on held-out texts; for each value the features found by contrast pairs
and how they fare on the held-out half of the contexts, against zero and against the other values; the same for neurons
of all layers by poles.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from causalvalues.elicitation.local_model import LocalModel
from causalvalues.numerals import number, percent
from causalvalues.steering.capturing import capture, capture_tokens
from causalvalues.steering.contrast_pairs import contrast_pairs, contrast_poles
from causalvalues.steering.feature_ranking import mean_features, rank_features
from causalvalues.steering.loss_recovered import loss_recovered
from causalvalues.steering.neurons import find_neurons
from causalvalues.steering.paired_effects import PairedEffects, held_out_check
from causalvalues.steering.sae_files import write_autoencoder
from causalvalues.steering.sparse_autoencoder import SparseAutoencoder, held_out_tokens, sparse_quality
from causalvalues.steering.sparse_training import SparseTraining, train_autoencoder
from causalvalues.steering.training_texts import training_texts


@contextmanager
def timed(what: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    print(f"{what}: {time.perf_counter() - start:.0f} s", flush=True)


def texts_of(number_of_texts: int, threads: int | None) -> tuple[str, ...]:
    writer = LocalModel(precision="bfloat16", threads=threads)
    try:
        with timed(f"{number_of_texts} texts written"):
            return training_texts(writer, number_of_texts, tokens=48)
    finally:
        writer.close()


def trained(model: LocalModel, texts: Sequence[str], layer: int, tokens: int, threads: int | None) -> SparseAutoencoder:
    with timed("states captured"):
        states, which = capture_tokens(model, texts, layer)
    out = held_out_tokens(which)
    with timed(f"trained on {tokens} of {int((~out).sum())} tokens"):
        one = train_autoencoder(states[~out], layer, SparseTraining(tokens=tokens, threads=threads), model.model)
    for name, chosen in (("training", ~out), ("held-out", out)):
        quality = sparse_quality(one, states[chosen])
        print(
            f"  {name} tokens {quality.tokens}: explained {number(quality.explained, 3)}, dead {quality.dead} of "
            f"{quality.features}, active {quality.active:.1f}"
        )
    held_out = [texts[i] for i in np.unique(which[out]) if len(model.tokenizer(texts[i])["input_ids"]) > 2]
    with timed(f"loss recovered on {len(held_out)} held-out texts"):
        found = loss_recovered(one, model, held_out)
    print(
        f"  cross-entropy {found.plain:.3f}, reconstructed {found.reconstructed:.3f}, mean {found.mean:.3f}, zero "
        f"{found.zero:.3f}: recovered {number(found.recovered, 3)} (from zero {number(found.recovered_from_zero, 3)})"
    )
    return one


def show_check(name: str, effects: PairedEffects) -> None:
    check = held_out_check(effects)
    print(
        f"  {name:22} found by all {int(effects.found.sum()):5}; by one half {check.found:4}, same sign in the other "
        f"{percent(round(check.agreeing, 3)) if check.found else '-':>5}, effect {number(check.effect)} -> "
        f"{number(check.held_effect)}; of all units {percent(round(check.all_agreeing, 3))}"
    )


def features(model: LocalModel, one: SparseAutoencoder) -> None:
    pairs = contrast_pairs("schwartz-10")
    with timed("features of 480 pairs"):
        ends = [
            mean_features(one, *capture_tokens(model, [getattr(pair, f"{end}_sentence") for pair in pairs], one.layer))
            for end in ("affirmed", "plain")
        ]
    values, contexts = [pair.value for pair in pairs], [pair.context for pair in pairs]
    for specific in (False, True):
        ranking = rank_features(ends[0], ends[1], values, contexts, specific=specific)
        found = [set(ranking.best(value, one.features)) for value in ranking.values]
        shared = sum(sum(feature in some for some in found) >= 4 for feature in set().union(*found))
        print(f"against {'other values' if specific else 'zero'}: {shared} features are found for four values or more")
        for value, some in zip(ranking.values, found, strict=True):
            show_check(value, ranking.of(value))
            first = ranking.table(value).iloc[0]
            print(f"    {len(some)} of them activated; first {first['feature']}, effect {number(first['effect'])}")


def neurons(model: LocalModel) -> None:
    for poles in contrast_poles("schwartz-10"):
        contexts = [pair.context for pair in poles.pairs]
        with timed(f"neurons of {poles.name}"):
            high, low = (
                capture(
                    model, [getattr(pair, f"{end}_sentence") for pair in poles.pairs], site="neurons", starts=contexts
                )
                for end in ("high", "low")
            )
            effects = find_neurons(high, low, (poles.high, poles.low), contexts=contexts)
        show_check(poles.name, effects.paired)
        for pole in (poles.high, poles.low):
            speaks = effects.speak_for(pole)
            layers = np.argsort(-speaks.sum(1), kind="stable")[:5].tolist()
            print(f"    {int(speaks.sum())} speak for {pole}, most of them at layers {layers}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layer", type=int, default=8)
    parser.add_argument("--texts", type=int, default=768)
    parser.add_argument("--tokens", type=int, default=600_000)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--keep", type=Path, default=None)
    given = parser.parse_args()
    texts = texts_of(given.texts, given.threads)
    model = LocalModel(threads=given.threads)
    one = trained(model, texts, given.layer, given.tokens, given.threads)
    if given.keep:
        write_autoencoder(one, given.keep)
    features(model, one)
    neurons(model)


if __name__ == "__main__":
    main()
