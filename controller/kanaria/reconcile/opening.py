"""How the workshops are opened, and closed again."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

from kanaria.cluster.client import Client
from kanaria.cluster.clock import Clock
from kanaria.cluster.secrets import Secrets
from kanaria.git.workshop import GitWorkshop
from kanaria.measure.counters import Scrapes
from kanaria.measure.prometheus import MetricServers
from kanaria.reconcile.workshops import Workshops
from kanaria.reconcile.world import Settings
from kanaria.tracking.workshop import TrackingWorkshop


@asynccontextmanager
async def opened(
    client: Client, settings: Settings, home: Path, may_write: Callable[[], bool] = lambda: True
) -> AsyncIterator[Workshops]:
    """All workshops, good until the block is left; mirrors of repositories are kept below `home`."""
    clock = Clock()
    made = GitWorkshop(
        home, Secrets(client).read, allow_file=settings.allow_file_remotes, now=clock.now, may_write=may_write
    )
    with closing(made) as git, closing(TrackingWorkshop(settings.mlflow_tracking_uri, may_write)) as tracking:
        async with Scrapes(clock.now) as measure, MetricServers(settings.metric_servers, clock.now) as servers:
            yield Workshops(client, git, tracking, measure, servers, clock, cluster_name=settings.cluster_name)
