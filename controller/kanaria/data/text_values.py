"""How text becomes numbers, dates and truth, and which texts do not.

Columns are cast as a whole; only where that fails a value is looked at by itself, and only those that do not look
like one: a column that is wrong from end to end is not cast value by value.
"""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from kanaria.data.chunk import Values

NULLS = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "-")
"""Texts by which a column of anything but text says that a value is missing."""
TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "integer": pa.int64(),
    "float": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
}
_LOOKS = {
    "integer": r"^[+-]?[0-9]+$",
    "float": r"^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$|^[+-]?inf(inity)?$",
    "boolean": r"^(?i:true|false|0|1)$",
    "date": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "timestamp": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+(Z|[+-][0-9:]+)?)?$",
}
_LISTED = 1000
"""How many wrong values of a chunk are told; the others are counted by their place."""


def typed(texts: "pa.Array[Any]", type_: str | None) -> Values:
    """The column in its type."""
    if type_ is None or type_ == "string":
        return Values(texts)
    plain = pc.utf8_trim_whitespace(texts)
    plain = pc.if_else(pc.is_in(plain, value_set=pa.array(NULLS)), pa.scalar(None, pa.string()), plain)
    whole = _cast(plain, type_)
    if whole is not None:
        return Values(whole)
    looks = pc.fill_null(pc.match_substring_regex(plain, _LOOKS[type_]), True)
    wrong = {index: texts[index].as_py() for index in pc.indices_nonzero(pc.invert(looks)).to_pylist()}
    likely = pc.if_else(looks, plain, pa.scalar(None, pa.string()))
    array = _cast(likely, type_)
    if array is None:
        array, also = _one_by_one(likely, type_)
        wrong |= also
    return Values(array, dict(sorted(wrong.items())))


def _cast(texts: Any, type_: str) -> Any | None:
    try:
        if type_ == "timestamp":
            return _moments(texts)
        return pc.cast(texts, TYPES[type_])
    except pa.ArrowInvalid:
        return None


def _moments(texts: Any) -> Any:
    """Texts without a zone are read as UTC."""
    try:
        return pc.cast(texts, TYPES["timestamp"])
    except pa.ArrowInvalid:
        return pc.cast(pc.cast(texts, pa.timestamp("us")), TYPES["timestamp"])


def _one_by_one(texts: Any, type_: str) -> tuple[Any, dict[int, str]]:
    wrong: dict[int, str] = {}
    values: list[Any] = []
    for index, text in enumerate(texts):
        value = _cast(pa.array([text.as_py()], pa.string()), type_)
        values.append(None if value is None else value[0].as_py())
        if value is None:
            wrong[index] = text.as_py()
    return pa.array(values, TYPES[type_]), wrong
