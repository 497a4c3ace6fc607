"""How a rollout is shown to a person: what serves, what is tried, at which step, and what the judge says."""

import asyncio
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from kanaria.api import ModelDeployment
from kanaria.api.model_deployment import Trial
from kanaria.api.resource import API_VERSION
from kanaria.cli.kubeconfig import use
from kanaria.cluster.client import Client
from kanaria.cluster.clock import Clock
from kanaria.cluster.connection import Access, Connection
from kanaria.cluster.errors import ClusterError
from kanaria.decide.unreadable import sentence
from kanaria.vocabulary import ObjectRef
from kanaria.vocabulary.durations import spoken

EVERY = timedelta(seconds=2)
CLEAR = "\x1b[H\x1b[2J"
_SHOWN = 5


def status(
    name: Annotated[str, typer.Argument(metavar="MODELDEPLOYMENT", help="Name of the ModelDeployment.")],
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", help="Its namespace; that of the kubeconfig where absent.")
    ] = "",
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Show it anew when it changes, until interrupted.")
    ] = False,
    kubeconfig: Annotated[
        Path | None, typer.Option(help="File that names the cluster; default: $KUBECONFIG, or ~/.kube/config.")
    ] = None,
) -> None:
    """Show a rollout: what serves, what is tried, its steps, and the verdict with its evidence.

    Reads one object of the cluster, and changes nothing. What moves a rollout are commits: `kanaria promote`, `pause`,
    `resume`, `abort`, `retry` and `undo`.

    Example: `kanaria status wine -n cellar --watch`
    """
    from kanaria.handlers.login import NoClusterError, of_a_person  # noqa: PLC0415 - heavy, and only this verb needs it

    use(kubeconfig)
    try:
        access, own = of_a_person()
        asyncio.run(show(access, ObjectRef(API_VERSION, "ModelDeployment", namespace or own, name), watch=watch))
    except (NoClusterError, ClusterError, ValidationError) as error:
        said = sentence(error) if isinstance(error, ValidationError) else str(error)
        typer.echo(said, err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


async def show(access: Access, ref: ObjectRef, *, watch: bool) -> None:
    """Print what there is to see of an object, once or whenever it changes."""
    clock, shown = Clock(), ""
    async with Connection(lambda: access) as connection:
        client = Client(connection)
        while True:
            deployment = ModelDeployment.read(await client.get(ref))
            text = picture(deployment, clock.now())
            if text != shown:
                typer.echo(f"{CLEAR if watch and sys.stdout.isatty() else ''}{text}")
                shown = text
            if not watch:
                return
            await clock.sleep_until(clock.now() + EVERY)


def picture(md: ModelDeployment, now: datetime) -> str:
    """What there is to see of a ModelDeployment."""
    rows = [*_head(md, now), *_trial(md, now), *_end(md)]
    return "\n".join(f"{title:11}{text}".rstrip() for title, text in rows)


def _head(md: ModelDeployment, now: datetime) -> Iterator[tuple[str, str]]:
    said = md.status
    yield "Name", f"{md.metadata.name} (namespace {md.metadata.namespace})"
    yield "Phase", str(said.phase or "not seen yet")
    stable, asked = said.stable, md.spec.stable
    if stable is not None:
        share = 100 - (said.trial.weight if said.trial is not None else 0)
        serves = f"version {stable.version}, {share} % of the requests" + (
            f", {_ago(stable.since, now)}" if stable.since else ""
        )
        yield "Stable", serves
    if asked is not None and (stable is None or stable.version != asked.version):
        yield "", f"Git asks for version {asked.version}"
    if said.warm is not None:
        yield "Warm", f"version {said.warm.version}, loaded without traffic until {said.warm.until:%H:%M:%S} UTC"


def _trial(md: ModelDeployment, now: datetime) -> Iterator[tuple[str, str]]:
    trial, candidate = md.status.trial, md.spec.candidate
    if trial is None:
        if candidate is not None:
            yield "Candidate", f"version {candidate.version}, not on trial"
        return
    yield "Candidate", f"version {trial.version}, {trial.weight} % of the requests, {_ago(trial.started_at, now)}"
    yield "Trial", f"{trial.id}, {trial.phase}" + (f", {trial.requests:,} requests counted" if trial.requests else "")
    if trial.verdict is not None or trial.evidence:
        yield "Verdict", str(trial.verdict or "none")
        yield from (("", part) for part in trial.evidence.split("; ") if part)
    for number, word in enumerate(md.spec.strategy.strategy.words):
        yield "" if number else "Steps", f"{_mark(trial, number)} {number + 1:2} {word}{_since(trial, number, now)}"


def _mark(trial: Trial, number: int) -> str:
    if trial.ended_at is not None or trial.step_word == "loading":
        return " "
    return "✓" if number < trial.step else "▶" if number == trial.step else " "


def _since(trial: Trial, number: int, now: datetime) -> str:
    here = number == trial.step and trial.step_since is not None and _mark(trial, number) == "▶"
    return f"   ({_ago(trial.step_since, now)})" if here and trial.step_since is not None else ""


def _end(md: ModelDeployment) -> Iterator[tuple[str, str]]:
    ready = next((known for known in md.status.conditions if known.type == "Ready"), None)
    if ready is not None:
        yield "Ready", f"{ready.status}, {ready.reason}"
        yield "", ready.message
    for number, past in enumerate(md.status.history[:_SHOWN]):
        yield (
            "" if number else "History",
            f"{past.version} {past.phase}" + (f": {past.evidence}" if past.evidence else ""),
        )


def _ago(at: datetime, now: datetime) -> str:
    """Since when, in whole minutes once it is one, so that a picture that is watched does not flicker."""
    seconds = max(0, int((now - at).total_seconds()))
    return f"for {spoken(timedelta(seconds=seconds if seconds < 60 else seconds - seconds % 60))}"
