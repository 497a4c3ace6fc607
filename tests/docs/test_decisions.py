"""Each decision has a number of its own, and whatever names one names one that is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "docs" / "decisions").glob("*.md"))
NAMED = re.compile(r"decisions/(\d{4}-[-a-z0-9]+\.md)")
NUMBERED = re.compile(r"\[decision (\d+)\]\(decisions/(\d{4})-")
PLACES = ("*.md", "docs/**/*.md", "controller/**/*.py", "tests/**/*.py", "charts/**/*.yaml", "examples/**/*.yaml")


def texts() -> list[str]:
    return [page.read_text() for place in PLACES for page in ROOT.glob(place)]


def test_the_numbers_follow_each_other_and_none_is_given_twice():
    assert [int(file.name[:4]) for file in FILES] == list(range(1, len(FILES) + 1))


def test_a_decisions_heading_bears_its_number():
    headings = {file.name: file.read_text().splitlines()[0] for file in FILES}

    assert [name for name, line in headings.items() if not line.startswith(f"# {int(name[:4])}. ")] == []


def test_what_is_named_is_there():
    named = {name for text in texts() for name in NAMED.findall(text)}
    numbers = {(int(said), int(file)) for text in texts() for said, file in NUMBERED.findall(text)}

    assert named - {file.name for file in FILES} == set()
    assert [pair for pair in numbers if pair[0] != pair[1]] == []
