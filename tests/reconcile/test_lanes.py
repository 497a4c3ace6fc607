"""Syncs that apply for long keep nobody else waiting."""

import asyncio

from hand_clock import HandClock, let_run
from kanaria.reconcile.lanes import SLOW_WORKERS, Lanes
from kanaria.reconcile.visits import Visited
from kanaria.vocabulary import ObjectRef


def ref(kind: str, name: str) -> ObjectRef:
    return ObjectRef("kanaria.dev/v1alpha1", kind, "wine", name)


async def test_a_model_deployment_is_visited_while_many_syncs_apply():
    visited: list[str] = []
    never = asyncio.Event()

    async def visit(ref: ObjectRef) -> Visited:
        visited.append(ref.name)
        if ref.kind == "GitSync":
            await never.wait()
        return Visited()

    clock = HandClock()
    lanes = Lanes(visit, clock, lambda: 0.5)
    running = asyncio.create_task(lanes.run())
    for number in range(20):
        lanes.poke(ref("GitSync", f"sync-{number}"))
    await let_run()
    lanes.poke(ref("ModelDeployment", "wine"))
    await let_run()

    assert visited == [*(f"sync-{number}" for number in range(SLOW_WORKERS)), "wine"]
    assert (lanes.depth, lanes.known, lanes.oldest) == (20 - SLOW_WORKERS, 20, clock.now())
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
