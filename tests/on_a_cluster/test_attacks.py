"""What a team may try against others and against the operator: it comes to nothing, and a sentence says why."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from any_cluster import AnyCluster
from fake_kubelet import a_step
from in_background import Background
from installed_chart import team as a_namespace
from kanaria.local.api_client import CONFIG_MAPS, JOBS
from kanaria.local.kserve.naming import INFERENCE_SERVICES
from registry import Registry
from rendered_chart import SYSTEM
from served_model import ServedModel
from suite_operator import SuiteOperator
from synced_cluster import a_config_map
from synced_team import API_VERSION, DEPLOYMENTS, GIT_SYNCS, RUNS, SYNC, SyncedTeam, condition
from team_repository import TeamRepository
from waiting import eventually_now

OPERATOR = f"system:serviceaccount:{SYSTEM}:kanaria"
RBAC = "rbac.authorization.k8s.io/v1"
ADMIN = "admin"
NOT_NAMED = f"have the platform team name {ADMIN} in serviceAccounts of the entry"
A_POD = {"containers": [{"name": "a", "image": "a"}], "hostNetwork": True}
TEMPLATE = {"spec": {**A_POD, "restartPolicy": "Never"}}


@pytest.fixture
def with_rights(cluster: AnyCluster) -> None:
    if cluster.name == "local":
        pytest.skip("the local cluster knows but one user, who may do everything")


@pytest.fixture
def tempted(team: SyncedTeam, with_rights: None) -> SyncedTeam:
    """A team with an account that may do everything in its namespace, but that nobody lets the operator act as."""
    assert with_rights is None
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ADMIN}}
    grant(team, account, bound(team, ADMIN, ("ClusterRole", "cluster-admin"), team.namespace, ADMIN))
    return team


def bound(team: SyncedTeam, name: str, role: tuple[str, str], namespace: str, account: str) -> dict[str, Any]:
    """A RoleBinding of the team's namespace."""
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": role[0], "name": role[1]}
    subject = {"kind": "ServiceAccount", "name": account, "namespace": namespace}
    metadata = {"name": name, "namespace": team.namespace}
    return {"apiVersion": RBAC, "kind": "RoleBinding", "metadata": metadata, "roleRef": ref, "subjects": [subject]}


def grant(team: SyncedTeam, *manifests: Mapping[str, Any]) -> None:
    said = team.cluster.apply(*manifests, namespace=team.namespace)
    assert said.code == 0, said.err


def a_manifest(kind: str, spec: Mapping[str, Any], name: str = "wine", **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name, **metadata}, "spec": dict(spec)}


def a_sync(team: SyncedTeam, **spec: Any) -> dict[str, Any]:
    return a_manifest("GitSync", {"url": team.repository.url, "path": "deploy", "interval": "1s", **spec}, SYNC)


def a_run(**spec: Any) -> str:
    whole = {"steps": [a_step("train")], **spec}
    return yaml.safe_dump(a_manifest("MLPipeline", whole, annotations={"kanaria.dev/run": "1"}))


def run_stalled(team: SyncedTeam) -> dict[str, Any]:
    """Why the team's run cannot go on, once it cannot."""

    def found() -> dict[str, Any]:
        runs = team.background.all(RUNS, team.namespace)
        return next((told for run in runs if (told := condition(run, "Stalled"))), {})

    told: dict[str, Any] = eventually_now(found)
    return told


def test_a_sync_is_not_done_as_an_account_that_the_platform_team_did_not_name(tempted: SyncedTeam):
    tempted.repository.commit({"deploy/a.yaml": a_config_map("a")})
    grant(tempted, a_sync(tempted, serviceAccountName=ADMIN))

    told = tempted.stalled()

    assert (told["reason"], tempted.names(CONFIG_MAPS)) == ("Forbidden", [])
    assert "cannot impersonate" in told["message"]
    assert f"{NOT_NAMED} {tempted.namespace}" in told["message"]

    # The remedy that is told is one: nothing else kept the operator from it.
    rule = {"apiGroups": [""], "resources": ["serviceaccounts"], "resourceNames": [ADMIN], "verbs": ["impersonate"]}
    role = {"apiVersion": RBAC, "kind": "Role", "metadata": {"name": "named"}, "rules": [rule]}
    grant(tempted, role, bound(tempted, "named", ("Role", "named"), SYSTEM, "kanaria"))
    eventually_now(lambda: tempted.names(CONFIG_MAPS) == ["a"])


