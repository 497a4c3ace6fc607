import asyncio
from pathlib import Path

import pytest

from kanaria.local.kubelet.logs import last_lines, read_log, trim


@pytest.mark.parametrize(
    ("content", "lines", "expected"),
    [
        pytest.param("a\nb\nc\n", 2, "b\nc\n", id="the last two"),
        pytest.param("a\nb\nc", 1, "c", id="without a last line break"),
        pytest.param("a\nb\n", 9, "a\nb\n", id="more than there are"),
        pytest.param("a\nb\n", None, "a\nb\n", id="all"),
        pytest.param("a\nb\n", 0, "", id="none"),
        pytest.param("", 3, "", id="an empty log"),
    ],
)
def test_a_log_is_read_from_its_last_lines(tmp_path: Path, content: str, lines: int | None, expected: str):
    log = tmp_path / "log"
    log.write_text(content)

    assert content[last_lines(log, lines) :] == expected


async def test_a_followed_log_is_read_until_the_container_is_over(tmp_path: Path):
    log = tmp_path / "log"
    log.write_text("one\n")
    written = asyncio.Event()
    found = b""

    async for piece in read_log(log, None, goes_on=lambda: not written.is_set()):
        found += piece
        if piece == b"one\n":
            with log.open("a") as opened:
                opened.write("two\n")
        else:
            written.set()

    assert found == b"one\ntwo\n"


async def test_a_log_that_does_not_exist_is_empty(tmp_path: Path):
    assert [piece async for piece in read_log(tmp_path / "none", 5, goes_on=lambda: False)] == []


def test_a_log_that_has_grown_too_long_keeps_its_newer_lines(tmp_path: Path):
    log = tmp_path / "log"
    log.write_text("".join(f"line {n}\n" for n in range(1000)))

    trim(log, bound=2000)

    assert log.stat().st_size <= 1000
    assert log.read_text().startswith("line ")
    assert log.read_text().endswith("line 999\n")


def test_a_process_goes_on_writing_into_a_trimmed_log(tmp_path: Path):
    log = tmp_path / "log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"old\n" * 1000)
        trim(log, bound=100)
        writer.write(b"new\n")

    assert log.read_bytes().endswith(b"old\nnew\n")
    assert log.stat().st_size < 100


def test_a_short_log_is_left_alone(tmp_path: Path):
    log = tmp_path / "log"
    log.write_text("short")

    trim(log, bound=100)

    assert log.read_text() == "short"


async def test_following_ends_when_nobody_writes_any_more(tmp_path: Path):
    log = tmp_path / "log"
    log.write_text("x")
    reading = read_log(log, None, goes_on=lambda: False)

    async with asyncio.timeout(30):
        assert [piece async for piece in reading] == [b"x"]
