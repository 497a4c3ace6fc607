"""What a Job that read data tells, in the 4 KiB of its termination message."""

from typing import Annotated, Literal

from pydantic import Field

from kanaria.vocabulary.kinds import Part

Rule = Literal["missing", "unexpected", "forbidden", "unparsable", "malformed", "type", "null", "range", "domain"]


class Violation(Part):
    """One rule of the contract that a column breaks."""

    rule: Rule
    """Which rule."""
    column: Annotated[str, Field(max_length=256)] = ""
    """The column."""
    count: int = 0
    """How many rows, or files, break it."""
    rows: Annotated[tuple[Annotated[str, Field(max_length=256)], ...], Field(max_length=5)] = ()
    """The first such rows, as FILE:ROW, counted from 1 without the header."""
    values: Annotated[tuple[Annotated[str, Field(max_length=80)], ...], Field(max_length=3)] = ()
    """The first such values; their lengths only where the data is masked."""
    expected: Annotated[str, Field(max_length=256)] = ""
    """What the contract asks for."""

    @property
    def sentence(self) -> str:
        """Column, fact, and where to look."""
        where = f"{self.count} row{'s' if self.count > 1 else ''}: {', '.join(self.rows)}"
        more = ", …" if self.count > len(self.rows) else ""
        if self.rule in _WHOLE:
            where = ", ".join(self.rows)
        values = ", ".join(self.values)
        return _SAID[self.rule].format(column=self.column, values=values, expected=self.expected) + f" ({where}{more})"


_WHOLE = ("missing", "unexpected", "forbidden", "unparsable")
_SAID = {
    "missing": "column {column!r} is missing",
    "unexpected": "column {column!r} is not in the schema, which is closed",
    "forbidden": "column {column!r} is forbidden",
    "unparsable": "{expected}",
    "malformed": "malformed: {expected}",
    "type": "column {column!r}: {values} is no {expected}",
    "null": "column {column!r} lacks a value",
    "range": "column {column!r}: {values} is not {expected}",
    "domain": "column {column!r}: {values} is not {expected}",
}


class DataReport(Part):
    """What was read, and what was found."""

    digest: Annotated[str, Field(max_length=80)]
    """Identity of the content."""
    listing: Annotated[str, Field(max_length=80)]
    """Identity of the list of files with sizes and times: cheap to tell, and another for each write."""
    files: int = 0
    """Number of files."""
    bytes: int = 0
    """Size of all files."""
    rows: int | None = None
    """Number of rows, where they were counted."""
    violations: tuple[Violation, ...] = ()
    """The rules that are broken, the first ones where they are many."""
    broken: int = 0
    """How many rules are broken."""


class DriftReport(Part):
    """How far the data is from the reference's statistics."""

    digest: Annotated[str, Field(max_length=80)]
    """Identity of the content that was compared."""
    listing: Annotated[str, Field(max_length=80)]
    """Identity of the list of its files."""
    rows: int = 0
    """Number of rows."""
    score: float | None = None
    """The greatest distance of a column; absent where nothing could be compared."""
    column: Annotated[str, Field(max_length=256)] = ""
    """The column it is of."""
    note: Annotated[str, Field(max_length=512)] = ""
    """Why nothing could be compared."""
