"""How a served model is followed back: to its run, data, code, images and gates, and to the commits that allowed it."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from kanaria.api import MLPipelineRun, ModelDeployment
from kanaria.api.resource import API_VERSION
from kanaria.cli.kubeconfig import use
from kanaria.cluster.client import Client
from kanaria.cluster.connection import Access, Connection
from kanaria.cluster.errors import ClusterError
from kanaria.decide.tracing import Found, Link, missing, trace
from kanaria.decide.unreadable import readable, sentence
from kanaria.tracking import TrackingError, TrackingWorkshop
from kanaria.vocabulary import ModelVersion, ModelVersionAsked, ObjectRef, tags

MODELS = "models:/"
NO_SERVER = "no MLflow server was named: --tracking-uri, or $MLFLOW_TRACKING_URI"


class Output(StrEnum):
    """How it is written."""

    TEXT = "text"
    JSON = "json"


class UnknownError(Exception):
    """What was named cannot be followed back: place, fact and remedy."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be followed back."""

    name: str
    namespace: str
    version: str = ""


def follow(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A ModelDeployment, or a version as models:/MODEL/VERSION.")
    ],
    version: Annotated[str, typer.Option(help="Another version than the one that serves.")] = "",
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", help="Its namespace; that of the kubeconfig where absent.")
    ] = "",
    output: Annotated[Output, typer.Option("--output", "-o", help="For people, or for programs.")] = Output.TEXT,
    tracking_uri: Annotated[
        str,
        typer.Option(envvar="MLFLOW_TRACKING_URI", help="Address of the MLflow server, as this machine reaches it."),
    ] = "",
    kubeconfig: Annotated[
        Path | None, typer.Option(help="File that names the cluster; default: $KUBECONFIG, or ~/.kube/config.")
    ] = None,
) -> None:
    """Follow a served model back to its run, data, code, images, gates, and the commits that proposed and promoted it.

    Reads the cluster and MLflow, and changes nothing. A run that is not kept any more is answered for by the tags of
    the model version. Exit code 1 where a link is missing: it tells which, where it was looked for, and what to do.

    Examples: `kanaria trace wine -n cellar`, `kanaria trace models:/wine-quality/8 -o json`
    """
    from kanaria.handlers.login import NoClusterError, of_a_person  # noqa: PLC0415 - heavy, and few verbs need it

    use(kubeconfig)
    try:
        access, own = of_a_person()
        found = asyncio.run(gathered(access, Asked(name, namespace or own, version), tracking_uri))
    except (NoClusterError, ClusterError, UnknownError, ValidationError) as error:
        typer.echo(sentence(error) if isinstance(error, ValidationError) else str(error), err=True)
        raise typer.Exit(2) from None
    links = trace(found)
    typer.echo(as_json(found, links) if output is Output.JSON else picture(links))
    raise typer.Exit(1 if any(missing(links)) else 0)


async def gathered(access: Access, asked: Asked, tracking_uri: str) -> Found:
    """What the cluster and MLflow tell of a version.

    Raises:
        UnknownError: if nothing tells which version is meant.
        ClusterError: if the API server refuses, or does not answer.
    """
    async with Connection(lambda: access) as connection:
        client = Client(connection)
        found = await _named(client, asked)
        found = await _registered(found, tracking_uri)
        return await _with_run(client, asked, found)


async def _named(client: Client, asked: Asked) -> Found:
    if asked.name.startswith(MODELS):
        model, _, version = asked.name.removeprefix(MODELS).rpartition("/")
        if not model or not version:
            raise UnknownError(f"{asked.name} names no version: write models:/MODEL/VERSION")
        if asked.version not in {"", version}:
            raise UnknownError(f"{asked.name} names a version, and --version {asked.version} another: leave one out")
        bodies = await client.of_namespace(API_VERSION, ModelDeployment.__name__, asked.namespace)
        serving = tuple(each for each in readable(ModelDeployment, bodies) if _names(each, model, version))
        return Found(model, version, serving, where=f"all ModelDeployments of namespace {asked.namespace}")
    ref = ObjectRef(API_VERSION, ModelDeployment.__name__, asked.namespace, asked.name)
    deployment = ModelDeployment.read(await client.get(ref))
    version = asked.version or _version_of(deployment)
    if not version:
        raise UnknownError(f"{ref} names no model version: nothing serves, and nothing is tried; give --version")
    model = deployment.spec.model.name
    serving = (deployment,) if _names(deployment, model, version) else ()
    return Found(model, version, serving, where=str(ref))


def _names(deployment: ModelDeployment, model: str, version: str) -> bool:
    spec, status = deployment.spec, deployment.status
    named = (spec.stable, spec.candidate, status.stable, status.trial)
    return spec.model.name == model and version in {each.version for each in named if each}


def _version_of(deployment: ModelDeployment) -> str:
    named = (deployment.status.stable, deployment.spec.stable, deployment.spec.candidate)
    return next((each.version for each in named if each), "")


async def _registered(found: Found, tracking_uri: str) -> Found:
    if not tracking_uri:
        return replace(found, registry=NO_SERVER)
    workshop = TrackingWorkshop(tracking_uri, may_write=lambda: False)
    try:
        known: ModelVersion | None = await workshop.carry(ModelVersionAsked(timedelta(0), found.model, found.version))
    except TrackingError as error:
        return replace(found, registry=str(error))
    finally:
        workshop.close()
    registry = "MLflow" if known else f"MLflow, which has no version {found.version} of {found.model}"
    return replace(found, registered=known, registry=registry)


async def _with_run(client: Client, asked: Asked, found: Found) -> Found:
    """The run's object: by the name in the version's tags, else the one that tells of the version itself."""
    namespace, _, name = found.tags.get(tags.RUN, "").rpartition("/")
    if name:
        ref = ObjectRef(API_VERSION, MLPipelineRun.__name__, namespace, name)
        try:
            body = await client.get(ref)
        except ClusterError as error:
            return replace(found, run_lost=f"{ref}: {error}")
        run = next(iter(readable(MLPipelineRun, [body])), None)
        return replace(found, run=run, run_lost=f"{ref}, which cannot be read")
    bodies = await client.of_namespace(API_VERSION, MLPipelineRun.__name__, asked.namespace)
    run = next(_that_registered(found, readable(MLPipelineRun, bodies)), None)
    return replace(found, run=run, run_lost=f"the MLPipelineRuns of namespace {asked.namespace}")


def _that_registered(found: Found, runs: Iterable[MLPipelineRun]) -> Iterator[MLPipelineRun]:
    wanted = (found.model, found.version)
    return (run for run in runs if run.status.model and (run.status.model.name, run.status.model.version) == wanted)


def picture(links: tuple[Link, ...]) -> str:
    """The chain as a person reads it."""
    lines = [line for link in links for line in _lines(link)]
    lacking = [link.name for link in missing(links)]
    end = f"missing: {', '.join(lacking)}" if lacking else "every link is there"
    return "\n".join([*lines, "", end])


def _lines(link: Link) -> Iterator[str]:
    title = f"{'✗' if link.missing else '✓'} {link.name:9}"
    width = max((len(name) for name in link.facts), default=0)
    for name, value in link.facts.items():
        yield f"{title}  {name:{width}}  {value}".rstrip()
        title = " " * 11
    if link.missing:
        yield f"{title}  {link.missing}"


def as_json(found: Found, links: tuple[Link, ...]) -> str:
    """The chain as a program reads it."""
    told = {"model": found.model, "version": found.version, "whole": not any(missing(links))}
    return json.dumps({**told, "links": [asdict(link) for link in links]}, indent=2, ensure_ascii=False)
