import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from kanaria.local.kubelet.forking import ForkedProcess, ForkServer
from kanaria.local.kubelet.processes import CannotStartError, Command, PlainStarter, Starter
from kanaria.local.kubelet.zygote import order_from
from kanaria.local.leash import Leash
from waiting import eventually

STARTERS = ["plain", "forked"]


pytestmark = pytest.mark.asyncio(loop_scope="module")


@asynccontextmanager
async def a_warm_server(home: Path) -> AsyncIterator[ForkServer]:
    async with Leash(f"TMPDIR={home}/") as leash, ForkServer(home / "zygote", leash, ("json", "numpy")) as server:
        await asyncio.wait_for(server.warm.wait(), 120)
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def starters(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Starter]]:
    async with a_warm_server(tmp_path_factory.mktemp("town")) as forked:
        yield {"plain": PlainStarter(), "forked": forked}


def a_command(folder: Path, *words: str, **variables: str) -> Command:
    given = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "LANG": "C.UTF-8", "TMPDIR": str(folder)}
    return Command(["python", *words], given | variables, folder, folder / "log")


async def outcome(starter: Starter, command: Command) -> tuple[int, str]:
    """The return code and what was written."""
    command.log.unlink(missing_ok=True)
    process = await starter.start(command)
    code = await asyncio.wait_for(process.wait(), 60)
    return code, command.log.read_text()


