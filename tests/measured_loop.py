"""What the loop costs an API server: two acts of the demo counted, then quiet, then commits that serve nothing new.

with a_town(home) as info: measured = measure(info)
"""

import asyncio
import json
import re
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from git import Repo

from kanaria.api import KINDS
from kanaria.api.resource import API_VERSION
from kanaria.local.api_client import PODS, Api, Resource
from kanaria.local.demo.acts import ACTS
from kanaria.local.demo.screen import Scene
from kanaria.local.demo.stage import GIT_SYNCS, NAMESPACE
from kanaria.local.demo.story import Story
from kanaria.local.operator import Operator
from kanaria.local.settings import TownInfo
from kanaria.local.upkeep import down, up
from kanaria.local.watching import Cache, Change
from waiting import eventually

OPERATOR = "kanaria"  # before the version and the replica
SERVERS = "serving.kserve.io/inferenceservice"
SETTLED = 5.0
Write = dict[str, Any]


@dataclass(slots=True)
class Measured:
    """The figures; the objects are `kind/name`."""

    seconds: float = 0.0
    requests: Counter[str] = field(default_factory=Counter)
    """Of act b: "program verb resource"."""
    status_writes: Counter[str] = field(default_factory=Counter)
    """Of act b, by the operator."""
    statuses: Counter[str] = field(default_factory=Counter)
    """Of act b: how many different statuses each object showed one after the other."""
    at_rest: list[Write] = field(default_factory=list)
    servers: list[Mapping[str, int]] = field(default_factory=list)
    """The model servers before and after the commits: process by Pod."""

    @property
    def restarts(self) -> int:
        """How many of the model servers that were there before the commits are not there as they were."""
        before, after = self.servers
        return sum(after.get(pod) != process for pod, process in before.items())


@contextmanager
def a_town(home: Path) -> Iterator[TownInfo]:
    """A local cluster, as long as the block."""
    yield up(home, with_parent=True)
    down(home)


def measure(info: TownInfo, rest: float = 30.0, commits: int = 20) -> Measured:
    """Play it all."""
    operator = Operator(info)
    operator.start()
    try:
        return asyncio.run(_measure(info, operator, rest, commits))
    finally:
        operator.end()


async def _measure(info: TownInfo, operator: Operator, rest: float, commits: int) -> Measured:
    found = Measured()
    async with Api(info.api_url, info.token) as api, asyncio.TaskGroup() as tasks:
        changes: list[Change] = []
        caches = [Cache(api, kind, NAMESPACE) for kind in _kinds()]
        watching = [tasks.create_task(cache.run()) for cache in caches]
        for cache in caches:
            cache.on_change(changes.append)
        await _play(info, operator, changes, found)
        await _settled(info)
        before = len(_writes(info))
        await asyncio.sleep(rest)  # the time that is measured
        found.at_rest = [write for write in _writes(info)[before:] if _of_the_operator(write["userAgent"])]
        found.servers.append(await _servers(info, api))
        for number in range(commits):
            await _applied(api, await asyncio.to_thread(_commit, info.home / "working-copy", number))
        await _settled(info)
        found.servers.append(await _servers(info, api))
        for task in watching:
            task.cancel()
    return found


async def _play(info: TownInfo, operator: Operator, changes: list[Change], found: Measured) -> None:
    begun: list[tuple[int, Counter[str], int]] = []

    def show(scene: Scene) -> None:
        if scene.endings and not begun:
            begun.append((len(_writes(info)), _requests(info), len(changes)))

    story = Story(info, operator, show, acts=ACTS[:2])
    await story.play()
    writes, requests, seen = begun[0]
    found.seconds = story.seconds[1]
    found.requests = _requests(info) - requests
    for write in _writes(info)[writes:]:
        if write["subresource"] == "status" and _of_the_operator(write["userAgent"]):
            found.status_writes[f"{write['resource'].partition('.')[0]}/{write['name']}"] += 1
    found.statuses = _statuses(changes, seen)


