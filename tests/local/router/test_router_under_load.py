"""Nothing is lost while weights and Pods change under load."""

from __future__ import annotations

import asyncio
from random import Random

from routed_backends import Scene, Server, a_proxy

SWITCHES = 200
CLIENTS = 6


async def keep_asking(scene: Scene, done: asyncio.Event) -> list[int]:
    """The status of each answer until told to stop."""
    statuses = []
    while not done.is_set():
        statuses.append((await scene.ask("/echo", data=b"x"))[0])
    return statuses


async def replace_a_pod(scene: Scene, service: str, running: dict[str, Server]) -> Server:
    """A new Pod is up before the old one, which is returned, gets no more requests."""
    old, fresh = running[service], Server(service)
    await fresh.start()
    running[service] = fresh
    scene.show(scene.weights, {**scene.pods, service: (fresh.endpoint,)})
    return old


async def switch_under_load(scene: Scene, running: dict[str, Server]) -> list[Server]:
    """The servers that were replaced; each goes on for four more requests, as a model server does after SIGTERM."""
    chance, replaced = Random(3), list[Server]()  # noqa: S311 - shares, no secret
    for switch in range(SWITCHES):
        weight = chance.randrange(101)
        scene.show({"stable": 100 - weight, "canary": weight}, scene.pods)
        if switch % 4 == 0:
            for server in replaced[-1:]:
                await server.stop()
            replaced.append(await replace_a_pod(scene, chance.choice(("stable", "canary")), running))
        assert (await scene.ask())[0] == 200
    return replaced


async def test_two_hundred_changes_of_weights_and_pods_lose_no_request():
    running, done = {name: Server(name) for name in ("stable", "canary")}, asyncio.Event()
    pods = {name: (await server.start(),) for name, server in running.items()}
    async with a_proxy(Scene({"stable": 100, "canary": 0}, pods)) as scene:
        clients = [asyncio.create_task(keep_asking(scene, done)) for _ in range(CLIENTS)]
        replaced = await switch_under_load(scene, running)
        done.set()
        statuses = [status for client in clients for status in await client]
        counted = sum([await scene.counted("upstream_rq_xx 2", name) for name in running])
    servers = [*replaced, *running.values()]
    for server in servers[len(replaced) - 1 :]:
        await server.stop()

    assert set(statuses) == {200}
    assert counted == len(statuses) + SWITCHES == sum(server.answered for server in servers)
