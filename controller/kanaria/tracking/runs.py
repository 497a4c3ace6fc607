"""Which MLflow run belongs to a key, what it logged, and when it is over."""

import math
from typing import TYPE_CHECKING

from kanaria.tracking.errors import TrackingError
from kanaria.vocabulary import ArtifactThere, EndTrackingRun, MetricHistory, NonFinite, RunMetrics, TrackingRun

if TYPE_CHECKING:
    from mlflow import MlflowClient

KEY = "kanaria.key"
"""Tag by which a run is found again."""
LARGEST = 1.79e308
FEW = 5
_ABSENT = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}
_EXISTS = "RESOURCE_ALREADY_EXISTS"


def tracking_run(client: "MlflowClient", question: TrackingRun) -> str:
    """The id of the run of this key; made where there is none."""
    experiment = _experiment(client, question.experiment)
    found = client.search_runs([experiment], filter_string=f"tags.`{KEY}` = '{question.key}'", max_results=1)
    if found:
        return str(found[0].info.run_id)
    tags = {**dict(question.tags), KEY: question.key}
    return str(client.create_run(experiment, tags=tags, run_name=question.name).info.run_id)


def _experiment(client: "MlflowClient", name: str) -> str:
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - importing MLflow takes seconds

    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return str(client.create_experiment(name))
        except MlflowException as error:
            if error.error_code != _EXISTS:
                raise
            found = client.get_experiment_by_name(name)  # somebody was faster
    if found is None or found.lifecycle_stage != "active":
        raise TrackingError(f"experiment {name!r} is deleted; restore it: mlflow experiments restore")
    return str(found.experiment_id)


def run_metrics(client: "MlflowClient", question: RunMetrics) -> dict[str, float]:
    """The newest value of each metric."""
    return {name: float(value) for name, value in client.get_run(question.run_id).data.metrics.items()}


def metric_history(client: "MlflowClient", question: MetricHistory) -> tuple[float, ...]:
    """All values of the metric in the order of their steps, those of one step in the order of time."""
    found = client.get_metric_history(question.run_id, question.key)
    return tuple(float(each.value) for each in sorted(found, key=lambda each: (each.step, each.timestamp)))


def non_finite(client: "MlflowClient", question: NonFinite) -> tuple[str, ...]:
    """The metrics that were ever no finite number; a store of SQL keeps an infinity as its largest number."""
    said: list[str] = []
    for key in sorted(client.get_run(question.run_id).data.metrics):
        history = client.get_metric_history(question.run_id, key)
        bad = next((each for each in history if not abs(each.value) < LARGEST), None)
        if bad is not None:
            said.append(f"{key} is {'NaN' if math.isnan(bad.value) else 'infinite'} at step {bad.step}")
    return tuple(said[:FEW])


def artifact_there(client: "MlflowClient", question: ArtifactThere) -> bool:
    """Whether the artifact of a run exists: as a file or folder of its own, or as the run's whole folder."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - importing MLflow takes seconds

    run_id, _, path = question.uri.removeprefix("runs:/").strip("/").partition("/")
    parent = path.rpartition("/")[0]
    try:
        if client.get_run(run_id).info.lifecycle_stage != "active":
            return False
        found = client.list_artifacts(run_id, parent or None)
    except MlflowException as error:
        if error.error_code in _ABSENT:
            return False
        raise
    return any(each.path == path for each in found) if path else bool(found)


def ended(client: "MlflowClient", act: EndTrackingRun) -> None:
    """End a run that goes on; one that a step ended keeps what the step said."""
    if client.get_run(act.run_id).info.status == "RUNNING":
        client.set_terminated(act.run_id, act.ending)
