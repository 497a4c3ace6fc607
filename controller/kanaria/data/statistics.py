"""How a data set's statistics are gathered while it is read: in bounded memory, whatever its size.

Counts, missing values, least, greatest, mean and deviation are exact. Quantiles and frequent values are those of a
uniform sample of whole rows: each row draws a random key, and the rows with the smallest keys stay. With 20,000 rows
a quantile's rank is off by less than one percent, with 95 % confidence (Dvoretzky-Kiefer-Wolfowitz).
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kanaria.data.chunk import Chunk
from kanaria.judge.profile import QUANTILES, TOP, ColumnProfile, Profile

SAMPLE = 20_000
CELLS = 2_000_000
"""How many values the sample may hold: with very many columns it has fewer rows."""
COLUMNS_MAX = 1000
TEXT_MAX = 64
_PENDING = 4_000
_EPOCH_US = 1e6


@dataclass(slots=True)
class _Exact:
    """What is exactly known of a column."""

    count: int = 0
    nulls: int = 0
    least: float = math.inf
    greatest: float = -math.inf
    mean: float = 0.0
    squares: float = 0.0

    def take(self, array: Any) -> None:
        values = _numbers(array)
        missing = array.null_count if values is None else len(array) - len(values)
        before = self.count - self.nulls
        self.count += len(array)
        self.nulls += missing
        if values is None or not len(values):
            return
        self.least = min(self.least, float(values.min()))
        self.greatest = max(self.greatest, float(values.max()))
        # Chan's way of joining means and squares: no cancellation, however many chunks there are.
        mean, n = float(values.mean()), len(values)
        step = mean - self.mean
        self.squares += float(((values - mean) ** 2).sum()) + step * step * before * n / (before + n)
        self.mean += step * n / (before + n)


@dataclass(slots=True)
class Statistics:
    """What is known of the rows so far; the same seed draws the same sample. `mask` keeps texts as hashes."""

    seed: int = 0
    mask: bool = False
    rows: int = 0
    _exact: dict[str, _Exact] = field(default_factory=dict)
    _kept: Any = None
    _keys: Any = None
    _waiting: list[Any] = field(default_factory=list)
    _drawn: Any = None

    def __post_init__(self) -> None:
        self._drawn = np.random.default_rng(self.seed)
        self._keys = np.empty(0)

    def take(self, chunk: Chunk) -> None:
        """Count the rows of a chunk in."""
        if not chunk.rows:
            return
        arrays = {name: values.array for name, values in list(chunk.columns.items())[:COLUMNS_MAX]}
        for name, array in arrays.items():
            # Files need not have the same columns: rows of those without it have no value in it.
            self._exact.setdefault(name, _Exact(self.rows, self.rows)).take(array)
        for name, exact in self._exact.items():
            if name not in arrays:
                exact.count += chunk.rows
                exact.nulls += chunk.rows
        self.rows += chunk.rows
        self._sample(arrays, chunk.rows)

    def profile(self, name: str, digest: str) -> Profile:
        """The statistics of all rows that were taken."""
        self._prune()
        table = {c: self._kept[c].combine_chunks() for c in self._kept.column_names} if self._kept is not None else {}
        columns = tuple(_told(column, exact, table.get(column)) for column, exact in self._exact.items())
        return Profile(name=name, digest=digest, rows=self.rows, columns=columns)

    def _sample(self, arrays: Mapping[str, Any], rows: int) -> None:
        size = max(100, min(SAMPLE, CELLS // max(1, len(arrays))))
        keys = self._drawn.random(rows)
        bound = self._keys[size - 1] if len(self._keys) >= size else 1.0
        places = np.flatnonzero(keys < bound)
        if not len(places):
            return
        self._waiting.append((keys[places], _slim(arrays, pa.array(places), mask=self.mask)))
        if sum(len(some) for some, _ in self._waiting) > _PENDING:
            self._prune(size)

    def _prune(self, size: int = SAMPLE) -> None:
        if not self._waiting:
            return
        tables = [*([self._kept] if self._kept is not None else []), *(table for _, table in self._waiting)]
        keys = np.concatenate([self._keys, *(some for some, _ in self._waiting)])
        order = np.argsort(keys, kind="stable")[:size]
        table = pa.concat_tables(tables, promote_options="permissive")
        self._kept, self._keys, self._waiting = table.take(pa.array(order)), keys[order], []


def _slim(arrays: Mapping[str, Any], places: Any, *, mask: bool) -> Any:
    """The rows at these places: numbers as numbers, anything else as short text."""
    return pa.table({name: _short(array.take(places), mask=mask) for name, array in arrays.items()})


def _short(array: Any, *, mask: bool) -> Any:
    numbers = _numeric(array)
    if numbers is not None:
        return pc.cast(numbers, pa.float64(), safe=False)
    texts = array if pa.types.is_string(array.type) else _as_text(array)
    if mask:
        return pa.array([None if t is None else _hashed(t) for t in texts.to_pylist()], pa.string())
    return pc.utf8_slice_codeunits(texts, 0, TEXT_MAX)


def _as_text(array: Any) -> Any:
    try:
        return pc.cast(array, pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):  # lists, structures, bytes
        return pa.array([None if v is None else str(v)[:TEXT_MAX] for v in array.to_pylist()], pa.string())


def _hashed(text: str) -> str:
    return f"#{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _numeric(array: Any) -> Any | None:
    """A column of numbers, or of moments as seconds; None for anything else."""
    kind = array.type
    if pa.types.is_timestamp(kind):
        return pc.divide(pc.cast(pc.cast(array, pa.timestamp("us"), safe=False), pa.int64()), _EPOCH_US)
    if pa.types.is_date(kind):
        return pc.multiply(pc.cast(pc.cast(array, pa.date32()), pa.int32()), 86_400.0)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return array
    return None


def _numbers(array: Any) -> Any | None:
    """The values that are there, without NaN and infinities."""
    numbers = _numeric(array)
    if numbers is None:
        return None
    values = pc.cast(numbers, pa.float64(), safe=False).drop_null().to_numpy(zero_copy_only=False)
    return values[np.isfinite(values)]


def _told(name: str, exact: _Exact, sample: Any) -> ColumnProfile:
    base = ColumnProfile(name=name, count=exact.count, nulls=exact.nulls)
    values = _numbers(sample) if sample is not None else None
    if values is not None and len(values) and math.isfinite(exact.least):
        there = exact.count - exact.nulls
        ranks = np.linspace(0, 1, QUANTILES)
        return base.model_copy(
            update={
                "min": exact.least,
                "max": exact.greatest,
                "mean": exact.mean,
                "std": math.sqrt(exact.squares / there),
                "quantiles": tuple(float(v) for v in np.quantile(values, ranks, method="inverted_cdf")),
            }
        )
    if sample is None or values is not None:
        return base
    return base.model_copy(update={"top": _top(sample)})


def _top(sample: Any) -> tuple[tuple[str, float], ...]:
    counts = pc.value_counts(sample.drop_null())
    pairs = sorted((-c["counts"].as_py(), c["values"].as_py()) for c in counts)
    total = -sum(count for count, _ in pairs)
    return tuple((value, -count / total) for count, value in pairs[:TOP])
