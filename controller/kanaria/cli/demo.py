"""How the demo is shown on a terminal, and what it ends with."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import aiohttp
import yaml
from rich.console import Console
from rich.live import Live
from rich.markup import escape

from kanaria.local.api_client import ApiError
from kanaria.local.demo.screen import Scene, picture
from kanaria.local.demo.story import ActFailedError, Story, fresh_home
from kanaria.local.guest import NODE, objection
from kanaria.local.kubeconfig import api_from, server_of
from kanaria.local.operator import Operator
from kanaria.local.rights import SYSTEM
from kanaria.local.settings import Host, TownInfo
from kanaria.local.upkeep import TownFailedError, down, up


def play(console: Console, home: Path | None, *, keep: bool, host: Host | None = None) -> int:
    """Play the story, and tell 0 only if each act ended as told and no request was lost to a transition."""
    if host and not _welcome(console, host):
        return 2
    folder = home or Path(tempfile.mkdtemp(prefix="kanaria-demo-"))
    fresh_home(folder)
    console.print(f"A local cluster is started in {folder} (this machine only).")
    try:
        info = up(folder, with_parent=not keep, progress=partial(_tell_step, console), host=host)
        return _perform(console, info, keep=keep)
    except TownFailedError as error:
        console.print(f"[red]The local cluster did not start.[/] {escape(str(error))}")
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted; the local cluster is ended.")
        keep = False
        return 130
    finally:
        if not keep:
            down(folder)
            if home is None:
                shutil.rmtree(folder, ignore_errors=True)


def _welcome(console: Console, host: Host) -> bool:
    """Say what will be made on the host, or why nothing is."""
    try:
        server = server_of(host.kubeconfig)
        against = asyncio.run(_objection(host))
    except (ApiError, aiohttp.ClientError, TimeoutError) as error:
        against = f"it does not answer as a cluster would to its administrator: {error}"
    except (OSError, TypeError, ValueError, LookupError, yaml.YAMLError) as error:
        server, against = str(host.kubeconfig), f"this is no kubeconfig that can be used: {error}"
    if against:
        console.print(f"Nothing was done on {server}: {against}", style="red", markup=False)
        return False
    console.print(
        f"The story is played on {server}. It makes there, and removes at its end: the namespaces {host.namespace} and "
        f"{SYSTEM}, the Node {NODE}, ClusterRoles and their bindings kanaria and kanaria-synced, a PersistentVolume "
        f"for each claim in {host.namespace}, and what is missing of the CRDs of Kanaria, KServe and Gateway API.",
        markup=False,
    )
    return True


async def _objection(host: Host) -> str:
    async with api_from(host.kubeconfig) as api:
        return await objection(api, host.namespace)


def _tell_step(console: Console, line: str) -> None:
    console.print(f"  {line}", style="dim")


def _perform(console: Console, info: TownInfo, *, keep: bool) -> int:
    began = time.monotonic()
    operator = Operator(info)
    operator.start()
    try:
        with _shown(console) as show:
            story = Story(info, operator, show)
            failure = _failure_of(story)
    except KeyboardInterrupt:
        keep = False
        raise
    finally:
        if not keep:
            operator.end()
    _tell(console, story, time.monotonic() - began)
    if failure:
        console.print(f"[red]{escape(failure)}[/]")
        return 1
    _go_on(console, info, keep=keep)
    return 1 if story.traffic.tally.failed_by_transition else 0


def _failure_of(story: Story) -> str:
    """Play; why an act failed, empty where all went as told."""
    try:
        asyncio.run(story.play())
    except ActFailedError as error:
        return str(error)
    return ""


@contextmanager
def _shown(console: Console) -> Iterator[Callable[[Scene], None]]:
    """A living picture on a terminal; elsewhere a line for each act that ends."""
    if console.is_terminal:
        with Live(console=console, auto_refresh=False) as live:
            yield lambda scene: live.update(picture(scene), refresh=True)
        return
    told: list[str] = []

    def tell(scene: Scene) -> None:
        for act, ending in zip(scene.acts[len(told) :], scene.endings[len(told) :], strict=False):
            told.append(ending)
            console.print(f"✓ {act.letter}. {act.title} ({scene.seconds:.0f} s): {ending}", markup=False)

    yield tell


def _tell(console: Console, story: Story, seconds: float) -> None:
    console.rule("git log")
    for commit in story.commits:
        console.print(f"[dim]{commit.sha[:8]}[/] {escape(commit.author):8} {escape(commit.subject)}")
    tally = story.traffic.tally
    console.rule()
    console.print(
        f"{tally.sent:,} requests sent, {tally.failed:,} failed: {tally.failed_by_model:,} by a model under trial, "
        f"[bold]{tally.failed_by_transition:,} by a transition[/]; the story took {seconds:.0f} s."
    )
    if tally.last_failure:
        console.print(f"The last failure by a transition: {tally.last_failure}", style="red", markup=False)


def _go_on(console: Console, info: TownInfo, *, keep: bool) -> None:
    if not keep:
        console.print("`kanaria demo --keep` leaves the cluster up, to look around in it.")
        return
    console.print("The cluster is up, and the operator runs. To go on exploring:")
    for command in (
        f"export KUBECONFIG={info.kubeconfig}",
        "kubectl get mlpipelines,mlpipelineruns,modeldeployments,gitsyncs,metricpolicies -A",
        f"git -C {info.home}/working-copy log --format=full",
    ):
        console.print(f"  {command}", markup=False, soft_wrap=True)
    console.print(f"and `kanaria local down --home {info.home}` ends it.", markup=False, soft_wrap=True)
