"""How the report of a test is read: the program of the container that follows the test's own."""

import json
import os
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

OUTPUTS = "KANARIA_OUTPUTS"
LARGEST = 32 << 20
"""Bytes of a report that are read."""
FAILURES_MAX, NAME_MAX, SAID_MAX = 5, 200, 1000
_ABSENT = 127


class ReportError(Exception):
    """Why there is nothing to count: place, fact and remedy."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a report says."""

    passed: int
    failed: int
    skipped: int
    failures: tuple[str, ...]


def junit(
    report: Annotated[Path, typer.Option(help="The report, as JUnit XML.")],
    came_of: Annotated[Path, typer.Option(help="Folder with the test's exit code and its log.")],
) -> None:
    """Count the tests of a JUnit report; what the last container of a test with `junit` runs, and people seldom need.

    The counts are written to the file that KANARIA_OUTPUTS names, as JSON. Exit code: the test's own; 1 where that is 0
    and the report is not there, or tells of a failure.
    """
    log = _text(came_of / "log")
    typer.echo(log, nl=False)
    code, said = told(report, _code(came_of / "code"), log)
    if OUTPUTS in os.environ:
        Path(os.environ[OUTPUTS]).write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    raise typer.Exit(code)


def told(report: Path, code: int, log: str) -> tuple[int, Mapping[str, Any]]:
    """The exit code, and what is handed on."""
    try:
        counted = counts(report)
    except ReportError as error:
        return code or 1, {"fault": str(error), "said": log.strip()[-SAID_MAX:]}
    tests = {"passed": counted.passed, "failed": counted.failed, "skipped": counted.skipped}
    tests["failures"] = list(counted.failures)  # type: ignore[assignment] # JSON
    code = code or (1 if counted.failed else 0)
    more = {"said": log.strip()[-SAID_MAX:]} if code and not counted.failed else {}
    return code, {"tests": tests, **more}


def counts(report: Path) -> Counted:
    """The test cases of a report, by what came of each.

    Raises:
        ReportError: if it is not there, is too large, or is no XML.
    """
    try:
        if report.stat().st_size > LARGEST:
            raise ReportError(f"{report} is larger than {LARGEST >> 20} MiB; let the test write a report of its names")
        cases = list(ET.parse(report).iter("testcase"))  # noqa: S314 - of the team's own test, in the team's own Pod
    except FileNotFoundError:
        raise ReportError(f"{report} is not there; let the command write it, as pytest --junit-xml does") from None
    except (ET.ParseError, OSError) as error:
        raise ReportError(f"{report} cannot be read as JUnit XML: {error}") from error
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    # A case whose end breaks is both: it failed.
    skipped = sum(case.find("skipped") is not None for case in cases if case not in failed)
    names = tuple(_names(failed))[:FAILURES_MAX]
    return Counted(len(cases) - len(failed) - skipped, len(failed), skipped, names)


def _names(cases: list[ET.Element]) -> Iterator[str]:
    for case in cases:
        yield ".".join(filter(None, (case.get("classname"), case.get("name"))))[:NAME_MAX]


def _code(file: Path) -> int:
    """The test's exit code; of one that left none, that of a command which is not there."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return _ABSENT


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""
