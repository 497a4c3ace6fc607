import asyncio
import base64
import sys
from contextlib import suppress
from typing import Any

import psutil
import pytest

from kanaria.local.api_client import CLAIMS, CONFIG_MAPS, PODS, SECRETS, Api
from kanaria.local.settings import TownInfo
from running import a_pod_of, a_script, end_of, gone, log_of, logged, over, ran, ready, started
from waiting import eventually

SCRATCH = {"volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}]}
SCRATCH_VOLUME = [{"name": "scratch", "emptyDir": {}}]


@pytest.mark.parametrize(
    ("script", "phase", "code", "message"),
    [
        pytest.param("exit 0", "Succeeded", 0, None, id="well"),
        pytest.param("exit 3", "Failed", 3, None, id="an exit code"),
        pytest.param("kill -9 $$$$", "Failed", 137, "ended by SIGKILL", id="a signal"),
        pytest.param("echo done > /dev/termination-log", "Succeeded", 0, "done", id="a message"),
        pytest.param("echo sorry > /dev/termination-log; exit 1", "Failed", 1, "sorry", id="a last word"),
    ],
)
async def test_a_pod_ends_as_its_process_ends(
    api: Api, quarter: str, script: str, phase: str, code: int, message: str | None
):
    pod = await ran(api, quarter, a_script(script))

    end = end_of(pod)
    assert pod["status"]["phase"] == phase
    assert (end["exitCode"], end.get("message")) == (code, message)
    assert end["reason"] == ("Error" if code else "Completed")


@pytest.mark.parametrize(
    ("container", "message"),
    [
        pytest.param(
            {"command": ["no-such-program"]},
            'exec: "no-such-program": executable file not found in $PATH',
            id="an unknown command",
        ),
        pytest.param({"command": ["./no.sh"]}, 'exec: "./no.sh": no such file or directory', id="an absent file"),
        pytest.param({"args": ["--x"]}, 'exec: "--x": executable file not found in $PATH', id="only arguments"),
        pytest.param({}, "no command specified: the local cluster runs no images", id="no command"),
    ],
)
async def test_a_command_that_cannot_start_is_named(api: Api, quarter: str, container: dict[str, Any], message: str):
    pod = await ran(api, quarter, {"name": "main", "image": "x", **container})

    end = end_of(pod)
    assert (pod["status"]["phase"], end["exitCode"], end["reason"]) == ("Failed", 128, "StartError")
    assert end["message"].startswith(message)


async def test_a_failed_container_may_tell_by_its_log(api: Api, quarter: str):
    talkative = a_script("echo the disk is full; exit 1", terminationMessagePolicy="FallbackToLogsOnError")

    pod = await ran(api, quarter, talkative)

    assert end_of(pod)["message"] == "the disk is full"


async def test_init_containers_run_in_order_and_share_volumes(api: Api, quarter: str):
    first = a_script("echo one > /scratch/file", **SCRATCH) | {"name": "first"}
    second = a_script("echo two >> /scratch/file", **SCRATCH) | {"name": "second"}
    main = a_script("cat $FILE", env=[{"name": "FILE", "value": "/scratch/file"}], **SCRATCH)

    pod = await ran(api, quarter, main, initContainers=[first, second], volumes=SCRATCH_VOLUME)

    assert pod["status"]["phase"] == "Succeeded"
    assert await log_of(api, quarter) == "one\ntwo\n"


async def test_a_failed_init_container_fails_the_pod(api: Api, quarter: str):
    pod = await ran(api, quarter, a_script("exit 0"), initContainers=[a_script("exit 5") | {"name": "first"}])

    assert pod["status"]["phase"] == "Failed"
    assert end_of(pod, "first")["exitCode"] == 5
    assert "waiting" in pod["status"]["containerStatuses"][0]["state"]


async def test_a_process_gets_a_clean_environment(api: Api, quarter: str, town: TownInfo):
    await ran(api, quarter, a_script("env; pwd", env=[{"name": "OWN", "value": "$(HOME)/x"}], workingDir="/app"))

    lines = (await log_of(api, quarter)).split()
    names = {line.split("=")[0] for line in lines if "=" in line}
    given = {"PATH", "HOME", "TMPDIR", "LANG", "DO_NOT_TRACK", "HOSTNAME", "OWN"}
    assert names - {"PWD", "SHLVL", "_", "OLDPWD"} == given
    assert lines[-1].startswith(str(town.home))
    assert lines[-1].endswith("/app")


async def test_config_maps_and_secrets_are_variables_and_files(api: Api, quarter: str):
    meta = {"name": "given", "namespace": quarter}
    await api.create(CONFIG_MAPS, {"metadata": meta, "data": {"alpha": "0.5"}})
    await api.create(SECRETS, {"metadata": meta, "data": {"key": base64.b64encode(b"hush").decode()}})
    volumes = [{"name": "c", "configMap": {"name": "given"}}, {"name": "s", "secret": {"secretName": "given"}}]
    mounts = [{"name": "c", "mountPath": "/etc/c"}, {"name": "s", "mountPath": "/etc/s"}]
    env = [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "given", "key": "key"}}}]
    main = a_script("echo $alpha $KEY $(cat /etc/c/alpha) $(cat /etc/s/key)", env=env, volumeMounts=mounts)

    await ran(api, quarter, main | {"envFrom": [{"configMapRef": {"name": "given"}}]}, volumes=volumes)

    assert await log_of(api, quarter) == "0.5 hush 0.5 hush\n"


