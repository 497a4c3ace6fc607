"""How a number is fetched off a web page: the program of the Job that a `web` metric makes."""

import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Annotated, Any

import typer

from kanaria.vocabulary.json_path import value_at

LONGEST = 1 << 20


class FetchError(Exception):
    """There is no number; the text says why."""


def fetch(
    url: Annotated[str, typer.Option(help="The page for the candidate.")],
    json_path: Annotated[str, typer.Option(help="Where the number stands, e.g. $.data.score.")] = "$",
    baseline_url: Annotated[str | None, typer.Option(help="The page for the stable model.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds that a page may take.")] = 30.0,
) -> None:
    """Fetch a number off a web page; what the Job of a metric with `web` runs, and people seldom need.

    The number is written to the file that KANARIA_OUTPUTS names, else to standard output.
    """
    try:
        found = {"value": number(url, json_path, timeout)}
        if baseline_url is not None:
            found["baseline"] = number(baseline_url, json_path, timeout)
    except FetchError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    outputs = os.environ.get("KANARIA_OUTPUTS")
    if outputs:
        Path(outputs).write_text(json.dumps(found), encoding="utf-8")
    else:
        typer.echo(json.dumps(found))


def number(url: str, path: str, timeout: float) -> float:
    """The number at the path in the page's JSON.

    Raises:
        FetchError: if the page cannot be had, or has no number there.
    """
    document = _document(url, timeout)
    try:
        value = value_at(document, path)
        return float(value) if not isinstance(value, bool) else float(int(value))
    except (ValueError, TypeError) as error:
        raise FetchError(f"{_shown(url)}: {_why(error, path)}") from error


def _why(error: Exception, path: str) -> str:
    return f"what stands at {path} is no number" if isinstance(error, TypeError) else str(error)


def _document(url: str, timeout: float) -> Any:
    if not url.startswith(("http://", "https://")):
        raise FetchError("only http and https pages are fetched")
    request = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310 - checked above
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310 - likewise
            body = answer.read(LONGEST + 1)
    except urllib.error.HTTPError as error:
        error.close()
        raise FetchError(f"{_shown(url)} answered {error.code}") from error
    except (OSError, ValueError) as error:
        raise FetchError(f"{_shown(url)} cannot be reached: {error}") from error
    if len(body) > LONGEST:
        raise FetchError(f"{_shown(url)} is longer than 1 MiB")
    try:
        return json.loads(body)
    except ValueError as error:
        raise FetchError(f"{_shown(url)} is no JSON") from error


def _shown(url: str) -> str:
    """The address without what may be a secret."""
    return url.partition("?")[0]
