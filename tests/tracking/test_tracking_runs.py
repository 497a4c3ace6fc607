"""Runs of MLflow are found again, and what they logged is read."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from mlflow import MlflowClient

from kanaria.tracking import TrackingError, TrackingWorkshop
from kanaria.vocabulary import (
    ArtifactThere,
    CountersAsked,
    EndTrackingRun,
    MetricHistory,
    NonFinite,
    RunMetrics,
    TrackingRun,
)

EVERY = timedelta(seconds=10)
RUN = TrackingRun(EVERY, experiment="wine/wine", key="uid-1", name="wine-1", tags=(("kanaria.commit", "abc"),))


async def test_a_run_is_made_once_with_its_name_and_tags(workshop: TrackingWorkshop, client: MlflowClient):
    first = await workshop.carry(RUN)
    again = await workshop.carry(RUN)

    assert first == again
    made = client.get_run(first)
    assert made.info.run_name == "wine-1"
    assert {"kanaria.commit": "abc", "kanaria.key": "uid-1"}.items() <= made.data.tags.items()
    assert client.get_experiment(made.info.experiment_id).name == "wine/wine"


async def test_asked_twice_at_once_it_is_still_made_once(workshop: TrackingWorkshop):
    both = await asyncio.gather(workshop.carry(RUN), workshop.carry(RUN))

    assert len(set(both)) == 1


async def test_another_key_is_another_run(workshop: TrackingWorkshop):
    other = TrackingRun(EVERY, experiment="wine/wine", key="uid-2", name="wine-2")

    assert await workshop.carry(RUN) != await workshop.carry(other)


async def test_a_deleted_experiment_is_told_with_a_remedy(workshop: TrackingWorkshop, client: MlflowClient):
    await workshop.carry(RUN)
    client.delete_experiment(client.get_experiment_by_name("wine/wine").experiment_id)

    with pytest.raises(TrackingError, match=r"experiment 'wine/wine' is deleted; restore it"):
        await workshop.carry(RUN)


async def test_the_newest_value_of_each_metric_is_read(workshop: TrackingWorkshop, client: MlflowClient):
    run_id = await workshop.carry(RUN)
    for step, value in enumerate([0.5, 0.9]):
        client.log_metric(run_id, "accuracy", value, step=step)
    client.log_metric(run_id, "loss", float("nan"))

    metrics = await workshop.carry(RunMetrics(EVERY, run_id))

    assert metrics["accuracy"] == 0.9
    assert metrics["loss"] != metrics["loss"]


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("data.csv", True),
        ("kept/deep.csv", True),
        ("kept", True),
        ("", True),
        ("gone.csv", False),
        ("kept/x.csv", False),
    ],
)
async def test_an_artifact_is_there_or_not(
    workshop: TrackingWorkshop,
    client: MlflowClient,
    tmp_path: Path,
    path: str,
    there: bool,  # noqa: FBT001 - a row
):
    client.create_experiment(RUN.experiment, artifact_location=(tmp_path / "artifacts").as_uri())
    run_id = await workshop.carry(RUN)
    (tmp_path / "data.csv").write_text("1")
    (tmp_path / "deep.csv").write_text("1")
    client.log_artifact(run_id, str(tmp_path / "data.csv"))
    client.log_artifact(run_id, str(tmp_path / "deep.csv"), "kept")

    assert await workshop.carry(ArtifactThere(EVERY, f"runs:/{run_id}/{path}")) is there


async def test_an_artifact_of_a_run_that_is_not_there_is_not_there(workshop: TrackingWorkshop):
    assert await workshop.carry(ArtifactThere(EVERY, f"runs:/{'0' * 32}/data.csv")) is False


async def test_an_unknown_run_is_an_error_that_names_it(workshop: TrackingWorkshop):
    with pytest.raises(TrackingError, match="nosuchrun"):
        await workshop.carry(RunMetrics(EVERY, "nosuchrun"))


async def test_without_an_address_the_setting_is_named():
    with pytest.raises(TrackingError, match="KANARIA_MLFLOW_TRACKING_URI"):
        await TrackingWorkshop(None).carry(RUN)


async def test_an_unreachable_server_is_told_in_time_and_without_its_password(unused_tcp_port: int):
    workshop = TrackingWorkshop(f"http://kanaria:secret@127.0.0.1:{unused_tcp_port}")

    with pytest.raises(TrackingError) as told:
        await asyncio.wait_for(workshop.carry(RUN), timeout=25)

    assert str(told.value).startswith(f"MLflow at http://127.0.0.1:{unused_tcp_port}: ")
    assert "secret" not in str(told.value)


async def test_what_mlflow_cannot_know_is_refused(workshop: TrackingWorkshop):
    question = CountersAsked(EVERY, "http://g", "l", "c", "s", ("total", ()), ("bad", ()))

    with pytest.raises(TrackingError, match="CountersAsked"):
        await workshop.carry(question)


@pytest.mark.parametrize(
    ("by_the_step", "kept"), [(None, "FINISHED"), ("FAILED", "FAILED")], ids=["goes on", "a step ended it"]
)
async def test_only_a_run_that_goes_on_is_ended(
    workshop: TrackingWorkshop, client: MlflowClient, by_the_step: str | None, kept: str
):
    run_id = await workshop.carry(RUN)
    if by_the_step:
        client.set_terminated(run_id, by_the_step)

    await workshop.end(EndTrackingRun(run_id, "FINISHED"))

    assert client.get_run(run_id).info.status == kept


async def test_all_values_of_a_metric_are_read_in_the_order_of_their_steps(
    workshop: TrackingWorkshop, client: MlflowClient
):
    run_id = await workshop.carry(RUN)
    for step, value in ((2, 0.1), (0, 0.9), (1, 0.5)):
        client.log_metric(run_id, "loss", value, step=step)

    assert await workshop.carry(MetricHistory(EVERY, run_id, "loss")) == (0.9, 0.5, 0.1)
    assert await workshop.carry(MetricHistory(EVERY, run_id, "unheard-of")) == ()


async def test_a_metric_that_was_ever_no_finite_number_is_named(workshop: TrackingWorkshop, client: MlflowClient):
    run_id = await workshop.carry(RUN)
    for key, values in {"loss": (1.0, float("nan"), 0.1), "grad": (1.0, float("inf")), "auc": (0.5, 0.9)}.items():
        for step, value in enumerate(values):
            client.log_metric(run_id, key, value, step=step)

    assert await workshop.carry(NonFinite(EVERY, run_id)) == ("grad is infinite at step 1", "loss is NaN at step 1")
