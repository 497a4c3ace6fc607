"""Whether this cluster is the one that commits to the path."""

from dataclasses import replace
from datetime import timedelta

from kanaria.api import GitSync
from kanaria.api.conditions import Reason
from kanaria.decide.git_sync.scene import Scene
from kanaria.vocabulary import ClusterAsked, Stall, Writer
from kanaria.vocabulary.writer import record_of

EVERY = timedelta(hours=1)
"""How soon a right that was missing is noticed, and the longest wait after an API server that did not answer."""


def cluster_question(sync: GitSync) -> ClusterAsked | None:
    """What is to be asked where something is committed."""
    return ClusterAsked(EVERY) if sync.spec.commits_at_all else None


def writer_of(scene: Scene) -> Writer | None:
    """What is recorded with the first commit; nothing where the cluster has no name."""
    sync, cluster = scene.sync, scene.seen.cluster
    where = f"{sync.metadata.namespace}/{sync.metadata.name}"
    return Writer(record_of(sync.spec.path), cluster, where) if cluster else None


def write_alone(scene: Scene) -> Scene:
    """Two clusters that try the same candidates would take turns to settle them: the second applies nothing new."""
    theirs, ours = scene.seen.writer, scene.seen.cluster
    if not scene.sync.spec.commits_at_all or not theirs or not ours or theirs == ours:
        return scene
    record = record_of(scene.sync.spec.path)
    sentence = (
        f"{record}: cluster {theirs} commits to {scene.sync.spec.path}, and this is {ours}; nothing is applied or "
        "committed: give each cluster a path of its own, or set writeBack.propose and writeBack.settle to Disabled "
        f"here, or remove {record} by a commit if that cluster is gone"
    )
    return replace(scene, outcome=Stall(Reason.ANOTHER_WRITER, sentence), over=True)
