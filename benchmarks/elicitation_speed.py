"""How many statements a second does the embedded model score, beside plain use of the same model in the same run?

    python benchmarks/elicitation_speed.py [--sheets 3] [--threads 1 2] [--precision float32 split bfloat16]

A sheet is one persona prompt of about 90 tokens and the affirmed statements of the packaged items for ten values (the
first --statements of them). Every way scores the same statements in float32 unless its name says otherwise:
- one by one: the library's model, prompt and statement read again for each statement;
- padded batches of 16: the same, sixteen rows at a time;
- ours: `LocalModel`, which reads what the sheet shares once and packs the rest.
The best of the sheets is shown, with the processor time of the best one (which says more on a busy machine), and the
largest and the root mean square difference of the mean log-probability per token from ours in float32 (nats).
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable, Sequence

import numpy as np

from causalvalues.elicitation.items import item_set
from causalvalues.elicitation.local_model import LocalModel
from causalvalues.elicitation.local_precision import PRECISIONS, arithmetic
from causalvalues.elicitation.local_scoring import padded_scores
from causalvalues.elicitation.questions import Asked, Message, StatementQuestion

PERSONA = (
    "You are a retired firefighter from a small coastal town who spent thirty years keeping neighbours safe. You live "
    "near your two grown children, you go to the same cafe every morning, and you worry that the young no longer look "
    "out for one another. You like order, good locks and well kept roads, and you distrust people who promise quick "
    "riches."
)
CONVERSATION = (Message("system", PERSONA), Message("user", "Say one thing that matters to you in life."))
Score = Callable[[Sequence[str]], list[float]]


def ours(model: LocalModel) -> Score:
    def score(statements: Sequence[str]) -> list[float]:
        asked = [Asked(StatementQuestion(CONVERSATION, text)) for text in statements]
        return [reply.numbers[0] for part in model.answer(asked) for _, reply in part]

    return score


def plain(model: LocalModel, threads: int, batch: int) -> Score:
    def score(statements: Sequence[str]) -> list[float]:
        pairs = [(model._prompt(CONVERSATION), model._continuation(text)) for text in statements]
        with arithmetic(threads):
            return padded_scores(model.network.model, pairs, batch)

    return score


def best(score: Score, statements: Sequence[str], sheets: int) -> tuple[float, float, list[float]]:
    """Return the shortest time of a sheet, its shortest processor time (seconds), and the scores."""
    score(statements[:2])
    walls, works, found = [], [], []
    for _ in range(sheets):
        wall, work = time.perf_counter(), time.process_time()
        found = score(statements)
        walls.append(time.perf_counter() - wall)
        works.append(time.process_time() - work)
    return min(walls), min(works), found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sheets", type=int, default=3)
    parser.add_argument("--statements", type=int, default=60)
    parser.add_argument("--plain-statements", type=int, default=16, help="of the sheet, for the two plain ways")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--precision", nargs="+", default=["float32", "split", "bfloat16"], choices=PRECISIONS)
    given = parser.parse_args()
    statements = [item.statement for item in item_set("schwartz-10").items][: given.statements]
    start = time.perf_counter()
    model = LocalModel(precision="float32", device="cpu")
    model.network  # noqa: B018  loaded here, so that its time is known
    print(f"{model.model}: loaded from the cache in {time.perf_counter() - start:.1f} s (imports included)")
    prompt, lengths = len(model._prompt(CONVERSATION)), np.array([len(model._continuation(s)) for s in statements])
    print(f"prompt {prompt} tokens, {len(statements)} statements of {lengths.mean():.1f} tokens")
    print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(f"\n{'way':28} {'threads':>7} {'statements/s':>12} {'per CPU second':>14} {'max diff':>9} {'rms diff':>9}")
    reference: list[float] = []
    for precision in given.precision:
        if precision != "float32":
            model.close()
            model = LocalModel(precision=precision, device="cpu")
        for threads in given.threads:
            model._threads = threads
            ways = [("ours, " + precision, ours(model), statements, given.sheets)]
            if precision == "float32":
                few = statements[: given.plain_statements]
                ways = [
                    ("one by one", plain(model, threads, 1), few, 1),
                    ("padded batches of 16", plain(model, threads, 16), few, 1),
                    *ways,
                ]
                reference = reference or ours(model)(statements)
            for name, score, texts, sheets in ways:
                wall, work, found = best(score, texts, sheets)
                off = (
                    np.subtract(found, reference[: len(found)])[:] / lengths[: len(found)]
                    if reference
                    else np.array([np.nan])
                )
                print(
                    f"{name:28} {threads:7d} {len(texts) / wall:12.1f} {len(texts) / work:14.1f} "
                    f"{np.abs(off).max():9.6f} {np.sqrt((off**2).mean()):9.6f}",
                    flush=True,
                )
    print(f"\nlargest memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB")


if __name__ == "__main__":
    main()
