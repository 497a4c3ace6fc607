"""A rollout as a person sees it."""

from datetime import timedelta

import pytest

from deployments import canary, promoted, serving, trying
from kanaria.cli.status import picture, show
from kanaria.cluster.connection import Access
from kanaria.vocabulary import ObjectRef
from model_world import ModelWorld
from scripted_api import a_scripted_api

GROUP = "/apis/kanaria.dev/v1alpha1"
WINE = ObjectRef("kanaria.dev/v1alpha1", "ModelDeployment", "cellar", "wine")


def seen(world: ModelWorld) -> list[str]:
    return picture(world.read_md(), world.now + timedelta(minutes=1)).splitlines()


def test_what_serves_at_rest():
    lines = seen(serving("7"))

    assert lines[:3] == [
        "Name       wine (namespace cellar)",
        "Phase      Healthy",
        "Stable     version 7, 100 % of the requests, for 1m",
    ]
    assert lines[-2:] == ["Ready      True, Serving", "           version 7 answers all requests"]


def test_a_trial_with_its_steps_and_its_verdict():
    world = trying("8", strategy=canary({"setWeight": 10}, {"pause": {}}, {"setWeight": 50})).run(10)
    lines = seen(world)

    assert "Stable     version 7, 90 % of the requests, for 1m" in lines
    assert "Candidate  version 8, 10 % of the requests, for 1m" in lines
    steps = lines.index("Steps      ✓  1 setWeight 10")
    assert lines[steps + 1].startswith("           ▶  2 pause   (for 1m")
    assert lines[steps + 2] == "              3 setWeight 50"
    assert any(line.startswith("Verdict    ") for line in lines)


def test_what_came_of_the_last_trials():
    lines = seen(promoted("8"))

    assert any(line.startswith("Warm       version 7, loaded without traffic until 12:") for line in lines)
    assert lines[-1].startswith("History    8 Promoted: ")


def test_what_git_asks_for_is_told_where_it_is_not_so_yet():
    assert "           Git asks for version 6" in seen(serving("7").spec(stable={"version": "6"}))


async def test_it_is_read_from_the_cluster(capsys: pytest.CaptureFixture[str]):
    served = {"resources": [{"name": "modeldeployments", "kind": "ModelDeployment", "namespaced": True}]}
    async with a_scripted_api() as api:
        api.answers[GROUP] = [served]
        api.answers[f"{GROUP}/namespaces/cellar/modeldeployments/wine"] = [trying("8").md]

        await show(Access(api.url), WINE, watch=False)

    assert "Candidate  version 8, 10 %" in capsys.readouterr().out
