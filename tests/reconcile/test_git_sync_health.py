"""What was applied is to work: waited for, told when it is late or failed, and written once."""

from datetime import timedelta
from typing import Any

import pytest

from kanaria.vocabulary import ObjectRef
from synced_cluster import SyncedCluster, a_config_map, kinds_of

THING = ObjectRef("example.com/v1", "Thing", "wine", "x")
FILES = {
    "deploy/a.yaml": a_config_map("a"),
    "deploy/x.yaml": "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x}\nspec: {size: 1}\n",
}


def say(cluster: SyncedCluster, **conditions: str) -> None:
    said = [{"type": t, "status": s, "reason": "Why", "message": "so"} for t, s in conditions.items()]
    cluster.put({**cluster.objects[THING], "status": {"conditions": said}})


@pytest.fixture
def cluster() -> SyncedCluster:
    """A sync that waits for its Thing, five minutes at most."""
    made = SyncedCluster.with_sync(health={})
    made.commit(FILES)
    made.visit()
    say(made, Ready="False")
    made.settle()
    return made


def test_ready_waits_for_health(cluster: SyncedCluster):
    assert cluster.condition("Ready") == ("Unknown", "Progressing")
    assert cluster.condition("Healthy") == ("Unknown", "Progressing")
    assert "waiting for Thing wine/x to be healthy" in cluster.message("Healthy")
    assert cluster.sync.status.last_applied_revision is not None


def test_the_next_look_is_when_the_time_is_over(cluster: SyncedCluster):
    look_again = cluster.plan().look_again

    assert look_again is not None
    assert timedelta(minutes=4, seconds=50) < look_again - cluster.now <= timedelta(minutes=5)


def test_what_works_is_told_in_one_write(cluster: SyncedCluster):
    before = cluster.status_writes
    say(cluster, Ready="True")

    cluster.settle()

    assert (cluster.condition("Healthy"), cluster.condition("Ready")) == (("True", "Succeeded"), ("True", "Succeeded"))
    assert cluster.status_writes == before + 1


def test_without_health_nothing_is_waited_for():
    cluster = SyncedCluster.with_sync()
    cluster.commit(FILES)
    cluster.visit()
    say(cluster, Ready="False")

    cluster.settle()

    assert (cluster.condition("Healthy"), cluster.condition("Ready")) == (("", ""), ("True", "Succeeded"))


def test_what_is_late_stalls_and_stays_late(cluster: SyncedCluster):
    cluster.now += timedelta(minutes=5)
    cluster.settle()
    cluster.now += timedelta(minutes=1)

    assert cluster.visit().acts == ()
    assert cluster.condition("Healthy") == ("False", "HealthCheckFailed")
    assert cluster.condition("Stalled") == ("True", "HealthCheckFailed")
    assert "not healthy after 5m: Thing wine/x: Why: so" in cluster.message()


def test_what_failed_stalls_at_once(cluster: SyncedCluster):
    say(cluster, Ready="False", Stalled="True")

    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "HealthCheckFailed")


@pytest.mark.parametrize("late", [pytest.param(True, id="late"), pytest.param(False, id="in time")])
def test_a_new_commit_has_all_its_time(cluster: SyncedCluster, *, late: bool):
    cluster.now += timedelta(minutes=6 if late else 3)
    cluster.settle()
    cluster.commit({**FILES, "deploy/a.yaml": a_config_map("a", "2")})
    cluster.settle()
    cluster.now += timedelta(minutes=4)

    cluster.visit()

    assert cluster.condition("Healthy") == ("Unknown", "Progressing")


def test_what_stops_working_later_has_its_time_too(cluster: SyncedCluster):
    say(cluster, Ready="True")
    cluster.settle()
    cluster.now += timedelta(hours=1)
    say(cluster, Ready="False")
    cluster.settle()

    assert cluster.condition("Healthy") == ("Unknown", "Progressing")

    cluster.now += timedelta(minutes=5)
    cluster.settle()

    assert cluster.condition("Healthy") == ("False", "HealthCheckFailed")


def test_a_restart_goes_on_waiting(cluster: SyncedCluster):
    cluster.run = type(cluster.run)()
    cluster.now += timedelta(minutes=2)

    assert cluster.visit().acts == ()


def test_a_bad_commit_says_nothing_of_health(cluster: SyncedCluster):
    before: Any = cluster.condition("Healthy")
    cluster.commit({**FILES, "deploy/b.yaml": "kind: ["})

    assert kinds_of(cluster.settle().acts) == ["WriteStatus"]
    assert cluster.condition("Stalled") == ("True", "BuildFailed")
    assert cluster.condition("Healthy") == before
