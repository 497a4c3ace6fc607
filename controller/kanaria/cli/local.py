"""How a local cluster is started, looked at and ended from the command line."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from kanaria.local.operator import Operator
from kanaria.local.settings import DEFAULT_NAME, TownInfo, default_home
from kanaria.local.upkeep import TownFailedError
from kanaria.local.upkeep import down as end
from kanaria.local.upkeep import status as look
from kanaria.local.upkeep import up as start

app = typer.Typer(
    no_args_is_help=True,
    help="A Kubernetes API on loopback with a kubelet, KServe stand-in, MLflow and Git: for trying and for tests.",
)

Name = Annotated[str, typer.Option(help="Which local cluster: several can run side by side.")]
Home = Annotated[Path | None, typer.Option(help="Folder of the cluster's state, instead of the one of its name.")]


@app.command()
def up(
    name: Name = DEFAULT_NAME,
    home: Home = None,
    operator: Annotated[bool, typer.Option(help="Run Kanaria's operator beside it.")] = True,
) -> None:
    """Start the cluster and the operator, or find them running; the state of last time comes back."""
    console = Console()
    try:
        info = start(home or default_home(name), progress=lambda line: console.print(f"  {line}", style="dim"))
    except TownFailedError as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from error
    if operator:
        Operator(info).start()
    _tell(console, info)


@app.command()
def down(name: Name = DEFAULT_NAME, home: Home = None) -> None:
    """End the cluster and every process it started; its state stays."""
    folder = home or default_home(name)
    found = look(folder)
    if found.running and found.info is not None:
        Operator(found.info).end()
    ended = end(folder)
    typer.echo("ended; `kanaria local up` brings it back" if ended else "it was not running")


@app.command()
def status(name: Name = DEFAULT_NAME, home: Home = None) -> None:
    """Whether the cluster runs, and where its parts are; exit code 3 if it does not run."""
    found = look(home or default_home(name))
    if not found.running or found.info is None:
        typer.echo("not running; `kanaria local up` starts it")
        raise typer.Exit(3)
    _tell(Console(), found.info)


def _tell(console: Console, info: TownInfo) -> None:
    rows = (
        ("Kubernetes", info.api_url),
        ("model router", info.router_url),
        ("MLflow", info.mlflow_url),
        ("Git", f"{info.git_url}/team.git"),
        ("operator", f"log in {info.home}/operator.log" if Operator(info).running else "not running"),
        ("state", str(info.home)),
    )
    for name, value in rows:
        console.print(f"{name:13}{value}", markup=False, soft_wrap=True)
    console.print(f"export KUBECONFIG={info.kubeconfig}", markup=False, soft_wrap=True)
