"""Nobody is turned away while a model is tried, promoted and taken back, and no share lacks the servers it needs."""

from pathlib import Path

import pytest

from changing_over import CRD, a_change_over, users
from kanaria.serving.arrangement import Predictor
from kanaria.serving.knative import KNATIVE
from kanaria.serving.native import NATIVE
from kanaria.serving.order import Goal
from kanaria.serving.own_route import Gateway, OwnRoute
from kanaria.serving.unsplit import UNSPLIT
from kanaria.serving.way import Way
from small_town import a_town
from waiting import eventually

pytestmark = pytest.mark.slow
ASKED = 2
SCALING = {"minReplicas": ASKED}
SEVEN, EIGHT, NINE = (
    Predictor(f"v{n}", {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": f"s3://m/{n}"}}, ASKED)
    for n in (7, 8, 9)
)


def tried(main: Predictor, candidate: Predictor, weight: int) -> Goal:
    return Goal(main, Predictor(candidate.name, candidate.spec, 1).at(weight), scaling=SCALING)


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(NATIVE, id="native"),
        pytest.param(
            OwnRoute(Gateway("edge", hostnames=("wine.example.com",), header="kanaria-version")), id="own route"
        ),
        pytest.param(KNATIVE, id="knative"),
    ],
)
async def test_a_promotion_and_a_rollback_lose_no_request_and_no_capacity(tmp_path: Path, way: Way):
    async with a_town(tmp_path, CRD) as town, a_change_over(town, way, ASKED) as change:
        await change.to(Goal(SEVEN, scaling=SCALING))
        await town.served_by("7")
        async with users(change):
            await change.to(tried(SEVEN, EIGHT, 50))
            await change.to(Goal(EIGHT, scaling=SCALING))
            await change.to(tried(EIGHT, NINE, 50))
            # Taken back before it answered anyone, nothing would be lost by that.
            await eventually(lambda: "9" in {version for _, version in change.answers})
            await change.to(Goal(EIGHT, scaling=SCALING))
            await town.served_by("8")

        assert {status for status, _ in change.answers} == {200}
        assert {version for _, version in change.answers} == {"7", "8", "9"}
        assert change.gaps == []


async def test_a_change_of_all_at_once_loses_no_request_and_no_capacity(tmp_path: Path):
    async with a_town(tmp_path, CRD) as town, a_change_over(town, UNSPLIT, ASKED) as change:
        await change.to(Goal(SEVEN, scaling=SCALING))
        await town.served_by("7")
        async with users(change):
            await change.to(Goal(EIGHT, scaling=SCALING))
            await town.served_by("8")

        assert {status for status, _ in change.answers} == {200}
        assert change.gaps == []
