"""How MLflow's tracking and registry run as one light process: `python -m kanaria.local.mlflow_server`.

`mlflow server` starts ten processes; this runs MLflow's own application under uvicorn, on SQLite, with artifacts in a
folder that everyone on this machine reads and writes directly. Making an empty database takes MLflow several seconds,
so that an empty one is kept in the user's cache, one per version of MLflow.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import aiohttp

from kanaria.local.kubelet.processes import Command, Group, PlainStarter, Starter
from kanaria.local.leash import Leash

PATIENCE = 120.0
GLANCE = 0.1
STOP = 3.0


class MlflowFailedError(Exception):
    """MLflow ended before it was ready; the message has its last words."""


@dataclass(frozen=True, slots=True)
class MlflowServer:
    """A server that answers; `ended` waits until it does no more."""

    url: str
    ended: Callable[[], Awaitable[int]]


@asynccontextmanager
async def serve_mlflow(
    home: Path, port: int, leash: Leash, starter: Starter | None = None
) -> AsyncGenerator[MlflowServer]:
    """An MLflow server in a process of its own, answering; its files are in `home`."""
    temporary = home / "tmp"
    await asyncio.to_thread(temporary.mkdir, parents=True, exist_ok=True)
    words = [sys.executable, "-m", "kanaria.local.mlflow_server", "--home", str(home), "--port", str(port)]
    command = Command(words, _variables(temporary), home, home / "log")
    await asyncio.to_thread(command.log.write_bytes, b"")
    process = await (starter or PlainStarter()).start(command)
    group = Group(process, leash, f"TMPDIR={temporary}")
    waiting = asyncio.create_task(group.wait())

    async def ended() -> int:
        return await asyncio.shield(waiting)

    url = f"http://127.0.0.1:{port}"
    try:
        await _until_it_answers(url, waiting, command.log)
        yield MlflowServer(url, ended)
    finally:
        await group.end(STOP)
        await waiting


def _variables(temporary: Path) -> dict[str, str]:
    own = {"LANG": "C.UTF-8", "TMPDIR": str(temporary), "DO_NOT_TRACK": "true"}
    return {name: os.environ[name] for name in ("PATH", "HOME", "XDG_CACHE_HOME") if name in os.environ} | own


async def _until_it_answers(url: str, waiting: asyncio.Task[int], log: Path) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    async with aiohttp.ClientSession() as session:
        while not waiting.done() and loop.time() < deadline:
            with suppress(aiohttp.ClientError):
                async with session.get(f"{url}/health") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(GLANCE)
    last = await asyncio.to_thread(log.read_text, errors="replace")
    raise MlflowFailedError(f"MLflow did not start on {url}; its last words:\n{last[-2000:]}")


def empty_database(file: Path, cache: Path) -> None:
    """Have a migrated database at `file`; what is there already stays."""
    if file.exists():
        return
    name = f"mlflow-{version('mlflow')}"
    template = cache / f"{name}.sqlite"
    if not template.exists():
        from mlflow.store.db import utils  # noqa: PLC0415 - heavy, and only the server's process needs it
        from sqlalchemy import create_engine  # noqa: PLC0415 - likewise

        cache.mkdir(parents=True, exist_ok=True)
        fresh = cache / f"{name}.{os.getpid()}.tmp"
        engine = create_engine(f"sqlite:///{fresh}")
        utils._initialize_tables(engine)  # noqa: SLF001 - what MLflow's store calls on an empty database
        engine.dispose()
        fresh.replace(template)
    shutil.copyfile(template, file)


def cache_folder() -> Path:
    """Where this user's caches of Kanaria lie."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kanaria"


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m kanaria.local.mlflow_server", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    database, artifacts = chosen.home / "mlflow.sqlite", chosen.home / "artifacts"
    artifacts.mkdir(parents=True, exist_ok=True)
    empty_database(database, cache_folder())
    # The names by which `mlflow server` hands its options to its own workers.
    os.environ["_MLFLOW_SERVER_FILE_STORE"] = f"sqlite:///{database}"
    os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"] = artifacts.as_uri()
    import uvicorn  # noqa: PLC0415 - after the settings, which MLflow reads at import
    from mlflow.server.fastapi_app import app  # noqa: PLC0415 - likewise

    uvicorn.run(app, host="127.0.0.1", port=chosen.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
