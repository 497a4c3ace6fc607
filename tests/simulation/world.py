"""A whole world around true operators: an API server, KServe, Git, MLflow, metrics, and people."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from prometheus_client import CollectorRegistry

from kanaria.cluster.client import ALWAYS_OPEN, Client, Gate
from kanaria.cluster.leadership import LEASE, Alone, Leader, Leadership
from kanaria.cluster.lease import WRITE_WITHIN
from kanaria.reconcile.meters import Meters
from kanaria.reconcile.operator import Operator
from kanaria.reconcile.workshops import Workshops
from kanaria.reconcile.world import Settings
from kanaria.vocabulary import ObjectRef
from simulation.connection import ModelConnection, Wrote
from simulation.faults import Faults
from simulation.jobs import Jobs
from simulation.people import NAMESPACE, People, a_deployment, a_sync
from simulation.repository import URL, Mirror, ModelGit, Remote
from simulation.serving import Serving
from simulation.store import Happened, Kind, Store, Thing
from simulation.tracking import ModelTracking, Registry
from simulation.traffic import SERVERS, Traffic
from simulation.virtual_time import VirtualClock

SETTINGS = Settings(
    mlflow_tracking_uri="http://mlflow", gateway_metrics_url="http://127.0.0.1:9/metrics", metric_servers=SERVERS
)
METERS = Meters(CollectorRegistry())
SECRET = "hunter2-which-nobody-may-read"
OWNED_BY_TEAM = {"InferenceService", "HTTPRoute", "Service", "Job", "PersistentVolumeClaim"}
SYNCED = {"ModelDeployment", "MLPipeline", "MetricPolicy", "ConfigMap", "Secret"}
OPERATORS_OWN = {"Lease", "Event", "MLPipelineRun"}


@dataclass
class Replica:
    """One process of the operator."""

    name: str
    operator: Operator
    connection: ModelConnection
    clock: VirtualClock
    task: "asyncio.Task[None]"

    @property
    def runs(self) -> bool:
        return not self.task.done()

    def kill(self) -> None:
        """As by SIGKILL: whatever it was about to do is not done."""
        self.connection.cut = True
        self.task.cancel()


@dataclass
class World:
    """Everything, and what went wrong so far."""

    chance: Random
    several: bool = False
    wrong: list[str] = field(default_factory=list)
    replicas: list[Replica] = field(default_factory=list)
    watchers: list[Callable[[Wrote], None]] = field(default_factory=list)
    dies_after: int | None = None
    mirror: Mirror = field(init=False)
    _born: int = 0

    def __post_init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.clock = VirtualClock(loop)
        self.faults = Faults(self.chance)
        self.store = Store(now=lambda: self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"))
        self.registry = Registry()
        self.remote = Remote(self.clock.now)
        self.traffic = Traffic(self.faults, loop.time, self.clock.now)
        self.serving = Serving(self.store, self.faults, self.traffic)
        self.jobs = Jobs(self.store, self.faults, self.registry)
        self.people = People(self.remote, self._pushed)
        self.mirror = Mirror(self.remote)
        self.store.listeners += [self.serving.hear, self.jobs.hear, self._collect]
        loop.set_exception_handler(self._broke)

    @property
    def moment(self) -> float:
        return asyncio.get_running_loop().time()

    def begin(self, *, pipeline: bool = False, **spec: Any) -> None:
        self.people.start(a_deployment(**spec), pipeline=pipeline)
        self.store.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system", "namespace": ""}})
        self.store.put(a_sync())
        self.ensure_operator()

    def get(self, kind: str, name: str = "wine") -> Thing | None:
        return self.store.get(ObjectRef("kanaria.dev/v1alpha1", kind, NAMESPACE, name))

    # The operator

    def ensure_operator(self) -> None:
        """As many replicas run as there are to be."""
        self.replicas = [replica for replica in self.replicas if replica.runs]
        while len(self.replicas) < 1 + self.several:
            self.replicas.append(self._start())

    def crash(self) -> None:
        """Kill the first replica; another is started in its place by and by."""
        for replica in self.replicas[:1]:
            replica.kill()
        asyncio.get_running_loop().call_later(2.0, self.ensure_operator)

    def _start(self) -> Replica:
        self._born += 1
        name, clock = f"replica-{self._born}", VirtualClock(asyncio.get_running_loop())
        connection = ModelConnection(self.store, self.faults, self._wrote, self._is_allowed, name)
        self.store.listeners.append(connection.hear)
        leader = self._leader(connection, name, clock)
        gate = Gate(leader.may_write, WRITE_WITHIN) if self.several else ALWAYS_OPEN
        client: Any = Client(connection, gate=gate)  # type: ignore[arg-type] # it speaks as a Connection does
        git = ModelGit(self.remote, self.faults, leader.may_write, self._race, self.mirror)
        tracking = ModelTracking(self.registry, self.faults, leader.may_write)
        shops = Workshops(client, git, tracking, self.traffic, self.traffic, clock, self.chance.random)
        operator = Operator(client, shops, SETTINGS, leader=leader, meters=METERS)
        task = asyncio.create_task(operator.run(), name=name)
        task.add_done_callback(partial(self._ended, connection))
        return Replica(name, operator, connection, clock, task)

    def _leader(self, connection: ModelConnection, name: str, clock: VirtualClock) -> Leader:
        if not self.several:
            return Alone()
        lease = ObjectRef(*LEASE, "kanaria-system", "kanaria")
        return Leadership(Client(connection), lease, name, clock)  # type: ignore[arg-type] # likewise

    def _ended(self, connection: ModelConnection, task: "asyncio.Task[None]") -> None:
        self.store.listeners.remove(connection.hear)
        if not task.cancelled() and task.exception() is not None:
            self.wrong.append(f"the operator broke: {task.exception()!r}")

    # What passes between the parts

    def _wrote(self, wrote: Wrote) -> None:
        for watcher in self.watchers:
            watcher(wrote)
        if self.dies_after is not None and wrote.place.kind[1] not in {"Lease", "Event"}:
            self.dies_after -= 1
            if self.dies_after <= 0:
                self.dies_after = None
                self.crash()

    def _is_allowed(self, user: str, method: str, kind: Kind) -> bool:
        del method
        account = user.rpartition(":")[2]
        if account in self.faults.forbidden:
            return False
        return kind[1] in {"kanaria-runner": OWNED_BY_TEAM, "kanaria-sync": SYNCED}.get(
            account, OPERATORS_OWN | {"GitSync", "ModelDeployment", "MLPipeline", "MetricPolicy"}
        )

    def _pushed(self) -> None:
        """The forge's webhook: it reaches nobody while Git's server is down, and sometimes just does not."""
        if not self.faults.git_down and self.chance.random() < 0.8:
            asyncio.get_running_loop().call_later(0.5, self.look)

    def look(self) -> None:
        for replica in self.replicas:
            replica.operator.look_at(URL)

    def _race(self) -> None:
        self.people.note(self.chance.randrange(1000))

    def _collect(self, happened: Happened) -> None:
        """What an object that is gone owned goes too."""
        if happened.new is None and happened.old is not None:
            uid = happened.old["metadata"]["uid"]
            asyncio.get_running_loop().call_later(0.5, self._sweep, uid)

    def _sweep(self, uid: str) -> None:
        for ref in self.store.orphans(uid):
            self.store.delete(ref)

    def _broke(self, _loop: Any, context: dict[str, Any]) -> None:
        self.wrong.append(f"something broke: {context.get('message')}: {context.get('exception')!r}")

    async def end(self) -> None:
        for replica in self.replicas:
            replica.kill()
        tasks = [each for each in asyncio.all_tasks() if each is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Faultless(logging.Handler):
    """Whatever is logged as an error is a fault of the product's own."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        why = record.exc_info[1] if record.exc_info else ""
        self.heard.append(f"{record.getMessage()}: {why!r}")
