import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from kanaria.local.api_client import CONFIG_MAPS, NODES, Api
from kanaria.local.settings import Part, TownInfo, default_home, read_info
from kanaria.local.upkeep import TownFailedError, down, status, up
from running import a_pod_of, a_script, logged, over, ready, started
from waiting import eventually_now

SMALL: frozenset[Part] = frozenset({"workloads", "kubelet"})


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    if (tmp_path / "home").exists():
        down(tmp_path / "home")


def processes_of(home: Path) -> list[psutil.Process]:
    """All living processes that name the home in their command line or environment."""
    found = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), process.environ().get("TMPDIR", "")]
            if process.status() != psutil.STATUS_ZOMBIE and any(str(home) in word for word in words):
                found.append(process)
        except psutil.Error:
            continue
    return [process for process in found if process.pid != os.getpid()]


async def with_a_pod(info: TownInfo, policy: str = "Always") -> dict[str, Any]:
    async with Api(info.api_url, info.token) as api:
        await started(api, "default", a_pod_of(a_script("echo up; sleep 300"), restartPolicy=policy))
        return await ready(api, "default")


async def test_a_town_tells_where_it_is(home: Path):
    told: list[str] = []

    info = up(home, parts=SMALL, progress=told.append)

    assert status(home).running
    assert status(home).info == info == read_info(home)
    assert told == ["Kubernetes API", "controllers", "kubelet"]
    assert info.kubeconfig.stat().st_mode & 0o077 == 0
    async with Api(info.api_url, info.token) as api:
        assert [node["metadata"]["name"] for node in (await api.list(NODES))["items"]] == ["local"]


def test_a_town_that_runs_is_not_started_twice(home: Path):
    first = up(home, parts=SMALL)

    assert up(home, parts=SMALL) == first


async def test_state_survives_down_and_up(home: Path):
    first = up(home, parts=SMALL)
    await with_a_pod(first)
    async with Api(first.api_url, first.token) as api:
        await api.create(CONFIG_MAPS, {"metadata": {"name": "kept", "namespace": "default"}, "data": {"a": "1"}})

    assert down(home)
    assert processes_of(home) == []
    second = up(home, parts=SMALL)

    assert (second.secure_url, second.token) == (first.secure_url, first.token)
    async with Api(second.api_url, second.token) as api:
        assert (await api.get(CONFIG_MAPS, "default", "kept"))["data"] == {"a": "1"}
        pod = await ready(api, "default")
        assert pod["status"]["containerStatuses"][0]["restartCount"] == 1
        await logged(api, "default", "up\n")


async def test_a_pod_that_may_not_restart_is_lost_by_a_down(home: Path):
    await with_a_pod(up(home, parts=SMALL), policy="Never")
    down(home)

    info = up(home, parts=SMALL)

    async with Api(info.api_url, info.token) as api:
        assert (await over(api, "default"))["status"]["reason"] == "NodeShutdown"


async def test_no_process_is_left_of_a_town_that_is_killed(home: Path):
    info = up(home, parts=SMALL)
    await with_a_pod(info)
    assert len(processes_of(home)) >= 3

    os.kill(info.pid, signal.SIGKILL)

    eventually_now(lambda: processes_of(home) == [])
    eventually_now(lambda: not status(home).running)


async def test_a_killed_town_comes_back_with_what_it_held(home: Path):
    info = up(home, parts=SMALL)
    await with_a_pod(info)
    os.kill(info.pid, signal.SIGKILL)
    eventually_now(lambda: not psutil.pid_exists(info.pid))

    again = up(home, parts=SMALL)

    assert again.pid != info.pid
    async with Api(again.api_url, again.token) as api:
        assert (await ready(api, "default"))["status"]["containerStatuses"][0]["restartCount"] == 1


def test_a_town_stops_when_its_leash_is_lost(home: Path):
    info = up(home, parts=SMALL)
    [leash] = [each for each in processes_of(home) if "kanaria.local.leash" in each.cmdline()]

    leash.kill()

    eventually_now(lambda: not status(home).running)
    eventually_now(lambda: not psutil.pid_exists(info.pid))
    assert "the leash ended" in info.log.read_text()


def test_a_town_ends_with_its_parent_if_asked_to(home: Path):
    script = f"from pathlib import Path; from kanaria.local.upkeep import up; up(Path({str(home)!r}), with_parent=True, parts=frozenset()); print('up', flush=True); input()"  # noqa: E501
    parent = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"up\n"
    assert status(home).running

    parent.kill()
    parent.communicate()

    eventually_now(lambda: not status(home).running)
    eventually_now(lambda: processes_of(home) == [])


def test_two_towns_stand_side_by_side(home: Path, tmp_path: Path):
    other = tmp_path / "other"
    first, second = up(home, parts=frozenset()), up(other, parts=frozenset())

    assert first.api_url != second.api_url

    down(home)
    assert status(other).running
    assert down(other)


def test_a_town_that_cannot_start_tells_why(home: Path):
    home.mkdir()
    (home / "api").write_text("a file where a folder should be")

    with pytest.raises(TownFailedError, match=r"did not start; its last words:\n(.|\n)*FileExistsError"):
        up(home, parts=SMALL)


def test_no_town_is_no_town(home: Path):
    assert (status(home).running, status(home).info, down(home)) == (False, None, False)


def test_the_default_home_follows_the_xdg_folders(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_DATA_HOME", "/data")

    assert default_home("demo") == Path("/data/kanaria/demo")


def test_what_a_town_tells_can_be_read_by_anyone(home: Path):
    info = up(home, parts=frozenset({"git"}))

    told = json.loads((home / "town.json").read_text())

    assert told["git_url"] == info.git_url
    assert told["repository"] == str(home / "git" / "team.git")
