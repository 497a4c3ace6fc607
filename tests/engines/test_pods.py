"""Of several Pods of an attempt one tells why it goes as it goes."""

from typing import Any

import pytest

from kanaria.engines.pods import telling

INDEX = "batch.kubernetes.io/job-completion-index"


def a_pod(name: str, number: int | None = None, *, code: int | None = None, at: str = "", stuck: bool = False) -> Any:
    state: dict[str, Any] = {"running": {}}
    if code is not None:
        state = {"terminated": {"exitCode": code, "finishedAt": at}}
    if stuck:
        state = {"waiting": {"reason": "ErrImagePull"}}
    metadata = {"name": name, "creationTimestamp": at, "labels": {} if number is None else {INDEX: str(number)}}
    return {"metadata": metadata, "status": {"containerStatuses": [{"name": "step", "state": state}]}}


@pytest.mark.parametrize(
    ("pods", "name"),
    [
        pytest.param([a_pod("a")], "a", id="one"),
        pytest.param([a_pod("b", at="2"), a_pod("a", at="1")], "b", id="the newest of one number"),
        pytest.param([a_pod("z", 0), a_pod("a", 1)], "z", id="the first by number"),
        pytest.param([a_pod("z", 2), a_pod("a", 10)], "z", id="numbers are no texts"),
        pytest.param([a_pod("a", 0), a_pod("b", 1, stuck=True)], "b", id="one that cannot start"),
        pytest.param([a_pod("a", 0, stuck=True), a_pod("b", 1, code=1, at="5")], "b", id="failed before stuck"),
        pytest.param([a_pod("a", 0, code=0, at="1"), a_pod("b", 1, code=2, at="9")], "b", id="failed before well"),
        pytest.param([a_pod("a", 0, code=1, at="6"), a_pod("b", 1, code=1, at="5")], "b", id="who failed first"),
        pytest.param([a_pod("a", 0, code=143, at="5"), a_pod("b", 1, code=1, at="5")], "b", id="not who was killed"),
    ],
)
def test_the_pod_that_tells_most_is_looked_at(pods: list[dict[str, Any]], name: str):
    assert telling(pods)["metadata"]["name"] == name


@pytest.mark.parametrize("older", ["1", "2"], ids=["older", "as old"])
def test_none_of_the_pods_of_a_ray_cluster_stands_for_another(older: str):
    head, worker = a_pod("head", at=older, stuck=True), a_pod("worker", at="2")
    for pod in (head, worker):
        pod["metadata"]["labels"] = {"kanaria.dev/attempt": "wine-1-train-abc123"}

    assert telling([head, worker])["metadata"]["name"] == "head"
