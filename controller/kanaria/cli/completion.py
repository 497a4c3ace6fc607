"""How a shell learns to complete Kanaria's commands."""

from enum import StrEnum
from typing import Annotated

import typer
from typer._completion_shared import get_completion_script

VARIABLE = "_KANARIA_COMPLETE"


class Shell(StrEnum):
    """Shells that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(shell: Annotated[Shell, typer.Argument(help="The shell.")]) -> None:
    """Print what a shell must read to complete commands and options of `kanaria`.

    Examples: `source <(kanaria completion bash)`, `kanaria completion fish > ~/.config/fish/completions/kanaria.fish`
    """
    typer.echo(get_completion_script(prog_name="kanaria", complete_var=VARIABLE, shell=shell))
