"""How the commit of a pipeline's code comes into a step: the program of its init container."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from kanaria.git.command import GitTimeoutError, Said, run
from kanaria.git.remote import Remote, remote
from kanaria.git.trouble import GitTrouble, trouble

PATIENCE = 300.0
"""Seconds that a fetch may take."""
_CREDENTIALS = {
    "KANARIA_GIT_USERNAME": "username",
    "KANARIA_GIT_PASSWORD": "password",
    "KANARIA_GIT_BEARER_TOKEN": "bearerToken",
}
_NOT_ALONE = "unadvertised object"


def checkout(
    url: Annotated[str, typer.Option(help="Address of the repository.")],
    revision: Annotated[str, typer.Option(help="Full SHA of the commit.")],
    into: Annotated[Path, typer.Option(help="Folder that receives the files.")],
) -> None:
    """Check one commit out into a folder; what a step's init container runs, and people seldom need.

    Credentials are read from KANARIA_GIT_USERNAME and KANARIA_GIT_PASSWORD, or KANARIA_GIT_BEARER_TOKEN.
    """
    try:
        checked_out(url, revision, into, os.environ)
    except GitTrouble as error:
        typer.echo(f"cannot check out {revision}: {error}", err=True)
        raise typer.Exit(1) from error


def checked_out(url: str, revision: str, into: Path, environment: Mapping[str, str]) -> None:
    """Fetch the commit, alone where the server gives it alone, and write its files.

    Raises:
        GitTrouble: if the repository cannot be reached, or has no such commit.
    """
    credentials = {key: environment[name].encode() for name, key in _CREDENTIALS.items() if environment.get(name)}
    source = remote(url, credentials, allow_file=environment.get("KANARIA_ALLOW_FILE_REMOTES") == "true")
    (into / ".git").mkdir(parents=True, exist_ok=True)
    _sure(source, _git(into, source, "init", "--quiet", "--template="))
    said = _git(into, source, "fetch", "--quiet", "--no-tags", "--depth=1", "--", url, revision)
    if said.code != 0 and _NOT_ALONE in said.error:
        said = _git(into, source, "fetch", "--quiet", "--no-tags", "--", url, "+refs/heads/*:refs/remotes/origin/*")
    _sure(source, said)
    _sure(source, _git(into, source, "checkout", "--quiet", "--force", "--detach", revision, "--"))


def _git(into: Path, source: Remote, *arguments: str) -> Said:
    extra = {**source.environment, "GIT_WORK_TREE": str(into)}
    try:
        return run(into / ".git", *arguments, extra=extra, within=PATIENCE)
    except GitTimeoutError as late:
        raise GitTrouble(f"{source.host}: {late}") from late


def _sure(source: Remote, said: Said) -> None:
    if said.code != 0:
        raise trouble(source.host, said.error, source.secrets)
