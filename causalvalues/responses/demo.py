"""The demo answers that ship with the package."""

from __future__ import annotations

from pathlib import Path

from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.responses.options import ReadOptions
from causalvalues.responses.reading import read_responses

DEMO = Path(__file__).parent / "demo"


def demo_responses() -> ResponseMatrix:
    """Return real answers of a small language model: 40 statements, 736 rows of 240 personas, 10 levers.

    The numbers are log-likelihood gains in nats per token: they show which values the model talks about in a role
    (salience), not which it endorses. Rows of one persona are not independent; `cluster_by` says so. Levers are
    one-sentence prompts. `demo/SOURCE.txt` in this package says how the answers were made.

    Returns
    -------
    ResponseMatrix
        Items, to be scored with ``scoring_key("smollm2-demo")``.

    Examples
    --------
    >>> demo_responses()
    ResponseMatrix(736 rows x 40 columns, 10 levers, 0 answers lost)
    """
    options = ReadOptions(layout="wide", key="smollm2-demo", cluster_by="persona_id", measures="salience")
    return read_responses(DEMO / "responses.csv.gz", options)
