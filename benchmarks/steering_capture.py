"""How long does it take to capture what the embedded model computes inside while it reads sentences?

    python benchmarks/steering_capture.py [--sentences 400] [--threads 2]

Sentences are those of the contrast pairs of ten values; the mean state of each is kept behind every layer. The model is
loaded before the clock starts.
"""

from __future__ import annotations

import argparse
import time

from causalvalues.elicitation.local_model import LocalModel
from causalvalues.steering.capturing import capture
from causalvalues.steering.contrast_pairs import contrast_pairs


def main() -> None:
    """Print the seconds for the residual stream and for the neurons."""
    options = argparse.ArgumentParser(description="Time of capturing sentences.")
    options.add_argument("--sentences", type=int, default=400)
    options.add_argument("--threads", type=int, default=2)
    given = options.parse_args()
    texts = [text for pair in contrast_pairs("schwartz-10") for text in (pair.affirmed, pair.plain)]
    texts = texts[: given.sentences]
    model = LocalModel(threads=given.threads)
    capture(model, texts[:2])
    for site in ("residual", "neurons"):
        before = time.perf_counter()
        found = capture(model, texts, site=site)
        print(f"{site}: {len(texts)} sentences x {found.shape[1]} layers in {time.perf_counter() - before:.1f} s")


if __name__ == "__main__":
    main()
