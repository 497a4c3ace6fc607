"""How the story is played: each act's commit, then waiting until what it tells has come true."""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from kanaria.local.api_client import Api, NotFoundError
from kanaria.local.demo.acts import ACTS, Act, Observed
from kanaria.local.demo.screen import Scene
from kanaria.local.demo.stage import DEPLOYMENTS, NAMESPACE, RUNS, condition, furnish
from kanaria.local.demo.traffic import Traffic
from kanaria.local.demo.working_copy import Commit, WorkingCopy
from kanaria.local.kubeconfig import api_from
from kanaria.local.operator import Operator
from kanaria.local.settings import TownInfo

MODEL = "digits"
GLANCE = 0.3
PER_SECOND = 80.0


class ActFailedError(Exception):
    """An act did not end as told; the message says what was seen instead."""


@dataclass(slots=True)
class Story:
    """The story so far."""

    info: TownInfo
    operator: Operator
    show: Callable[[Scene], None]
    acts: tuple[Act, ...] = ACTS
    endings: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    commits: list[Commit] = field(default_factory=list)
    traffic: Traffic = field(init=False)

    def __post_init__(self) -> None:
        address = f"{self.info.router_url}/serving/{NAMESPACE}/{MODEL}"
        self.traffic = Traffic(address, MODEL, per_second=PER_SECOND, chance=random.Random(7))  # noqa: S311 - no secret

    async def play(self) -> None:
        """All acts in order.

        Raises:
            ActFailedError: if one does not end as told within its time.
        """
        repository = f"{self.info.git_url}/team.git"
        copy = await asyncio.to_thread(WorkingCopy.clone, repository, self.info.home / "working-copy")
        async with api_from(self.info.kubeconfig) as api:
            await furnish(api, repository)
            users = asyncio.create_task(self.traffic.run())
            try:
                for act in self.acts:
                    await self._play(act, copy, api)
            finally:
                users.cancel()
                with suppress(asyncio.CancelledError):
                    await users
        self.commits = await asyncio.to_thread(copy.log)

    async def _play(self, act: Act, copy: WorkingCopy, api: Api) -> None:
        began = time.monotonic()
        commit = await asyncio.to_thread(act.does, copy)
        while True:
            seen = await _look(api)
            spent = time.monotonic() - began
            ending = act.ended(seen, commit)
            if ending and self.traffic.began:
                self.endings.append(ending)
                self.seconds.append(spent)
            self.commits = await asyncio.to_thread(copy.log)
            self.show(Scene(self.acts, tuple(self.endings), spent, seen, self.traffic.tally, self.commits))
            if ending and self.traffic.began:
                return
            self._check(act, seen, spent)
            await asyncio.sleep(GLANCE)

    def _check(self, act: Act, seen: Observed, spent: float) -> None:
        if not self.operator.running:
            raise ActFailedError(
                f"the operator ended in act {act.letter}; its last words:\n{self.operator.last_words()}"
            )
        if spent <= act.limit:
            return
        run = seen.runs[-1] if seen.runs else {}
        raise ActFailedError(
            f"act {act.letter} did not end within {act.limit:.0f} s\n"
            f"  ModelDeployment {MODEL}: {condition(seen.deployment)}\n"
            f"  newest run: {condition(run)}\n"
            f"  the operator's log: {self.operator.log}"
        )


async def _look(api: Api) -> Observed:
    try:
        deployment = await api.get(DEPLOYMENTS, NAMESPACE, MODEL)
    except NotFoundError:
        deployment = {}
    runs = (await api.list(RUNS, NAMESPACE))["items"]
    return Observed(deployment, tuple(sorted(runs, key=lambda run: str(run["metadata"]["creationTimestamp"]))))


def fresh_home(home: Path) -> None:
    """A story begins at its beginning: an earlier one's home is refused, not wiped.

    Raises:
        FileExistsError: if the folder holds something.
    """
    if home.exists() and any(home.iterdir()):
        raise FileExistsError(f"{home} holds an earlier story; remove it, or give another --home")
