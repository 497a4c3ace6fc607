"""What is told of caches at a scrape: by the leader, and only what is so."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from fake_world import NOON, FakeObjects
from kanaria.git.trouble import GitTrouble
from kanaria.reconcile.gauges import Gauges
from kanaria.vocabulary import Answer, Answered, ObjectRef, Question, Unanswered

API = "kanaria.dev/v1alpha1"


class FakeTerm:
    """A queue and the answer to every question."""

    def __init__(self, answer: Answer | None, depth: int, oldest: datetime | None) -> None:
        self.depth = depth
        self.oldest = oldest
        self.visits = self.asking = self
        self._answer = answer

    def answer(self, question: Question) -> Answer | None:
        assert question
        return self._answer


class FakeOperator:
    """Objects, and a term where it leads."""

    def __init__(self, *bodies: dict[str, Any], leads: bool = True, answer: Answer | None = None) -> None:
        self.objects = FakeObjects({ObjectRef.of(body): body for body in bodies})
        self.term = FakeTerm(answer, 3, NOON - timedelta(seconds=7)) if leads else None

    def may_write(self) -> bool:
        return self.term is not None

    def committed(self, url: str, commit: str) -> datetime:
        assert url
        if commit == "lost":
            raise GitTrouble("the mirror is not there")
        return NOON - timedelta(seconds=90)


def samples(operator: FakeOperator) -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels."""
    families: Iterable[Any] = Gauges(operator, lambda: NOON).collect()  # type: ignore[arg-type] # as much of one as is looked at
    return {(s.name.removeprefix("kanaria_"), *s.labels.values()): s.value for f in families for s in f.samples}


def an_object(kind: str, name: str = "wine", **status: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "team"}
    return {"apiVersion": API, "kind": kind, "metadata": metadata, "spec": {}, "status": status}


def a_sync(**status: Any) -> dict[str, Any]:
    return an_object("GitSync", **status) | {"spec": {"url": "https://git.example.com/wine.git"}}


def ready(status: str) -> list[dict[str, Any]]:
    return [{"type": "Ready", "status": status, "reason": "Succeeded", "lastTransitionTime": NOON.isoformat()}]


def test_objects_are_counted_by_kind_readiness_and_phase():
    told = samples(
        FakeOperator(
            an_object("ModelDeployment", "a", phase="Healthy", conditions=ready("True")),
            an_object("ModelDeployment", "b", phase="Healthy", conditions=ready("True")),
            an_object("ModelDeployment", "c", phase="Degraded", conditions=ready("False")),
            an_object("MetricPolicy", "d"),
        )
    )

    assert {key: value for key, value in told.items() if key[0] == "objects"} == {
        ("objects", "ModelDeployment", "True", "Healthy"): 2,
        ("objects", "ModelDeployment", "False", "Degraded"): 1,
        ("objects", "MetricPolicy", "Unknown", ""): 1,
    }


@pytest.mark.parametrize(
    ("trial", "weights"),
    [
        pytest.param({"phase": "Stepping", "weight": 25}, [25], id="a canary"),
        pytest.param({"phase": "Failed", "weight": 0, "endedAt": NOON.isoformat()}, [], id="one that is over"),
        pytest.param(None, [], id="none"),
    ],
)
def test_a_weight_is_told_while_there_is_a_canary(trial: dict[str, Any] | None, weights: list[int]):
    told = samples(FakeOperator(an_object("ModelDeployment", trial=trial)))

    assert [value for key, value in told.items() if key == ("canary_weight", "team", "wine")] == weights


@pytest.mark.parametrize(
    ("head", "attempted", "applied", "lag"),
    [
        pytest.param(Answered(NOON, "b"), "a", "a", 90, id="a newer commit is known"),
        pytest.param(Answered(NOON, "a"), "a", "a", 0, id="the newest is applied"),
        pytest.param(Unanswered(NOON, "no"), "b", "a", 90, id="tried, not applied, and Git is away"),
        pytest.param(None, "a", "a", 0, id="not looked yet since the start"),
        pytest.param(None, None, None, None, id="nothing is known"),
        pytest.param(Answered(NOON, "lost"), "a", "a", None, id="its mirror was lost"),
    ],
)
def test_the_lag_of_a_sync_is_the_age_of_what_is_not_applied(
    head: Answer | None, attempted: str | None, applied: str | None, lag: float | None
):
    revisions = {"lastAttemptedRevision": attempted, "lastAppliedRevision": applied}
    status = {key: f"main@sha1:{sha}" for key, sha in revisions.items() if sha}
    told = samples(FakeOperator(a_sync(**status), answer=head))

    assert told.get(("sync_lag_seconds", "team", "wine")) == lag


def test_an_object_that_cannot_be_read_harms_no_scrape():
    told = samples(FakeOperator(an_object("GitSync"), an_object("ModelDeployment", trial={"weight": 5})))

    assert told["canary_weight", "team", "wine"] == 5


def test_a_standby_tells_nothing_of_objects_so_that_sums_over_replicas_are_true():
    told = samples(FakeOperator(an_object("ModelDeployment", trial={"weight": 5}), a_sync(), leads=False))

    assert {key[0] for key in told} == {"info", "leader", "queue_depth", "queue_oldest_seconds"}
    assert told["leader",] == 0


def test_the_queue_is_told_with_the_age_of_its_first():
    told = samples(FakeOperator())

    assert (told["queue_depth",], told["queue_oldest_seconds",], told["leader",]) == (3, 7, 1)
