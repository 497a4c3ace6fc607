"""What the operator does when there is nothing to do: nothing."""

import time
from collections import Counter
from datetime import UTC, datetime

import pytest

from any_cluster import AnyCluster, Write
from registry import Registry
from rendered_chart import SYSTEM
from served_model import ServedModel
from suite_operator import asked_by_it, by_verb
from synced_cluster import a_config_map
from synced_team import SyncedTeam
from waiting import stands_still

QUIET = 10.0
LONG = 60.0


def written(cluster: AnyCluster) -> list[Write]:
    """The operator's own writes."""
    return [write for write in cluster.writes() if write.program == "kanaria"]


def test_nothing_is_written_while_nothing_changes(team: SyncedTeam, registry: Registry, kserve: None):
    assert kserve is None
    wine = ServedModel(team, registry)
    wine.serve_first()
    wine.team.commit({"deploy/a.yaml": a_config_map("a")})

    # Events and aliases come a moment after what they tell of; then nothing is written, or this is never so.
    rest = stands_still(lambda: [w for w in written(team.cluster) if w.namespace == team.namespace], still=QUIET)

    assert rest


@pytest.mark.slow
def test_nothing_is_asked_either_but_the_lease_and_the_next_watch(team: SyncedTeam, registry: Registry, kserve: None):
    assert kserve is None
    if team.cluster.name != "controlplane":
        pytest.skip("only the real API server tells of reads")
    wine = ServedModel(team, registry)
    wine.serve_first()
    stands_still(lambda: [w for w in written(team.cluster) if w.namespace == team.namespace], still=QUIET)

    begun = datetime.now(UTC)  # noqa: TID251 # the server notes the wall's time
    time.sleep(LONG)  # the time that is measured
    asked = asked_since(team.cluster, begun, team.namespace)

    assert {what for what in asked if not what.startswith("watch ")} == {"patch leases"}
    assert asked["patch leases"] <= LONG / 2 + 3


def asked_since(cluster: AnyCluster, begun: datetime, namespace: str) -> Counter[str]:
    """What the operator asked for, for itself or for this team, by verb and resource: others of the suite go on."""
    mine = {"", SYSTEM, namespace}
    return by_verb(each for each in asked_by_it(cluster, begun) if each["objectRef"].get("namespace", "") in mine)
