"""What a figure of ranks says of itself: order, ties and intervals of the values, caption and alternative text."""

from __future__ import annotations

import math
from collections.abc import Sequence

from causalvalues.evidence.rank_intervals import Ranks
from causalvalues.figures.group_tables import GroupTables
from causalvalues.numerals import percent

_BASES = {
    "pairs": "from differences of means pair by pair, by cluster",
    "intervals": "from the intervals of the single means",
    "": "as given",
}


def ranked_values(drawn: GroupTables, group: str) -> list[str]:
    """Return the values from the first rank to the last, those without a rank behind them."""
    ranks = {value: drawn.at(group, value)[0] for value in drawn.values}
    return sorted(drawn.values, key=lambda value: ranks[value] if math.isfinite(ranks[value]) else math.inf)


def tied_values(drawn: GroupTables, group: str) -> list[list[str]]:
    """Return the values that share a rank, by rank."""
    shared: dict[float, list[str]] = {}
    for value in ranked_values(drawn, group):
        rank = drawn.at(group, value)[0]
        if math.isfinite(rank):
            shared.setdefault(rank, []).append(value)
    return [members for members in shared.values() if len(members) > 1]


def interval_text(drawn: GroupTables, group: str, value: str) -> str:
    """Return the interval of a rank as text, a dash for a value without a rank, "" without intervals."""
    rank, lower, upper = drawn.at(group, value)
    if not math.isfinite(rank):
        return "\u2013"
    if not math.isfinite(lower):
        return ""
    return f"{lower:.0f}" if lower == upper else f"{lower:.0f}\u2013{upper:.0f}"


def rank_caption(
    drawn: GroupTables, ranks: Ranks, units: str, written: bool, alike: Sequence[Sequence[str]] = ()
) -> str:
    """Return the caption of `ranks` as drawn.

    `written` says whether the intervals stand beside the signs, `alike` which values look so.
    """
    said = [f"Ranks of {len(drawn.values)} values by {units}, 1 for the highest, in {_listed(_groups(drawn))}."]
    if drawn.lower is not None:
        share = percent(ranks.level)
        where = "Beside the signs" if written else "In the table of this figure, for which the page is too narrow"
        said.append(
            f"{where}: {share} intervals, which in each column hold the true ranks of all its values at once "
            f"({_BASES[ranks.basis]})."
        )
        said += [
            f"In {drawn.groups_shown[group]}, means without any spread over few clusters are not taken as certain."
            for group in ranks.held_back
            if group in drawn.groups
        ]
    else:
        said.append("How sure the ranks are is not known: no answers or intervals were given.")
    for group in drawn.groups:
        for members in tied_values(drawn, group):
            tied = _listed([drawn.shown[value] for value in members])
            rank = drawn.at(group, members[0])[0]
            said.append(f"In {drawn.groups_shown[group]}, {tied} are tied at rank {rank:.0f}.")
    unranked = {
        group: [value for value in drawn.values if math.isnan(drawn.at(group, value)[0])] for group in drawn.groups
    }
    for group, values in unranked.items():
        if values:
            named = _listed([drawn.shown[value] for value in values])
            said.append(f"In {drawn.groups_shown[group]}, {named} {'has' if len(values) == 1 else 'have'} no mean.")
    if len(drawn.groups) > 1:
        said.append("A line joins the same value; that its ranks differ does not show that its means do.")
        said += [f"The lines of {_listed([drawn.shown[value] for value in values])} look alike." for values in alike]
    return " ".join(said)


def rank_alt(drawn: GroupTables, units: str) -> str:
    """Return what can be seen: the order of the values in every group."""
    phrases = []
    for group in drawn.groups:
        ranked = [value for value in ranked_values(drawn, group) if math.isfinite(drawn.at(group, value)[0])]
        told = [f"{drawn.at(group, value)[0]:.0f} {drawn.shown[value]}" for value in ranked]
        short = told if len(told) < 7 else [*told[:3], "...", *told[-3:]]
        phrases.append(f"{drawn.groups_shown[group]}: {', '.join(short)}")
    kind = "Bump chart" if len(drawn.groups) > 1 else "List"
    return f"{kind} of the ranks of {len(drawn.values)} values by {units}. {'. '.join(phrases)}."


def rank_columns(drawn: GroupTables) -> tuple[str, ...]:
    """Return the heads of the table: the value, then rank, best and worst rank of every group."""
    return ("value", *(f"{group} {what}" for group in drawn.groups for what in ("rank", "best", "worst")))


def _groups(drawn: GroupTables) -> list[str]:
    return [drawn.groups_shown[group] for group in drawn.groups]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
