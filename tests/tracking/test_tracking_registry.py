"""Versions of registered models are found by their run, located, pointed at and tagged."""

from datetime import timedelta
from pathlib import Path

import pytest
from mlflow import MlflowClient

from kanaria.tracking import TrackingError, TrackingWorkshop
from kanaria.vocabulary import ModelSizeAsked, ModelVersion, ModelVersionAsked, RegisteredBy, SetAlias, TagModelVersion

EVERY = timedelta(seconds=10)
MODEL = "wine-quality"


@pytest.fixture
def run_id(client: MlflowClient, tmp_path: Path) -> str:
    client.create_registered_model(MODEL)
    experiment = client.create_experiment("wine/wine", artifact_location=(tmp_path / "artifacts").as_uri())
    return client.create_run(experiment).info.run_id


def logged_model(client: MlflowClient, run_id: str) -> tuple[str, str]:
    made = client.create_logged_model(client.get_run(run_id).info.experiment_id, "model", source_run_id=run_id)
    return made.model_id, made.artifact_location


async def test_a_version_of_a_logged_model_is_found_by_its_run(
    workshop: TrackingWorkshop, client: MlflowClient, run_id: str
):
    model_id, place = logged_model(client, run_id)
    client.create_model_version(MODEL, f"models:/{model_id}", run_id=run_id, tags={"a": "b"})

    found = await workshop.carry(RegisteredBy(EVERY, MODEL, run_id))

    assert found == ModelVersion(MODEL, "1", place, model_id, run_id, {"a": "b"})


async def test_a_version_that_names_only_its_logged_model_is_found_too(
    workshop: TrackingWorkshop, client: MlflowClient, run_id: str
):
    model_id, _ = logged_model(client, run_id)
    client.create_model_version(MODEL, f"models:/{model_id}")

    found = await workshop.carry(RegisteredBy(EVERY, MODEL, run_id))

    assert (found.version, found.run_id) == ("1", run_id)


async def test_of_several_versions_of_one_run_the_newest_counts(
    workshop: TrackingWorkshop, client: MlflowClient, run_id: str
):
    for _ in range(10):
        client.create_model_version(MODEL, "s3://models/x", run_id=run_id)

    assert (await workshop.carry(RegisteredBy(EVERY, MODEL, run_id))).version == "10"


@pytest.mark.parametrize("model", [MODEL, "nosuchmodel"])
async def test_a_run_that_registered_nothing_is_answered_by_none(workshop: TrackingWorkshop, run_id: str, model: str):
    assert await workshop.carry(RegisteredBy(EVERY, model, run_id)) is None


@pytest.mark.parametrize(
    ("source", "place"),
    [
        pytest.param("s3://bucket/model", "s3://bucket/model", id="a bucket"),
        pytest.param("mlflow-artifacts:/1/model", "mlflow-artifacts:/1/model", id="proxied, as it is"),
        pytest.param("/models/x", "file:///models/x", id="a path"),
        pytest.param("runs:/{run}/model", "{artifacts}/model", id="below a run"),
        pytest.param("models:/wine-quality/1", "gs://bucket/first", id="another version"),
    ],
)
async def test_artifacts_are_located_where_they_really_are(
    workshop: TrackingWorkshop, client: MlflowClient, run_id: str, source: str, place: str
):
    artifacts = client.get_run(run_id).info.artifact_uri
    client.create_model_version(MODEL, "gs://bucket/first")
    client.create_model_version(MODEL, source.format(run=run_id))

    found = await workshop.carry(ModelVersionAsked(EVERY, MODEL, "2"))

    assert found.uri == place.format(artifacts=artifacts)


@pytest.mark.parametrize("version", ["7", "latest"])
async def test_a_version_that_is_not_there_is_answered_by_none(workshop: TrackingWorkshop, run_id: str, version: str):
    assert run_id
    assert await workshop.carry(ModelVersionAsked(EVERY, MODEL, version)) is None


async def test_aliases_and_tags_are_written(workshop: TrackingWorkshop, client: MlflowClient, run_id: str):
    client.create_model_version(MODEL, "s3://models/x", run_id=run_id)

    await workshop.set_alias(SetAlias(MODEL, "champion", "1"))
    await workshop.tag(TagModelVersion(MODEL, "1", "kanaria.gates", "Passed"))

    assert client.get_model_version_by_alias(MODEL, "champion").version == 1
    assert client.get_model_version(MODEL, "1").tags == {"kanaria.gates": "Passed"}


async def test_an_alias_for_a_version_that_is_not_there_is_an_error(workshop: TrackingWorkshop, run_id: str):
    assert run_id
    with pytest.raises(TrackingError, match=MODEL):
        await workshop.set_alias(SetAlias(MODEL, "champion", "9"))


async def test_the_size_of_a_version_is_that_of_all_its_files(
    workshop: TrackingWorkshop, client: MlflowClient, run_id: str, tmp_path: Path
):
    for path in ("old/MLmodel", "old/data/a/weights", "elsewhere"):
        client.log_text(run_id, "x" * 100, path)
    client.create_model_version(MODEL, f"{(tmp_path / 'artifacts').as_uri()}/{run_id}/artifacts/old", run_id)
    model_id, place = logged_model(client, run_id)
    (Path(place.removeprefix("file://")) / "sub").mkdir(parents=True)
    (Path(place.removeprefix("file://")) / "sub" / "weights").write_text("x" * 70)
    client.create_model_version(MODEL, f"models:/{model_id}", run_id=run_id)
    client.create_model_version(MODEL, "s3://models/x", run_id=run_id)

    sizes = [await workshop.carry(ModelSizeAsked(EVERY, MODEL, version)) for version in ("1", "2", "3")]

    assert sizes == [200, 70, None]
