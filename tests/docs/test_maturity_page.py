"""The page on Google's levels has every row, and names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/maturity.md").read_text()
ROWS = [
    *(f"G1.{number}" for number in range(1, 40)),
    *(f"G2.{number}" for number in range(1, 8)),
    *(f"G2.S{number}" for number in range(1, 7)),
    "G2.X",
    *(f"G2.C{number}" for number in range(1, 7)),
    *(f"G2.D{number}" for number in range(1, 9)),
]


def test_every_row_is_there_once_and_in_order():
    assert re.findall(r"^\| (G\S+) \|", PAGE, re.MULTILINE) == ROWS


def test_every_test_that_is_named_exists():
    named = set(re.findall(r"`(tests/\S+\.py)`", PAGE))

    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_a_row_that_is_supported_names_its_test():
    rows = re.findall(r"^\| (G\S+) \| [^|]+ \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
    said = ("not supported", "in part", "outside", "nothing is claimed", "see [")

    assert [row for row, here, test in rows if "not shown" in test and not here.startswith(said)] == []
