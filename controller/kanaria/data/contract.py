"""Which rules of the schema the data breaks: counted in chunks, with the first rows and values of each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from kanaria.api.data_report import Rule, Violation
from kanaria.api.pipeline_data import Column, DataSchema
from kanaria.data.chunk import Chunk, Values

ROWS_TOLD = 5
VALUES_TOLD = 3
VALUE_MAX = 40
COLUMN_MAX = 256


@dataclass(slots=True)
class Offence:
    """A broken rule, as far as the data was read."""

    expected: str = ""
    count: int = 0
    rows: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Contract:
    """The rules of a schema, and what breaks them so far; values are told by their length only where `mask` is set."""

    schema: DataSchema
    mask: bool = False
    offences: dict[tuple[Rule, str], Offence] = field(default_factory=dict)
    there: set[str] = field(default_factory=set)
    """The columns of the file that is read."""

    def take(self, file: str, chunk: Chunk) -> None:
        """Whether the columns of a chunk and their values are those that are allowed."""
        self._names(file, chunk)
        for row, text in chunk.malformed.items():
            self._broken("malformed", "", text, f"{file}:{row}")
        for column in self.schema.columns:
            values = chunk.columns.get(column.name)
            if values is not None:
                self._types(column, values, file, chunk.first)
                for rule, expected, places in _wrong(column, values):
                    self._places((rule, column.name, expected), places, values.array, f"{file}:", chunk.first)

    def end(self, file: str) -> None:
        """Whether columns are missing in a file that was read to its end."""
        for column in self.schema.columns:
            if column.required and column.name not in self.there:
                self._note("missing", column.name, file)
        self.there = set()

    def _names(self, file: str, chunk: Chunk) -> None:
        known = {column.name for column in self.schema.columns}
        for name in [name for name in chunk.columns if name not in self.there]:
            if name in self.schema.forbidden:
                self._note("forbidden", name, file)
            elif self.schema.closed and name not in known:
                self._note("unexpected", name, file)
        self.there |= chunk.columns.keys()

    def unparsable(self, file: str, sentence: str) -> None:
        """A file is not written in its format."""
        self._note("unparsable", "", file, sentence)

    def violations(self) -> tuple[Violation, ...]:
        """All broken rules, in the order in which they were found."""
        return tuple(
            Violation(
                rule=rule, column=column, count=o.count, rows=tuple(o.rows), values=tuple(o.values), expected=o.expected
            )
            for (rule, column), o in self.offences.items()
        )

    def _types(self, column: Column, values: Values, file: str, first: int) -> None:
        expected = f"{column.type}" + (f", not {values.wrong_type}" if values.wrong_type else "")
        for index, text in values.wrong.items():
            self._broken("type", column.name, expected, f"{file}:{first + index}", text)

    def _places(self, rule: tuple[Rule, str, str], places: Any, array: Any, file: str, first: int) -> None:
        name, column, expected = rule
        offence = self.offences.setdefault((name, column), Offence(expected))
        offence.count += len(places)
        for place in places[: ROWS_TOLD - len(offence.rows)].to_pylist():
            offence.rows.append(f"{file}{first + place}")
            if name != "null":
                self._value(offence, str(array[place].as_py()))

    def _broken(self, rule: Rule, column: str, expected: str, row: str, value: str = "") -> None:
        offence = self.offences.setdefault((rule, column), Offence(expected))
        offence.count += 1
        if len(offence.rows) < ROWS_TOLD:
            offence.rows.append(row)
            if value:
                self._value(offence, value)

    def _note(self, rule: Rule, column: str, file: str, expected: str = "") -> None:
        """A fault of a whole file."""
        offence = self.offences.setdefault((rule, column[:COLUMN_MAX]), Offence(expected))
        if len(offence.rows) < ROWS_TOLD:
            offence.rows.append(file)
        offence.count += 1

    def _value(self, offence: Offence, value: str) -> None:
        told = f"<{len(value)} characters>" if self.mask else repr(value[:VALUE_MAX])
        if told not in offence.values and len(offence.values) < VALUES_TOLD:
            offence.values.append(told)


def _wrong(column: Column, values: Values) -> Iterator[tuple[Rule, str, Any]]:
    """Rule, what is expected, and the places of the rows that break it; only rules that are broken."""
    array = values.array
    if not column.nullable:
        missing = _missing(array, values.wrong)
        if len(missing):
            yield "null", "a value", missing
    if pa.types.is_null(array.type):
        return
    if column.min is not None or column.max is not None:
        outside = _outside(array, column)
        if len(outside):
            yield "range", _range(column), outside
    if column.values:
        foreign = pc.indices_nonzero(pc.and_(pc.is_valid(array), pc.invert(_is_among(array, column.values))))
        if len(foreign):
            yield "domain", f"one of {', '.join(column.values)}"[:200], foreign


def _missing(array: Any, wrong: Mapping[int, str]) -> Any:
    """Where nothing is, and nothing of the wrong type was either; NaN is nothing."""
    if not array.null_count and not pa.types.is_floating(array.type):
        return ()
    places = pc.indices_nonzero(pc.is_null(array, nan_is_null=True))
    return pa.array([p for p in places.to_pylist() if p not in wrong], pa.int64()) if wrong else places


def _outside(array: Any, column: Column) -> Any:
    outside = pa.scalar(False)
    if column.min is not None:
        outside = pc.or_(outside, pc.less(array, pa.scalar(column.min)))
    if column.max is not None:
        outside = pc.or_(outside, pc.greater(array, pa.scalar(column.max)))
    return pc.indices_nonzero(pc.fill_null(outside, False))


def _is_among(array: Any, values: tuple[str, ...]) -> Any:
    if pa.types.is_floating(array.type):
        numbers = [float(value) for value in values if _is_number(value)]
        return pc.is_in(array, value_set=pa.array(numbers, array.type))
    texts = array if pa.types.is_string(array.type) else pc.cast(array, pa.string())
    return pc.is_in(texts, value_set=pa.array(values, pa.string()))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _range(column: Column) -> str:
    if column.min is None:
        return f"at most {column.max:g}"
    return f"at least {column.min:g}" if column.max is None else f"{column.min:g} to {column.max:g}"
