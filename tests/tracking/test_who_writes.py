"""A replica that does not lead writes nothing to MLflow, and makes no run; it may read."""

from datetime import timedelta
from typing import Any

import pytest
from mlflow import MlflowClient

from kanaria.tracking.errors import TrackingError
from kanaria.tracking.workshop import TrackingWorkshop
from kanaria.vocabulary import ModelVersionAsked, SetAlias, TagModelVersion, TrackingRun

RUN = TrackingRun(timedelta(minutes=1), experiment="wine", key="k", name="wine-1")


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda workshop: workshop.set_alias(SetAlias("wine", "champion", "1")), id="an alias"),
        pytest.param(lambda workshop: workshop.tag(TagModelVersion("wine", "1", "k", "v")), id="a tag"),
        pytest.param(lambda workshop: workshop.carry(RUN), id="a run"),
    ],
)
async def test_what_may_not_be_written_is_not(uri: str, client: MlflowClient, write: Any):
    workshop = TrackingWorkshop(uri, lambda: False)
    with pytest.raises(TrackingError, match="does not lead"):
        await write(workshop)
    read = await workshop.carry(ModelVersionAsked(timedelta(minutes=1), model="wine", version="1"))
    workshop.close()

    assert read is None
    assert client.get_experiment_by_name("wine") is None
