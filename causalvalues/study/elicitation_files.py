"""The files of an elicitation: answers, their scoring key, and a study file to go on with."""

from __future__ import annotations

from collections.abc import Mapping

from causalvalues.elicitation.answers_table import choices_text, long_text, wide_text
from causalvalues.elicitation.elicit import Elicited
from causalvalues.elicitation.guardrails import GUARDED, Guardrails
from causalvalues.elicitation.items import ItemSet
from causalvalues.elicitation.sheets import Answer, Kind, Sheet

ANSWERS, KEY, STUDY, THEORY = "answers.csv", "key.toml", "study.toml", "theory.toml"


def answer_files(found: Elicited) -> dict[str, str]:
    """Return name -> text of every table of answers; a table without rows is left out.

    Parameters
    ----------
    found : Elicited

    Returns
    -------
    dict of str to str
        ``answers.csv`` one row a sheet, with ``held_out.csv`` and ``forced.csv`` alike; ``sequential.csv`` and
        ``checks.csv`` one row an answer; ``lost.csv`` every answer that is no number, with its status; ``choices.csv``
        the pairs of a forced choice.
    """
    items, model = found.elicitation.items, found.model
    wide: dict[str, tuple[Kind, ...]] = {
        ANSWERS: ("plain",),
        "held_out.csv": ("held_out",),
        "forced.csv": ("forced", "control"),
    }
    long: dict[str, tuple[Kind, ...]] = {"sequential.csv": ("sequential",), "checks.csv": ("known_group", "paraphrase")}
    columns = [item.id for item in items.items]
    files: dict[str, str] = {}
    for name, kinds in wide.items():
        asked, beside = _with_guardrails(found, kinds)
        files |= {name: wide_text(asked, [*columns, *beside], model)} if asked else {}
    files |= {name: long_text(rows, items, model) for name, kinds in long.items() if (rows := found.of(kinds))}
    lost = [(sheet, [each for each in answers if each.status != "ok"]) for sheet, answers in found.answered]
    if any(answers for _, answers in lost):
        files["lost.csv"] = long_text(lost, items, model)
    if found.elicitation.method.name == "forced_choice":
        files["choices.csv"] = choices_text(found.of({"plain"}), items)
    return files


def _with_guardrails(
    found: Elicited, kinds: tuple[Kind, ...]
) -> tuple[list[tuple[Sheet, tuple[Answer, ...]]], tuple[str, ...]]:
    """Return sheets with the answers of their guardrails behind the others, and the names of those."""
    rails = found.elicitation.guardrails
    names = rails.names if rails is not None and GUARDED & set(kinds) else ()
    beside = {sheet.id: more for (sheet, _), more in zip(found.answered, found.guarded, strict=False)}
    return [(sheet, (*answers, *beside.get(sheet.id, ()))) for sheet, answers in found.of(kinds)], names


def key_text(
    items: ItemSet, measures: str, points: int | None, turned: bool, guardrails: Guardrails | None = None
) -> str:
    """Return the scoring key of the items as TOML.

    Parameters
    ----------
    items : ItemSet
        Those that were asked.
    measures : {"salience", "endorsement"}
        What the checks allow to say.
    points : int or None
        Of the scale; None for scores without ends.
    turned : bool
        Whether reverse-keyed items count against their value. Not where a method measures salience: who talks about a
        value makes its denial likely, too.
    guardrails : Guardrails, optional
        That were measured beside the items.
    """
    ends = f'low = 1\nhigh = {points}\nmost = "high"\n' if points else ""
    lines = [
        "# The items as they were asked.",
        'format = "causalvalues-key 1"',
        f"id = {_quoted(items.id + '-asked')}",
        f"name = {_quoted('Statements of ' + items.id)}",
        f"theory = {_quoted(items.theory or THEORY)}",
        f'{ends}centring = "None."',
        'level = "person"',
        "verified = true",
        f'measures = "{measures}"',
        f"source = {_quoted(items.source or 'Items of the user.')}",
        "",
        "[items]",
    ]
    for value in items.values:
        keyed = [item for item in items.items if item.value == value]
        cells = [
            f"{{ item = {_quoted(item.id)}, sign = -1 }}" if item.reverse and turned else _quoted(item.id)
            for item in keyed
        ]
        lines.append(f"{_quoted(value)} = [{', '.join(cells)}]")
    if guardrails is not None:
        lines += ["", "[guardrails]"]
        lines += [f"{name} = [{', '.join(map(_quoted, ids))}]" for name, ids in guardrails.dimensions.items()]
    return "\n".join(lines) + "\n"


def theory_text(items: ItemSet) -> str:
    """Return a value theory that holds nothing but the values of items which belong to none, as TOML."""
    lines = [
        'format = "causalvalues-theory 1"',
        f"id = {_quoted(items.id)}",
        f"name = {_quoted('Values of ' + items.id)}",
        f"dimensions = [{', '.join(map(_quoted, items.values))}]",
    ]
    return "\n".join(lines) + "\n"


def study_text(title: str, seed: int, levers: Mapping[str, str]) -> str:
    """Return a study file that learns from the answers beside it.

    Parameters
    ----------
    title : str
    seed : int
    levers : mapping of str to str
        Name -> value that it aims at; a plan is proposed when there are any.
    """
    text = (
        f"# Learns how the values depend on each other: causalvalues study {STUDY} --out learned\n\n"
        f"title = {_quoted(title)}\nseed = {seed}\n\n"
        f'[data]\npath = "{ANSWERS}"\nlayout = "wide"\nkey = "{KEY}"\nunit = "unit_id"\ncluster_by = "persona_id"\n'
        'labels = ["model", "persona_id", "wording", "frame", "repeat"]\n'
    )
    aimed = [value for value in dict.fromkeys(levers.values()) if value]
    if aimed:
        change = ", ".join(f"{_quoted(value)} = 0.1" for value in aimed[-2:])
        text += f"\n[[plan]]\nchange = {{ {change} }}\ntolerance = 0.1\nmax_levers = 2\n"
    return text


def _quoted(text: str) -> str:
    """Return a TOML basic string."""
    special = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(special.get(c, c if c.isprintable() else f"\\U{ord(c):08x}") for c in text) + '"'