def test_no_job_is_made_as_an_account_that_the_platform_team_did_not_name(tempted: SyncedTeam):
    tempted.repository.commit({"deploy/pipeline.yaml": a_run(serviceAccountName=ADMIN)})
    tempted.follow()

    told = run_stalled(tempted)

    assert told["reason"] == "Forbidden"
    assert "cannot impersonate" in told["message"]
    assert NOT_NAMED in told["message"]
    assert tempted.background.all(JOBS, tempted.namespace) == []


def test_nothing_serves_as_an_account_that_the_platform_team_did_not_name(tempted: SyncedTeam, registry: Registry):
    wine = ServedModel(tempted, registry)
    tempted.repository.commit(wine.file(candidate=registry.register(wine.model), serviceAccountName=ADMIN))
    tempted.follow()

    told = eventually_now(lambda: condition(wine.seen(), "Stalled"))

    assert told["reason"] == "Forbidden"
    assert NOT_NAMED in told["message"]
    assert tempted.background.all(INFERENCE_SERVICES, tempted.namespace) == []


def test_a_sync_whose_account_has_no_rights_says_which_and_how_to_grant_it(team: SyncedTeam, with_rights: None):
    assert with_rights is None
    team.cluster.kubectl("delete", "rolebinding", "kanaria-sync", "-n", team.namespace)
    team.repository.commit({"deploy/a.yaml": a_config_map("a")})
    team.follow()

    told = team.stalled()

    account = f"ServiceAccount {team.namespace}/kanaria-sync"
    assert told["reason"] == "Forbidden"
    assert "deploy/a.yaml, line 1" in told["message"]
    assert (
        f"grant create and patch on configmaps in namespace {team.namespace} to {account} by a Role and a RoleBinding"
        in told["message"]
    )
    assert team.names(CONFIG_MAPS) == []


def test_a_namespace_that_is_no_team_s_is_not_worked_in(team: SyncedTeam, with_rights: None):
    assert with_rights is None
    name = f"{team.namespace}-of-nobody"
    team.cluster.kubectl("create", "namespace", name)
    team.repository.commit({"deploy/a.yaml": a_config_map("a")})
    try:
        said = team.cluster.apply(a_sync(team), namespace=name)
        assert said.code == 0, said.err
        told = eventually_now(lambda: condition(team.background.get(GIT_SYNCS, name, SYNC), "Stalled"))
    finally:
        team.cluster.kubectl("delete", "namespace", name, "--wait=false")

    assert told["reason"] == "Forbidden"
    assert f"have the platform team add the entry {name} of the chart's rbac.namespaces" in told["message"]


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        pytest.param(a_manifest("GitSync", {"url": "https://git.example.com/x.git"}), "gitsyncs", id="a GitSync"),
        pytest.param({"apiVersion": "v1", "kind": "Pod", "spec": A_POD}, "pods", id="a Pod"),
        pytest.param({"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": TEMPLATE}}, "jobs", id="a Job"),
        pytest.param(
            {"apiVersion": RBAC, "kind": "RoleBinding", "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"}},
            "RoleBinding",
            id="rights",
        ),
        pytest.param({"apiVersion": RBAC, "kind": "ClusterRole", "rules": []}, "ClusterRole", id="rights for all"),
        pytest.param({"apiVersion": "v1", "kind": "Namespace"}, "Namespace", id="a namespace"),
    ],
)
def test_git_brings_nothing_that_the_team_s_account_may_not_have(
    team: SyncedTeam, with_rights: None, manifest: dict[str, Any], told: str
):
    assert with_rights is None
    named = {**manifest, "metadata": {"name": f"taken-{team.namespace}"}}
    team.repository.commit({"deploy/a.yaml": a_config_map("a"), "deploy/more.json": json.dumps(named)})
    team.follow()

    stalled = team.stalled()

    assert (stalled["reason"], team.names(CONFIG_MAPS)) == ("Forbidden", [])
    assert told in stalled["message"]
    words = ("get", manifest["kind"], named["metadata"]["name"], "-n", team.namespace)
    assert "NotFound" in team.cluster.kubectl(*words, check=False).err


def test_git_brings_nothing_into_another_team_s_namespace(team: SyncedTeam, other: SyncedTeam):
    team.repository.commit({"deploy/a.yaml": a_config_map("a", namespace=other.namespace)})
    team.follow()

    stalled = team.stalled()

    assert stalled["reason"] == "BuildFailed"
    assert f"this GitSync applies to {team.namespace} only" in stalled["message"]
    assert (team.names(CONFIG_MAPS), other.names(CONFIG_MAPS)) == ([], [])


