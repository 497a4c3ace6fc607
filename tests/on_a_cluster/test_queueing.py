"""Steps that wait for Kueue, whose part a test plays, on a cluster."""

import json
from typing import Any

from fake_kubelet import a_step
from kanaria.local.api_client import JOBS, PODS
from synced_team import API_VERSION, RUNS, SyncedTeam, condition
from waiting import eventually_now

QUEUE = "kueue.x-k8s.io/queue-name"


def queued(team: SyncedTeam, *steps: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The run of a pipeline with these steps that says that it waits for Kueue, and the Job that waits."""
    metadata = {"name": "wine", "annotations": {"kanaria.dev/run": "1"}}
    pipeline = {"apiVersion": API_VERSION, "kind": "MLPipeline", "metadata": metadata, "spec": {"steps": steps}}
    team.repository.commit({"deploy/pipeline.json": json.dumps(pipeline)})
    team.follow().applied(team.repository.head())

    def is_told() -> Any:
        found = team.background.all(RUNS, team.namespace)
        return [run for run in found if condition(run, "Reconciling").get("reason") == "Queued"]

    (run,) = eventually_now(is_told)
    (job,) = team.background.all(JOBS, team.namespace)
    return run, job


def phase_of(team: SyncedTeam, run: dict[str, Any]) -> str:
    found: str = team.get(RUNS, run["metadata"]["name"])["status"]["phase"]
    return found


def test_a_step_waits_until_its_job_is_admitted_and_nobody_fights_over_it(team: SyncedTeam):
    run, job = queued(team, a_step("train", queueName="gpus"), a_step("tell", "train"))
    name = job["metadata"]["name"]
    assert (job["metadata"]["labels"][QUEUE], job["spec"]["suspend"]) == ("gpus", True)
    assert team.background.all(PODS, team.namespace) == []

    admitted = json.dumps({"spec": {"suspend": False}})
    team.cluster.kubectl("patch", "job", name, "-n", team.namespace, "--type=merge", "-p", admitted)
    eventually_now(lambda: phase_of(team, run) == "Succeeded")

    written = [write for write in team.cluster.writes() if (write.program, write.name) == ("kanaria", name)]
    assert [write.resource for write in written] == ["jobs.batch"]
    assert team.get(JOBS, name)["spec"]["suspend"] is False


def test_a_run_that_is_cancelled_in_the_queue_leaves_no_job(team: SyncedTeam):
    run, _ = queued(team, a_step("train", queueName="gpus"))

    cancel = f"kanaria.dev/cancel={run['metadata']['name']}"
    team.cluster.kubectl("annotate", "mlpipeline", "wine", "-n", team.namespace, cancel)

    eventually_now(lambda: phase_of(team, run) == "Cancelled")
    eventually_now(lambda: team.background.all(JOBS, team.namespace) == [])
