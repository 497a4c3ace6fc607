"""How a kubelet is run on its own, e.g. as the node of a real control plane: `python -m kanaria.local.kubelet`."""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path

from kanaria.local.kubeconfig import api_from
from kanaria.local.kubelet.agent import Kubelet, KubeletSettings
from kanaria.local.leash import Leash


async def main() -> None:
    """Serve a node until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m kanaria.local.kubelet", description=__doc__)
    parser.add_argument("--kubeconfig", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True, help="where Pods have their files")
    parser.add_argument("--node", default="local")
    chosen = parser.parse_args()
    settings = KubeletSettings(chosen.home.absolute(), chosen.node, schedules=False, heartbeats=True)
    async with Leash(f"TMPDIR={settings.home}/") as leash, api_from(chosen.kubeconfig) as api:
        task = asyncio.create_task(Kubelet(api, settings, leash).run())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        lost = asyncio.create_task(leash.lost.wait())
        await asyncio.wait({task, lost}, return_when=asyncio.FIRST_COMPLETED)
        task.cancel()
        lost.cancel()
        await asyncio.wait({task})


if __name__ == "__main__":
    asyncio.run(main())