async def test_a_container_waits_for_a_config_map_that_is_not_there_yet(api: Api, quarter: str):
    env = [{"name": "ALPHA", "valueFrom": {"configMapKeyRef": {"name": "late", "key": "alpha"}}}]
    await started(api, quarter, a_pod_of(a_script("echo $ALPHA", env=env)))

    async def told() -> Any:
        pod = await api.get(PODS, quarter, "one")
        return [each["state"].get("waiting") for each in pod.get("status", {}).get("containerStatuses", [])]

    waiting = {"reason": "CreateContainerConfigError", "message": 'configmap "late" not found'}
    await eventually(lambda: _equals(told, [waiting]))
    await api.create(CONFIG_MAPS, {"metadata": {"name": "late", "namespace": quarter}, "data": {"alpha": "7"}})

    assert (await over(api, quarter))["status"]["phase"] == "Succeeded"


async def test_a_claim_outlives_the_pods_that_use_it(api: Api, quarter: str):
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    await api.create(CLAIMS, {"metadata": {"name": "lake", "namespace": quarter}, "spec": spec})
    volumes = [{"name": "lake", "persistentVolumeClaim": {"claimName": "lake"}}]
    mounts = [{"name": "lake", "mountPath": "/lake"}]
    await ran(api, quarter, a_script("echo kept > /lake/file", volumeMounts=mounts), volumes=volumes)
    await api.delete(PODS, quarter, "one")
    await gone(api, quarter)

    await ran(api, quarter, a_script("cat /lake/file", volumeMounts=mounts), volumes=volumes)

    assert await log_of(api, quarter) == "kept\n"
    assert (await api.get(CLAIMS, quarter, "lake"))["status"]["phase"] == "Bound"


async def test_a_host_path_is_refused(api: Api, quarter: str):
    mounts = [{"name": "host", "mountPath": "/host"}]
    volumes = [{"name": "host", "hostPath": {"path": "/etc"}}]

    pod = await ran(api, quarter, a_script("true", volumeMounts=mounts), volumes=volumes)

    assert pod["status"]["reason"] == "VolumeRefused"
    assert 'volume "host" is of kind hostPath' in pod["status"]["message"]


async def test_a_pod_past_its_deadline_is_ended_with_all_its_processes(api: Api, quarter: str):
    pod = await ran(api, quarter, a_script("sleep 300 & wait"), activeDeadlineSeconds=1)

    assert (pod["status"]["phase"], pod["status"]["reason"]) == ("Failed", "DeadlineExceeded")
    await eventually(lambda: _processes_of(pod) == [])


async def test_what_a_process_leaves_behind_ends_with_it(api: Api, quarter: str):
    await ran(api, quarter, a_script("sleep 300 & echo $!"))

    pid = int(await log_of(api, quarter))
    await eventually(lambda: not _is_running(pid))


async def test_a_daemon_that_left_its_group_ends_with_its_pod(api: Api, quarter: str):
    await ran(api, quarter, a_script("setsid sleep 300 & sleep 0.2; echo $!"))

    pid = int(await log_of(api, quarter))
    await eventually(lambda: not _is_running(pid))


async def test_a_deleted_pod_has_its_grace_and_then_goes(api: Api, quarter: str, town: TownInfo):
    volumes = [{"name": "lake", "persistentVolumeClaim": {"claimName": "lake"}}]
    script = "trap 'echo bye > /lake/said; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    main = a_script(script, volumeMounts=[{"name": "lake", "mountPath": "/lake"}])
    await started(api, quarter, a_pod_of(main, volumes=volumes))
    await logged(api, quarter, "up\n")

    await api.delete(PODS, quarter, "one", gracePeriodSeconds=30)

    await gone(api, quarter)
    assert (town.home / "claims" / quarter / "lake" / "said").read_text() == "bye\n"


async def test_a_process_that_ignores_its_end_is_killed_after_the_grace(api: Api, quarter: str):
    await started(api, quarter, a_pod_of(a_script("trap '' TERM; echo $$$$; while :; do sleep 1; done")))
    pid = int(await eventually(lambda: _text(api, quarter)))

    await api.delete(PODS, quarter, "one", gracePeriodSeconds=1)

    await gone(api, quarter)
    await eventually(lambda: not _is_running(pid))


