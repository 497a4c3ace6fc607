"""What the operator does when there is nothing to do: nothing."""

from any_cluster import AnyCluster, Write
from registry import Registry
from served_model import ServedModel
from synced_cluster import a_config_map
from synced_team import SyncedTeam
from waiting import stands_still

QUIET = 10.0


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
