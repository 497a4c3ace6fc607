"""How much memory and time the data Job takes for a large file: bench/data.py [GIGABYTES] [csv|parquet|jsonl]."""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet

ROWS = 200_000
COLUMNS = ("alcohol", "sulphates", "density", "acidity", "sugar", "chlorides")


def table(seed: int) -> pa.Table:
    drawn = np.random.default_rng(seed)
    numbers = {name: drawn.normal(10, 3, ROWS) for name in COLUMNS}
    words = np.array(["red", "white", "rosé"])[drawn.integers(0, 3, ROWS)]
    return pa.table({"id": np.arange(ROWS) + seed * ROWS, **numbers, "colour": words})


def written(path: Path, size: int, kind: str) -> int:
    seed = 0
    if kind == "parquet":
        with parquet.ParquetWriter(path, table(0).schema) as writer:
            while not path.exists() or path.stat().st_size < size:
                writer.write_table(table(seed), row_group_size=10_000_000)
                seed += 1
        return seed * ROWS
    with path.open("wb") as file:
        while file.tell() < size:
            if kind == "csv":
                csv.write_csv(table(seed), file, csv.WriteOptions(include_header=seed == 0))
            else:
                file.writelines(json.dumps(row).encode() + b"\n" for row in table(seed).to_pylist())
            seed += 1
    return seed * ROWS


def main() -> None:
    size = int(float(sys.argv[1] if len(sys.argv) > 1 else "5") * 1e9)
    kind = sys.argv[2] if len(sys.argv) > 2 else "csv"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"big.{kind}")
        rows = written(path, size, kind)
        columns = [{"name": "id", "type": "integer", "nullable": False}]
        columns += [{"name": name, "type": "float", "min": -1000, "max": 1000} for name in COLUMNS]
        columns += [{"name": "colour", "type": "string", "values": ["red", "white", "rosé"]}]
        data = {"name": "big", "uri": path.as_uri(), "schema": {"closed": True, "columns": columns}}
        began = time.monotonic()
        command = [sys.executable, "-m", "kanaria", "data", "validate", json.dumps(data)]
        code = subprocess.run(command, check=False, env=dict(os.environ)).returncode
        took = time.monotonic() - began
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"{kind}: {path.stat().st_size / 1e9:.2f} GB, {rows:,} rows, exit code {code}")
        print(f"{took:.1f} s, {path.stat().st_size / 1e6 / took:.0f} MB/s, peak RSS {peak:.0f} MiB")


if __name__ == "__main__":
    main()
