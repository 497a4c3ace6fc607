"""Two replicas of the operator: one leads, the other takes over, and never do both write."""

import signal
import time
import urllib.request

import pytest
import yaml

from any_cluster import AnyCluster
from replica_process import LEASE, By, Replica, leader_and_standby, written
from waiting import PATIENCE, eventually_now, stands_still

pytestmark = pytest.mark.slow  # two operators are started for each test

QUIET = 6.0
STOPPED = 20.0
SLACK = 5.0  # what a busy machine adds to times that are promised for an idle one


class Policies:
    """MetricPolicies, of which each new generation is answered by a write of the status."""

    def __init__(self, cluster: AnyCluster, namespace: str) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self.generation = 0

    def change(self) -> int:
        """A new generation of the one policy."""
        self.generation += 1
        bound = {"name": "a", "mlflow": {"key": "a"}, "threshold": {"min": self.generation / 1000}}
        policy = {"apiVersion": "kanaria.dev/v1alpha1", "kind": "MetricPolicy", "metadata": {"name": "p"}}
        said = self.cluster.kubectl(
            "apply", "-n", self.namespace, "-f", "-", given=yaml.safe_dump({**policy, "spec": {"metrics": [bound]}})
        )
        assert said.code == 0
        return self.generation

    def seen(self) -> int:
        """The generation that the operator's status speaks of."""
        return int(
            (self.cluster.get("metricpolicy", self.namespace, "p").get("status") or {}).get("observedGeneration", 0)
        )

    def answered(self, within: float) -> None:
        """Change the policy, and wait until the operator saw it."""
        self.change()
        wanted = self.cluster.get("metricpolicy", self.namespace, "p")["metadata"]["generation"]
        eventually_now(lambda: self.seen() == wanted, within=within)


@pytest.fixture
def policies(own_cluster: AnyCluster, request: pytest.FixtureRequest) -> Policies:
    name = f"of-{abs(hash(request.node.name)) % 10**8}"
    own_cluster.kubectl("create", "namespace", name)
    return Policies(own_cluster, name)


def told(replica: Replica, path: str) -> str:
    with urllib.request.urlopen(f"http://{replica.address}{path}") as answer:
        return str(answer.read().decode())


def own_writes(cluster: AnyCluster, identity: str) -> list[By]:
    """What a replica wrote beside the Lease."""
    return [by for by in written(cluster) if by.identity == identity and by.resource != "leases"]


def test_both_are_ready_and_one_leads(two: list[Replica], policies: Policies):
    leader, standby = leader_and_standby(two)
    policies.answered(within=PATIENCE)

    assert [told(each, "/readyz") for each in two] == ["ready\n", "ready\n"]
    assert "\nkanaria_leader 1.0\n" in told(leader, "/metrics")
    assert "\nkanaria_leader 0.0\n" in told(standby, "/metrics")
    assert "kanaria_visits_total{" not in told(standby, "/metrics")


def test_at_rest_nothing_is_written_but_the_lease(two: list[Replica], policies: Policies):
    leader_and_standby(two)
    policies.answered(within=PATIENCE)
    # The Event comes a moment after what it tells of; then nothing is written, or this is never so.
    stands_still(lambda: [by for by in written(policies.cluster) if by.resource != "leases"], still=QUIET)
    after = written(policies.cluster)

    assert {(by.name, by.code) for by in after if by.resource == "leases"} >= {(LEASE, 200)}


def test_after_a_kill_the_other_acts_within_15_seconds(two: list[Replica], policies: Policies):
    leader, standby = leader_and_standby(two)
    policies.answered(within=PATIENCE)
    killed = leader.signal(signal.SIGKILL)
    policies.answered(within=PATIENCE)
    took = time.monotonic() - killed

    assert standby.leads()
    assert took < 15 + SLACK


def test_after_a_sigterm_the_other_acts_within_2_seconds(two: list[Replica], policies: Policies):
    leader, standby = leader_and_standby(two)
    policies.answered(within=PATIENCE)
    policies.change()
    asked = leader.signal(signal.SIGTERM)
    eventually_now(standby.leads, within=PATIENCE)
    took = time.monotonic() - asked
    policies.answered(within=PATIENCE)

    assert leader.process.wait(60) == 0
    assert took < 2 + SLACK  # a Lease that was not given back runs out after ten seconds
    assert "Traceback" not in leader.said()


def test_who_was_stopped_for_20_seconds_writes_nothing_any_more(two: list[Replica], policies: Policies):
    leader, standby = leader_and_standby(two)
    policies.answered(within=PATIENCE)
    policies.change()
    stopped = leader.signal(signal.SIGSTOP)
    try:
        while time.monotonic() < stopped + STOPPED:
            policies.change()
            time.sleep(0.5)
        policies.answered(within=PATIENCE)
    finally:
        leader.signal(signal.SIGCONT)
    eventually_now(lambda: leader.said().count("standing by"), within=PATIENCE)
    policies.answered(within=PATIENCE)

    cluster = policies.cluster
    # Not its first write of any kind: whoever starts beside another may try to make the Lease and come second.
    took_over = next(n for n, by in enumerate(written(cluster)) if by.identity == standby.identity and by.code < 300)
    late = [by for by in written(cluster)[took_over:] if by.identity == leader.identity]
    assert own_writes(cluster, leader.identity)
    assert {(by.resource, by.code) for by in late} <= {("leases", 409)}
    assert standby.leads()
