"""How a Parquet file is read in chunks: a type is a matter of the file, not of a value."""

from collections.abc import Iterator, Mapping
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from kanaria.data.chunk import Chunk, UnparsableError, Values
from kanaria.data.text_values import TYPES

ROWS = 16_384
"""Rows that are read at a time."""
BUFFER = 1 << 20
_FITTING = {
    "string": (pa.types.is_string, pa.types.is_large_string),
    "integer": (pa.types.is_integer,),
    "float": (pa.types.is_floating, pa.types.is_integer, pa.types.is_decimal),
    "boolean": (pa.types.is_boolean,),
    "date": (pa.types.is_date,),
    "timestamp": (pa.types.is_timestamp,),
}


def chunks(opened: IO[bytes], types: Mapping[str, str]) -> Iterator[Chunk]:
    """The rows of the file.

    Raises:
        UnparsableError: if it is no Parquet file, or a part of one.
    """
    try:
        # Pages are read as they are needed: whole columns of a large row group would not fit into memory.
        with parquet.ParquetFile(opened, buffer_size=BUFFER, pre_buffer=False) as file:
            first = 1
            for batch in file.iter_batches(ROWS, use_threads=False):
                columns = {name: fitting(batch[name], types.get(name)) for name in batch.schema.names}
                yield Chunk(columns, batch.num_rows, first)
                first += batch.num_rows
    except pa.ArrowInvalid as error:
        raise UnparsableError(f"it is no whole Parquet file: {error}") from error


def fitting(array: Any, type_: str | None) -> Values:
    """The column, where its type is the one that is asked for, or can stand for it."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if type_ is None:
        return Values(array)
    if any(fits(array.type) for fits in _FITTING[type_]):
        return Values(array if type_ != "float" else pc.cast(array, TYPES["float"], safe=False))
    wrong = {index: str(array[index].as_py()) for index in range(len(array)) if array[index].is_valid}
    return Values(pa.nulls(len(array), TYPES[type_]), wrong, wrong_type=str(array.type))
