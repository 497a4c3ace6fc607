"""How a CSV file is read in chunks: as text first, so that a value of the wrong type is told and stops nothing."""

from collections.abc import Iterator, Mapping
from typing import IO, Any

import pyarrow as pa
from pyarrow import csv

from kanaria.data.chunk import Chunk, UnparsableError, Values
from kanaria.data.text_values import typed

BLOCK = 1 << 20
"""Bytes that are parsed at a time: the memory a file needs grows with it, and not with the file."""
_MALFORMED_MAX = 1000


class _Lines:
    """Lines with too many or too few values are put aside."""

    def __init__(self) -> None:
        self.malformed: dict[int, str] = {}
        self.count = 0

    def aside(self, row: Any) -> str:
        self.count += 1
        if len(self.malformed) < _MALFORMED_MAX:
            self.malformed[row.number or self.count] = (
                f"{row.expected_columns} values in a line, not {row.actual_columns}"
            )
        return "skip"

    def taken(self) -> dict[int, str]:
        found, self.malformed = self.malformed, {}
        return found


def chunks(opened: IO[bytes], types: Mapping[str, str], delimiter: str) -> Iterator[Chunk]:
    """The rows of the file, as far as it can be parsed.

    Raises:
        UnparsableError: if it is no CSV file.
    """
    try:
        names, natural = _header(opened, delimiter)
        opened.seek(0)
        yield from _rows(opened, names, {**natural, **types}, delimiter)
    except pa.ArrowInvalid as error:
        if "Empty CSV file" not in str(error):
            raise UnparsableError(f"it is no CSV file with a header, in UTF-8: {error}") from error


def _header(opened: IO[bytes], delimiter: str) -> tuple[list[str], dict[str, str]]:
    """The names of the columns, and what their first values look like."""
    with _reader(opened, delimiter, _Lines(), {}) as reader:
        return reader.schema.names, {field.name: _kind(field.type) for field in reader.schema}


def _kind(type_: Any) -> str:
    checks = {
        "integer": pa.types.is_integer,
        "float": pa.types.is_floating,
        "boolean": pa.types.is_boolean,
        "date": pa.types.is_date,
        "timestamp": pa.types.is_timestamp,
    }
    # A column that begins with whole numbers may go on with others.
    found = next((name for name, is_it in checks.items() if is_it(type_)), "string")
    return "float" if found == "integer" else found


def _rows(opened: IO[bytes], names: list[str], types: Mapping[str, str], delimiter: str) -> Iterator[Chunk]:
    lines, first = _Lines(), 1
    with _reader(opened, delimiter, lines, dict.fromkeys(names, pa.string())) as reader:
        for batch in reader:
            columns = {name: typed(column, types.get(name)) for name, column in zip(names, batch.columns, strict=True)}
            yield Chunk(columns, batch.num_rows, first, lines.taken())
            first += batch.num_rows
    if lines.malformed:
        yield Chunk({name: Values(pa.array([], pa.string())) for name in names}, 0, first, lines.taken())


def _reader(opened: IO[bytes], delimiter: str, lines: _Lines, types: Mapping[str, Any]) -> Any:
    return csv.open_csv(
        pa.PythonFile(opened, "r"),
        # One thread: the numbers of malformed lines are known, and less is read ahead.
        read_options=csv.ReadOptions(use_threads=False, block_size=BLOCK),
        parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=lines.aside),
        convert_options=csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True),
    )
