"""How a file of JSON lines is read in chunks: each line an object, its keys the columns."""

import json
from collections.abc import Iterator, Mapping
from typing import IO, Any

import pyarrow as pa

from kanaria.data.chunk import Chunk, UnparsableError, Values
from kanaria.data.text_values import TYPES, typed

ROWS = 8_192
BLOCK = 4 << 20
"""A chunk ends after so many rows, or bytes."""
LINE_MAX = 16 << 20
_PYTHON: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "float": (float, int),
    "boolean": (bool,),
}


def chunks(opened: IO[bytes], types: Mapping[str, str]) -> Iterator[Chunk]:
    """The rows of the file; a line that is no JSON object is malformed.

    Raises:
        UnparsableError: if a line is longer than can be held.
    """
    first = 1
    for lines in _blocks(opened):
        rows: list[dict[str, Any]] = []
        malformed: dict[int, str] = {}
        for line in lines:
            row = _parsed(line)
            if row is None:
                malformed[first + len(rows)] = "a JSON object in each line"
            else:
                rows.append(row)
        names = dict.fromkeys(name for row in rows for name in row)
        columns = {name: _column([row.get(name) for row in rows], types.get(name)) for name in names}
        yield Chunk(columns, len(rows), first, malformed)
        first += len(rows)


def _blocks(opened: IO[bytes]) -> Iterator[list[bytes]]:
    lines: list[bytes] = []
    size = 0
    while line := opened.readline(LINE_MAX):
        if len(line) == LINE_MAX:
            raise UnparsableError(f"a line is longer than {LINE_MAX >> 20} MiB")
        if line.strip():
            lines.append(line)
            size += len(line)
        if len(lines) >= ROWS or size >= BLOCK:
            yield lines
            lines, size = [], 0
    if lines:
        yield lines


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def _column(values: list[Any], type_: str | None) -> Values:
    if type_ in {"date", "timestamp"}:
        wrong = {i: json.dumps(v) for i, v in enumerate(values) if v is not None and not isinstance(v, str)}
        read = typed(pa.array([v if isinstance(v, str) else None for v in values], pa.string()), type_)
        return Values(read.array, {**wrong, **read.wrong})
    if type_ is None:
        return Values(_natural(values))
    wrong = {i: json.dumps(v) for i, v in enumerate(values) if v is not None and not _is(v, type_)}
    fitting = [None if i in wrong else v for i, v in enumerate(values)]
    return Values(_array(fitting, TYPES[type_]), wrong)


def _is(value: Any, type_: str) -> bool:
    if isinstance(value, bool):
        return type_ == "boolean"
    return isinstance(value, _PYTHON[type_])


def _array(values: list[Any], type_: Any) -> Any:
    try:
        return pa.array(values, type_)
    except (pa.ArrowInvalid, OverflowError):  # an integer beyond 64 bits
        return pa.array([None if isinstance(v, int) and abs(v) >= 1 << 63 else v for v in values], type_)


def _natural(values: list[Any]) -> Any:
    """The column as it is; values of several kinds, lists and objects as text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float}:
        return _array([None if v is None else float(v) for v in values], pa.float64())
    if len(kinds) == 1 and kinds <= {str, bool}:
        return pa.array(values)
    return pa.array([None if v is None else json.dumps(v) for v in values], pa.string())
