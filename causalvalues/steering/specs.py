"""Files of levers inside a model: a table in the layout of lm-evaluation-harness, and directions beside it."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from causalvalues.elicitation.data_files import read_rows
from causalvalues.errors import DataError, SteeringError
from causalvalues.files import write_text
from causalvalues.steering.acts import Act, SteeringLever, TokenGate, check_names
from causalvalues.steering.direction_files import Directions, read_directions, write_directions
from causalvalues.steering.sae_fields import residual_layer

HARNESS = (
    "loader", "action", "sparse_model", "hookpoint", "feature_index", "steering_coefficient", "head_index", "sae_id",
    "description",
)  # fmt: skip
"""Columns of lm-evaluation-harness (its model ``steered``)."""
OURS = (
    "name", "value", "method", "positions", "intercept", "gate_hookpoint", "gate_index", "gate_intercept",
    "gate_threshold",
)  # fmt: skip
"""Columns that the harness passes over."""
NEURONS = ".mlp.neurons"
STREAM = "the residual stream behind a layer"
LOADERS = ("sparsify", "sae_lens")


def write_levers(levers: Iterable[SteeringLever], path: str | Path, prefix: str = "layers.") -> None:
    """Write levers as a table, and their directions into a folder beside it.

    One row an act, in the columns of lm-evaluation-harness (`HARNESS`) and then ours (`OURS`). The directions lie in a
    folder of the table's name, in the layout of the loader ``sparsify``: for each hookpoint ``cfg.json`` and
    ``sae.safetensors``, whose ``W_dec`` has a row for each direction. The harness applies all rows of a file together
    and knows the actions ``add`` and ``clamp`` on all tokens; `read_levers` gives every name a lever of its own.

    Parameters
    ----------
    levers : iterable of SteeringLever
        Their names are all different.
    path : str or Path
        ``levers.csv``.
    prefix : str, default "layers."
        What stands before the number of a layer in the model's names of modules, see `layer_prefix`.

    Raises
    ------
    SteeringError
        If two levers have one name, or there is none; if two clamp at one layer from different offsets, of which a file
        has room for one; or if the prefix is none of a layer.
    """
    if residual_layer(f"{prefix}0") != 0:
        raise SteeringError(
            f"The prefix {prefix!r} with a number is no layer's name. Give what `layer_prefix` says, such as 'layers.'."
        )
    held = tuple(levers)
    if not held:
        raise SteeringError("There is no lever to write. Give one or more.")
    check_names(held)
    path = Path(path)
    kept = Directions()
    rows = [_row(lever, act, kept, path.stem, prefix) for lever in held for act in lever.acts]
    write_directions(kept, path.parent / path.stem)
    text = io.StringIO()
    writer = csv.DictWriter(text, [*HARNESS, *OURS], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def _row(lever: SteeringLever, act: Act, kept: Directions, folder: str, prefix: str) -> dict[str, object]:
    place = f"{prefix}{act.layer}{NEURONS if act.site == 'neurons' else ''}"
    row: dict[str, object] = {
        "loader": LOADERS[0],
        "action": act.action,
        "sparse_model": folder,
        "hookpoint": place,
        "feature_index": kept.add(place, act.direction, act.offset, clamps=act.action == "clamp"),
        "steering_coefficient": repr(act.coefficient),
        "description": lever.description,
        "name": lever.name,
        "value": lever.value,
        "method": lever.method,
        "positions": lever.positions,
        "intercept": repr(act.intercept) if act.intercept else "",
    }
    if lever.gate is not None:
        gate_place = f"{prefix}{lever.gate.layer}"
        row |= {
            "gate_hookpoint": gate_place,
            "gate_index": kept.add(gate_place, lever.gate.weights),
            "gate_intercept": repr(lever.gate.intercept),
            "gate_threshold": repr(lever.gate.threshold),
        }
    return row


def read_levers(path: str | Path) -> tuple[SteeringLever, ...]:
    """Read levers from a table in the layout of lm-evaluation-harness.

    Parameters
    ----------
    path : str or Path
        CSV with the columns of the harness; those of this package may be absent. Rows with one ``name`` are one lever
        with several acts. Without names every row is a lever ``feature_<layer>_<index>``, and all are read as the
        harness means them: on all tokens. ``sparse_model`` is a folder, looked for beside the table: with the
        hookpoints as folders (loader ``sparsify``), or in the SAELens layout (loader ``sae_lens``, with ``sae_id`` as a
        folder in it, if given). Nothing is fetched from anywhere, and only safetensors and JSON are read.

    Returns
    -------
    tuple of SteeringLever
        In the order of their first rows.

    Raises
    ------
    DataError
        If the table cannot be read, or a cell is not what it should be; the message names line and column.
    SteeringError
        If a direction is missing, malformed or not finite.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"There is no file {path} to read levers from. Check the path.")
    table = read_rows(path)
    if not table:
        raise DataError(f"{path} has no row. Give one row for each direction that a lever adds.")
    for name in ("hookpoint", "feature_index", "steering_coefficient", "sparse_model"):
        if name not in table[0]:
            raise DataError(f"{path} has no column {name!r}. Its columns are {', '.join(table[0])}.")
    rows = [_Row(path, number, cells) for number, cells in enumerate(table, start=2)]
    grouped: dict[str, list[_Row]] = {}
    for row in rows:
        grouped.setdefault(row.name, []).append(row)
    return tuple(_lever(name, mine) for name, mine in grouped.items())


