"""The bare Git repositories that a local town holds: made once, kept, reached by file or by http."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Repository:
    """A bare repository with the branch main."""

    path: Path

    @property
    def file_url(self) -> str:
        """Its address for GitSync in local mode, and for a push from this machine."""
        return f"file://{self.path}"


async def repository(folder: Path, name: str) -> Repository:
    """The repository of that name, made if it is not there."""
    path = folder / f"{name}.git"
    if not (path / "HEAD").exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        await _git("init", "--quiet", "--bare", "--initial-branch=main", str(path))
        await _git("-C", str(path), "config", "http.receivepack", "true")
        # Kanaria never forces a push; a town where nobody can shows it.
        await _git("-C", str(path), "config", "receive.denyNonFastForwards", "true")
    return Repository(path)


async def _git(*words: str) -> None:
    process = await asyncio.create_subprocess_exec(
        "git", *words, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"git {' '.join(words)}: {errors.decode(errors='replace').strip()}")
