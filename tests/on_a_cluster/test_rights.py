"""The rights that the suite's operator is given, against those that it used: the audit log tells.

It runs after all others (conftest.py), and proves something only then.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from any_cluster import AnyCluster
from fake_kubelet import a_step
from kanaria.cluster.events import Told
from kanaria.local.api_client import CONFIG_MAPS, EVENTS, JOBS, PODS
from kanaria.local.kserve.naming import INFERENCE_SERVICES
from kanaria.vocabulary import Notice, ObjectRef
from registry import Registry
from served_model import ServedModel
from suite_operator import SuiteOperator, asked_by_it
from synced_cluster import a_config_map
from synced_team import API_VERSION, GIT_SYNCS, PIPELINES, RUNS, SYNC, SyncedTeam, condition
from waiting import eventually_now

ACCOUNTS = {"kanaria-sync", "kanaria-runner"}
Right = tuple[str, str, str, str]  # whose, verb, group, resource
LOGIN = {"username": "ann", "password": "made-up"}


def granted(cluster: AnyCluster) -> Iterator[Right]:
    """What the operator, and the teams' accounts, may do."""
    roles = [*cluster.get("clusterroles", "")["items"], *all_of(cluster, "roles")]
    for role in roles:
        name = role["metadata"]["name"]
        whose = name if name in ACCOUNTS else "kanaria" if name.startswith("kanaria") else ""
        for rule in role.get("rules") or () if whose else ():
            for group, resource, verb in product(rule["apiGroups"], rule["resources"], rule["verbs"]):
                yield whose, verb, group, resource


def product(groups: list[str], resources: list[str], verbs: list[str]) -> Iterator[tuple[str, str, str]]:
    yield from ((group, resource, verb) for group in groups for resource in resources for verb in verbs)


def all_of(cluster: AnyCluster, kind: str) -> list[dict[str, Any]]:
    """The objects of the kind in all namespaces, also those that end just now."""
    names = [each["metadata"]["name"] for each in cluster.get("namespaces", "")["items"]]
    return [each for name in names for each in cluster.get(kind, name)["items"]]


def used(cluster: AnyCluster) -> Iterator[Right]:
    """What the operator did, and as the teams' accounts; what is not there could be asked for all the same."""
    for told in asked_by_it(cluster):
        if told["responseStatus"]["code"] == 403 or "objectRef" not in told:
            continue
        as_whom = told.get("impersonatedUser", {}).get("username", "")
        whose = as_whom.rpartition(":")[2] or "kanaria"
        ref = told["objectRef"]
        what = "/".join(filter(None, (ref["resource"], ref.get("subresource"))))
        yield whose, told["verb"], ref.get("apiGroup", ""), what
        if as_whom:
            yield "kanaria", "impersonate", "", "serviceaccounts"
        if told["responseStatus"]["code"] == 201:
            # An apply that makes the object: a patch that needs the right to create.
            yield whose, "create", ref.get("apiGroup", ""), what


def test_no_right_is_unused(cluster: AnyCluster, operator: SuiteOperator, request: pytest.FixtureRequest):
    assert operator.log.exists()
    if cluster.name != "controlplane":
        pytest.skip("only the real API server checks rights, and tells of reads")
    others = {item.path for item in request.session.items if Path(__file__).parent in item.path.parents}
    if len(others) < len(list(Path(__file__).parent.glob("test_*.py"))):
        pytest.skip("needs the whole suite to have run before")

    unused = set(granted(cluster)) - set(used(cluster))

    assert sorted(unused) == []


def test_a_run_with_a_volume_is_made_and_all_that_git_drops_goes(team: SyncedTeam):
    policy = {"metrics": [{"name": "a", "mlflow": {"key": "a"}, "threshold": {"min": 0}}]}
    run = {"steps": [a_step("train")], "workspace": {"size": "1Mi"}}
    files = {
        f"deploy/{kind}.yaml": written(kind, spec) for kind, spec in (("MetricPolicy", policy), ("MLPipeline", run))
    }
    team.repository.commit({**files, "deploy/a.yaml": a_config_map("a")})
    team.follow().applied(team.repository.head())
    # The first question that MLflow is asked takes long.
    eventually_now(lambda: team.background.all(JOBS, team.namespace))

    team.commit(dict.fromkeys(files))

    assert (team.names(PIPELINES), team.names(CONFIG_MAPS)) == ([], ["a"])


