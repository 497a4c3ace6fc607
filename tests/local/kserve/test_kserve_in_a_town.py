"""The stand-in, the router, the Deployment controller and the kubelet together, on the local API server."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from inference_services import a_canary, a_predictor, a_service
from kanaria.local.api_client import DEPLOYMENTS, EVENTS, PODS, SERVICES, ApiError
from kanaria.local.kserve.naming import HTTP_ROUTES, INFERENCE_SERVICES
from kanaria.local.router.gateway import run_router
from small_town import Town, a_town
from waiting import eventually


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with a_town(tmp_path) as running:
        await running.apply(a_service())
        await eventually(lambda: is_ready(running))
        yield running


async def is_ready(town: Town) -> bool:
    return await town.condition("Ready") == "True"


async def keep_asking(town: Town, done: asyncio.Event) -> Counter[tuple[int, str]]:
    """All answers until told to stop."""
    answers: Counter[tuple[int, str]] = Counter()
    while not done.is_set():
        answers[await town.ask()] += 1
    return answers


async def test_a_service_becomes_ready_and_answers_at_its_url(town: Town):
    status = (await town.service())["status"]

    assert status["url"] == f"{town.router.url}/serving/cellar/wine"
    assert await town.ask() == (200, "7")
    await town.weighs(("wine-predictor", 1))  # 1 is the Gateway API's default
    await eventually(lambda: was_told(town, "InferenceServiceReady"))


async def was_told(town: Town, reason: str) -> bool:
    return reason in {event["reason"] for event in (await town.api.list(EVENTS, "cellar"))["items"]}


async def loaded(town: Town) -> bool:
    state = (await town.service())["status"]["modelStatus"]
    return bool(state["transitionStatus"] == "UpToDate" and state["copies"]["totalCopies"] == 1)


async def test_the_models_state_becomes_up_to_date(town: Town):
    await eventually(lambda: loaded(town))


async def test_a_canary_gets_its_share_and_is_promoted_without_a_restart_or_a_lost_request(town: Town):
    done = asyncio.Event()
    clients = [asyncio.create_task(keep_asking(town, done)) for _ in range(2)]
    await town.apply(a_service(None, a_canary(percent=50, minReplicas=1)))
    await town.served_by("7", "8")
    await town.weighs(("wine-predictor", 50), ("wine-v8-predictor", 50))
    await town.apply(a_service(None, a_canary(percent=100, minReplicas=1)))
    await town.served_by("8")
    before = await town.pods()

    await town.apply(a_service(a_predictor("8", "v8")))
    await eventually(lambda: has_one_pod(town))
    done.set()

    assert await town.pods() < before
    await town.weighs(("wine-v8-predictor", 1))
    answers = sum([await client for client in clients], Counter[tuple[int, str]]())
    assert {status for status, _ in answers} == {200}


async def has_one_pod(town: Town) -> bool:
    return len(await town.pods()) == 1


async def test_a_canary_that_never_starts_gets_nothing_and_leaves_the_service_ready(town: Town):
    canary = a_canary(percent=50, minReplicas=1)
    canary["predictor"]["model"]["command"] = ["no-such-program"]
    await town.apply(a_service(None, canary))

    await eventually(lambda: _canary_is_not_ready(town))
    assert await town.condition("Ready") == "True"
    assert {await town.ask() for _ in range(10)} == {(200, "7")}


async def _canary_is_not_ready(town: Town) -> bool:
    return await town.condition("CanaryPredictorReady") == "False"


async def test_a_spec_kserve_would_refuse_leaves_what_serves_and_says_why(town: Town):
    await town.apply(a_service(None, a_canary(percent=60, minReplicas=1), a_canary("9", 60, minReplicas=1)))

    async def refused() -> bool:
        return await town.condition("SpecRefused") == "True"

    await eventually(refused)
    assert await town.condition("Ready") == "True"
    assert await town.ask() == (200, "7")


async def test_the_api_server_refuses_what_kserves_schema_refuses(town: Town):
    with pytest.raises(ApiError, match="trafficPercent"):
        await town.apply(a_service(None, a_canary(percent=101)))


async def test_at_rest_nothing_is_written(town: Town):
    await eventually(lambda: loaded(town))

    # What follows the model's being loaded may still be written: a rest comes, or it never does.
    await eventually(lambda: rests_while_it_serves(town))


async def rests_while_it_serves(town: Town) -> bool:
    before = (await town.api.list(EVENTS))["metadata"]["resourceVersion"]
    await town.served_by("7")
    return bool((await town.api.list(EVENTS))["metadata"]["resourceVersion"] == before)


async def test_a_router_that_is_started_again_knows_all_it_needs_before_it_listens(town: Town):
    async with run_router(town.api) as second:
        again = replace(town, router=second)

        assert {await again.ask() for _ in range(5)} == {(200, "7")}


async def test_a_deleted_service_takes_its_children_with_it(town: Town):
    await town.api.delete(INFERENCE_SERVICES, "cellar", "wine")

    async def all_gone() -> bool:
        found = [await town.api.list(each, "cellar") for each in (DEPLOYMENTS, SERVICES, PODS, HTTP_ROUTES)]
        return not any(each["items"] for each in found)

    await eventually(all_gone)
    await eventually(lambda: is_not_found(town))


async def is_not_found(town: Town) -> bool:
    return (await town.ask())[0] == 404
