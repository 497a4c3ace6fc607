import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from kanaria.local.leash import Leash, end_strays
from waiting import eventually, eventually_now

# A town in small: it holds one group on the leash, and starts a daemon nobody told the leash of.
TOWN = """
import asyncio, os, signal, subprocess, sys
from kanaria.local.leash import Leash

signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests in the background ignores it

async def main(folder, script):
    async with Leash(f"TMPDIR={folder}/") as leash:
        held = subprocess.Popen(["sh", "-c", script], start_new_session=True, stdout=-3)
        leash.hold(held.pid)
        env = os.environ | {"TMPDIR": f"{folder}/x"}
        daemon = subprocess.Popen(["sleep", "300"], start_new_session=True, stdout=-3, env=env)
        print(held.pid, daemon.pid, leash.pid, flush=True)
        await leash.lost.wait()
        print("lost", flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


def a_town(folder: Path, script: str = "sleep 300") -> tuple["subprocess.Popen[str]", list[int]]:
    words = [sys.executable, "-c", TOWN, str(folder), script]
    town = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert town.stdout is not None
    return town, [int(word) for word in town.stdout.readline().split()]


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_nothing_outlives_a_town_however_it_ends(tmp_path: Path, number: signal.Signals):
    town, pids = a_town(tmp_path)
    assert all(map(runs, pids))

    town.send_signal(number)
    town.communicate(timeout=60)

    eventually_now(lambda: not any(map(runs, pids)))


def test_a_process_that_ignores_its_end_is_killed(tmp_path: Path):
    town, pids = a_town(tmp_path, "trap '' TERM; while :; do sleep 1; done")

    town.kill()
    town.communicate(timeout=60)

    eventually_now(lambda: not any(map(runs, pids)))


def test_a_town_learns_that_its_leash_is_lost(tmp_path: Path):
    town, pids = a_town(tmp_path)

    os.kill(pids[2], signal.SIGKILL)

    assert town.communicate(timeout=60)[0] == "lost\n"
    for pid in pids[:2]:
        os.kill(pid, signal.SIGKILL)


async def test_a_released_group_is_left_alone(tmp_path: Path):
    own = await asyncio.create_subprocess_exec("sleep", "300", start_new_session=True)

    async with Leash(f"TMPDIR={tmp_path}/") as leash:
        leash.hold(own.pid)
        leash.release(own.pid)

    assert runs(own.pid)
    own.kill()
    await own.wait()


async def test_letting_go_ends_what_is_still_held(tmp_path: Path):
    async with Leash(f"TMPDIR={tmp_path}/") as leash:
        held = await asyncio.create_subprocess_exec("sleep", "300", start_new_session=True)
        leash.hold(held.pid)

    assert await held.wait() == -signal.SIGTERM


@pytest.mark.parametrize("mark", ["", "TMPDIR", "TMPDIR=", "TMPDIR=/", "TMPDIR=relative"])
def test_a_mark_that_anyone_could_bear_ends_nobody(mark: str):
    end_strays(mark)

    assert runs(os.getpid())


async def test_strays_are_known_by_their_mark(tmp_path: Path):
    env = os.environ | {"TMPDIR": f"{tmp_path}/one"}
    marked = await asyncio.create_subprocess_exec("sleep", "300", env=env)
    other = await asyncio.create_subprocess_exec("sleep", "300", env=env | {"TMPDIR": f"{tmp_path}/two"})

    await eventually(lambda: psutil.Process(marked.pid).name() == "sleep")
    end_strays(f"TMPDIR={tmp_path}/one")

    assert await marked.wait() == -signal.SIGKILL
    assert runs(other.pid)
    other.kill()
    await other.wait()