@pytest.fixture
def other(
    cluster: AnyCluster, operator: SuiteOperator, background: Background, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[SyncedTeam]:
    """Another team."""
    assert operator.log.exists()
    home = tmp_path / "other"
    home.mkdir()
    with a_namespace(cluster, f"other than {request.node.name}") as name:
        yield SyncedTeam(cluster, background, name, TeamRepository.make(home))


@pytest.mark.parametrize("accepted", [False, True], ids=["without acceptFrom", "with acceptFrom"])
def test_a_model_is_proposed_to_another_team_only_where_that_team_accepts_it(
    team: SyncedTeam,
    other: SyncedTeam,
    registry: Registry,
    accepted: bool,  # noqa: FBT001 # a table's column
):
    model, takes = f"wine-{team.namespace}", {"name": "wine", "namespace": team.namespace}
    theirs = ServedModel(other, registry)
    more = {"model": {"name": model}, "suspend": True, **({"acceptFrom": [takes]} if accepted else {})}
    other.repository.commit(theirs.file(**more))
    other.follow().applied(other.repository.head())
    promote = [{"modelDeployment": {"name": "wine", "namespace": other.namespace}}]
    # On this machine the step waits for what is registered.
    go_on = team.repository.bare.parent / "go-on"
    step = a_step("train", until=go_on) if team.cluster.name == "local" else a_step("train", runs="5s")
    pipeline = a_run(steps=[step], model={"name": model, "step": "train"}, promote=promote)
    team.repository.commit({"deploy/pipeline.yaml": pipeline})
    team.follow()
    registry.register(model, eventually_now(lambda: mlflow_run_of(team)))
    go_on.touch()

    if accepted:
        eventually_now(lambda: other.get(DEPLOYMENTS, "wine")["spec"].get("candidate"))
        return
    told = run_stalled(team)
    assert told["reason"] == "TargetRefused"
    assert f"does not accept proposals from MLPipeline {team.namespace}/wine" in told["message"]
    assert "add it to the target's spec.acceptFrom" in told["message"]
    assert other.repository.subjects() == ["Change by hand"]


def mlflow_run_of(team: SyncedTeam) -> str | None:
    runs = team.background.all(RUNS, team.namespace)
    return next((run["status"]["tracking"]["runId"] for run in runs if run.get("status", {}).get("tracking")), None)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        pytest.param("https://169.254.169.254/latest.git", "metadata of the cloud", id="the cloud's metadata"),
        pytest.param("https://[fd00:ec2::254]/latest.git", "metadata of the cloud", id="the same by IPv6"),
        pytest.param("https://kubernetes.default.svc/api.git", "the API server", id="the API server"),
        pytest.param("http://git.example.com/team.git", "in the clear", id="without TLS"),
    ],
)
def test_the_operator_is_not_sent_into_its_own_network(team: SyncedTeam, url: str, told: str):
    grant(team, a_sync(team, url=url))

    def message() -> str:
        conditions = team.get(GIT_SYNCS, SYNC).get("status", {}).get("conditions") or ()
        return next((each["message"] for each in conditions if told in each["message"]), "")

    assert eventually_now(message)


def of_git(**fields: Any) -> dict[str, Any]:
    return a_manifest("GitSync", {"url": "https://git.example.com/x.git", **fields})


def of_code(**fields: Any) -> dict[str, Any]:
    source = {"git": {"url": "https://git.example.com/x.git", **fields}}
    return a_manifest("MLPipeline", {"steps": [a_step("train")], "source": source})


def of_step(**fields: Any) -> dict[str, Any]:
    return a_manifest("MLPipeline", {"steps": [a_step("train", **fields)]})


def of_metric(**source: Any) -> dict[str, Any]:
    return a_manifest("MetricPolicy", {"metrics": [{"name": "m", "threshold": {"min": 0}, **source}]})


