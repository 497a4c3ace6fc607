"""A step becomes a Job that a real API server accepts and that tells what came of it."""

from dataclasses import replace

import pytest
from kubernetes.client import V1Job, V1PersistentVolumeClaim

from kanaria.engines.job import claim, render
from kanaria.engines.work import Checkout, Work

OWNER = {
    "apiVersion": "kanaria.dev/v1alpha1",
    "kind": "MLPipelineRun",
    "name": "wine-1",
    "uid": "u",
    "controller": True,
}
WORK = Work(
    name="wine-1-train-abc123",
    namespace="wine",
    labels={"kanaria.dev/owner": "mlpipelinerun.wine-1", "kanaria.dev/step": "train"},
    owner=OWNER,
    image="python:3.11",
    command=("python", "train.py"),
    env=(("MLFLOW_RUN_ID", "r"),),
    resources={"limits": {"nvidia.com/gpu": "1"}},
)
CODE = Checkout("https://git.example.com/wine.git", "abc", "training", "kanaria:1")
EVERYTHING = replace(WORK, deadline=60, pod_account="trainer", workspace="ws", checkout=replace(CODE, secret="git"))


def pod(work: Work) -> dict:
    return render(work)["spec"]["template"]["spec"]


@pytest.mark.parametrize("work", [WORK, EVERYTHING], ids=["bare", "with everything"])
def test_the_job_is_one_that_kubernetes_knows(work: Work):
    assert V1Job.model_validate(render(work)).spec.backoff_limit == 0


def test_the_claim_is_one_that_kubernetes_knows():
    made = claim("ws", "wine", {"a": "b"}, OWNER, "1Gi")

    assert V1PersistentVolumeClaim.model_validate(made).spec.access_modes == ["ReadWriteOnce"]
    assert made["metadata"]["ownerReferences"] == [OWNER]


def test_the_pod_bears_the_labels_by_which_its_owner_is_told():
    job = render(WORK)

    assert job["metadata"]["labels"] == job["spec"]["template"]["metadata"]["labels"] == WORK.labels


def test_a_step_is_tried_once_and_its_last_lines_are_kept():
    container = pod(WORK)["containers"][0]

    assert (pod(WORK)["restartPolicy"], container["terminationMessagePolicy"]) == ("Never", "FallbackToLogsOnError")
    assert container["terminationMessagePath"] == "/dev/termination-log"


def test_a_step_gains_no_privileges():
    for container in [*pod(EVERYTHING)["containers"], *pod(EVERYTHING)["initContainers"]]:
        assert container["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    assert pod(WORK)["securityContext"] == {"seccompProfile": {"type": "RuntimeDefault"}}


@pytest.mark.parametrize(("path", "folder"), [(".", "/src"), ("training", "/src/training"), ("./a/b/", "/src/a/b")])
def test_a_step_starts_in_the_folder_of_its_code(path: str, folder: str):
    work = replace(WORK, checkout=replace(CODE, path=path))

    (checkout,) = pod(work)["initContainers"]

    assert pod(work)["containers"][0]["workingDir"] == folder
    assert checkout["image"] == "kanaria:1"
    assert checkout["command"] == [
        *("kanaria", "checkout", "--url", "https://git.example.com/wine.git", "--revision", "abc", "--into", "/src")
    ]


def test_credentials_come_from_the_secret_and_stand_nowhere_in_the_job():
    (checkout,) = pod(EVERYTHING)["initContainers"]

    drawn = {each["name"]: each["valueFrom"]["secretKeyRef"] for each in checkout["env"]}
    assert drawn["KANARIA_GIT_PASSWORD"] == {"name": "git", "key": "password", "optional": True}
    assert set(drawn) == {"KANARIA_GIT_USERNAME", "KANARIA_GIT_PASSWORD", "KANARIA_GIT_BEARER_TOKEN"}
    assert all("KANARIA_GIT" not in each["name"] for each in pod(EVERYTHING)["containers"][0]["env"])


def test_files_are_fetched_in_local_clusters_only():
    local = pod(replace(WORK, checkout=replace(CODE, file_remotes=True)))["initContainers"][0]

    assert local["env"] == [{"name": "KANARIA_ALLOW_FILE_REMOTES", "value": "true"}]
    assert pod(replace(WORK, checkout=CODE))["initContainers"][0]["env"] == []


def test_workspace_and_code_are_mounted():
    mounts = {each["name"]: each["mountPath"] for each in pod(EVERYTHING)["containers"][0]["volumeMounts"]}

    assert mounts == {"workspace": "/workspace", "source": "/src"}
    assert pod(EVERYTHING)["volumes"][0]["persistentVolumeClaim"] == {"claimName": "ws"}
    assert pod(WORK)["volumes"] == []


def test_account_and_deadline_are_the_steps_own():
    assert pod(EVERYTHING)["serviceAccountName"] == "trainer"
    assert render(EVERYTHING)["spec"]["activeDeadlineSeconds"] == 60
    assert "serviceAccountName" not in pod(WORK)
    assert "activeDeadlineSeconds" not in render(WORK)["spec"]


TEMPLATE = {
    "metadata": {"labels": {"team": "wine", "kanaria.dev/step": "mine"}, "annotations": {"note": "x"}},
    "spec": {
        "nodeSelector": {"gpu": "true"},
        "restartPolicy": "Always",
        "containers": [
            {"name": "step", "env": [{"name": "A", "value": "1"}, {"name": "MLFLOW_RUN_ID", "value": "mine"}]},
            {"name": "beside", "image": "proxy:1"},
        ],
        "initContainers": [{"name": "first", "image": "x"}],
        "volumes": [{"name": "v", "emptyDir": {}}],
    },
}


def test_a_template_of_the_users_own_is_filled_in_and_its_marks_cannot_be_lost():
    job = render(replace(EVERYTHING, pod_template=TEMPLATE))

    V1Job.model_validate(job)
    template = job["spec"]["template"]
    step, beside = template["spec"]["containers"]
    assert template["metadata"]["labels"] == {"team": "wine", **WORK.labels}
    assert template["metadata"]["annotations"] == {"note": "x"}
    assert (template["spec"]["nodeSelector"], template["spec"]["restartPolicy"]) == ({"gpu": "true"}, "Never")
    assert step["env"] == [{"name": "MLFLOW_RUN_ID", "value": "r"}, {"name": "A", "value": "1"}]
    assert (step["command"], beside["image"]) == (["python", "train.py"], "proxy:1")
    assert [each["name"] for each in template["spec"]["initContainers"]] == ["checkout", "first"]
    assert [each["name"] for each in template["spec"]["volumes"]] == ["workspace", "source", "v"]


def test_volumes_and_secrets_are_handed_on_by_reference():
    secret = {"secretKeyRef": {"name": "lake", "key": "token"}}
    work = replace(
        WORK,
        env_from=(("TOKEN", secret),),
        volumes=({"name": "cache", "emptyDir": {}},),
        volume_mounts=({"name": "cache", "mountPath": "/cache"},),
    )

    (container,) = pod(work)["containers"]

    V1Job.model_validate(render(work))
    assert container["env"][-1] == {"name": "TOKEN", "valueFrom": secret}
    assert (pod(work)["volumes"], container["volumeMounts"]) == (list(work.volumes), list(work.volume_mounts))
