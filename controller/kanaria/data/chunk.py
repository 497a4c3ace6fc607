"""What is read of a file at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


class UnparsableError(Exception):
    """A file that was read to its end, and is not written in its format."""


@dataclass(frozen=True, slots=True)
class Values:
    """A column of a chunk, in the type that was asked for; `wrong` holds what did not fit, by place in the chunk.

    Values that did not fit are missing in `array`. `wrong_type` says where the whole column is of another type.
    """

    array: "pa.Array"
    wrong: Mapping[int, str] = field(default_factory=dict)
    wrong_type: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that follow each other in one file; `malformed` holds lines that are no row, by number in the file."""

    columns: Mapping[str, Values]
    rows: int
    first: int
    """Number of the first row in its file, from 1."""
    malformed: Mapping[int, str] = field(default_factory=dict)
