"""Whether an object works, by what it says of itself."""

from typing import Any

import pytest

from kanaria.decide.git_sync.kstatus import Unhealthy, unhealthy

OURS = "kanaria.dev/v1alpha1"


def a_thing(kind: str, *, spec: Any = None, api: str = "example.com/v1", seen: int | None = 2, **status: Any) -> Any:
    observed = {} if seen is None else {"observedGeneration": seen}
    metadata = {"name": "x", "namespace": "wine", "generation": 2}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec or {}, "status": {**observed, **status}}


def saying(**conditions: str) -> dict[str, Any]:
    return {"conditions": [{"type": t, "status": s, "reason": "Why", "message": "so"} for t, s in conditions.items()]}


def replicas(count: int, **other: int) -> dict[str, int]:
    all_of_them = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "currentReplicas")
    return dict.fromkeys(all_of_them, count) | other


LATE = {"conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]}
TWO = {"replicas": 2}


@pytest.mark.parametrize(
    "thing",
    [
        pytest.param(a_thing("Thing", seen=None), id="one that says nothing"),
        pytest.param(a_thing("Thing", **saying(Ready="True")), id="one that is ready"),
        pytest.param(a_thing("Thing", **saying(Odd="True", Available="False")), id="conditions of its own"),
        pytest.param(a_thing("Deployment", api="apps/v1", spec=TWO, **replicas(2)), id="a Deployment"),
        pytest.param(a_thing("Deployment", api="apps/v1", spec={"replicas": 0}), id="a Deployment of none"),
        pytest.param(
            a_thing("Deployment", api="apps/v1", **replicas(1)), id="a Deployment of one, which is the default"
        ),
        pytest.param(a_thing("StatefulSet", api="apps/v1", spec=TWO, **replicas(2)), id="a StatefulSet"),
        pytest.param(
            a_thing(
                "StatefulSet",
                api="apps/v1",
                spec={**TWO, "updateStrategy": {"rollingUpdate": {"partition": 1}}},
                **replicas(2, updatedReplicas=1),
            ),
            id="a StatefulSet that is updated up to its partition",
        ),
        pytest.param(a_thing("ReplicaSet", api="apps/v1", spec=TWO, **replicas(2)), id="a ReplicaSet"),
        pytest.param(
            a_thing("DaemonSet", api="apps/v1", desiredNumberScheduled=1, updatedNumberScheduled=1, numberAvailable=1),
            id="a DaemonSet",
        ),
        pytest.param(a_thing("Job", api="batch/v1", seen=None, **saying(Complete="True")), id="a complete Job"),
        pytest.param(a_thing("Job", api="batch/v1", seen=None, spec={"suspend": True}), id="a suspended Job"),
        pytest.param(a_thing("Pod", api="v1", seen=None, phase="Succeeded"), id="a Pod that is over"),
        pytest.param(a_thing("Pod", api="v1", seen=None, phase="Running", **saying(Ready="True")), id="a ready Pod"),
        pytest.param(a_thing("PersistentVolumeClaim", api="v1", seen=None, phase="Bound"), id="a bound claim"),
        pytest.param(
            a_thing("CustomResourceDefinition", api="apiextensions.k8s.io/v1", seen=None, **saying(Established="True")),
            id="a definition",
        ),
        pytest.param(
            a_thing("MLPipeline", api=OURS, **saying(Ready="Unknown", Reconciling="True")), id="a run goes on"
        ),
        pytest.param(
            a_thing("ModelDeployment", api=OURS, stable={"version": "7"}, trial={}, **saying(Ready="True")),
            id="a model that serves",
        ),
        pytest.param(
            a_thing(
                "ModelDeployment",
                api=OURS,
                stable={"version": "7"},
                trial={"version": "8"},
                **saying(Ready="Unknown", Reconciling="True"),
            ),
            id="a candidate beside a model that serves",
        ),
    ],
)
def test_it_works(thing: Any):
    assert unhealthy(thing) is None


@pytest.mark.parametrize(
    ("thing", "expected"),
    [
        pytest.param(
            a_thing("Thing", seen=1, **saying(Ready="True")),
            "has not seen this generation",
            id="ready for another spec",
        ),
        pytest.param(a_thing("Thing", **saying(Ready="False")), "Why: so", id="not ready"),
        pytest.param(a_thing("Thing", **saying(Ready="True", Reconciling="True")), "Why: so", id="reconciling"),
        pytest.param(a_thing("Deployment", api="apps/v1", seen=None), "has not seen it", id="a new Deployment"),
        pytest.param(
            a_thing("Deployment", api="apps/v1", spec=TWO, **replicas(2, availableReplicas=1)),
            "availableReplicas is 1 of 2",
            id="a Deployment in part",
        ),
        pytest.param(
            a_thing("Deployment", api="apps/v1", spec=TWO, **replicas(2, replicas=3)),
            "3 replicas are there, 2 are asked for",
            id="an old replica that is still there",
        ),
        pytest.param(
            a_thing("StatefulSet", api="apps/v1", spec=TWO, **replicas(2, updatedReplicas=1)),
            "updatedReplicas is 1 of 2",
            id="a StatefulSet in part",
        ),
        pytest.param(
            a_thing("DaemonSet", api="apps/v1", desiredNumberScheduled=2, updatedNumberScheduled=2, numberAvailable=1),
            "numberAvailable is 1 of 2",
            id="a DaemonSet in part",
        ),
        pytest.param(a_thing("Job", api="batch/v1", seen=None, active=1), "not complete yet", id="a running Job"),
        pytest.param(
            a_thing("Pod", api="v1", seen=None, phase="Running"), "it is Running, and not", id="a Pod not ready"
        ),
        pytest.param(a_thing("PersistentVolumeClaim", api="v1", seen=None), "it is Pending", id="a claim not bound"),
        pytest.param(
            a_thing("CustomResourceDefinition", api="apiextensions.k8s.io/v1", seen=None),
            "not established yet",
            id="a new definition",
        ),
        pytest.param(a_thing("MetricPolicy", api=OURS, seen=None), "has not seen it yet", id="a new policy of ours"),
        pytest.param(
            a_thing("ModelDeployment", api=OURS, trial={"version": "1"}, **saying(Ready="Unknown", Reconciling="True")),
            "Why: so",
            id="a first candidate: nothing serves",
        ),
    ],
)
def test_it_does_not_work_yet(thing: Any, expected: str):
    found = unhealthy(thing)

    assert found is not None
    assert not found.failed
    assert expected in found.message


@pytest.mark.parametrize(
    "thing",
    [
        pytest.param(a_thing("Thing", **saying(Ready="False", Stalled="True")), id="stalled"),
        pytest.param(a_thing("ModelDeployment", api=OURS, **saying(Ready="False", Stalled="True")), id="ours stalled"),
        pytest.param(a_thing("Deployment", api="apps/v1", **LATE), id="a Deployment over its deadline"),
        pytest.param(a_thing("Job", api="batch/v1", seen=None, **saying(Failed="True")), id="a failed Job"),
        pytest.param(a_thing("Pod", api="v1", seen=None, phase="Failed"), id="a failed Pod"),
        pytest.param(
            a_thing(
                "CustomResourceDefinition", api="apiextensions.k8s.io/v1", seen=None, **saying(NamesAccepted="False")
            ),
            id="a definition whose names are taken",
        ),
    ],
)
def test_it_failed(thing: Any):
    found = unhealthy(thing)

    assert found is not None
    assert found.failed


def test_what_is_being_deleted_does_not_work():
    thing = a_thing("Thing")
    thing["metadata"]["deletionTimestamp"] = "2026-01-15T12:00:00Z"

    assert unhealthy(thing) == Unhealthy("it is being deleted")