def written(kind: str, spec: dict[str, Any]) -> str:
    metadata = {"name": "wine", "annotations": {"kanaria.dev/run": "1"}}
    return yaml.safe_dump({"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec})


def test_a_first_candidate_that_is_withdrawn_leaves_nothing_that_serves(
    team: SyncedTeam, registry: Registry, kserve: None
):
    assert kserve is None
    wine = ServedModel(team, registry)
    # No server comes up on a model that nobody can load; so it is withdrawn while it is the only one.
    team.repository.commit(wine.file(candidate=registry.register(wine.model)))
    team.follow()
    eventually_now(lambda: team.get(INFERENCE_SERVICES, "wine"))

    team.commit(wine.file())

    eventually_now(lambda: not team.get(INFERENCE_SERVICES, "wine"))


def test_the_secret_of_a_repository_is_read_only_where_a_role_names_it(team: SyncedTeam):
    if team.cluster.name == "local":
        pytest.skip("the local cluster knows but one user, who may do everything")
    team.repository.commit({"deploy/a.yaml": a_config_map("a")})
    for name in ("git", "other"):
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": LOGIN}
        team.cluster.apply(secret, namespace=team.namespace)

    allowed, refused = follow(team, "allowed", "git"), follow(team, "refused", "other")

    eventually_now(lambda: team.get(GIT_SYNCS, allowed).get("status", {}).get("lastAppliedRevision"))
    assert team.get(CONFIG_MAPS, "a")
    told = eventually_now(lambda: refusal(team, refused))
    assert "may not be read by the operator" in told


def test_a_step_that_never_starts_is_given_up_and_its_job_goes(team: SyncedTeam):
    pipeline = {"steps": [a_step("train", runs="60s")]}
    team.repository.commit({"deploy/pipeline.yaml": written("MLPipeline", pipeline)})
    team.follow()
    eventually_now(lambda: team.background.all(PODS, team.namespace))

    # A kubelet says so of an image whose name is none; the one here would start the step all the same.
    eventually_now(lambda: cannot_start(team) or not team.background.all(JOBS, team.namespace))

    (run,) = eventually_now(lambda: [r for r in team.background.all(RUNS, team.namespace) if over(r)])
    assert "InvalidImageName" in condition(run, "Ready")["message"]
    eventually_now(lambda: team.background.all(JOBS, team.namespace) == [])


def cannot_start(team: SyncedTeam) -> bool:
    """Say of the Pods that their container cannot be started; always False."""
    waiting = {"name": "step", "ready": False, "restartCount": 0, "image": "?", "imageID": ""}
    waiting["state"] = {"waiting": {"reason": "InvalidImageName", "message": "no image is called so"}}
    change = json.dumps({"status": {"phase": "Pending", "containerStatuses": [waiting]}})
    for pod in team.background.all(PODS, team.namespace):
        words = ("patch", "pod", pod["metadata"]["name"], "-n", team.namespace, "--subresource=status")
        team.cluster.kubectl(*words, "--type=merge", "-p", change, check=False)
    return False


def over(run: dict[str, Any]) -> bool:
    return run.get("status", {}).get("phase") in {"Succeeded", "Failed"}


def test_a_series_of_events_goes_on_after_a_restart(team: SyncedTeam):
    team.repository.commit({"deploy/a.yaml": "kind: [\n"})
    said = team.cluster.apply(a_sync(team, suspend=True), namespace=team.namespace)
    assert said.code == 0, said.err
    # As an operator of before left it, who had told of this four times.
    sync = team.get(GIT_SYNCS, SYNC)
    left = an_event_about(sync, "BuildFailed", count=4)
    said = team.cluster.apply(left, namespace=team.namespace)
    assert said.code == 0, said.err

    team.cluster.apply(a_sync(team, suspend=False), namespace=team.namespace)

    eventually_now(lambda: team.get(EVENTS, left["metadata"]["name"])["count"] == 5)


def an_event_about(sync: dict[str, Any], reason: str, count: int) -> dict[str, Any]:
    """The Event of the operator's series about the sync."""
    about, uid = ObjectRef.of(sync), sync["metadata"]["uid"]
    ref = Told(about, uid, Notice("Warning", reason, ""), datetime(2026, 1, 1, tzinfo=UTC)).ref
    involved = {"apiVersion": about.api_version, "kind": about.kind, "namespace": ref.namespace, "name": about.name}
    metadata = {"name": ref.name, "namespace": ref.namespace}
    told = {"type": "Warning", "reason": reason, "message": "told before", "count": count}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": metadata,
        "involvedObject": involved | {"uid": uid},
        **told,
    }


def a_sync(team: SyncedTeam, **spec: Any) -> dict[str, Any]:
    whole = {"url": team.repository.url, "path": "deploy", "interval": "1s", **spec}
    return {"apiVersion": API_VERSION, "kind": "GitSync", "metadata": {"name": SYNC}, "spec": whole}


def follow(team: SyncedTeam, name: str, secret: str) -> str:
    """A GitSync that reads the Secret."""
    spec = {"url": team.repository.url, "path": "deploy", "interval": "1s", "secretRef": {"name": secret}}
    manifest = {"apiVersion": API_VERSION, "kind": "GitSync", "metadata": {"name": name}, "spec": spec}
    said = team.cluster.apply(manifest, namespace=team.namespace)
    assert said.code == 0, said.err
    return name


def refusal(team: SyncedTeam, name: str) -> str | None:
    """What the GitSync says of a Secret, once it does."""
    conditions = team.get(GIT_SYNCS, name).get("status", {}).get("conditions") or ()
    return next((each["message"] for each in conditions if "Secret" in each["message"]), None)