@dataclass(frozen=True)
class _Row:
    """One line of a table of levers."""

    path: Path
    line: int
    cells: Mapping[str, str]

    def text(self, column: str, otherwise: str = "") -> str:
        return self.cells.get(column, "") or otherwise

    def whole(self, column: str) -> int:
        text = self.text(column)
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not number.is_integer() or number < 0:
            raise self.wrong(column, "a whole number from 0")
        return int(number)

    def number(self, column: str, otherwise: float | None = None) -> float:
        text = self.text(column)
        if not text and otherwise is not None:
            return otherwise
        try:
            found = float(text)
        except ValueError:
            found = math.nan
        if not math.isfinite(found):
            raise self.wrong(column, "a finite number")
        return found

    def said(self, column: str) -> str | float:
        """Return what rows of one lever must agree on: numbers of the gate as numbers, all else as text."""
        if column == "gate_threshold":
            return self.number(column, 0.5)
        return self.number(column) if column == "gate_intercept" else self.text(column)

    def wrong(self, column: str, wanted: str, more: str = "") -> DataError:
        return DataError(f"{self.path}, line {self.line}: {column} is {self.text(column)!r}{more}. Give {wanted}.")

    @property
    def name(self) -> str:
        return self.text("name") or f"feature_{self.layer()}_{self.whole('feature_index')}"

    def layer(self, column: str = "hookpoint") -> int:
        """Return the layer of a residual stream (`residual_layer`), or for ``scale`` of ``layers.6.mlp.neurons``."""
        text = self.text(column)
        if not text and column == "hookpoint" and self.text("loader") == "sae_lens":
            text = self.directions(self.text("hookpoint")).hookpoint
        neurons = column == "hookpoint" and self.text("action") == "scale"
        found = None if neurons and not text.endswith(NEURONS) else residual_layer(text.removesuffix(NEURONS))
        if found is None or found < 0 or (text.endswith(NEURONS) and not neurons):
            wanted = f"the neurons of a layer, such as layers.6{NEURONS}" if neurons else f"{STREAM}, such as layers.6"
            raise self.wrong(column, wanted, "" if text == self.text(column) else f", and its folder says {text!r}")
        return found

    def directions(self, hookpoint: str) -> Any:
        loader = self.text("loader", LOADERS[0])
        if loader not in LOADERS:
            raise self.wrong("loader", f"one of {', '.join(LOADERS)}")
        inside = hookpoint if loader == "sparsify" else self.text("sae_id")
        return read_directions(self.path.parent / self.text("sparse_model") / inside, loader)

    def act(self) -> Act:
        action = self.text("action", "add")
        if self.text("head_index"):
            raise self.wrong("head_index", "nothing: single attention heads are not steered here")
        layer = self.layer()
        held = self.directions(self.text("hookpoint"))
        return Act(
            layer,
            held.row(self.whole("feature_index")),
            self.number("steering_coefficient"),
            action,  # type: ignore[arg-type]
            self.number("intercept", 0.0),
            held.offset if action == "clamp" else None,
        )

    def gate(self) -> TokenGate | None:
        if not self.text("gate_hookpoint"):
            return None
        layer = self.layer("gate_hookpoint")
        weights = self.directions(self.text("gate_hookpoint")).row(self.whole("gate_index"))
        return TokenGate(layer, weights, self.number("gate_intercept"), self.number("gate_threshold", 0.5))


def _lever(name: str, rows: list[_Row]) -> SteeringLever:
    first = rows[0]
    gated = ("gate_intercept", "gate_threshold") if first.text("gate_hookpoint") else ()
    for column in ("value", "method", "positions", "description", "gate_hookpoint", "gate_index", *gated):
        other = next((row for row in rows if row.said(column) != first.said(column)), None)
        if other is not None:
            raise DataError(
                f"{first.path}: the lever {name!r} has {first.text(column)!r} and {other.text(column)!r} in the column "
                f"{column} (lines {first.line} and {other.line}). Give all its rows the same."
            )
    return SteeringLever(
        name,
        tuple(row.act() for row in rows),
        first.text("value"),
        first.text("method", "feature"),
        first.text("positions", "all"),
        first.gate(),
        first.text("description"),
    )
