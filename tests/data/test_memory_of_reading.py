"""Reading takes the same memory whatever the size of the file: below 300 MiB, with MLflow's client loaded too."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
BOUND = 300
LINES = 120_000
PROGRAM = """
import resource, sys
from kanaria.api.pipeline_data import Data
from kanaria.data.examining import examined
found = examined(Data.model_validate_json(sys.argv[1]))
from mlflow import MlflowClient
MlflowClient(tracking_uri="http://127.0.0.1:9")
print(found.report.rows, found.report.broken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def written(file: Path, megabytes: int) -> int:
    block = "".join(f"{n},{n * 0.37:.6f},{n % 97},word-{n % 1000},2026-01-{n % 28 + 1:02}\n" for n in range(LINES))
    times = megabytes * 1_000_000 // len(block) + 1
    with file.open("w") as opened:
        opened.write("id,amount,code,word,day\n")
        for _ in range(times):
            opened.write(block)
    return times * LINES


def read(file: Path) -> tuple[int, int, int]:
    types = {"id": "integer", "amount": "float", "code": "integer", "word": "string", "day": "date"}
    schema = {"closed": True, "columns": [{"name": name, "type": type_} for name, type_ in types.items()]}
    entry = json.dumps({"name": "big", "uri": file.as_uri(), "schema": schema})
    said = subprocess.run([sys.executable, "-c", PROGRAM, entry], env=os.environ, capture_output=True, check=True)
    rows, broken, peak = map(int, said.stdout.split())
    return rows, broken, peak


def test_a_large_file_is_read_within_the_bound(tmp_path: Path):
    peaks = []
    for megabytes in (20, 400):
        file = tmp_path / f"{megabytes}.csv"
        rows = written(file, megabytes)
        told = read(file)
        assert told[:2] == (rows, 0)
        peaks.append(told[2])

    assert max(peaks) < BOUND
    assert peaks[1] - peaks[0] < 50
