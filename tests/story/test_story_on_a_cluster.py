"""The story on a real API server, with its controllers and its rights; the operator has an account of its own."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from any_cluster import AnyCluster, bare_controlplane
from kanaria.local.demo.stage import NAMESPACE
from kanaria.local.demo.story import Story
from kanaria.local.guest import objection
from kanaria.local.kubeconfig import api_from
from kanaria.local.operator import Operator
from kanaria.local.settings import Host
from kanaria.local.upkeep import down, up

pytestmark = [pytest.mark.slow, pytest.mark.cluster]
OPERATOR = "system:serviceaccount:kanaria-system:kanaria"


@dataclass(frozen=True, slots=True)
class Played:
    """The story as it was played, what the API server noted of the operator, and what was left."""

    story: Story
    requests: list[dict[str, Any]]
    left: str
    objection: str


@pytest.fixture(scope="module")
def host(request: pytest.FixtureRequest) -> Iterator[AnyCluster]:
    program = request.config.getoption("--controlplane")
    if request.config.getoption("--cluster") != "controlplane":
        pytest.skip("the local cluster has its own stories; another's nodes would take the Pods")
    # One without nodes: the fake kubelet of the suite's would take the Pods.
    with bare_controlplane(program, "story", CONTROLPLANE_KUBELET="none") as found:
        yield found


@pytest.fixture(scope="module")
def played(host: AnyCluster, tmp_path_factory: pytest.TempPathFactory) -> Played:
    home = tmp_path_factory.mktemp("story") / "town"
    info = up(home, with_parent=True, host=Host(host.kubeconfig, NAMESPACE))
    operator = Operator(info)
    story = Story(info, operator, lambda _: None)
    operator.start()
    try:
        asyncio.run(story.play())
    finally:
        operator.end()
        down(home)
    requests = [each for each in host.audit() if each["user"]["username"] == OPERATOR]
    left = host.kubectl("get", "namespaces,nodes,persistentvolumes,crds,clusterroles", "-oname").out
    return Played(story, requests, left, asyncio.run(objection_of(host)))


async def objection_of(host: AnyCluster) -> str:
    async with api_from(host.kubeconfig) as api:
        return await objection(api, NAMESPACE)


def test_each_act_ends_as_told_by_commits_alone(played: Played):
    story = played.story

    assert len(story.endings) == len(story.acts)
    assert [c.subject for c in story.commits if c.author == "kanaria"].count("Promote digits to version 2") == 1


def test_no_request_to_the_model_is_lost_to_a_transition(played: Played):
    tally = played.story.traffic.tally

    assert tally.answered > 0
    assert tally.failed_by_transition == 0, tally.last_failure


def test_the_operator_asks_for_nothing_that_it_has_no_right_to(played: Played):
    refused = [each["requestURI"] for each in played.requests if each["responseStatus"]["code"] == 403]

    assert len(played.requests) > 0
    assert refused == []


def test_the_host_is_left_as_it_was_found(played: Played):
    ours = [name for name in played.left.split() if "kanaria" in name or name.endswith(("/demo", "/local"))]

    assert ours == []
    assert played.objection == ""
