"""How the shadow's Job is done: the program of its container."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

import typer

from kanaria.judge.comparison import written
from kanaria.measure.shadow import Comparing, edges_of
from kanaria.strategies.shadow import Shadow

ASKED, STABLE, CANDIDATE = "KANARIA_SHADOW", "KANARIA_STABLE_URL", "KANARIA_CANDIDATE_URL"
EDGES, HOST, PORT, OUTPUTS = "KANARIA_SHADOW_EDGES", "KANARIA_SHADOW_HOST", "PORT", "KANARIA_OUTPUTS"


def shadow() -> None:
    """Compare how two models answer copies of requests; what the Job of strategy shadow runs.

    KANARIA_SHADOW holds spec.strategy.shadow as JSON, KANARIA_STABLE_URL and KANARIA_CANDIDATE_URL the addresses of
    both models. It listens on PORT for one look, then writes what it counted to the file that KANARIA_OUTPUTS names,
    and prints it. Exit code: 0 whatever was seen, 2 where it was not told what to do.
    """
    try:
        said = told(os.environ)
    except (KeyError, ValueError) as error:
        typer.echo(f"{ASKED}, {STABLE}, {CANDIDATE} and {PORT} must say what to compare, and where: {error}", err=True)
        raise typer.Exit(2) from None
    typer.echo(said)
    if OUTPUTS in os.environ:
        Path(os.environ[OUTPUTS]).write_text(said, encoding="utf-8")


def told(environment: Mapping[str, str]) -> str:
    """What was counted, as JSON."""
    asked, port = Shadow.model_validate_json(environment[ASKED]), int(environment[PORT])
    comparing = Comparing(asked, environment[STABLE], environment[CANDIDATE], edges_of(environment.get(EDGES, "")))
    return written(asyncio.run(comparing.look(environment.get(HOST) or None, port)))
