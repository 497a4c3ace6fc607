"""Data is read in chunks, whatever its format, and every broken rule is told with its column, rows and values."""

import bz2
import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from kanaria.api.data_report import DataReport
from kanaria.api.pipeline_data import Data
from kanaria.data import csv_file
from kanaria.data.examining import MESSAGE_MAX, Examined, examined, short
from kanaria.data.trouble import UnreadableError

CSV = b"a,b,day\n1,x,2026-01-01\n2,y,2026-01-02\n3,x,\n"
LINES = b'{"a": 1, "b": "x", "day": "2026-01-01"}\n{"a": 2, "b": "y"}\n{"a": 3, "b": "x", "day": null}\n'
KEPT = {
    "closed": True,
    "columns": [
        {"name": "a", "type": "integer", "min": 1, "max": 3, "nullable": False},
        {"name": "b", "type": "string", "values": ["x", "y"], "nullable": False},
        {"name": "day", "type": "date"},
    ],
}


def a_table() -> bytes:
    table = pa.table({"a": [1, 2, 3], "b": pa.array(["x", "y", "x"]).dictionary_encode(), "day": [None, None, None]})
    sink = pa.BufferOutputStream()
    parquet.write_table(table.set_column(2, "day", pa.array([None] * 3, pa.date32())), sink)
    return sink.getvalue().to_pybytes()


def read(folder: Path, file: str, content: bytes, schema: dict[str, Any] | None = None, **more: Any) -> Examined:
    (folder / file).write_bytes(content)
    entry = {"name": "wine", "uri": (folder / file).as_uri(), **({"schema": schema} if schema else {}), **more}
    return examined(Data.model_validate(entry))


def told(found: Examined) -> list[str]:
    return [violation.sentence for violation in found.report.violations]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("d.csv", CSV),
        ("d.csv.gz", gzip.compress(CSV)),
        ("d.csv.bz2", bz2.compress(CSV)),
        ("d.jsonl", LINES),
        ("d.ndjson.gz", gzip.compress(LINES)),
        ("d.parquet", a_table()),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_data_that_keeps_its_contract_is_counted(tmp_path: Path, file: str, content: bytes):
    found = read(tmp_path, file, content, KEPT)

    assert (told(found), found.report.rows, found.report.files) == ([], 3, 1)
    assert [(c.name, c.count, c.min, c.max) for c in found.profile.columns if c.name == "a"] == [("a", 3, 1.0, 3.0)]


def of(column: dict[str, Any], **schema: Any) -> dict[str, Any]:
    return {"columns": [{"name": "a", **column}], **schema}


BROKEN = [
    pytest.param(b"b\n1\n", of({}), "column 'a' is missing (d.csv)", id="missing"),
    pytest.param(b"", of({}), "column 'a' is missing (d.csv)", id="an empty file lacks its columns"),
    pytest.param(
        b"a,b\n1,2\n", of({}, closed=True), "column 'b' is not in the schema, which is closed (d.csv)", id="unexpected"
    ),
    pytest.param(b"a,ssn\n1,2\n", of({}, forbidden=["ssn"]), "column 'ssn' is forbidden (d.csv)", id="forbidden"),
    pytest.param(
        b"a\n1\nx\n2\n", of({"type": "float"}), "column 'a': 'x' is no float (1 row: d.csv:2)", id="no number"
    ),
    pytest.param(b"a\n1.5\n", of({"type": "integer"}), "column 'a': '1.5' is no integer (1 row: d.csv:1)", id="float"),
    pytest.param(
        b"a\n99999999999999999999\n",
        of({"type": "integer"}),
        "column 'a': '99999999999999999999' is no integer (1 row: d.csv:1)",
        id="beyond 64 bits",
    ),
    pytest.param(
        b"a\n2026-02-30\n", of({"type": "date"}), "column 'a': '2026-02-30' is no date (1 row: d.csv:1)", id="no day"
    ),
    pytest.param(
        b"a\nmaybe\n", of({"type": "boolean"}), "column 'a': 'maybe' is no boolean (1 row: d.csv:1)", id="no truth"
    ),
    pytest.param(
        b"a\n1\nNA\n\n",
        of({"type": "float", "nullable": False}),
        "column 'a' lacks a value (1 row: d.csv:2)",
        id="null",
    ),
    pytest.param(
        b"a\n21\n",
        of({"type": "float", "min": 0, "max": 20}),
        "column 'a': '21.0' is not 0 to 20 (1 row: d.csv:1)",
        id="range",
    ),
    pytest.param(
        b"a\nblue\n", of({"values": ["red"]}), "column 'a': 'blue' is not one of red (1 row: d.csv:1)", id="domain"
    ),
    pytest.param(
        b"a\n2\n",
        of({"type": "integer", "values": ["1"]}),
        "column 'a': '2' is not one of 1 (1 row: d.csv:1)",
        id="code",
    ),
    pytest.param(
        b"a,b\n1,2\n3\n",
        of({}),
        "malformed: 2 values in a line, not 1 (1 row: d.csv:3)",
        id="a line with too few values",
    ),
]


