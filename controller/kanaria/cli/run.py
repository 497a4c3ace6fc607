"""How the operator is run from the command line."""

import asyncio
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from kanaria.cli.kubeconfig import use
from kanaria.cli.logs import LogFormat, begin_logging
from kanaria.measure.servers import MetricServer, read_servers
from kanaria.reconcile.world import Settings
from kanaria.serving.choice import CanaryRouting


class SettingError(Exception):
    """A setting of the platform team's that cannot be read."""


def run(  # noqa: PLR0913, PLR0917 - one for each option
    kubeconfig: Annotated[
        Path | None,
        typer.Option(
            help="File that names the cluster; default: $KUBECONFIG, the Pod's service account, or ~/.kube/config."
        ),
    ] = None,
    home: Annotated[
        Path | None, typer.Option(help="Folder that keeps mirrors of repositories; default: one for temporary files.")
    ] = None,
    lease: Annotated[
        str | None,
        typer.Option(
            help="NAMESPACE/NAME of the Lease by which one of several replicas leads; "
            "default: kanaria in the Pod's namespace, and none outside of a Pod: then there must be but one."
        ),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            help="HOST:PORT where /metrics, /healthz and /readyz are told, e.g. 127.0.0.1:8081; default: nowhere."
        ),
    ] = None,
    webhooks: Annotated[
        str | None, typer.Option(help="HOST:PORT where forges tell of pushes, e.g. 127.0.0.1:8082; default: nowhere.")
    ] = None,
    log_format: Annotated[
        LogFormat, typer.Option(help="text for people, or json: a line has the fields of the object it speaks of.")
    ] = LogFormat.TEXT,
    dev: Annotated[
        bool, typer.Option("--dev", help="For a cluster on your own machine: allow file: repositories, log more.")
    ] = False,
) -> None:
    """Run the operator until it is interrupted.

    The environment says what the platform team has set up:

    - **KANARIA_MLFLOW_TRACKING_URI**: the MLflow server where runs log and models are registered; needed.

    - **KANARIA_GATEWAY_METRICS_URL**: where the gateway shows Envoy's counters; needed by canaries with an analysis.

    - **KANARIA_METRIC_SERVERS**: a JSON list of Prometheus servers that policies may name: name, url, and where needed
      bearerTokenFile, caFile, namespaceParameter, namespaceHeader.

    - **KANARIA_SERVING_URL**: where a local router takes requests; default: what KServe tells.

    - **KANARIA_CANARY_ROUTING**: auto, native (KServe's route only), httproute (KServe splits no traffic here: a
      ModelDeployment must name a Gateway in spec.routing), knative (KServe's Knative mode) or none (nothing splits
      traffic here: only stable is served); default: auto, what each ModelDeployment says.

    - **KANARIA_RUNNER_IMAGE**: Kanaria's own image, which checks the code out into each step; default: kanaria.

    - **KANARIA_DATA_IMAGE**: the image with the extra [data], which looks at the data of pipelines; default: kanaria.

    - **KANARIA_POD_IP**: where other replicas reach this one, to pass calls of webhooks on to the one that leads.

    - **KANARIA_MAX_TRIALS**: how many candidates may be tried at once in all namespaces; default: no limit.

    - **KANARIA_CLUSTER_NAME**: what this cluster is called in .kanaria/*.writer, the file of a repository that names
      the one cluster which commits to a path; default: the UID of its namespace kube-system.

    - **KANARIA_ALLOW_FILE_REMOTES**: true allows file: repositories, as --dev does.
    """
    from kanaria.handlers.endpoints import Address, AddressError  # noqa: PLC0415 - heavy, and only this verb needs it
    from kanaria.handlers.life import Way, live  # noqa: PLC0415 - likewise
    from kanaria.handlers.login import NoClusterError  # noqa: PLC0415 - likewise
    from kanaria.handlers.replica import LeaseNameError, lease_of  # noqa: PLC0415 - likewise

    use(kubeconfig)
    begin_logging(log_format, more=dev)
    try:
        mirrors = home or Path(tempfile.gettempdir(), "kanaria")
        hooks, pod_ip = Address.given(webhooks, "--webhooks"), os.environ.get("KANARIA_POD_IP", "")
        way = Way(mirrors, lease_of(lease), Address.given(metrics, "--metrics"), hooks, pod_ip)
        asyncio.run(live(settings_from(os.environ, dev=dev), way))
    except (NoClusterError, LeaseNameError, AddressError, SettingError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def settings_from(environment: Mapping[str, str], *, dev: bool = False) -> Settings:
    """What the platform team configured."""
    return Settings(
        mlflow_tracking_uri=_tracking_uri(environment.get("KANARIA_MLFLOW_TRACKING_URI")),
        gateway_metrics_url=environment.get("KANARIA_GATEWAY_METRICS_URL"),
        serving_url=environment.get("KANARIA_SERVING_URL"),
        allow_file_remotes=dev or environment.get("KANARIA_ALLOW_FILE_REMOTES", "").lower() in {"1", "true", "yes"},
        runner_image=environment.get("KANARIA_RUNNER_IMAGE", "kanaria"),
        data_image=environment.get("KANARIA_DATA_IMAGE", "kanaria"),
        trials_max=_count(environment.get("KANARIA_MAX_TRIALS", "")),
        canary_routing=_canary_routing(environment.get("KANARIA_CANARY_ROUTING") or CanaryRouting.AUTO),
        metric_servers=_metric_servers(environment.get("KANARIA_METRIC_SERVERS", "")),
        cluster_name=_cluster_name(environment.get("KANARIA_CLUSTER_NAME", "")),
    )


def _tracking_uri(uri: str | None) -> str | None:
    """The address, which every step of every team finds in its environment."""
    if uri and "@" in urlsplit(uri).netloc:
        raise SettingError(
            "KANARIA_MLFLOW_TRACKING_URI holds credentials, and the Pods of all teams are told the address: "
            "remove them, and set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
        )
    return uri


def _cluster_name(name: str) -> str:
    if name and not re.fullmatch(r"[A-Za-z0-9][-A-Za-z0-9._]{0,252}", name):
        raise SettingError(f"KANARIA_CLUSTER_NAME is {name!r}; it must be letters, digits, dots, _ and -, at most 253")
    return name


def _metric_servers(text: str) -> tuple[MetricServer, ...]:
    try:
        return read_servers(text)
    except ValueError as error:
        raise SettingError(f"KANARIA_METRIC_SERVERS: {error}") from None


def _count(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise SettingError(f"KANARIA_MAX_TRIALS is {text!r}; it must be a whole number of 1 or more, or absent")
    return int(text)


def _canary_routing(word: str) -> CanaryRouting:
    try:
        return CanaryRouting(word)
    except ValueError:
        known = ", ".join(CanaryRouting)
        raise SettingError(f"KANARIA_CANARY_ROUTING is {word!r}; it must be one of: {known}") from None
