"""The operator as a process of its own beside a local API server, as in a Pod."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import yaml

from kanaria.local.apiserver import ApiServer
from kanaria.local.ports import free_port


class Running:
    """The operator's process and its health."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, log: Path) -> None:
        self.process = process
        self.url = url
        self.log = log

    async def told(self, path: str) -> tuple[int, str]:
        """What an endpoint tells; 0 while nothing listens."""
        try:
            async with aiohttp.ClientSession() as session, session.get(self.url + path) as answer:
                return answer.status, await answer.text()
        except aiohttp.ClientError:
            return 0, ""

    async def ready(self) -> bool:
        assert self.process.returncode is None, self.log.read_text()
        return (await self.told("/readyz"))[0] == 200


@asynccontextmanager
async def an_operator_process(
    server: ApiServer, folder: Path, *words: str, **environment: str
) -> AsyncIterator[Running]:
    kubeconfig, log = folder / "kubeconfig", folder / "log"
    with kubeconfig.open("w") as file:
        yaml.safe_dump(server.kubeconfig(), file)
    address = f"127.0.0.1:{free_port(0)}"
    command = ("-m", "kanaria", "run", "--kubeconfig", str(kubeconfig), "--metrics", address, *words)
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, env={**os.environ, **environment}, stdout=output, stderr=output
        )
    try:
        yield Running(process, f"http://{address}", log)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