def _statuses(changes: list[Change], since: int) -> Counter[str]:
    """How often each object's status became another one after the first `since` changes."""
    plurals = {resource.kind: resource.plural for resource in _kinds()}
    known: dict[str, Any] = {}
    found: Counter[str] = Counter()
    for index, change in enumerate(changes):
        name = f"{plurals[change.thing['kind']]}/{change.thing['metadata']['name']}"
        status = change.thing.get("status") or {}
        if index >= since and known.get(name, {}) != status:
            found[name] += 1
        known[name] = status
    return found


def _kinds() -> list[Resource]:
    return [Resource(API_VERSION, kind.plural, kind.model_fields["kind"].default) for kind in KINDS]


def _read(info: TownInfo, path: str) -> str:
    request = urllib.request.Request(info.api_url + path, headers={"Authorization": f"Bearer {info.token}"})  # noqa: S310 - loopback
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - likewise
        return str(answer.read().decode())


def _writes(info: TownInfo) -> list[Write]:
    return [json.loads(line) for line in _read(info, "/audit").splitlines()]


def _requests(info: TownInfo) -> Counter[str]:
    found: Counter[str] = Counter()
    for line in _read(info, "/metrics").splitlines():
        if not line.startswith("#"):
            labels, _, count = line.partition("{")[2].rpartition("} ")
            told = dict(pair.split("=", 1) for pair in labels.replace('"', "").split(","))
            below = f"/{told['subresource']}" if told["subresource"] else ""
            found[f"{told['user_agent']} {told['verb']} {told['resource']}{below}"] += int(count)
    return found


async def _settled(info: TownInfo) -> None:
    """Waits until the operator wrote nothing for some seconds: what was to be done is done."""
    last = [0, time.monotonic()]

    def is_quiet() -> bool:
        count = sum(_of_the_operator(write["userAgent"]) for write in _writes(info))
        if count != last[0]:
            last[:] = [count, time.monotonic()]
        return time.monotonic() - last[1] > SETTLED

    await eventually(is_quiet)


async def _servers(info: TownInfo, api: Api) -> Mapping[str, int]:
    """The process of each model server, by its Pod."""
    pods = (await api.list(PODS, NAMESPACE, labels=SERVERS))["items"]
    folders = {info.home / "pods" / pod["metadata"]["uid"]: pod["metadata"]["uid"] for pod in pods}
    found: dict[str, int] = {}
    for process in psutil.process_iter(["cwd"]):
        for folder in Path(process.info["cwd"] or "/").parents:
            if folder in folders:
                found[folders[folder]] = process.pid
    return found


def _commit(folder: Path, number: int) -> str:
    """A commit that changes something, and nothing of what serves."""
    repo = Repo(folder)
    repo.remotes.origin.fetch()
    repo.git.rebase("origin/main")
    readme, deployment = folder / "README.md", folder / "deploy/deployment.yaml"
    policies, notes = folder / "deploy/policies.yaml", folder / "deploy/notes.yaml"
    match number % 4:
        case 0:
            readme.write_text(f"{readme.read_text()}\nNote {number}.\n")
        case 1:
            deployment.write_text(f"{deployment.read_text()}# note {number}\n")
        case 2:
            policies.write_text(re.sub(r"min: [\d.]+", f"min: 0.7{number:02}", policies.read_text()))
        case _:
            text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: notes}}\ndata: {{note: '{number}'}}\n"
            notes.write_text(text)
    repo.git.add(all=True)
    repo.index.commit(f"Note {number}")
    repo.git.push("origin", "HEAD:main")
    return str(repo.head.commit.hexsha)


async def _applied(api: Api, commit: str) -> None:
    async def is_applied() -> bool:
        sync = await api.get(GIT_SYNCS, NAMESPACE, "demo")
        return str(sync["status"].get("lastAppliedRevision", "")).endswith(commit)

    await eventually(is_applied)


def _of_the_operator(agent: str) -> bool:
    return agent.partition("/")[0] == OPERATOR
