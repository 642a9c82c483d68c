"""The demo answers that ship with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from causalvalues.errors import DataError, did_you_mean
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.responses.options import ReadOptions
from causalvalues.responses.reading import read_responses

DEMO = Path(__file__).parent / "demo"
Part = Literal["answers", "held_out", "forced", "steered", "doses"]
PARTS = ("answers", "held_out", "forced", "steered", "doses")
INSIDE = ("steered", "doses")
"""Parts under levers inside the model, with guardrails."""
LABELS = ("model", "persona_id", "wording", "frame", "repeat")


def demo_responses(part: Part = "answers") -> ResponseMatrix:
    """Return real answers of a small language model to statements about ten values.

    The numbers are log-likelihood gains in nats per token: they show which values the model talks about in a role
    (salience), not which it endorses. Rows of one persona are not independent; `cluster_by` says so. Levers are
    one-sentence prompts in two wordings. `demo/SOURCE.txt` in this package says how the answers were made.

    Parameters
    ----------
    part : {"answers", "held_out", "forced", "steered", "doses"}, default "answers"
        What one learns from: 300 personas without lever, under single levers and under pairs. Or the test set: 40 other
        personas, with pairs of levers that are not in the answers. Or 40 personas after they have already said
        statements that were chosen for them: the label ``forced`` names the values (``"neutral"`` is the control),
        ``stances`` whether they agreed; the statements that were said have no answer in their row.
        Under levers *inside* the model: ``"steered"``, 24 personas under ten prompts (``do_power``) and ten value
        vectors (``vec_power``, doses .5 and 1), alone and in pairs of any kinds; ``"doses"``, 8 personas under each
        vector and three random directions (``rand_power``) at doses from .25 to 1.5. Both have 40 statements, and 20
        columns of guardrails: plain texts and a probe of ability.

    Returns
    -------
    ResponseMatrix
        Items, to be scored with ``scoring_key("smollm2-demo")``; under levers inside with ``"smollm2-steered"``, which
        has the guardrails, too: ``score(matrix, key, guardrails=True)``.

    Raises
    ------
    DataError
        If there is no such part.

    Examples
    --------
    >>> demo_responses()
    ResponseMatrix(3435 rows x 60 columns, 10 levers, 0 answers lost)
    """
    if part not in PARTS:
        raise DataError(f"The demo answers have no part {part!r}.{did_you_mean(part, PARTS)}")
    said = ("forced", "stances", "forced_items") if part == "forced" else ()
    options = ReadOptions(
        layout="wide",
        key="smollm2-steered" if part in INSIDE else "smollm2-demo",
        unit="unit_id",
        labels=(*LABELS, *said),
        cluster_by="persona_id",
        measures="salience",
    )
    return read_responses(DEMO / f"{part}.csv.gz", options)
