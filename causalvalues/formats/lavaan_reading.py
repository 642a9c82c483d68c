"""Reading lavaan's model syntax: regressions, covariances and latent nodes; what is more is noted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from causalvalues.errors import DataError
from causalvalues.formats.assembling import FoundEdge, FoundNode, assembled
from causalvalues.formats.graph_file import GraphFile, shown, with_warning
from causalvalues.formats.lavaan import OPEN
from causalvalues.formats.stand_ins import read_name_line, read_note_line

_SIGNS = re.compile(r"=~|<~|~\*~|~~|~|==|:=|<|>|\||%|:")
_NAME = re.compile(r"[^\W\d][\w.]*|\.[^\W\d][\w.]*")
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_START = re.compile(rf"start\(({_NUMBER})\)|({_NUMBER})\?")
_GROUPS = re.compile(r"(start\()?c\(([^()]+)\)\)?")
_LABEL = re.compile(r"""(?:label|equal)\(.*\)|"[^"]*"|'[^']*'""")
_MEANINGS = {
    "<~": "composites (<~)",
    "~*~": "scaling factors (~*~)",
    "==": "constraints (==)",
    "<": "constraints (<)",
    ">": "constraints (>)",
    ":=": "defined parameters (:=)",
    "|": "thresholds (|)",
    "%": "operators with %",
    ":": "blocks (group: or level:); what stands in them is read as one model",
}


@dataclass
class _Found:
    """What the formulas say."""

    nodes: dict[str, dict[str, str]] = field(default_factory=dict)
    edges: list[FoundEdge] = field(default_factory=list)
    notes: dict[str, set[int]] = field(default_factory=dict)
    exact: dict[str, str] = field(default_factory=dict)
    warning: str = ""

    def note(self, what: str, line: int) -> None:
        self.notes.setdefault(what, set()).add(line)


def lavaan_graph(text: str) -> GraphFile:
    """Read a model in lavaan's syntax.

    Parameters
    ----------
    text : str
        ``~`` gives arrows, ``=~`` arrows from latent nodes, ``~~`` two-headed edges. A coefficient that is fixed
        (``0.3*x``) or has a starting value (``start(0.3)*x``, ``0.3?*x``) is ``mean`` of its edge; one fixed to 0, in
        all groups, is no edge; ``NA*x`` is an edge without a number. Of values for groups (``c(0.3, 0.5)*x``) only such
        that all groups share is kept. Modifiers of a term that is there twice are taken together, as lavaan does.
        Labels, bounds, intercepts, thresholds, constraints, defined parameters and blocks are left aside, each with a
        note that names the lines.

    Raises
    ------
    DataError
        If a formula is malformed; the message names the line.
    """
    found = _Found()
    for number, formula, ends in _formulas(text, found):
        sign = _SIGNS.search(formula)
        if sign is None:
            raise DataError(f"Line {number}: {shown(formula)} has no ~, =~ or ~~. Write it as in `y ~ a + b`.")
        left, right = formula[: sign.start()], formula[sign.end() :]
        if sign[0] in ("~", "~~", "=~"):
            for name in _names(left, number, found):
                _terms(found, (name, sign[0], ends), right, number)
        else:
            found.note(f"{_MEANINGS[sign[0]]} were left aside", number)
    if not found.nodes:
        raise DataError("This lavaan syntax has no regression, covariance or latent node. Write it as in `y ~ a + b`.")
    notes = [f"Line {', '.join(map(str, sorted(lines)[:8]))}: {what}." for what, lines in found.notes.items()]

    def exact(name: str) -> str:
        return found.exact.get(name, name)

    nodes = [FoundNode(exact(name), said) for name, said in found.nodes.items()]
    edges = [FoundEdge(exact(e.first), e.ends, exact(e.second), e.said, e.where) for e in found.edges]
    return with_warning(assembled(nodes, edges, "lavaan", notes), found.warning)


def _formulas(text: str, found: _Found) -> Iterator[tuple[int, str, str]]:
    """Return formulas with the line that they begin in, and the ends that a comment of ours above it keeps."""
    held, begun, ends, kept = "", 0, "", ""
    for number, line in enumerate(text.split("\n"), start=1):
        code, comment = (part.strip() for part in (*re.split("[#!]", line, maxsplit=1), "")[:2])
        pair = read_name_line(comment)
        if pair is not None:
            found.exact[pair[0]] = pair[1]
        found.warning = found.warning or read_note_line(comment)
        if not code:
            kept = comment.removeprefix(OPEN).partition(" ")[0] if comment.startswith(OPEN) else ""
        for piece in code.split(";"):
            joined = re.sub(r"\s+", "", piece)
            if not joined:
                continue
            if _SIGNS.search(joined) and held and not held.endswith("+"):
                yield begun, held, ends
                held = ""
            begun, ends = (begun, ends) if held else (number, kept)
            held += joined
    if held:
        yield begun, held, ends


