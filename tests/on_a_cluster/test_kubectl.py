"""What a person does with kubectl, and what they are told."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kanaria.local.kserve.naming import INFERENCE_SERVICES
from registry import Registry
from served_model import ServedModel
from synced_team import API_VERSION, SyncedTeam
from waiting import eventually_now


@pytest.fixture
def wine(team: SyncedTeam, registry: Registry, kserve: None) -> ServedModel:
    assert kserve is None
    return ServedModel(team, registry)


@contextmanager
def watching(team: SyncedTeam, *words: str) -> Iterator[list[str]]:
    """What `kubectl … -w` prints, line by line, once its first line is there."""
    said = team.repository.bare.parent / "watched"
    command = ["kubectl", "--kubeconfig", str(team.cluster.kubeconfig), "-n", team.namespace, *words]
    lines: list[str] = []
    with said.open("w") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        eventually_now(said.read_text)
        try:
            yield lines
        finally:
            process.terminate()
    lines.extend(said.read_text().splitlines())


def test_get_w_shows_a_candidate_come_and_wait_returns_when_it_serves(wine: ServedModel):
    first = wine.serve_first()
    second = wine.registry.register(wine.model)

    with watching(wine.team, "get", "md", "-w") as lines:
        wine.team.commit(wine.file(stable=first, candidate=second))
        wine.serves(second)
        wait = ("wait", "--for=condition=Ready", "md/wine", "-n", wine.team.namespace, "--timeout=50s")
        assert "condition met" in wine.team.cluster.kubectl(*wait).out
        eventually_now(lambda: (wine.team.repository.bare.parent / "watched").read_text().count("Healthy") > 1)

    assert lines[0].split() == ["NAME", "READY", "PHASE", "STABLE", "CANDIDATE", "WEIGHT", "STEP", "VERDICT", "AGE"]
    rows = [line.split() for line in lines[1:]]
    weights = [row[5] for row in rows if len(row) > 7 and row[4] == second]
    assert [w for i, w in enumerate(weights) if weights[i - 1 : i] != [w]][-2:] == ["20", "50"]
    assert rows[-1][:4] == ["wine", "True", "Healthy", second]


def test_describe_tells_the_story_and_delete_takes_what_served_along(wine: ServedModel):
    first = wine.serve_first()
    space = ("-n", wine.team.namespace)

    described = eventually_now(lambda: _with_events(wine))
    assert re.search(rf"Stable:\n\s+Version: +{first}\n", described)
    wine.team.commit({"deploy/deployment.yaml": None, "deploy/p.yaml": _policy()})
    wine.team.cluster.kubectl("wait", "--for=delete", "md/wine", *space, "--timeout=50s")

    eventually_now(lambda: wine.team.get(INFERENCE_SERVICES, "wine") == {})


def _with_events(wine: ServedModel) -> str:
    said = wine.team.cluster.kubectl("describe", "md", "wine", "-n", wine.team.namespace).out
    return said if "CanaryStarted" in said and "Promoted" in said else ""


def _policy() -> str:
    metric = "{name: a, mlflow: {key: a}, threshold: {min: 1}}"
    return f"apiVersion: {API_VERSION}\nkind: MetricPolicy\nmetadata: {{name: p}}\nspec: {{metrics: [{metric}]}}\n"


def test_delete_by_hand_is_undone_as_long_as_git_has_the_object(team: SyncedTeam):
    team.repository.commit({"deploy/p.yaml": _policy()})
    team.follow().applied(team.repository.head())

    team.cluster.kubectl("delete", "metricpolicy", "p", "-n", team.namespace)

    eventually_now(lambda: team.cluster.kubectl("get", "mp", "p", "-n", team.namespace, check=False).code == 0)


def test_a_server_side_apply_over_a_field_of_git_is_refused_and_names_kanaria(team: SyncedTeam):
    team.repository.commit({"deploy/p.yaml": _policy()})
    team.follow().applied(team.repository.head())
    metric = {"name": "a", "mlflow": {"key": "other"}, "threshold": {"min": 1}}
    policy = {
        "apiVersion": API_VERSION,
        "kind": "MetricPolicy",
        "metadata": {"name": "p"},
        "spec": {"metrics": [metric]},
    }

    said = team.cluster.apply(policy, namespace=team.namespace)

    assert said.code != 0
    assert 'conflict with "kanaria"' in said.err
