"""Servers that answer, a router, and users: what a preflight and a shadow find of a candidate, and what users see."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

import answering_server
from in_background import Background
from kanaria.local.api_client import SERVICES, Api
from kanaria.local.kserve.controller import run_kserve
from kanaria.local.kserve.naming import HTTP_ROUTES
from kanaria.local.kserve.rendering import Runtime
from kanaria.local.ports import free_ports
from kanaria.local.router.gateway import run_router
from kanaria.serving.selection import read
from registry import Registry
from served_model import FILE, ServedModel
from synced_team import SyncedTeam
from waiting import becomes, eventually_now

PORT = free_ports(1)[0]
SETTINGS = {"KANARIA_SERVING_URL": f"http://127.0.0.1:{PORT}"}
ANSWERING = Runtime(command=(sys.executable, str(Path(answering_server.__file__))))
PATH = "/v2/models/wine/infer"
ROUTING = {"gatewayRef": {"name": "edge", "namespace": "gateways"}, "hostnames": ["wine.example.com"]}
GOLDEN = {
    "name": "golden",
    "path": PATH,
    "body": {"inputs": [{"name": "x", "shape": [1], "datatype": "FP64", "data": [3]}]},
    "expect": {"jsonPath": "$.outputs[0].data[0]", "equals": "6"},
}
PREFLIGHT = {
    "requests": [GOLDEN],
    "contract": {"path": "/v2/models/wine", "inputs": [{"name": "x", "datatype": "FP64"}]},
    "load": {"qps": 10, "duration": "2s", "p99": "10s"},
}
WRONG = {"model": {"env": [{"name": "FACTOR", "value": "3"}]}}
SHADOW = {"shadow": {"percentage": 50, "duration": "4s", "maxDisagreement": 0.2, "maxDuration": "10m"}}


@pytest.fixture(scope="module", autouse=True)
def processes(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--cluster") != "local":
        pytest.skip("the Pods of a control plane without nodes are played: nobody answers")


@pytest.fixture(scope="module")
def edge(background: Background) -> None:
    background.go_on(play(background.api))


async def play(api: Api) -> None:
    """KServe, whose servers answer, and a router that obeys routes."""
    async with run_router(api, PORT):
        await run_kserve(api, runtime=ANSWERING)


@pytest.fixture
def wine(team: SyncedTeam, registry: Registry, edge: None) -> ServedModel:
    assert edge is None
    return ServedModel(team, registry)


@dataclass
class Users:
    """Who asks for the team's model ten times a second."""

    wine: ServedModel
    answers: list[float] = field(default_factory=list)
    trouble: list[int] = field(default_factory=list)

    async def ask(self) -> None:
        url = f"http://127.0.0.1:{PORT}/serving/{self.wine.team.namespace}/wine{PATH}"
        async with aiohttp.ClientSession() as session:
            while True:
                async with session.post(url, json=GOLDEN["body"]) as answer:
                    if answer.status == 200:
                        self.answers.append((await answer.json())["outputs"][0]["data"][0])
                    else:
                        self.trouble.append(answer.status)
                await asyncio.sleep(0.1)

    @property
    def seen(self) -> tuple[set[float], list[int]]:
        """All different answers that they were given, and all that went wrong."""
        return set(self.answers), self.trouble


RIGHT = ({6.0}, [])


@contextmanager
def tried(wine: ServedModel, predictor: dict[str, Any] | None = None, **spec: Any) -> Iterator[tuple[str, str, Users]]:
    """A first version that serves users, and a second that is tried."""
    first = wine.registry.register(wine.model)
    wine.team.repository.commit(wine.file(candidate=first, **spec))
    wine.team.follow()
    wine.serves(first)
    users = Users(wine)
    asking = wine.team.background.go_on(users.ask())
    eventually_now(lambda: users.answers)
    second = wine.registry.register(wine.model)
    body = yaml.safe_load(wine.file(stable=first, candidate=second, **spec)[FILE] or "")
    body["spec"]["candidate"] |= {"predictor": predictor} if predictor else {}
    wine.team.commit({FILE: yaml.safe_dump(body)})
    try:
        yield first, second, users
    finally:
        asking.cancel()


def rejected(wine: ServedModel) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = wine.seen()["spec"].get("rejected", [])
    return found


def test_a_candidate_that_answers_a_golden_request_wrongly_never_gets_traffic(wine: ServedModel):
    history = wine.recorded()
    with tried(wine, WRONG, preflight=PREFLIGHT) as (first, second, users):
        (entry,) = eventually_now(lambda: rejected(wine), within=120)

        assert entry["version"] == second
        assert entry["evidence"] == "preflight: golden: $.outputs[0].data[0] is 9.0 where 6 is expected"
        becomes(wine.at_rest, first)
        assert {weight for weight in history.up_to_now().weights(second) if weight} == set()
        assert users.seen == RIGHT


def test_a_candidate_that_shows_all_that_is_asked_takes_its_steps(wine: ServedModel):
    with tried(wine, preflight=PREFLIGHT) as (_, second, users):
        becomes(wine.at_rest, second, within=120)

        assert users.seen == RIGHT


def test_copies_of_users_requests_prove_a_candidate_that_answers_alike(wine: ServedModel):
    with tried(wine, strategy=SHADOW, routing=ROUTING) as (_, second, users):
        eventually_now(lambda: read(wine.team.get(HTTP_ROUTES, "wine"))[0].compared, within=60)

        becomes(wine.at_rest, second, within=180)

        (past, *_) = wine.seen()["status"]["history"]
        assert (past["phase"], past["evidence"].startswith("0 of ")) == ("Promoted", True)
        assert users.seen == RIGHT
        becomes(lambda: [name for name in services(wine) if name.endswith("-shadow")], [])


def test_a_candidate_that_answers_otherwise_is_found_before_any_user_sees_it(wine: ServedModel):
    with tried(wine, WRONG, strategy=SHADOW, routing=ROUTING) as (first, second, users):
        (entry,) = eventually_now(lambda: rejected(wine), within=180)

        assert (entry["version"], "answers differ (100 %), 20 % may" in entry["evidence"]) == (second, True)
        becomes(wine.at_rest, first)
        assert users.seen == RIGHT


def services(wine: ServedModel) -> list[str]:
    return [each["metadata"]["name"] for each in wine.team.background.all(SERVICES, wine.team.namespace)]
