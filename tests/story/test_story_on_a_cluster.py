"""The story on a real API server, with its controllers and its rights; the operator has an account of its own."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
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
from suite_operator import asked_by_it, by_verb
from waiting import stands_still

pytestmark = [pytest.mark.slow, pytest.mark.cluster]
REST = 60.0
SETTLED = 45.0  # a model that was taken back goes half a minute after its traffic
SERVERS = "serving.kserve.io/inferenceservice"


@dataclass(frozen=True, slots=True)
class Played:
    """The story as it was played, what the API server noted of the operator and told of Pods, and what was left."""

    story: Story
    requests: list[dict[str, Any]]
    logs: str
    rest: Counter[str]
    """Of the operator's, by verb and resource, while nothing happened."""
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
        rest = asked_at_rest(host)
        logs = host.kubectl("logs", "-n", NAMESPACE, "-l", SERVERS, "--prefix", "--tail=3").out
    finally:
        operator.end()
        down(home)
    requests = asked_by_it(host)
    left = host.kubectl("get", "namespaces,nodes,persistentvolumes,crds,clusterroles", "-oname").out
    return Played(story, requests, logs, rest, left, asyncio.run(objection_of(host)))


def asked_at_rest(host: AnyCluster) -> Counter[str]:
    """What the operator asks for once it has no more to write: the models serve, the pipeline waits."""
    # It runs without a Lease: whatever it writes is about the story.
    stands_still(lambda: sum(each.program == "kanaria" for each in host.writes()), still=SETTLED)
    begun = datetime.now(UTC)  # noqa: TID251 # the server notes the wall's time
    time.sleep(REST)  # the time that is measured
    return by_verb(asked_by_it(host, begun))


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


def test_at_rest_it_asks_for_nothing_but_its_next_watches(played: Played):
    assert [what for what in played.rest if not what.startswith("watch ")] == []


def test_the_logs_of_its_model_servers_can_be_read(played: Played):
    assert "[pod/digits-" in played.logs


def test_the_host_is_left_as_it_was_found(played: Played):
    ours = [name for name in played.left.split() if "kanaria" in name or name.endswith(("/demo", "/local"))]

    assert ours == []
    assert played.objection == ""
