"""A commit that nobody vouches for: told, never applied, and nothing is built upon it."""

from typing import Any

import pytest

from deployments import a_trial_of
from kanaria.vocabulary import Answered, CommitEdits, ObjectRef, TrustAsked, Unanswered
from synced_cluster import SyncedCluster, a_config_map, applied, kinds_of
from team_repository import WINE

VERIFIED: dict[str, Any] = {
    "verify": {"secretRef": {"name": "signers"}, "mode": "Range"},
    "writeBack": {"signingKeySecretRef": {"name": "key"}},
}
WINE_REF = ObjectRef("kanaria.dev/v1alpha1", "ModelDeployment", "wine", "wine")


@pytest.fixture
def cluster() -> SyncedCluster:
    """A sync at rest, whose first commit was trusted."""
    made = SyncedCluster.with_sync(**VERIFIED)
    made.commit({"deploy/a.yaml": a_config_map("a"), "deploy/wine.yaml": WINE})
    made.trust = Answered(made.now, "")
    made.settle()
    return made


def test_a_first_commit_waits_for_its_signature():
    cluster = SyncedCluster.with_sync(**VERIFIED)
    commit = cluster.commit({"deploy/a.yaml": a_config_map("a")})

    plan = cluster.settle()

    assert applied(plan) == []
    assert cluster.condition("Ready") == ("Unknown", "Progressing")
    assert cluster.message() == f"checking the signature of commit {commit[:12]}"


def test_a_trusted_commit_is_applied(cluster: SyncedCluster):
    assert cluster.condition("Ready") == ("True", "Succeeded")
    assert cluster.names() == ["a"]


def test_a_new_commit_is_asked_about_since_the_one_that_is_applied(cluster: SyncedCluster):
    before = cluster.head
    commit = cluster.commit({"deploy/a.yaml": a_config_map("a", "2")})
    cluster.trust = None

    plan = cluster.visit()

    (asked,) = (question for question in plan.questions if isinstance(question, TrustAsked))
    assert isinstance(before, Answered)
    assert (asked.commit, asked.trust.since, asked.trust.own_key) == (commit, before.value, "key")
    assert plan.acts == ()


def test_an_untrusted_commit_is_told_and_not_applied(cluster: SyncedCluster):
    good = cluster.sync.status.last_applied_revision
    commit = cluster.commit({"deploy/a.yaml": a_config_map("a", "2")})
    cluster.trust = Answered(cluster.now, f"commit {commit[:12]} (Sneak in) is not signed")

    plan = cluster.settle()

    assert kinds_of(plan.acts) == ["WriteStatus"]
    assert cluster.condition("Stalled") == ("True", "Untrusted")
    assert "(Sneak in) is not signed: it is not applied; what is applied stays" in cluster.message("Stalled")
    assert cluster.sync.status.last_applied_revision == good
    assert cluster.sync.status.last_attempted_revision == f"main@sha1:{commit}"


@pytest.mark.parametrize("restarted", [False, True], ids=["at once", "after a restart"])
def test_drift_is_repaired_to_the_last_trusted_commit(cluster: SyncedCluster, *, restarted: bool):
    cluster.commit({"deploy/a.yaml": a_config_map("a", "2")})
    cluster.trust = Answered(cluster.now, "no")
    cluster.settle()
    if restarted:
        cluster.run = type(cluster.run)()
    drifted = ObjectRef("v1", "ConfigMap", "wine", "a")
    cluster.put({**cluster.objects[drifted], "data": {"value": "by hand"}})

    cluster.settle()

    assert cluster.objects[drifted]["data"] == {"value": "1"}


def test_what_cannot_be_checked_is_tried_again(cluster: SyncedCluster):
    cluster.commit({"deploy/a.yaml": a_config_map("a", "2")})
    cluster.trust = Unanswered(cluster.now, "Secret wine/signers is not there, or has no allowed_signers")

    cluster.settle()

    assert cluster.condition("Reconciling") == ("True", "ProgressingWithRetry")
    assert "Secret wine/signers is not there" in cluster.message("Reconciling")


def test_a_commit_that_is_vouched_for_later_is_applied_then(cluster: SyncedCluster):
    cluster.commit({"deploy/a.yaml": a_config_map("a", "2"), "deploy/wine.yaml": WINE})
    cluster.trust = Answered(cluster.now, "no")
    cluster.settle()
    cluster.trust = Answered(cluster.now, "")

    assert applied(cluster.settle()) == ["ConfigMap wine/a"]
    assert cluster.condition("Stalled") == ("", "")


def passed(cluster: SyncedCluster) -> None:
    cluster.put({**cluster.objects[WINE_REF], "status": {"trial": a_trial_of(cluster.objects[WINE_REF], "Passed")}})


def test_a_write_back_is_signed_and_stands_on_trusted_ground_only(cluster: SyncedCluster):
    passed(cluster)

    (act,) = cluster.visit().acts

    assert isinstance(act, CommitEdits)
    assert act.signing == "key"
    assert act.trust is not None
    assert act.trust.signers == "signers"


def test_nothing_is_written_back_upon_an_untrusted_head(cluster: SyncedCluster):
    cluster.commit({"deploy/a.yaml": a_config_map("a"), "deploy/wine.yaml": WINE})
    cluster.trust = Answered(cluster.now, "no")
    passed(cluster)

    assert kinds_of(cluster.settle().acts) == ["WriteStatus"]
