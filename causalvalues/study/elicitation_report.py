"""What an elicitation says in words: the gate first, then how it was asked and what it took."""

from __future__ import annotations

from causalvalues.elicitation.gate_words import STATUSES
from causalvalues.elicitation.nonresponse import Lost
from causalvalues.figures.known_groups import known_groups_figure
from causalvalues.numerals import estimate, number
from causalvalues.study.document import Block, Bullets, Cell, Code, Heading, Paragraph, Picture, Table
from causalvalues.study.elicitation_facts import ElicitationFacts

WORST = 10
"""Items and personas with lost answers that the report names."""


def elicitation_report(facts: ElicitationFacts) -> list[Block]:
    """Return the report of an elicitation.

    Parameters
    ----------
    facts : ElicitationFacts

    Returns
    -------
    list of Block
        Give it to `page_text` and `markdown_text`, which escape every name and every text of a model. The one
        `Picture`, when there are known groups, is ``known_groups``.
    """
    return [
        Heading(facts.title, 1),
        Bullets(facts.gate.first_lines(), lead=True),
        *_note_blocks(facts),
        *_profile_blocks(facts),
        *_known_blocks(facts),
        *_reliability_blocks(facts),
        *_bias_blocks(facts),
        *_lost_blocks(facts),
        *_design_blocks(facts),
        *_cost_blocks(facts),
        *_learn_blocks(facts),
        *_statement_blocks(facts),
    ]


def _note_blocks(facts: ElicitationFacts) -> list[Block]:
    return [Bullets(tuple(("", note) for note in facts.notes))] if facts.notes else []


def _profile_blocks(facts: ElicitationFacts) -> list[Block]:
    """The values themselves, highest first."""
    if not facts.profile:
        return []
    rows = sorted(facts.profile, key=lambda row: -row[1])
    cells = tuple((facts.label(value), estimate(mean, low, high)) for value, mean, low, high in rows)
    caption = (
        f"Mean score of each value over the personas without lever, in {facts.gate.about.units}, with 95% t intervals "
        f"over personas, highest first. Read it as {facts.gate.measures}"
        + (
            "; what personas have in common moves it as much as the model does."
            if facts.gate.measures == "salience"
            else "."
        )
    )
    return [Heading("What was answered"), Table(("Value", "Mean"), cells, caption)]


def _known_blocks(facts: ElicitationFacts) -> list[Block]:
    found = facts.gate.validity
    blocks: list[Block] = [Heading("Does the measure show values?"), Paragraph(_rule(facts))]
    if not found.groups:
        return blocks
    scene = known_groups_figure(found, facts.gate.about.units, facts.theory)
    blocks.append(Picture("known_groups", scene))
    rows: list[tuple[Cell, ...]] = [
        ("The method's score", str(found.score)),
        ("Affirmed statements", str(found.affirmed)),
        ("Affirmed statements, as scored", str(found.raw)),
        ("The same statements negated", str(found.negated)),
        ("Affirmed minus negated", str(found.contrast)),
        ("Reverse-keyed statements, not turned round", str(found.reverse)),
        ("Half the affirmed rise minus the negated rise", str(found.margin)),
    ]
    caption = (
        "AUC with 95% intervals: how likely a statement of the persona's own value scores higher than one of another "
        "value, .50 by chance. Scores are taken about the levels of statement and sheet in the answers about values "
        "that the persona does not hold, but for \u201cas scored\u201d. The bootstrap draws values with all their "
        "personas. The last line is a difference, 0 where the negated wording rises half as much as the affirmed one."
    )
    return [*blocks, Table(("Score", "AUC"), tuple(rows), caption)]


def _rule(facts: ElicitationFacts) -> str:
    return (
        "Personas that hold one value are asked all statements. A measure shows values when statements of the own "
        "value score higher than the others. A model that only talks about a topic raises a statement and its negation "
        "alike, so endorsement is claimed only when three things hold with 95% confidence: the score tells own from "
        "other values, so does the affirmed minus the negated wording, and the negated wording rises by less than half "
        "as much as the affirmed one. Statements that speak against the value must not rise with it either. "
        f"Claimed here: {facts.gate.declared}. Reported: {facts.gate.measures}."
    )


def _reliability_blocks(facts: ElicitationFacts) -> list[Block]:
    found = facts.gate.agreement
    blocks: list[Block] = [Heading("How reliably each value is measured")]
    if not found.by_value:
        return [*blocks, Paragraph("Not measured: there are no sheets without forced answers.")]
    rows = tuple(
        (
            facts.label(each.value),
            str(each.items),
            *(str(c) for c in (each.alpha, each.split_half, each.paraphrase, each.repeat, each.order)),
        )
        for each in found.by_value
    )
    caption = (
        f"{facts.gate.about.model}: reliability of each value's score over {found.sheets:,} sheets of "
        f"{found.personas:,} personas, with 95% bootstrap intervals over personas; what levers and wordings do to "
        "everybody is taken out first. Alpha and split-half (stepped up) are of the mean over the items; the others "
        "are intraclass correlations of one wording, repeat or order of the options with another. \u201cNot "
        "asked\u201d: the design does not compare them. \u201cDeterministic\u201d: repeats are identical because "
        "probabilities are computed, which is no evidence of reliability."
    )
    columns = ("Value", "Items", "Alpha", "Split-half", "Wordings", "Repeats", "Orders")
    return [*blocks, Table(columns, rows, caption)]


