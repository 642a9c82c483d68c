"""Arrays in JSON: small ones as lists, large ones as compressed text; both come back bit by bit."""

from __future__ import annotations

import base64
import math
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalvalues.errors import DataError

READABLE = 4000
"""Most numbers that are written as lists."""


def array_to_json(array: NDArray[Any]) -> Any:
    """Return an array of numbers or booleans as something that `json` writes.

    Examples
    --------
    >>> array_to_json(np.array([[1.0, float("nan")]]))
    {'type': 'float64', 'shape': [1, 2], 'numbers': [1.0, None]}
    """
    kind = "bool" if array.dtype == np.bool_ else "float64"
    plain = np.ascontiguousarray(array, dtype="?" if kind == "bool" else "<f8")
    held: dict[str, Any] = {"type": kind, "shape": list(plain.shape)}
    if plain.size <= READABLE and not np.isinf(plain).any():
        numbers = plain.ravel().tolist()
        return held | {"numbers": [None if math.isnan(number) else number for number in numbers]}
    packed = np.packbits(plain.ravel()) if kind == "bool" else plain
    return held | {"zlib_base64": base64.b64encode(zlib.compress(packed.tobytes(), 9)).decode("ascii")}


def array_from_json(held: Any) -> NDArray[Any]:
    """Return the array that `array_to_json` wrote.

    Raises
    ------
    DataError
        If what is given was not written by it.
    """
    try:
        kind, shape = held["type"], tuple(held["shape"])
        dtype = {"bool": np.bool_, "float64": np.float64}[kind]
        if "numbers" in held:
            numbers = [float("nan") if number is None else number for number in held["numbers"]]
            return np.array(numbers, dtype=dtype).reshape(shape)
        raw = zlib.decompress(base64.b64decode(held["zlib_base64"], validate=True))
        if kind == "bool":
            size = int(np.prod(shape))
            return np.unpackbits(np.frombuffer(raw, dtype=np.uint8))[:size].astype(np.bool_).reshape(shape)
        return np.frombuffer(raw, dtype="<f8").reshape(shape).astype(np.float64)
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        raise DataError(f"An array in the file is damaged ({error}). Save the object again.") from None