PROGRAMS = {
    "arguments": "import sys; print(sys.argv, sys.path[0])",
    "main": "import sys; print(__name__, sys.modules['__main__'].__file__, __file__)",
    "environment": "import os; print(sorted(os.environ.items()))",
    "environment of children": "import subprocess; print(subprocess.run(['env'], capture_output=True).stdout.decode())",
    "folder": "import os, tempfile; print(os.getcwd(), tempfile.gettempdir())",
    "standard input": "import sys; print(repr(sys.stdin.read()))",
    "encodings": "import sys; print(sys.stdout.encoding, sys.stdin.encoding, 'カナリア')",
    "session": "import os; print(os.getsid(0) == os.getpid() == os.getpgrp())",
    "handlers": "import signal; print([signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)])",
    "exit code": "import sys; sys.exit(3)",
    "exit message": "import sys; sys.exit('sorry')",
    "abrupt end": "import os; print('x', flush=True); os._exit(9)",
    "signal": "import os; os.kill(os.getpid(), 15)",
    "interrupt": "import os; os.kill(os.getpid(), 2); import time; time.sleep(5)",
    "exception": "def f():\n    raise ValueError('no')\n\nf()",
    "syntax error": "def (",
    "buffered output": "print('a'); print('b', end='')",
    "both streams": "import sys; print('o', flush=True); print('e', file=sys.stderr)",
    "exit handlers": "import atexit; atexit.register(lambda: print('bye')); print('hello')",
    "threads": "import threading, time; threading.Thread(target=lambda: (time.sleep(0.1), print('late'))).start()",
    "a module beside it": "import helper; print(helper.HERE)",
    "processes": (
        "import multiprocessing as m\n\ndef f(x):\n    return x * 2\n\n"
        "if __name__ == '__main__':\n    with m.get_context('spawn').Pool(1) as p:\n        print(p.map(f, [1, 2]))"
    ),
    "pickles": "import pickle\n\nclass A: pass\n\nprint(type(pickle.loads(pickle.dumps(A()))))",
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
async def test_a_forked_script_behaves_as_a_plain_one(starters: dict[str, Starter], tmp_path: Path, program: str):
    (tmp_path / "helper.py").write_text("HERE = 'beside'\n")
    (tmp_path / "script.py").write_text(program + "\n")
    command = a_command(tmp_path, "script.py", "--alpha", "0.5", GIVEN="yes")

    plain, forked = [await outcome(starters[name], command) for name in STARTERS]

    # A plain start looks for the script in its folder, by a relative name too.
    assert forked[0] == plain[0]
    assert forked[1].replace(f"{tmp_path}/script.py", "script.py") == plain[1].replace(
        f"{tmp_path}/script.py", "script.py"
    )


async def test_a_forked_module_behaves_as_a_plain_one(starters: dict[str, Starter], tmp_path: Path):
    package = tmp_path / "trainer"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text("import sys; print(sys.argv, __package__, __spec__.name); sys.exit(4)\n")
    command = a_command(tmp_path, "-m", "trainer", "-x")

    plain, forked = [await outcome(starters[name], command) for name in STARTERS]

    assert forked == plain
    assert forked[0] == 4


async def test_a_forked_process_is_forked(starters: dict[str, Starter], tmp_path: Path):
    (tmp_path / "script.py").write_text("import sys; print('numpy' in sys.modules)")

    process = await starters["forked"].start(a_command(tmp_path, "script.py"))

    assert isinstance(process, ForkedProcess)
    assert await process.wait() == 0
    assert (tmp_path / "log").read_text() == "True\n"


async def test_forked_processes_draw_different_numbers(starters: dict[str, Starter], tmp_path: Path):
    (tmp_path / "script.py").write_text("import random, numpy; print(random.random(), numpy.random.rand())")
    command = a_command(tmp_path, "script.py")

    one, two = [(await outcome(starters["forked"], command))[1].split() for _ in range(2)]

    assert one[0] != two[0]
    assert one[1] != two[1]


async def test_output_is_not_held_back_if_the_pod_says_so(starters: dict[str, Starter], tmp_path: Path):
    (tmp_path / "script.py").write_text("print('seen'); import time; time.sleep(300)")
    process = await starters["forked"].start(a_command(tmp_path, "-u", "script.py"))

    log = tmp_path / "log"
    await eventually(lambda: log.exists() and log.read_text() == "seen\n")

    os.killpg(process.pid, signal.SIGTERM)
    assert await process.wait() == -signal.SIGTERM


async def test_a_lost_zygote_takes_its_processes_along_and_plain_starts_go_on(tmp_path: Path):
    (tmp_path / "script.py").write_text("import time; time.sleep(300)")
    (tmp_path / "other.py").write_text("print('plain')")
    async with a_warm_server(tmp_path / "town") as server:
        process = await server.start(a_command(tmp_path, "script.py"))

        psutil.Process(process.pid).parent().kill()  # type: ignore[union-attr]  # the zygote

        assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
        assert await outcome(server, a_command(tmp_path, "other.py")) == (0, "plain\n")


async def test_an_unknown_command_is_named_as_ever(starters: dict[str, Starter], tmp_path: Path):
    command = a_command(tmp_path, "x")

    with pytest.raises(CannotStartError, match="executable file not found"):
        await starters["forked"].start(Command(["no-such"], command.variables, tmp_path, command.log))


@pytest.mark.parametrize(
    ("words", "variables", "taken"),
    [
        pytest.param(["script.py"], {}, True, id="a script"),
        pytest.param(["-u", "script.py"], {}, True, id="unbuffered"),
        pytest.param(["-m", "trainer"], {}, True, id="a module"),
        pytest.param(["script.py"], {"PYTHONUNBUFFERED": "1"}, True, id="unbuffered by a variable"),
        pytest.param(["script.py"], {"MLFLOW_TRACKING_URI": "http://x"}, True, id="what is read late"),
        pytest.param(["absent.py"], {}, False, id="no such script"),
        pytest.param(["-c", "pass"], {}, False, id="code in the command line"),
        pytest.param(["-O", "script.py"], {}, False, id="another flag"),
        pytest.param(["-m"], {}, False, id="no module"),
        pytest.param([], {}, False, id="no script"),
        pytest.param(["script.py"], {"PYTHONPATH": "/x"}, False, id="what Python reads at its start"),
        pytest.param(["script.py"], {"OMP_NUM_THREADS": "1"}, False, id="what libraries read at import"),
        pytest.param(["script.py"], {"LANG": "de_DE"}, False, id="another locale"),
        pytest.param(["hiding/script.py"], {}, False, id="a file that hides an import"),
    ],
)
async def test_only_orders_that_a_fork_can_carry_out_are_taken(
    tmp_path: Path, words: list[str], variables: dict[str, str], *, taken: bool
):
    (tmp_path / "hiding").mkdir()
    for name in ("script.py", "hiding/script.py", "hiding/json.py"):
        (tmp_path / name).write_text("")
    told: dict[str, Any] = {"words": words, "variables": variables, "folder": str(tmp_path), "log": "log"}

    assert (order_from(told) is not None) == taken