def _bias_blocks(facts: ElicitationFacts) -> list[Block]:
    found, about = facts.gate.biases, facts.gate.about
    rows: list[tuple[Cell, ...]] = []
    if found.order is not None:
        order = found.order
        rows.append(
            ("Forward minus reversed order", f"{order.pairs:,}", str(order.difference), number(order.deviations))
        )
        if order.first_chosen.known:
            rows.append(("Share preferred in the first place", f"{order.pairs:,}", str(order.first_chosen), None))
    for each in found.acquiescence:
        name = f"{each.source.capitalize()}: mean about the middle"
        rows.append((name, f"{each.count:,}", str(each.level), number(each.deviations)))
    blocks: list[Block] = [Heading("Response styles")]
    if not rows:
        return [*blocks, Paragraph("Not asked: there was one order of options and no statement with its opposite.")]
    caption = (
        f"In {about.units}, with 95% bootstrap intervals over personas, and in standard deviations of the answers. "
        "Sheets with forced answers are left out."
    )
    if found.order is not None:
        caption += (
            f" The order makes {100 * found.order.share:.0f}% of the variance of an answer that is given in one order "
            "only; the score is the mean of both."
        )
    return [*blocks, Table(("Bias", "Pairs", "Size", "In sd"), tuple(rows), caption)]


def _lost_blocks(facts: ElicitationFacts) -> list[Block]:
    found = facts.gate.biases.nonresponse
    kinds = ", ".join(f"{STATUSES.get(name, name)} {count:,}" for name, count in found.by_status)
    blocks: list[Block] = [
        Heading("Answers that are no number"),
        Paragraph(f"{facts.gate.about.model}: {found.asked:,} answers ({kinds or 'none'}). None is filled in."),
    ]
    if not found.lost:
        return blocks
    rows = [("Value", facts.label(each.name), *_counts(each)) for each in found.by_value]
    rows += [("Item", each.name, *_counts(each)) for each in found.by_item[:WORST] if each.lost]
    rows += [("Persona", each.name, *_counts(each)) for each in found.by_persona[:WORST] if each.lost]
    caption = (
        f"Where answers were lost: all values, and up to {WORST} items and personas with the largest shares. Items "
        f"exchanged between values at random make shares that differ as much with p = {number(found.p_value, 3)}."
    )
    blocks.append(Table(("What", "Name", "Asked", "Lost", "Share"), tuple(rows), caption))
    if found.examples:
        shown = tuple((who, item, STATUSES.get(status, status), text) for who, item, status, text in found.examples)
        blocks.append(Table(("Persona", "Item", "Status", "What the model said"), shown, "Some of these answers."))
    return blocks


def _counts(each: Lost) -> tuple[Cell, ...]:
    return f"{each.asked:,}", f"{each.lost:,}", each.share


def _design_blocks(facts: ElicitationFacts) -> list[Block]:
    design, items = facts.design, facts.items
    reverse = sum(item.reverse for item in items.items)
    negated = sum(bool(item.negated) for item in items.items)
    rows: list[tuple[Cell, ...]] = [(f"Sheets: {name}", f"{count:,}") for name, count in design.by_kind]
    rows += [
        ("Plain sheets without lever", f"{design.without_lever:,}"),
        ("Personas", f"{design.personas:,}"),
        ("Levers", f"{design.levers:,}"),
        ("Combinations of levers", f"{design.combinations:,}"),
        ("Wordings", f"{design.wordings:,}"),
        ("Repeats", f"{design.repeats:,}"),
        ("Items", f"{len(items.items):,}"),
        ("Items with a negated wording", f"{negated:,}"),
        ("Reverse-keyed items", f"{reverse:,}"),
    ]
    about = facts.gate.about
    caption = (
        f"The design. Model: {about.model}; way of measuring: {about.method}, in {about.units}; items: {items.id}."
    )
    return [Heading("What was asked"), Table(("What", "Number"), tuple(rows), caption)]


def _cost_blocks(facts: ElicitationFacts) -> list[Block]:
    spent = facts.spending
    rows: list[tuple[Cell, ...]] = [
        ("Questions", f"{spent.questions:,}"),
    ]
    if spent.prompt_tokens or spent.completion_tokens:
        rows += [("Prompt tokens", f"{spent.prompt_tokens:,}"), ("Completion tokens", f"{spent.completion_tokens:,}")]
    if spent.money is not None:
        rows.append(("Money", f"{spent.money:,.2f} {spent.currency}".strip()))
    caption = "What it took. A stored answer is never asked again."
    return [Heading("What it took"), Table(("What", "Number"), tuple(rows), caption)]


def _learn_blocks(facts: ElicitationFacts) -> list[Block]:
    if not facts.learn:
        return []
    said = (
        "What is learned from these answers is about salience, and its report will say so."
        if facts.gate.measures == "salience"
        else "What is learned from these answers may be read as endorsement, for this model, these personas and items."
    )
    return [Heading("Learn from these answers"), Paragraph(said), *(Code(line) for line in facts.learn)]


def _statement_blocks(facts: ElicitationFacts) -> list[Block]:
    items = facts.items
    rows = tuple(
        (item.id, facts.label(item.value), "reverse" if item.reverse else "", item.statement, item.negated or None)
        for item in items.items
    )
    source = ". ".join(text.rstrip(".") for text in (items.source, items.licence) if text)
    caption = f"The statements of {items.id}." + (f" {source}." if source else "")
    table = Table(("Item", "Value", "Keyed", "Statement", "Negated"), rows, caption)
    blocks: list[Block] = [Heading("The statements, and the personas that hold a known value"), table]
    personas = tuple((facts.label(each.holds), each.id, each.text) for each in facts.known)
    if personas:
        blocks.append(Table(("Holds", "Persona", "Text"), personas, "The personas that hold a known value."))
    return blocks
