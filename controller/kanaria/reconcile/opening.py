"""How the workshops are opened, and closed again."""

import importlib
import importlib.util
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from kanaria.cluster.client import Client
from kanaria.cluster.clock import Clock
from kanaria.cluster.secrets import Secrets
from kanaria.git.workshop import GitWorkshop
from kanaria.measure.counters import Scrapes
from kanaria.reconcile.workshops import Workshops
from kanaria.reconcile.world import Settings


class _Absent:
    def __getattr__(self, name: str) -> Any:
        async def absent(*_: object) -> None:
            raise RuntimeError(f"{name} is not built yet")

        return absent


@asynccontextmanager
async def opened(client: Client, settings: Settings, home: Path) -> AsyncIterator[Workshops]:
    """All workshops, good until the block is left; mirrors of repositories are kept below `home`."""
    clock = Clock()
    tracking: Any = _Absent()
    if importlib.util.find_spec("kanaria.tracking.workshop"):
        made = importlib.import_module("kanaria.tracking.workshop").TrackingWorkshop
        tracking = made(settings.mlflow_tracking_uri)
    made_git = GitWorkshop(home, Secrets(client).read, allow_file=settings.allow_file_remotes, now=clock.now)
    async with Scrapes(clock.now) as measure:
        with closing(made_git) as git:
            yield Workshops(client, git, tracking, measure)
