"""What the command tells of a version: read from the cluster, for people and for programs."""

import json
from typing import Any

import pytest

from deployments import a_spec
from kanaria.cli.trace import NO_SERVER, Asked, UnknownError, as_json, gathered, picture
from kanaria.cluster.connection import Access
from kanaria.cluster.errors import NotFoundError
from kanaria.decide.tracing import Found, Link, Missing, trace
from pipelines import a_run
from scripted_api import ScriptedApi, a_scripted_api

GROUP = "/apis/kanaria.dev/v1alpha1"
WINE = {"metadata": {"name": "wine", "namespace": "wine"}, "spec": a_spec(stable={"version": "8"})}
SERVED = {
    "resources": [
        {"name": "modeldeployments", "kind": "ModelDeployment", "namespaced": True},
        {"name": "mlpipelineruns", "kind": "MLPipelineRun", "namespaced": True},
    ]
}
LINKS = (
    Link("run", {"run": "wine/wine-1", "phase": "Succeeded"}, "MLPipelineRun wine/wine-1"),
    Link("data", missing=Missing("nobody noted it", "MLPipelineRun wine/wine-1", "declare spec.data")),
)


def the_run() -> dict[str, Any]:
    body = a_run(revision="abc").model_dump(mode="json", by_alias=True, exclude_none=True)
    return {**body, "status": {"model": {"name": "wine-quality", "version": "8"}}}


def a_cluster(api: ScriptedApi, *runs: dict[str, Any]) -> Access:
    api.answers[GROUP] = [SERVED]
    api.answers[f"{GROUP}/namespaces/wine/modeldeployments/wine"] = [WINE]
    api.answers[f"{GROUP}/namespaces/wine/modeldeployments"] = [{"items": [WINE]}]
    api.answers[f"{GROUP}/namespaces/wine/mlpipelineruns"] = [{"items": list(runs)}]
    return Access(api.url)


@pytest.mark.parametrize("name", ["wine", "models:/wine-quality/8"])
async def test_a_run_that_is_kept_is_found_without_mlflow(name: str):
    async with a_scripted_api() as api:
        found = await gathered(a_cluster(api, the_run()), Asked(name, "wine"), "")

    assert (found.model, found.version, found.registry) == ("wine-quality", "8", NO_SERVER)
    assert found.run is not None
    assert [each.metadata.name for each in found.deployments] == ["wine"]


async def test_where_nothing_is_kept_each_link_says_where_it_was_looked_for():
    async with a_scripted_api() as api:
        found = await gathered(a_cluster(api), Asked("wine", "wine", "7"), "")

    missing = {link.name: str(link.missing) for link in trace(found)}
    assert "looked at the MLPipelineRuns of namespace wine; no MLflow server was named" in missing["data"]
    assert "looked at ModelDeployment wine/wine" in missing["served"]


@pytest.mark.parametrize("name", ["models:/wine-quality", "models:/8"])
async def test_a_name_without_a_version_is_refused_with_the_form_that_is_meant(name: str):
    async with a_scripted_api() as api:
        with pytest.raises(UnknownError, match="write models:/MODEL/VERSION"):
            await gathered(a_cluster(api), Asked(name, "wine"), "")


async def test_two_versions_are_refused():
    async with a_scripted_api() as api:
        with pytest.raises(UnknownError, match="--version 9 another: leave one out"):
            await gathered(a_cluster(api), Asked("models:/wine-quality/8", "wine", "9"), "")


async def test_a_deployment_that_is_not_there_is_told():
    async with a_scripted_api() as api:
        with pytest.raises(NotFoundError):
            await gathered(a_cluster(api), Asked("beer", "wine"), "")


def test_the_chain_is_shown_with_what_is_missing():
    assert picture(LINKS).splitlines() == [
        "✓ run        run    wine/wine-1",
        "             phase  Succeeded",
        "✗ data       nobody noted it (looked at MLPipelineRun wine/wine-1); declare spec.data",
        "",
        "missing: data",
    ]
    assert picture(LINKS[:1]).endswith("\n\nevery link is there")


def test_a_program_reads_the_same():
    told = json.loads(as_json(Found("wine-quality", "8"), LINKS))

    assert (told["model"], told["version"], told["whole"]) == ("wine-quality", "8", False)
    assert told["links"][0]["facts"] == {"run": "wine/wine-1", "phase": "Succeeded"}
    assert told["links"][1]["missing"]["remedy"] == "declare spec.data"