def _names(left: str, line: int, found: _Found) -> list[str]:
    """Return the names on the left of a sign; a modifier there (``efa("block")*f``) is noted."""
    names = []
    for part in left.split("+"):
        *modifiers, name = _factors(part)
        if not _NAME.fullmatch(name):
            raise DataError(f"Line {line}: {shown(name)} on the left is no name. Write it as in `y ~ a + b`.")
        for modifier in modifiers:
            found.note(f"modifiers on the left were left aside ({shown(modifier)})", line)
        names.append(name)
    return names


def _terms(found: _Found, formula: tuple[str, str, str], right: str, line: int) -> None:
    """Read what stands on the right of ~, ~~ or =~."""
    left, sign, _ = formula
    found.nodes.setdefault(left, {})
    if sign == "=~":
        found.nodes[left]["kind"] = "latent"
    for name, modifiers in _modified(found, sign, right, line).items():
        found.nodes.setdefault(name, {})
        number, fixed = _coefficient(found, modifiers, line)
        if name == left:
            if sign != "~~":
                raise DataError(f"Line {line}: {shown(name)} acts on itself. Take it out.")
            if number is not None:
                found.note("fixed variances were left aside", line)
        elif fixed and number == 0:
            found.note("terms that are fixed to 0 are no edges", line)
        else:
            found.edges.append(_edge(formula, name, number, line))


def _modified(found: _Found, sign: str, right: str, line: int) -> dict[str, list[str]]:
    """Return the nodes on the right with their modifiers; those of a node that is there twice are taken together."""
    terms: dict[str, list[str]] = {}
    for term in _split(right):
        *modifiers, name = _factors(term)
        if sign == "~" and name in ("0", "1"):
            found.note("intercepts (~ 1) were left aside", line)
        elif re.fullmatch(r"[\w.]+:[\w.]+", name):
            found.note(f"products of nodes ({name}) were left aside", line)
        elif _NAME.fullmatch(name):
            terms.setdefault(name, []).extend(modifiers)
        else:
            raise DataError(
                f"Line {line}: {shown(term or right)} on the right is no term. Write it as in `y ~ 0.3*a`, the number "
                "or label first."
            )
    return terms


def _factors(term: str) -> list[str]:
    """Split at every * that stands in no parentheses."""
    parts, depth = [""], 0
    for sign in term:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "*" and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def _edge(formula: tuple[str, str, str], name: str, number: float | None, line: int) -> FoundEdge:
    left, sign, ends = formula
    said = {} if number is None or sign == "~~" else {"mean": number}
    where = f"line {line}"
    if sign == "~~":
        return FoundEdge(left, ends or "<->", name, said, where)
    return FoundEdge(*((left, "-->", name) if sign == "=~" else (name, "-->", left)), said, where)


def _split(right: str) -> list[str]:
    """Split at every + that stands in no parentheses and no number."""
    parts, depth, held = [], 0, ""
    for place, sign in enumerate(right):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        exponent = sign == "+" and re.fullmatch(r"\d[eE]", held[-2:]) and right[place + 1 : place + 2].isdigit()
        if sign == "+" and depth == 0 and not exponent:
            parts.append(held)
            held = ""
        else:
            held += sign
    return [*parts, held] if parts or held else [held]


def _coefficient(found: _Found, modifiers: Sequence[str], line: int) -> tuple[float | None, bool]:
    """Return the number of a term, and whether it is fixed to it; what is more is noted."""
    number: float | None = None
    fixed = False
    for modifier in filter(None, modifiers):
        start = _START.fullmatch(modifier)
        groups = _GROUPS.fullmatch(modifier)
        if modifier == "NA":
            fixed = False
        elif start:
            number = float(start[1] or start[2])
        elif re.fullmatch(_NUMBER, modifier):
            number, fixed = float(modifier), True
        elif groups:
            said, begins = groups[2].split(","), groups[1] is not None
            values = {float(each) if re.fullmatch(_NUMBER, each) else None for each in said}
            if len(values) == 1 and None not in values:
                number, fixed = values.pop(), fixed or not begins
            elif any(re.fullmatch(_NUMBER, each) for each in said):
                found.note(f"values that differ between groups were left aside ({shown(modifier)})", line)
            elif any(each != "NA" for each in said):
                found.note(f"labels were left aside ({shown(modifier)})", line)
        elif _NAME.fullmatch(modifier) or _LABEL.fullmatch(modifier):
            found.note(f"labels were left aside ({shown(modifier)})", line)
        else:
            found.note(f"modifiers were left aside ({shown(modifier)})", line)
    return number, fixed
