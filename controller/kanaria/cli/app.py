"""Which verbs there are."""

from pathlib import Path
from typing import Annotated

import typer

from kanaria.cli.crds import write_crds

app = typer.Typer(no_args_is_help=True, help="GitOps for machine learning: train, gate, canary and promote by commits.")


@app.command()
def crds(folder: Annotated[Path, typer.Argument(help="Folder that the files are written to.")] = Path("crds")) -> None:
    """Write the CustomResourceDefinitions of the five kinds, made from the models."""
    for path in write_crds(folder):
        typer.echo(path)


@app.callback()
def kanaria() -> None:
    """GitOps for machine learning: train, gate, canary and promote by commits."""


def main() -> None:
    """Run the command line."""
    app()
