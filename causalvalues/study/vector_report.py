"""What value vectors and their levers are, in words, tables and pictures."""

from __future__ import annotations

from causalvalues.elicitation.guardrails import neutral_texts
from causalvalues.numerals import estimate, number, percent
from causalvalues.steering.trial import Gain, Trial
from causalvalues.study.document import Block, Bullets, Cell, Code, Heading, Paragraph, Picture, Table
from causalvalues.study.vector_pictures import layer_cells, vector_pictures
from causalvalues.study.vector_results import VectorResults
from causalvalues.study.vector_summary import gains
from causalvalues.study.vector_words import UNIT, first_lines, shown

KINDS = {
    "cleaned": (
        "the mean difference between affirmed and plain sentences, less its mean over values, without its part along "
        "the three directions in which the pairs of one value differ most among each other"
    ),
    "mean_difference": "the mean difference between affirmed and plain sentences, less its mean over values",
    "discriminant": "the direction that tells the values apart best (linear discriminant, shrunken covariance)",
}
WHERE = {
    "all": "all tokens",
    "prompt": "the tokens of the prompt",
    "answer": "the tokens whose states predict the answer",
}


def vector_report(results: VectorResults) -> list[Block]:
    """Return the report as blocks, for `page_text` and `markdown_text`.

    Parameters
    ----------
    results : VectorResults
    """
    pictures = vector_pictures(results)
    return [
        Heading(results.settings.title, 1),
        Bullets(first_lines(results), lead=True),
        *(_trial_blocks(results, results.trial, pictures) if results.trial is not None else ()),
        *_reading_blocks(results, pictures),
        *_made_blocks(results),
        *_use_blocks(results),
    ]


def _trial_blocks(results: VectorResults, trial: Trial, pictures: dict[str, Picture]) -> list[Block]:
    found = gains(trial)
    rows: list[tuple[Cell, ...]] = []
    for i, lever in enumerate(trial.levers):
        words = _said(found.words[i]) if found.words else None
        parts = (_said(found.both[i]), _said(found.statements[i]), words, _said(found.control[i]))
        rows.append((shown(results, lever.value), *parts, number(trial.losses[i], 3), percent(float(trial.right[i]))))
    columns = ("Lever", "Gain", "Statements", "Words", "Affirmed less negated", "Loss", "Probe right")
    count = {kind: trial.kinds.count(kind) for kind in ("statement", "negated", "word")}
    how = (
        f"Levers were tried at a dose of 1 on {count['statement']} statements, their {count['negated']} negated "
        f"wordings and {count['word']} words, none of which they were made from. A gain is the mean log-probability "
        "per token with the lever less that without it; that of a word is over the word's own tokens."
    )
    caption = (
        f"Gain of the wanted value's texts less that of the other values' texts, with {percent(trial.level)} intervals "
        f"over texts (Welch); affirmed less negated statements of the wanted value with a t interval; all in {UNIT}. "
        f"Loss: on {len(neutral_texts()) // 2} matter-of-fact texts that the dose was not set by. Probe: share of "
        f"questions of ability that are right; without levers {percent(float(trial.right[-1]))}."
    )
    return [
        Heading("What the levers do"),
        Paragraph(how),
        pictures["gains"],
        Table(columns, tuple(rows), caption),
        pictures["matrix"],
    ]


def _reading_blocks(results: VectorResults, pictures: dict[str, Picture]) -> list[Block]:
    caption = (
        "Behind each layer, over all values: held-out balanced accuracy of logistic probes (chance .50; the interval "
        "is the mean of the values' intervals); share of held-out words whose own value is read; mean cosine between "
        "directions learned from two halves of the pairs; agreement of cosines with the circle (rank correlation), and "
        "its one-sided p, not corrected for the number of layers."
    )
    columns = ("Layer", "Probes", "Words", "Stability", "Circle", "p")
    blocks: list[Block] = [
        Heading("How well values are read inside"),
        pictures["layers"],
        Table(columns, tuple(layer_cells(results)), caption),
    ]
    return [*blocks, pictures["circle"]] if "circle" in pictures else blocks


def _made_blocks(results: VectorResults) -> list[Block]:
    settings, pairs = results.settings, results.given.pairs
    layers = ", ".join(map(str, results.learned.vectors.layers))
    said = (
        f"{results.model} read {len(pairs)} pairs of sentences of {len(results.made)} values. A direction is "
        f"{KINDS[settings.kind]}. A lever adds the direction of its value behind the layers {layers}, to "
        f"{WHERE[settings.positions]}, in proportion to the typical length of states there. Doses were set so that a "
        f"dose of 1 costs {number(settings.loss)} {UNIT} on matter-of-fact texts."
    )
    rows = tuple(
        (each.lever.name, shown(results, each.lever.value), number(each.loss, 3), _farthest(results, i))
        for i, each in enumerate(results.made)
    )
    caption = (
        "Levers: loss of a dose of 1 on the texts that it was set by, and how far it moves a state behind each layer, "
        "as a share of the typical length of states there."
    )
    return [
        Heading("What was made"),
        Paragraph(said),
        Table(("Lever", "Value", "Loss", "Push"), rows, caption),
    ]


def _farthest(results: VectorResults, place: int) -> str:
    vectors = results.learned.vectors
    shares = [
        abs(act.coefficient) / vectors.norms[vectors.layer_place(act.layer)] for act in results.levers[place].acts
    ]
    return number(max(shares), 4)


def _use_blocks(results: VectorResults) -> list[Block]:
    names = [
        ("levers.csv", "the levers, in the layout of lm-evaluation-harness; their directions lie in levers/."),
        ("random.csv", "twins with random directions of the same length, for comparison."),
        ("trial.csv", "one row a lever: gains, negation control, loss, probe; leakage.csv has every lever and value."),
        ("layers.csv", "what is read behind each layer; cosines.csv has the cosines; doses.csv what doses cost."),
    ]
    drop = {
        name for name, lacking in (("random.csv", not results.twins), ("trial.csv", results.trial is None)) if lacking
    }
    code = '[steering]\nlevers = "levers.csv"\ndoses = [0.5, 1.0]'
    return [
        Heading("Use them"),
        Paragraph("A file for `causalvalues elicit` tries the levers beside prompts with this table:"),
        Code(code),
        Bullets(tuple((f"{name}:", text) for name, text in names if name not in drop)),
    ]


def _said(found: Gain) -> str:
    return estimate(found.mean, found.lower, found.upper)
