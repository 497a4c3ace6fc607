"""How questions to MLflow are carried, and what is written there: in a few threads, each call with an end."""

import asyncio
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from kanaria.tracking.errors import TrackingError, shown
from kanaria.tracking.registry import model_size, model_version, registered_by
from kanaria.tracking.runs import artifact_there, ended, metric_history, non_finite, run_metrics, tracking_run
from kanaria.tracking.scores import paired_scores
from kanaria.vocabulary import (
    ArtifactThere,
    EndTrackingRun,
    MetricHistory,
    ModelSizeAsked,
    ModelVersionAsked,
    NonFinite,
    PairedScoresAsked,
    Question,
    RegisteredBy,
    RunMetrics,
    SetAlias,
    TagModelVersion,
    TrackingRun,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient

THREADS = 4
PATIENCE = 10.0
"""Seconds that one call may take, the first one with MLflow's import beside it."""
_IMPORT_PATIENCE = 25.0
# MLflow retries seven times with growing waits by default: a question is asked again anyway. An administrator's own
# settings win.
_BOUNDS = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "4", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
CARRIED: Mapping[type[Question], Callable[..., Any]] = {
    TrackingRun: tracking_run,
    RunMetrics: run_metrics,
    MetricHistory: metric_history,
    NonFinite: non_finite,
    RegisteredBy: registered_by,
    ModelVersionAsked: model_version,
    ArtifactThere: artifact_there,
    PairedScoresAsked: paired_scores,
    ModelSizeAsked: model_size,
}


class TrackingWorkshop:
    """Reads and writes one MLflow server; every error is a TrackingError that may be shown."""

    def __init__(self, uri: str | None, may_write: Callable[[], bool] = lambda: True) -> None:
        self._uri = uri
        self._may_write = may_write
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="mlflow")
        self._made = threading.Lock()
        self._one_by_one = threading.Lock()
        self._client: MlflowClient | None = None

    async def carry(self, question: Question) -> Any:
        """The answer to a question about runs, metrics or model versions.

        Raises:
            TrackingError: if MLflow does not answer, or refuses.
        """
        carried = CARRIED.get(type(question))
        if carried is None:
            raise TrackingError(f"MLflow does not answer {type(question).__name__}")
        if isinstance(question, TrackingRun):
            # Looking for a run and making it are two calls: of two at once both would make one.
            return await self._write(lambda client: self._alone(carried, client, question))
        return await self._call(lambda client: carried(client, question))

    async def set_alias(self, act: SetAlias) -> None:
        """Point the alias at the version.

        Raises:
            TrackingError: if MLflow does not answer, or refuses.
        """
        await self._write(lambda client: client.set_registered_model_alias(act.model, act.alias, act.version))

    async def tag(self, act: TagModelVersion) -> None:
        """Put the tag on the version.

        Raises:
            TrackingError: if MLflow does not answer, or refuses.
        """
        await self._write(lambda client: client.set_model_version_tag(act.model, act.version, act.key, act.value))

    async def end(self, act: EndTrackingRun) -> None:
        """End the run, if it goes on.

        Raises:
            TrackingError: if MLflow does not answer, or refuses.
        """
        await self._write(lambda client: ended(client, act))

    def close(self) -> None:
        """Take no more calls; those under way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _call(self, work: "Callable[[MlflowClient], Any]") -> Any:
        uri = self._uri
        if not uri:
            raise TrackingError("no MLflow server is configured; set KANARIA_MLFLOW_TRACKING_URI for the operator")
        patience = PATIENCE if self._client else _IMPORT_PATIENCE
        try:
            async with asyncio.timeout(patience):
                return await asyncio.get_running_loop().run_in_executor(self._threads, self._work, uri, work)
        except TimeoutError:
            raise TrackingError(f"MLflow at {shown(uri)} did not answer within {patience:g} s") from None
        except TrackingError as error:
            raise TrackingError(f"MLflow at {shown(uri)}: {error}") from error
        except Exception as error:  # MLflow's, of requests, of SQLAlchemy: whatever it is, MLflow did not do it
            raise TrackingError(f"MLflow at {shown(uri)}: {shown(str(error) or type(error).__name__)}") from error

    async def _write(self, work: "Callable[[MlflowClient], Any]") -> Any:
        """Asked in the thread, right before: the call may have waited for one."""

        def allowed(client: "MlflowClient") -> Any:
            if not self._may_write():
                raise TrackingError("nothing was written: this replica does not lead now, or could not say so")
            return work(client)

        return await self._call(allowed)

    def _work(self, uri: str, work: "Callable[[MlflowClient], Any]") -> Any:
        return work(self._connected(uri))

    def _connected(self, uri: str) -> "MlflowClient":
        """The client; made at the first call, in its thread, since importing MLflow takes seconds."""
        with self._made:
            if self._client is None:
                for name, value in _BOUNDS.items():
                    os.environ.setdefault(name, value)
                from mlflow import MlflowClient  # noqa: PLC0415 - see above

                self._client = MlflowClient(tracking_uri=uri, registry_uri=uri)
            return self._client

    def _alone(self, carried: Callable[..., Any], client: "MlflowClient", question: Question) -> Any:
        with self._one_by_one:
            return carried(client, question)
