"""The two servers that are compared: the local one, started here, and the real one that `--cluster` chooses."""

from asyncio import gather
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from any_cluster import ROOT, AnyCluster
from comparison.comparing import Alike, answers_differ
from comparison.playing import Side, client, connected
from comparison.recorded import KANARIA, Script, Step
from kanaria.local.apiserver import ApiServerSettings, serve

HERE = Path(__file__).parent
NOW = datetime.now(UTC)  # noqa: TID251 - the real server goes by the real time
VERSION = "v1.37."


class Both:
    """The two servers, and what their answers to each script differed in."""

    def __init__(self, local: Side, real: Side) -> None:
        self._sides = (local, real)
        self._numbers = count(1)
        self._found: dict[str, list[tuple[str, str]]] = {}

    async def differ(self, script: Script) -> list[tuple[str, str]]:
        """Where the answers to a script differ (script, request and path), and how; each script is played once."""
        if script.name not in self._found:
            namespace = f"compared-{next(self._numbers)}-{NOW:%M%S}"
            local, real = await gather(*(side.play(script, namespace) for side in self._sides))
            seen = Alike(NOW), Alike(NOW)
            self._found[script.name] = [
                (f"{script.name}: {step}: {path}", how)
                for step, mine, theirs in zip(script.steps, local, real, strict=True)
                for path, how in answers_differ(seen[0].made(mine, step), seen[1].made(theirs, step))
            ]
        return self._found[script.name]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def played(cluster: AnyCluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Both]:
    """Both servers with the same custom resources."""
    if cluster.name == "local":
        pytest.skip("there is nothing to compare the local API server with")
    paths = [*sorted((ROOT / "crds").glob("*.yaml")), HERE / "definitions.yaml"]
    wanted = [_apart(each) for path in paths for each in yaml.safe_load_all(path.read_text())]
    settings = ApiServerSettings(tmp_path_factory.mktemp("compared"), "a-token")
    async with AsyncExitStack() as stack:
        real = Side(await stack.enter_async_context(connected(cluster.kubeconfig)))
        version = (await real.ask(Step(method="GET", path="/version"))).body["gitVersion"]
        if not version.startswith(VERSION):
            pytest.skip(f"the written differences are those to {VERSION}x; this is {version}")
        async with serve(settings) as server, client(server.url, "a-token") as session:
            await _furnish(Side(session), wanted)
        await _furnish(real, wanted)
        # A server that was started again has forgotten the changes before, as a real one after a while.
        server = await stack.enter_async_context(serve(settings))
        yield Both(Side(await stack.enter_async_context(client(server.url, "a-token"))), real)


async def _furnish(side: Side, definitions: list[dict[str, Any]]) -> None:
    for definition in definitions:
        await side.define(definition)


def _apart(definition: dict[str, Any]) -> dict[str, Any]:
    """One of Kanaria's definitions in a group of the suite's own, which no operator of other tests looks at."""
    spec, plural = definition["spec"], definition["spec"]["names"]["plural"]
    group = spec["group"].replace("kanaria.dev", KANARIA)
    return definition | {"metadata": {"name": f"{plural}.{group}"}, "spec": spec | {"group": group}}