async def test_a_container_that_fails_is_started_again_by_policy(api: Api, quarter: str):
    script = "test -e /scratch/been && exit 0; touch /scratch/been; exit 7"
    main = a_script(script, **SCRATCH)

    pod = await ran(api, quarter, main, restartPolicy="OnFailure", volumes=SCRATCH_VOLUME)

    status = pod["status"]["containerStatuses"][0]
    assert (pod["status"]["phase"], status["restartCount"]) == ("Succeeded", 1)
    assert status["lastState"]["terminated"]["exitCode"] == 7


async def test_a_container_that_keeps_ending_backs_off(api: Api, quarter: str):
    await started(api, quarter, a_pod_of(a_script("exit 1"), restartPolicy="Always"))

    async def backs_off() -> Any:
        pod = await api.get(PODS, quarter, "one")
        states = [each["state"].get("waiting", {}) for each in pod.get("status", {}).get("containerStatuses", [])]
        return [state for state in states if state.get("reason") == "CrashLoopBackOff"]

    [state] = await eventually(backs_off)
    assert state["message"].endswith("restarting failed container=main pod=one")


async def test_a_server_is_ready_on_the_port_it_was_given(api: Api, quarter: str):
    server = {
        "name": "main",
        "image": "x",
        "command": ["python", "-m", "http.server", "$(PORT)", "--bind", "127.0.0.1"],
        "ports": [{"containerPort": 8080, "name": "http"}],
        "readinessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 1},
    }
    await started(api, quarter, a_pod_of(server))

    pod = await ready(api, quarter)

    port = int(pod["metadata"]["annotations"]["local.kanaria.dev/port"])
    listening = {each.laddr.port for each in psutil.net_connections("tcp") if each.status == psutil.CONN_LISTEN}
    assert port in listening
    assert pod["metadata"]["annotations"]["local.kanaria.dev/ports"] == f'{{"8080": {port}}}'


async def test_a_container_is_not_ready_before_its_probe_passes(api: Api, quarter: str):
    probe = {"exec": {"command": ["test", "-e", "/scratch/ready"]}, "periodSeconds": 1}
    main = a_script("sleep 300", readinessProbe=probe, **SCRATCH)
    await started(api, quarter, a_pod_of(main, volumes=SCRATCH_VOLUME))

    async def runs() -> Any:
        pod = await api.get(PODS, quarter, "one")
        return [each for each in pod.get("status", {}).get("containerStatuses", []) if "running" in each["state"]]

    [status] = await eventually(runs)
    assert not status["ready"]


async def test_a_container_that_fails_its_liveness_probe_is_started_again(api: Api, quarter: str):
    probe = {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 1}
    main = a_script("sleep 300", livenessProbe=probe)
    await started(api, quarter, a_pod_of(main, restartPolicy="Always", terminationGracePeriodSeconds=30))

    async def restarted() -> Any:
        pod = await api.get(PODS, quarter, "one")
        return [each for each in pod.get("status", {}).get("containerStatuses", []) if each["restartCount"] > 0]

    [status] = await eventually(restarted)
    assert status["lastState"]["terminated"]["exitCode"] == 143


async def test_a_followed_log_ends_with_its_container(api: Api, quarter: str, town: TownInfo):
    lake = town.home / "claims" / quarter / "lake"
    script = "echo one; until test -e /lake/go; do sleep 0.05; done; echo two"
    main = a_script(script, volumeMounts=[{"name": "lake", "mountPath": "/lake"}])
    volumes = [{"name": "lake", "persistentVolumeClaim": {"claimName": "lake"}}]
    await started(api, quarter, a_pod_of(main, volumes=volumes))
    await logged(api, quarter, "one\n")

    following = asyncio.create_task(log_of(api, quarter, follow="true"))
    (lake / "go").touch()

    assert await following == "one\ntwo\n"
    assert await log_of(api, quarter, tailLines="1") == "two\n"


async def test_the_files_of_a_pod_go_with_it(api: Api, quarter: str, town: TownInfo):
    pod = await ran(api, quarter, a_script("true"))
    folder = town.home / "pods" / pod["metadata"]["uid"]
    assert folder.is_dir()

    await api.delete(PODS, quarter, "one")

    await eventually(lambda: not folder.exists())


async def test_python_is_the_one_that_runs_the_town(api: Api, quarter: str):
    script = "import sys; print(sys.prefix)"
    await ran(api, quarter, {"name": "main", "image": "x", "command": ["python", "-c", script]})

    assert await log_of(api, quarter) == f"{sys.prefix}\n"


async def _text(api: Api, quarter: str) -> str:
    try:
        return await log_of(api, quarter)
    except Exception:  # noqa: BLE001 - not started yet
        return ""


async def _equals(question: Any, expected: Any) -> bool:
    return bool(await question() == expected)


def _processes_of(pod: dict[str, Any]) -> list[psutil.Process]:
    """What runs in the folders of the Pod, by its environment."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if f"/{pod['metadata']['uid']}/" in process.environ().get("TMPDIR", "") and _is_running(process.pid):
                found.append(process)
    return found


def _is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
