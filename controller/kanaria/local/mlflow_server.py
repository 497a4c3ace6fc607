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
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from pathlib import Path

import aiohttp

from kanaria.local.kubelet.processes import Group
from kanaria.local.leash import Leash

PATIENCE = 120.0
GLANCE = 0.1
STOP = 3.0


class MlflowFailedError(Exception):
    """MLflow ended before it was ready; the message has its last words."""


@asynccontextmanager
async def serve_mlflow(home: Path, port: int, leash: Leash) -> AsyncGenerator[str]:
    """The address of an MLflow server of its own process, answering; its files are in `home`."""
    temporary = home / "tmp"
    await asyncio.to_thread(temporary.mkdir, parents=True, exist_ok=True)
    words = ("-m", "kanaria.local.mlflow_server", "--home", str(home), "--port", str(port))
    with (home / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *words,
            env=os.environ | {"TMPDIR": str(temporary), "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"},
            stdin=DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    group = Group(process, leash, f"TMPDIR={temporary}")
    address = f"http://127.0.0.1:{port}"
    try:
        await _until_it_answers(address, process, home / "log")
        yield address
    finally:
        await group.end(STOP)


async def _until_it_answers(address: str, process: asyncio.subprocess.Process, log: Path) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    async with aiohttp.ClientSession() as session:
        while process.returncode is None and loop.time() < deadline:
            with suppress(aiohttp.ClientError):
                async with session.get(f"{address}/health") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(GLANCE)
    last = await asyncio.to_thread(log.read_text, errors="replace")
    raise MlflowFailedError(f"MLflow did not start on {address}; its last words:\n{last[-2000:]}")


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