@pytest.mark.parametrize(("content", "schema", "sentence"), BROKEN)
def test_a_broken_rule_is_told(tmp_path: Path, content: bytes, schema: dict[str, Any], sentence: str):
    assert told(read(tmp_path, "d.csv", content, schema)) == [sentence]


@pytest.mark.parametrize(
    ("line", "column", "sentence"),
    [
        ('{"a": "1"}', {"type": "integer"}, "column 'a': '\"1\"' is no integer (1 row: d.jsonl:1)"),
        ('{"a": true}', {"type": "integer"}, "column 'a': 'true' is no integer (1 row: d.jsonl:1)"),
        ('{"a": 1.5}', {"type": "string"}, "column 'a': '1.5' is no string (1 row: d.jsonl:1)"),
        ('{"a": 5}', {"type": "timestamp"}, "column 'a': '5' is no timestamp (1 row: d.jsonl:1)"),
        ("[1]", {"required": False}, "malformed: a JSON object in each line (1 row: d.jsonl:1)"),
    ],
    ids=["text", "truth", "number", "moment", "no object"],
)
def test_a_broken_rule_of_json_lines_is_told(tmp_path: Path, line: str, column: dict[str, Any], sentence: str):
    assert told(read(tmp_path, "d.jsonl", line.encode(), of(column))) == [sentence]


def test_a_parquet_column_of_another_type_is_told_once_with_its_first_rows(tmp_path: Path):
    found = read(tmp_path, "d.parquet", a_table(), of({"type": "string"}))

    assert told(found) == [
        "column 'a': '1', '2', '3' is no string, not int64 (3 rows: d.parquet:1, d.parquet:2, d.parquet:3)"
    ]


def test_a_part_of_a_parquet_file_breaks_the_contract(tmp_path: Path):
    assert "no whole Parquet file" in told(read(tmp_path, "d.parquet", a_table()[:-9], of({})))[0]


def test_rows_are_numbered_across_chunks_and_the_first_ones_told(tmp_path: Path):
    rows = 3 * csv_file.BLOCK // 20
    lines = [f"{n},xxxxxxxxxxxxxxxxxx" for n in range(rows)]
    lines[rows - 2 :] = ["bad,x", "worse,x"]

    found = read(tmp_path, "d.csv", "\n".join(["a,b", *lines]).encode(), of({"type": "integer"}))

    assert told(found) == [
        f"column 'a': 'bad', 'worse' is no integer (2 rows: d.csv:{rows - 1}, d.csv:{rows})",
    ]
    assert found.report.rows == rows


def test_a_value_may_hold_a_line_break(tmp_path: Path):
    assert read(tmp_path, "d.csv", b'a,b\n"1\n2",3\n', of({})).report.rows == 1


def test_another_delimiter_is_heeded(tmp_path: Path):
    assert told(read(tmp_path, "d.csv", b"a;b\n1;2\n", of({}, closed=False), delimiter=";")) == []


def test_masked_values_are_told_by_their_length(tmp_path: Path):
    found = read(tmp_path, "d.csv", b"a\nAlice\n", of({"values": ["x"]}), maskValues=True)

    assert told(found) == ["column 'a': <5 characters> is not one of x (1 row: d.csv:1)"]
    assert "Alice" not in found.profile.model_dump_json()


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        ("d.txt", b"a\n1\n", "its ending tells no format"),
        ("d.csv.gz", gzip.compress(CSV)[:-12], "cannot be read"),
    ],
    ids=["unknown format", "half a packed file"],
)
def test_what_cannot_be_read_is_not_called_wrong(tmp_path: Path, file: str, content: bytes, sentence: str):
    with pytest.raises(UnreadableError, match=sentence):
        read(tmp_path, file, content, of({}))


def test_a_report_of_very_many_broken_rules_fits_a_termination_message(tmp_path: Path):
    columns = [{"name": f"a-long-name-of-a-column-{n}", "type": "integer"} for n in range(100)]

    found = read(tmp_path, "d.csv", b"x\n1\n", {"columns": columns})

    text = short(found.report)
    told = DataReport.model_validate_json(text)
    assert len(text.encode()) <= MESSAGE_MAX
    assert (told.broken, 0 < len(told.violations) < 100) == (100, True)


def test_statistics_are_the_same_for_the_same_content(tmp_path: Path):
    content = "\n".join(["a", *(json.dumps(n % 977) for n in range(50_000))]).encode()

    one, other = read(tmp_path, "one.csv", content), read(tmp_path, "other.csv", content)

    assert one.profile == other.profile
    column = one.profile.columns[0]
    assert column.mean == pytest.approx(sum(n % 977 for n in range(50_000)) / 50_000)
    assert column.quantiles[100] == pytest.approx(488, abs=15)
