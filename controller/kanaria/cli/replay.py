"""How a run is repeated: a commit asks for it, and what comes of it is compared with what came of the run before."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from kanaria.api import MLPipeline, MLPipelineRun
from kanaria.api.ml_pipeline_run import FINAL, RunPhase
from kanaria.api.resource import API_VERSION
from kanaria.cli.kubeconfig import use
from kanaria.cli.manifests import ManifestError, commit, find
from kanaria.cluster.client import Client
from kanaria.cluster.clock import Clock
from kanaria.cluster.connection import Access, Connection
from kanaria.cluster.errors import ClusterError
from kanaria.decide.replaying import Comparison, compare
from kanaria.decide.unreadable import readable, sentence
from kanaria.git.working_copy import WorkingCopyError
from kanaria.vocabulary import Edit, EditClass, ObjectRef, Set, marks
from kanaria.vocabulary.durations import duration_of, spoken

EVERY = timedelta(seconds=2)
DIFFERS, TROUBLE = 1, 2


class NoReplayError(Exception):
    """What was waited for did not come: place, fact and remedy."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is repeated, and how it is compared; `request` is empty where no commit asked for it now."""

    run: str
    namespace: str
    tolerance: float
    metrics: tuple[str, ...]
    patience: timedelta
    request: str = ""


def replay(  # noqa: PLR0913, PLR0917 - the options of a verb are its arguments
    run: Annotated[str, typer.Argument(metavar="RUN", help="Name of an MLPipelineRun that succeeded and is kept.")],
    tolerance: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of the larger number by which a metric may differ.")
    ] = 0.01,
    metric: Annotated[
        list[str] | None, typer.Option(help="Compare this metric, and no others; may be repeated.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Commit nothing: wait for the newest replay of the run, and compare it.")
    ] = False,
    timeout: Annotated[str, typer.Option(help="How long to wait for its end.")] = "1h",
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", help="Its namespace; that of the kubeconfig where absent.")
    ] = "",
    path: Annotated[
        Path, typer.Option(exists=True, help="File or folder, in a working copy of Git, that holds the MLPipeline.")
    ] = Path(),
    push: Annotated[bool, typer.Option("--push", help="Push the branch, wait, and compare.")] = False,
    kubeconfig: Annotated[
        Path | None, typer.Option(help="File that names the cluster; default: $KUBECONFIG, or ~/.kube/config.")
    ] = None,
) -> None:
    """Run a run again from its frozen spec, at its commit of the code, and compare the metrics.

    Commits the annotation `kanaria.dev/replay` of the MLPipeline, upon which Kanaria makes a new run, which judges
    and proposes nothing. Exit code 0 where every metric is as it was, within the tolerance, 1 where one is not or the
    replay failed, 2 where it could not be found out.

    Examples: `kanaria replay wine-4-1a2b3 --push`, `kanaria replay wine-4-1a2b3 --wait --metric test_accuracy`
    """
    from kanaria.handlers.login import NoClusterError, of_a_person  # noqa: PLC0415 - heavy, and few verbs need it

    use(kubeconfig)
    try:
        access, own = of_a_person()
        asked = Asked(run, namespace or own, tolerance, tuple(metric or ()), duration_of(timeout))
        if not wait:
            asked = asyncio.run(committed(access, asked, path, push=push))
        code = asyncio.run(came_of(access, asked)) if wait or push else 0
    except (NoClusterError, ClusterError, ManifestError, WorkingCopyError, NoReplayError, ValueError) as error:
        typer.echo(sentence(error) if isinstance(error, ValidationError) else str(error), err=True)
        raise typer.Exit(TROUBLE) from None
    raise typer.Exit(code)


