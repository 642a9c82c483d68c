"""What the gate says in sentences."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from causalvalues.elicitation.agreement import Agreement, Reliability
from causalvalues.elicitation.biases import Acquiescence, Biases, OrderBias
from causalvalues.elicitation.coefficients import Coefficient
from causalvalues.elicitation.instrument import Instrument
from causalvalues.elicitation.nonresponse import Lost, Nonresponse
from causalvalues.elicitation.validity import Validity, raised_against
from causalvalues.numerals import number

Line = tuple[str, str]

ENDORSED = "Endorsement: the negation control is passed."
SALIENCE = "Salience, not endorsement."
NEITHER = "Neither endorsement nor salience was shown."
UNCHECKED = "Not checked: read as salience."


def verdict_words(found: Validity, about: Instrument, declared: str) -> Line:
    """Return the verdict: what the answers show, and on what grounds."""
    asked = f"{about.model}, asked by {about.method}"
    if found.verdict == "not checked":
        return UNCHECKED, (
            f"Whether the answers of {asked}, show any value was not checked: {found.reason}. They passed no negation "
            "control and are read as salience: what the model talks about, not what it endorses. Ask known-group "
            f"personas with the negated wordings to find out.{_claim(declared, False)}"
        )
    if found.verdict == "neither":
        return NEITHER, (
            f"The answers of {asked}, could not be shown to tell which value a persona holds: {_auc(found)}. Nothing "
            f"about values should be learned from them.{_contrast_helps(found)}{_claim(declared, False)}"
        )
    if found.verdict == "endorsement":
        return ENDORSED, (
            f"The answers of {asked}, tell which value a persona holds, and not only which one is talked about: "
            f"{_auc(found)}. The negated wording rises by less than half as much as the affirmed one.{_mixed(declared)}"
        )
    return SALIENCE, (
        f"The answers of {asked}, show which values are talked about, not which are endorsed. "
        f"{_control(found)}{_claim(declared, True)}{_score_fails(found)}".rstrip()
    )


def _auc(found: Validity) -> str:
    said = f"AUC {found.affirmed} for statements of the own value against others"
    if not found.controlled:
        return f"{said} (.50 is chance; the negated wordings were not asked)"
    return (
        f"{said}, {found.negated} for the same statements negated, {found.contrast} for affirmed minus negated "
        "(.50 is chance)"
    )


def _control(found: Validity) -> str:
    if not found.controlled:
        return f"They passed no negation control, because the negated wordings were not asked. {_auc(found)}. "
    reason = (
        "the difference of the two wordings was not shown to be better than chance"
        if not found.contrast.above(0.5)
        else "the negated wording rises by half as much as the affirmed one, or more"
        if not found.margin.above(0.0)
        else "the score itself was not shown to tell which value a persona holds"
        if not found.score.above(0.5)
        else "statements that speak against a value rise with it, by half as much or more"
    )
    return f"They did not pass the negation control: {reason}. {_auc(found)}. {_against(found)}"


def _against(found: Validity) -> str:
    """Return what the reverse-keyed statements show, where they rise."""
    if not raised_against(found.reverse, found.reverse_margin):
        return ""
    return f"Statements that speak against the own value (reverse-keyed) score high, too: AUC {found.reverse}. "


def _score_fails(found: Validity) -> str:
    """Return a warning where the score to learn from is not the one that tells the values apart."""
    if found.score.above(0.5):
        return ""
    return (
        f" The score itself (AUC {found.score}) was not shown to tell the persona's value; only the affirmed wording "
        "was. To learn from salience, measure by the statement gain."
    )


def _contrast_helps(found: Validity) -> str:
    if not found.contrast.above(0.5):
        return ""
    return " The difference of affirmed and negated wording does tell (see the AUC): learn from it instead."


def _claim(declared: str, capital: bool) -> str:
    if declared != "endorsement":
        return ""
    said = "Endorsement was claimed; everything is reported as salience."
    return said if capital else f" {said}"


def _mixed(declared: str) -> str:
    if declared == "endorsement":
        return ""
    return " Only salience was claimed, because this score also rises with what is merely talked about."


def embedded_words(found: Validity, about: Instrument) -> Line:
    """Return what is known of the embedded model, whatever this run shows; nothing for other models."""
    if not about.embedded:
        return "", ""
    said = (
        f"{about.model} is a small model that comes with the tool so that everything can be tried. "
        f"It has passed no negation control{_measured(about.method)}. What it shows is read as salience."
    )
    if found.verdict == "endorsement":
        said += " That it passes here should be taken for chance until new personas and statements show the same."
    return "The embedded model.", said


def _measured(method: str) -> str:
    """Return the numbers that are known of the embedded model, where this way of measuring is the one they are of."""
    if method not in ("statement_gain", "negation_contrast"):
        return ""
    return (
        ": with the Schwartz items and the 30 known-group personas that ship, and the statement gain, the AUC is .77 "
        "for statements of the persona's value, .74 for the same statements negated and .61 for their difference; a "
        "negation dilutes a topic, so a difference alone is not endorsement"
    )


def group_words(found: Validity) -> Line:
    """Return how many personas have their own value first."""
    if not found.first_share.known:
        return "", ""
    return "Known groups.", (
        f"{found.personas} personas hold one of {found.values} values each. The own value has the highest mean score "
        f"in {found.first} of {found.personas} (share {found.first_share}; by chance {number(found.chance)}). Scores "
        f"are taken about how much everybody likes a statement; as they are, the AUC is {found.raw}."
    )


def agreement_words(found: Agreement) -> Line:
    """Return the range of every reliability, and what was not asked."""
    if not found.by_value:
        return "Reliability.", "Not measured: there are no sheets without forced answers in which every item was asked."
    kinds: list[tuple[str, Callable[[Reliability], Coefficient]]] = [
        ("items (alpha)", lambda each: each.alpha),
        ("split halves", lambda each: each.split_half),
        ("wordings", lambda each: each.paraphrase),
        ("repeats", lambda each: each.repeat),
        ("orders of the options", lambda each: each.order),
    ]
    said = [f"over {name} {_range(found, read)}" for name, read in kinds]
    keys = "" if found.keyed else " Reverse-keyed statements are not turned round: they talk about their value, too."
    if found.rows_from == "known_group":
        keys += " All of this is over the known-group personas, who differ more than others do."
    return "Reliability.", f"Of the values' scores, median and range: {'; '.join(said)}.{keys}"


def _range(found: Agreement, read: Callable[[Reliability], Coefficient]) -> str:
    measured = [(read(each).estimate.value, each.value) for each in found.by_value if read(each).status == "measured"]
    if not measured:
        words = dict.fromkeys(str(read(each).status) for each in found.by_value)
        return " or ".join(words)
    low, high = min(measured), max(measured)
    middle = number(median(value for value, _ in measured))
    return f"{middle} ({low[1]} {number(low[0])} to {high[1]} {number(high[0])})"


def bias_words(found: Biases, about: Instrument) -> list[Line]:
    """Return the order and acquiescence biases."""
    lines = [] if found.order is None else [_order(found.order, about)]
    if found.order is None:
        lines.append(
            ("Order of the options.", "Not asked: this way of measuring has no options, or one order of them.")
        )
    for each in found.acquiescence:
        lines.append(("Saying yes.", _acquiescence(each, about)))
    return lines


def _order(found: OrderBias, about: Instrument) -> Line:
    said = (
        f"The two orders differ by {found.difference} {about.units} ({number(found.deviations)} standard deviations of "
        f"the answers); the order makes {_percent(found.share)} of the variance of an answer given in one order. "
    )
    said += "Scores are the mean of both." if found.biased else "The interval holds 0. Scores are the mean of both."
    if found.first_chosen.known:
        said += f" The statement in the first place is preferred with a share of {found.first_chosen} (.50 is no bias)."
    return "Order of the options.", said


def _acquiescence(found: Acquiescence, about: Instrument) -> str:
    what = (
        "have a gain in common of"
        if about.units.startswith("nats")
        else "lie together above the middle of the scale by"
    )
    said = f"{found.source.capitalize()} {what} {found.level} {about.units} ({number(found.deviations)} sd)"
    return f"{said}." if found.biased else f"{said}: the interval holds 0."


def lost_words(found: Nonresponse, about: Instrument) -> Line:
    """Return how many answers are no number, the worst named."""
    head = "Answers that are no number."
    if not found.lost:
        return head, f"None of {found.asked:,}."
    kinds = ", ".join(f"{count:,} {STATUSES.get(name, name)}" for name, count in found.by_status if name != "ok")
    value = max(found.by_value, key=lambda each: each.share)
    said = (
        f"{found.lost:,} of {found.asked:,} from {about.model} ({kinds}). Most often with the item "
        f"{_lost(found.by_item[0])}, the persona {_lost(found.by_persona[0])} and the value {_lost(value)}"
    )
    differs = "differ more than chance would make them" if found.p_value < 0.05 else "do not differ beyond chance"
    return head, f"{said}. The values' shares {differs} (p = {number(found.p_value, 3)})."


STATUSES = {"refusal": "refused", "parse_error": "unparsed", "api_error": "lost on the way", "missing": "missing"}


def _lost(each: Lost) -> str:
    return f"{each.name} ({each.lost} of {each.asked})"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"
