"""How the rows of a file are read, whatever its format: in chunks, so that memory does not grow with the file."""

import bz2
import gzip
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any

from kanaria.api.pipeline_data import Format
from kanaria.data import csv_file, json_file, parquet_file
from kanaria.data.chunk import Chunk
from kanaria.data.files import File, Files
from kanaria.data.trouble import UnreadableError, shown

_ENDINGS: Mapping[str, Format] = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_PACKED: Mapping[str, Callable[[Any], Any]] = {".gz": lambda f: gzip.GzipFile(fileobj=f), ".bz2": bz2.BZ2File}


@dataclass(frozen=True, slots=True)
class Way:
    """How files are to be read: format where endings do not tell it, and the types that columns must have."""

    format: Format | None = None
    delimiter: str = ","
    types: Mapping[str, str] | None = None


def rows(files: Files, file: File, way: Way) -> Iterator[Chunk]:
    """The rows of one file.

    Raises:
        UnreadableError: if it cannot be read, or nothing tells its format.
        UnparsableError: if it is not written in its format.
    """
    format_ = way.format or _format(file.path)
    with files.opened(file) as opened, closing(_unpacked(opened, file.path)) as plain:
        try:
            yield from _chunks(plain, format_, way)
        except (OSError, EOFError) as error:
            raise UnreadableError(f"{shown(file.path)} cannot be read: {shown(str(error))}") from error


def _chunks(opened: Any, format_: Format, way: Way) -> Iterator[Chunk]:
    types = way.types or {}
    if format_ == "csv":
        return csv_file.chunks(opened, types, way.delimiter)
    return parquet_file.chunks(opened, types) if format_ == "parquet" else json_file.chunks(opened, types)


def _format(path: str) -> Format:
    endings = [ending for ending in PurePosixPath(path).suffixes if ending not in _PACKED]
    found = _ENDINGS.get(endings[-1].lower()) if endings else None
    if found is None:
        raise UnreadableError(f"{shown(path)}: its ending tells no format; name it: format: csv, parquet or jsonl")
    return found


def _unpacked(opened: IO[bytes], path: str) -> Any:
    unpack = _PACKED.get(PurePosixPath(path).suffix)
    return opened if unpack is None else unpack(opened)
