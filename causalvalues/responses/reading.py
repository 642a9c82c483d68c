"""Reading files of answers."""

from __future__ import annotations

from pathlib import Path

from causalvalues.errors import DataError
from causalvalues.responses.codes import blank_codes, listed
from causalvalues.responses.long import ANSWER_COLUMNS, ITEM_COLUMNS, looks_long, read_long
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.responses.numbers import as_numbers
from causalvalues.responses.options import ReadOptions
from causalvalues.responses.table import RawTable, read_table
from causalvalues.responses.wide import read_wide
from causalvalues.theories import ScoringKey

_FEW = 3
_GENERATION = ("temperature", "seed", "top_p", "block", "year", "age", "latency", "tokens", "reverse")


def read_responses(path: str | Path, options: ReadOptions | None = None) -> ResponseMatrix:
    """Read answers from a CSV, TSV (also gzipped) or Parquet file, wide or long.

    What was detected stands in one line in ``matrix.notes[0]``. An empty cell is a missing answer; a cell (or, in long
    files, the column `status`) may also say ``refusal``, ``parse_error`` or ``api_error``. With a key, its codes for no
    answer, and numbers outside its scale, are lost answers, too. Text in labels stays text, also "None" and "NA".

    *Wide*: one row a unit. Answers are the columns that the key or theory of the options knows, else all columns of
    numbers; names that belong to one of the theories that ship are spelled as there. *Long*: columns ``unit_id``,
    ``item`` or ``dimension``, ``response`` or ``score``, and any of ``status, weight, model, persona_id, prompt_id,
    repeat``; rows that agree in the unit and in all of the last four are one row of the matrix. *Both*: ``levers``
    ("a+b": two levers at dose 1, "a=0.5": one at half of it, empty: none), or ``lever`` and ``dose``, or one column
    ``lever:NAME`` of doses for each lever.

    Parameters
    ----------
    path : str or Path
        The file.
    options : ReadOptions, optional
        What is not to be detected.

    Returns
    -------
    ResponseMatrix
        Items or dimensions as columns, not scored.

    Raises
    ------
    DataError
        If the file cannot be read, can be read in two ways (the message prints both and how to choose), or holds cells
        that are no answers; with file, column, rows (the header is row 1) and remedy.
    KeyFileError
        If the key or theory does not exist.
    """
    options = options or ReadOptions()
    path = Path(path)
    table = read_table(path, options)
    layout = options.layout if options.layout != "detect" else _layout(table, options)
    matrix = read_long(table, options) if layout == "long" else read_wide(table, options)
    vocabulary = options.vocabulary
    if isinstance(vocabulary, ScoringKey):
        try:
            return blank_codes(matrix, vocabulary)
        except DataError as error:
            raise DataError(f"{path}: {error}") from None
    return matrix


def _layout(table: RawTable, options: ReadOptions) -> str:
    """Return the layout; columns that name an answer beside further columns of answers are an error."""
    if not looks_long(table, options):
        return "wide"
    if options.item or options.answer:
        return "long"
    known = {*ITEM_COLUMNS, *ANSWER_COLUMNS, "status", "unit_id", "weight", "lever", "levers", "dose", *_GENERATION}
    others = [name for name in table.columns if name not in known and name not in options.labels]
    vocabulary = options.vocabulary
    if vocabulary is not None:
        answers = [name for name in others if vocabulary.knows(name)]
    else:
        answers = _columns_on_the_scale(table, others)
    if len(answers) < (_FEW if vocabulary is None else 1):
        return "long"
    item = next(name for name in ITEM_COLUMNS if name in table.columns)
    answer = next(name for name in ANSWER_COLUMNS if name in table.columns)
    raise DataError(
        f"{table.path} can be read in two ways: (1) long, one answer a row, named by {item!r} with the answer in "
        f"{answer!r}: "
        f'ReadOptions(layout="long"); (2) wide, one column a dimension, {listed(answers, 4)}: '
        'ReadOptions(layout="wide"). '
        "Choose one."
    )


def _columns_on_the_scale(table: RawTable, names: list[str]) -> list[str]:
    """Return the columns of numbers that are no design factor."""
    return [
        name
        for name in names
        if name not in ("model", "persona_id", "prompt_id", "repeat", "country", "wave", "source")
        and as_numbers(table.columns[name], comma=False).mostly_numbers
    ]