async def committed(access: Access, asked: Asked, path: Path, *, push: bool) -> Asked:
    """Ask for the replay by a commit to the manifest of the run's pipeline.

    Raises:
        ClusterError: if the run is not there.
        NoReplayError: if there is nothing to repeat.
        ManifestError: if the pipeline is not at the path.
        WorkingCopyError: if git refuses.
    """
    async with Connection(lambda: access) as connection:
        body = await Client(connection).get(ObjectRef(API_VERSION, MLPipelineRun.__name__, asked.namespace, asked.run))
    run = MLPipelineRun.read(body)
    if run.status.phase is not RunPhase.SUCCEEDED:
        raise NoReplayError(f"run {asked.run} is {run.status.phase or 'new'}: only one that succeeded can be repeated")
    found = find(MLPipeline, run.spec.pipeline_ref.name, path, asked.namespace)
    request = f"{asked.run}#{Clock().now():%Y-%m-%dT%H:%M:%SZ}"
    change = Set(("metadata", "annotations", marks.REPLAY), request)
    edit = Edit(found.resource.ref, EditClass.PROPOSE, (), (change,), f"Replay run {asked.run}")
    text = found.change(edit)
    typer.echo(found.diff(text), nl=False)
    commit(found, text, edit.subject, push=push)
    return replace(asked, request=request)


async def came_of(access: Access, asked: Asked) -> int:
    """Wait for the replay's end, and tell how its metrics compare: an exit code.

    Raises:
        ClusterError: if the API server refuses, or does not answer.
        NoReplayError: if the replay does not come, or does not end, in time.
    """
    clock = Clock()
    until, told = clock.now() + asked.patience, ""
    async with Connection(lambda: access) as connection:
        client = Client(connection)
        while True:
            bodies = await client.of_namespace(API_VERSION, MLPipelineRun.__name__, asked.namespace)
            run = newest(readable(MLPipelineRun, bodies), asked)
            if run is not None and run.metadata.name != told:
                told = run.metadata.name
                typer.echo(f"run {told} repeats {asked.run}")
            if run is not None and run.status.phase in FINAL:
                return _told(run, asked)
            if clock.now() >= until:
                raise NoReplayError(_late(run, asked))
            await clock.sleep_until(clock.now() + EVERY)


def newest(runs: Iterable[MLPipelineRun], asked: Asked) -> MLPipelineRun | None:
    """The newest replay of the run; the one that the commit asked for, where one did."""
    known = ((run, run.spec.replays) for run in runs)
    mine = [run for run, of in known if of and of.run == asked.run and asked.request in ("", of.request)]
    return max(mine, key=lambda run: run.spec.number, default=None)


def _late(run: MLPipelineRun | None, asked: Asked) -> str:
    waited = f"within {spoken(asked.patience)}"
    if run is not None:
        return f"run {run.metadata.name} was not over {waited}; look again with --wait"
    return (
        f"no run that repeats {asked.run} began {waited}: see that the commit is applied, and what the MLPipeline's "
        f"Events and status say; look again with --wait"
    )


def _told(run: MLPipelineRun, asked: Asked) -> int:
    if run.status.phase is not RunPhase.SUCCEEDED:
        ready = next((each.message for each in run.status.conditions if each.type == "Ready"), "")
        typer.echo(f"✗ run {run.metadata.name} {run.status.phase}: {ready}")
        return DIFFERS
    comparison = compare(run, asked.tolerance, asked.metrics)
    typer.echo(picture(comparison, asked.tolerance))
    if comparison.fault:
        return TROUBLE
    return 0 if comparison.same else DIFFERS


def picture(comparison: Comparison, tolerance: float) -> str:
    """The comparison as a person reads it."""
    return "\n".join(_lines(comparison, tolerance))


def _lines(comparison: Comparison, tolerance: float) -> Iterator[str]:
    width = max((len(each.name) for each in comparison.metrics), default=0)
    for each in comparison.metrics:
        was, now = ("none" if number is None else f"{number:.6g}" for number in (each.before, each.now))
        yield f"{'✓' if each.close else '✗'} {each.name:{width}}  was {was}, is {now}"
    yield from (f"! {said}" for said in comparison.others)
    far = sum(not each.close for each in comparison.metrics)
    count = len(comparison.metrics)
    if comparison.fault:
        yield comparison.fault
    else:
        yield f"{far} of {count} metrics differ" if far else f"{count} metrics as before, within {tolerance:.3g}"
