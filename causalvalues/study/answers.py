"""The first step of a study: from the settings to scored answers, and a record of the input."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from causalvalues.errors import DataError
from causalvalues.responses import ReadOptions, ResponseMatrix, demo_responses, read_responses, score
from causalvalues.responses.demo import DEMO
from causalvalues.study.settings import DataSettings
from causalvalues.theories import ScoringKey, ValueTheory, scoring_key, theory

DEMO_KEY = "smollm2-demo"
DESIGN = "design.json"


@dataclass(frozen=True, eq=False)
class Answers:
    """Scored answers with what is known about them.

    Parameters
    ----------
    matrix : ResponseMatrix
        One column a dimension.
    theory : ValueTheory or None
        Order and labels of the dimensions.
    lever_texts : mapping of str to str
        What each lever says or does, where that is known.
    source : str
        Name of the input file.
    sha256 : str
        Of the input file.
    items : ResponseMatrix, optional
        Answers to items, before scoring; None when the columns are dimensions already.
    key : ScoringKey, optional
        That scored them, without the dimensions that were dropped.
    """

    matrix: ResponseMatrix
    theory: ValueTheory | None
    lever_texts: Mapping[str, str]
    source: str
    sha256: str
    items: ResponseMatrix | None = None
    key: ScoringKey | None = None

    def rows(self, kept: NDArray[np.bool_]) -> Answers:
        """Return some of the rows, of scores and of items alike."""
        items = None if self.items is None or len(self.items) != len(self.matrix) else self.items.rows(kept)
        return replace(self, matrix=self.matrix.rows(kept), items=items)


def read_answers(data: DataSettings, folder: Path, guardrails: bool = False) -> Answers:
    """Read and score the answers of a study.

    Parameters
    ----------
    data : DataSettings
    folder : Path
        Where relative paths start.
    guardrails : bool, default False
        Whether the guardrails of the key follow the dimensions.

    Raises
    ------
    DataError, KeyFileError
        As `read_responses` and `score`.
    """
    if data.demo:
        return _demo(data)
    path = folder / data.path
    options = read_options(data, folder)
    matrix, late = _read(path, options, data.drop)
    dimensions, items, key = None, None, None
    if data.key:
        key, items = scoring_key(_local(data.key, folder)), matrix
        matrix = score(matrix, key, data.centring, data.min_answered, guardrails)
        dimensions = theory(_local(key.theory, folder))
    elif data.centring != "none":
        raise DataError(
            f"[data] centring = {data.centring!r} needs a scoring key, because the mean runs over items. Give `key`."
        )
    elif data.theory:
        dimensions = theory(_local(data.theory, folder))
    matrix = matrix.drop(late)
    return Answers(matrix, dimensions, lever_texts(path.parent), path.name, _sha256(path), items, _key_of(matrix, key))


def _read(path: Path, options: ReadOptions, drop: list[str]) -> tuple[ResponseMatrix, list[str]]:
    """Read answers; columns to leave out that cannot be read are left out before reading, others are returned."""
    try:
        return read_responses(path, options), drop
    except DataError as first:
        if not drop:
            raise
        try:
            return read_responses(path, replace(options, drop=tuple(drop))), []
        except DataError:
            raise first from None


def read_options(data: DataSettings, folder: Path) -> ReadOptions:
    """Return the options of `read_responses` that the settings stand for."""
    return ReadOptions(
        layout=data.layout,
        key=_local(data.key, folder) if data.key else None,
        theory=_local(data.theory, folder) if data.theory else None,
        columns=tuple(data.columns),
        labels=tuple(data.labels),
        levers=tuple(data.levers),
        cluster_by=data.cluster_by,
        group_by=data.group_by,
        strata_by=data.strata_by,
        unit=data.unit,
        item=data.item,
        answer=data.answer,
        weight=data.weight,
        separator=data.separator,
        decimal=data.decimal,
        encoding=data.encoding,
        missing_text=tuple(data.missing_text),
        measures=data.measures,
    )


def _demo(data: DataSettings) -> Answers:
    key = scoring_key(DEMO_KEY)
    items = demo_responses()
    matrix = score(items, key, data.centring, data.min_answered).drop(data.drop)
    path = DEMO / "answers.csv.gz"
    texts = lever_texts(DEMO)
    return Answers(matrix, theory(key.theory), texts, path.name, _sha256(path), items, _key_of(matrix, key))


def lever_texts(folder: Path) -> dict[str, str]:
    """Return the first wording of each lever, from the design that an elicitation writes beside its answers."""
    try:
        held = json.loads((folder / DESIGN).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(held, dict) or not str(held.get("format", "")).startswith("causalvalues-design "):
        return {}
    levers = held.get("levers")
    found = levers.items() if isinstance(levers, dict) else ()
    return {str(name): str(texts[0]["text"]) for name, texts in found if _said(texts)}


def _said(texts: object) -> bool:
    return isinstance(texts, list) and bool(texts) and isinstance(texts[0], dict) and "text" in texts[0]


def _key_of(scored: ResponseMatrix, key: ScoringKey | None) -> ScoringKey | None:
    """Return the key without the dimensions that were dropped after scoring."""
    if key is None or set(key.dimensions) <= set(scored.names):
        return key
    kept = [item for item in key.all_items if item not in key.items or key.items[item].dimension in scored.names]
    return key.subset(kept)


def _local(id_or_path: str, folder: Path) -> str | Path:
    """Return the path of a key or theory file that lies beside the study file, else what was given."""
    beside = folder / id_or_path
    return beside if beside.is_file() else id_or_path


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
