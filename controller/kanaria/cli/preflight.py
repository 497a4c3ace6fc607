"""How the preflight's Job is done: the program of its container."""

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path

import typer
from pydantic import ValidationError

from kanaria.engines.preflight import Preflight
from kanaria.measure.preflight import fly

ASKED, URL, OUTPUTS = "KANARIA_PREFLIGHT", "KANARIA_PREFLIGHT_URL", "KANARIA_OUTPUTS"
LONGEST = 3000
"""Characters of evidence: Kubernetes keeps 4096 bytes of a container's last words."""


def preflight() -> None:
    """Ask a candidate's servers before they get any traffic; what a preflight's Job runs, and people seldom need.

    KANARIA_PREFLIGHT holds spec.preflight as JSON, KANARIA_PREFLIGHT_URL the address of the servers. The verdict is
    written to the file that KANARIA_OUTPUTS names, and printed. Exit code: 0 whatever the verdict, 2 where nothing
    could be asked.
    """
    try:
        said = told(os.environ)
    except (KeyError, ValidationError) as error:
        typer.echo(f"{ASKED} and {URL} must say what to ask, and whom: {error}", err=True)
        raise typer.Exit(2) from None
    typer.echo(said)
    if OUTPUTS in os.environ:
        Path(os.environ[OUTPUTS]).write_text(said, encoding="utf-8")


def told(environment: Mapping[str, str]) -> str:
    """The verdict and its evidence, as JSON."""
    result = asyncio.run(fly(Preflight.model_validate_json(environment[ASKED]), environment[URL]))
    return json.dumps({"verdict": result.verdict, "evidence": result.evidence[:LONGEST]}, ensure_ascii=False)
