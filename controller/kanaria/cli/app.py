"""Which verbs there are."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from kanaria import __version__
from kanaria.cli import verbs
from kanaria.cli.checkout import checkout
from kanaria.cli.completion import completion
from kanaria.cli.crds import write_crds
from kanaria.cli.data import app as data
from kanaria.cli.fetch import fetch
from kanaria.cli.junit import junit
from kanaria.cli.lint import lint
from kanaria.cli.preflight import preflight
from kanaria.cli.replay import replay
from kanaria.cli.run import run
from kanaria.cli.shadow import shadow
from kanaria.cli.status import status
from kanaria.cli.trace import follow

LOG_WIDTH = 200
EVERY_DAY, BY_COMMIT = "Every day", "A rollout, moved by commits"
LOCAL, OPERATOR, IN_JOBS = "To try it on this machine", "The operator", "What Jobs run, and people seldom need"
app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="markdown")

VERBS: Mapping[str, tuple[Callable[..., None], ...]] = {
    EVERY_DAY: (lint, status, replay, completion),
    BY_COMMIT: (verbs.approve, verbs.promote, verbs.pause, verbs.resume, verbs.abort, verbs.retry, verbs.undo),
    OPERATOR: (run,),
    IN_JOBS: (checkout, fetch, junit, preflight, shadow),
}
for panel, found in VERBS.items():
    for verb in found:
        app.command(rich_help_panel=panel)(verb)
app.add_typer(data, name="data", rich_help_panel=IN_JOBS)


app.command("trace", rich_help_panel=EVERY_DAY)(follow)


@app.command(rich_help_panel=OPERATOR)
def crds(folder: Annotated[Path, typer.Argument(help="Folder that the files are written to.")] = Path("crds")) -> None:
    """Write the CustomResourceDefinitions of the five kinds to a folder, ready for kubectl apply -f."""
    for path in write_crds(folder):
        typer.echo(path)


@app.command(rich_help_panel=LOCAL)
def demo(
    home: Annotated[Path | None, typer.Option(help="Empty folder for the cluster, instead of a temporary one.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the cluster up when the story is over.")] = False,
    kubeconfig: Annotated[
        Path | None,
        typer.Option(help="An administrator's file: play on that cluster, a control plane without nodes, instead."),
    ] = None,
) -> None:
    """The whole loop on real data: five acts of commits and requests; all else is the operator's doing.

    Starts a local cluster on this machine, commits a first model, a better one, a worse one, one that fails on live
    requests, and a revert. Ends with exit code 0 only if each act ended as told and no request was lost.

    With --kubeconfig the operator works on that cluster as an account of its own with the least rights; Pods are
    processes of this machine still. What the demo makes there it tells first, and removes at its end.
    """
    _needs_local()
    from rich.console import Console  # noqa: PLC0415 - heavy, and only this verb needs it

    from kanaria.cli.demo import play  # noqa: PLC0415 - likewise
    from kanaria.local.demo.stage import NAMESPACE  # noqa: PLC0415 - likewise
    from kanaria.local.settings import Host  # noqa: PLC0415 - likewise

    try:
        console = Console()
        # A log file or a pipe has no width of its own: lines are not broken there.
        host = Host(kubeconfig, NAMESPACE) if kubeconfig else None
        code = play(console if console.is_terminal else Console(width=LOG_WIDTH), home, keep=keep, host=host)
    except FileExistsError as error:
        typer.echo(str(error), err=True)
        code = 2
    raise typer.Exit(code)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"kanaria {__version__}")
        raise typer.Exit


@app.callback()
def kanaria(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Tell the version.")] = (
        False
    ),
) -> None:
    """GitOps for machine learning on Kubernetes: train, gate, canary and promote by commits."""


def _needs_local() -> None:
    if find_spec("kserve") is None:
        typer.echo("The local cluster is not installed here: pip install 'kanaria[local]'", err=True)
        raise typer.Exit(2)


if find_spec("psutil") is not None:  # the operator's own image is without the local cluster
    from kanaria.cli.local import app as local

    app.add_typer(local, name="local", rich_help_panel=LOCAL)


def main() -> None:
    """Run the command line."""
    app()