OUT = "system:serviceaccount:kube-system:x"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        pytest.param(of_git(url="ext::sh -c id"), "spec.url", id="a command as URL"),
        pytest.param(of_git(url="--upload-pack=touch /tmp/x"), "spec.url", id="an option as URL"),
        pytest.param(of_git(url="ssh://-oProxyCommand=id/x"), "spec.url", id="an option of ssh"),
        pytest.param(of_git(url="https://-oProxyCommand=id/x"), "spec.url", id="an option as host"),
        pytest.param(of_git(url="https://git.example.com/x --upload-pack=id"), "spec.url", id="a URL and an option"),
        pytest.param(of_git(url="https://ann:shh@git.example.com/x"), "must not hold a user", id="a password in a URL"),
        pytest.param(of_git(ref={"branch": "--upload-pack=id"}), "spec.ref.branch", id="an option as branch"),
        pytest.param(of_git(ref={"branch": "main:refs/heads/x"}), "spec.ref.branch", id="a refspec as branch"),
        pytest.param(of_git(path="--output=/etc/passwd"), "spec.path", id="an option as path"),
        pytest.param(of_git(path="a/../../etc"), "must not leave the repository", id="a path that leaves"),
        pytest.param(of_git(path="/etc"), "spec.path", id="a path of the machine"),
        pytest.param(of_git(secretRef={"name": "other/git"}), "spec.secretRef.name", id="a Secret elsewhere"),
        pytest.param(of_git(secretRef={"name": "git", "namespace": "other"}), "namespace", id="the same by a field"),
        pytest.param(of_git(serviceAccountName=OUT), "spec.serviceAccountName", id="an account elsewhere"),
        pytest.param(of_code(url="ext::sh -c id"), "spec.source.git.url", id="a command as URL of code"),
        pytest.param(of_code(ref={"branch": "-x"}), "spec.source.git.ref.branch", id="an option as branch of code"),
        pytest.param(of_code(path="-x"), "spec.source.git.path", id="an option as path of code"),
        pytest.param(of_code(secretRef={"name": "other/git"}), "secretRef.name", id="a Secret elsewhere for code"),
        pytest.param(of_step(hostNetwork=True), "hostNetwork", id="the node's network"),
        pytest.param(of_step(securityContext={"privileged": True}), "securityContext", id="the node"),
        pytest.param(
            a_manifest("MLPipeline", {"steps": [a_step("train")], "serviceAccountName": OUT}),
            "spec.serviceAccountName",
            id="Jobs by an account elsewhere",
        ),
        pytest.param(
            a_manifest("MLPipeline", {"steps": [a_step("train")], "podServiceAccountName": OUT}),
            "spec.podServiceAccountName",
            id="Pods as an account elsewhere",
        ),
        pytest.param(of_metric(counter={"from": "http://169.254.169.254/"}), "counter.from", id="counters of a URL"),
        pytest.param(of_metric(mlflow={"key": "a", "uri": "http://10.0.0.1"}), "uri", id="an MLflow of one's own"),
    ],
)
def test_what_would_lead_out_of_the_namespace_is_refused_by_the_api_server(
    cluster: AnyCluster, namespace: str, wrong: Mapping[str, Any], told: str
):
    said = cluster.apply(wrong, namespace=namespace)

    assert said.code != 0
    assert told in said.err


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("* * --all-namespaces", id="everything"),
        pytest.param("get secrets --all-namespaces", id="read a Secret of any namespace"),
        pytest.param("list secrets", id="read Secrets of a team"),
        pytest.param("get secrets/other", id="read a Secret of a team that is not named"),
        pytest.param("impersonate serviceaccounts --all-namespaces", id="act as anybody's account"),
        pytest.param("impersonate serviceaccounts/default", id="act as another account of a team"),
        pytest.param("impersonate users", id="act as a user"),
        pytest.param("impersonate groups", id="act as a group"),
        pytest.param("create pods", id="make Pods"),
        pytest.param("create jobs.batch", id="make Jobs"),
        pytest.param("patch modeldeployments.kanaria.dev", id="change what a team declared"),
        pytest.param("create rolebindings.rbac.authorization.k8s.io", id="give rights"),
        pytest.param("create serviceaccounts/kanaria-sync --subresource=token", id="take a team's token"),
    ],
)
def test_the_operator_itself_may_not(team: SyncedTeam, with_rights: None, words: str):
    assert with_rights is None

    assert may(team, *words.split()) == "no"


def test_the_operator_may_what_it_is_for(team: SyncedTeam, with_rights: None):
    """So that a "no" of the test above is one of the server's, not of a wrong question."""
    assert with_rights is None

    assert may(team, "impersonate", "serviceaccounts/kanaria-sync") == "yes"
    assert may(team, "get", "secrets/git") == "yes"


def may(team: SyncedTeam, *words: str) -> str:
    """What the API server says to whether the operator's account may do that in the team's namespace."""
    asked = ("auth", "can-i", *words, "--as", OPERATOR)
    return team.cluster.kubectl(*asked, "-n", team.namespace, check=False).out.strip()
