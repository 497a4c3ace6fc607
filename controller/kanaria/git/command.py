"""How one git command runs: in a clean environment, within its time, and ended with all it started."""

import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import git

from kanaria.git.remote import environment

AT_HOME = 60.0
"""Seconds that a command on the local disk may take."""
GRACE = 5.0
"""Seconds between asking a late command to end and killing it."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a command came to."""

    code: int
    out: bytes
    error: str

    @property
    def line(self) -> str:
        """Its output as one line of text."""
        return self.out.decode().strip()


class GitTimeoutError(Exception):
    """A command took longer than it may."""


def run(
    where: Path,
    *arguments: str,
    given: bytes = b"",
    extra: Mapping[str, str] | None = None,
    within: float = AT_HOME,
) -> Said:
    """Run git on a bare repository; blocking.

    Raises:
        GitTimeoutError: if it does not end in time; it is killed then, and whatever it started.
    """
    env = {**environment({}), **_at(where), **(extra or {})}
    started = git.Git(str(where)).execute(
        ["git", *arguments], istream=subprocess.PIPE, as_process=True, env=env, start_new_session=True
    )
    process = started.proc
    try:
        out, error = process.communicate(given, timeout=within)
    except subprocess.TimeoutExpired as late:
        _end(process)
        raise GitTimeoutError(f"git {arguments[0]} took longer than {within:g} s") from late
    return Said(process.returncode, out, error.decode(errors="replace"))


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Asked first, git removes its lock files; what does not go is killed."""
    for ending in (signal.SIGTERM, signal.SIGKILL):
        os.killpg(process.pid, ending)
        try:
            process.communicate(timeout=GRACE)
        except subprocess.TimeoutExpired:
            continue
        return


def _at(where: Path) -> dict[str, str]:
    """The repository by name, so that the variables of whoever started us mean nothing."""
    return {
        "GIT_DIR": str(where),
        "GIT_OBJECT_DIRECTORY": str(where / "objects"),
        "GIT_INDEX_FILE": str(where / "index"),
        "GIT_CONFIG_PARAMETERS": "",
        "GIT_NAMESPACE": "",
    }
