"""A canary judged by a Prometheus, by a Job of the team's and by a web page: each passes a candidate, and fails one."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest
import yaml

from any_cluster import AnyCluster
from http_page import serving_page
from in_background import Background
from kserve_player import play
from process_node import of_processes
from real_prometheus import scraping
from registry import Registry
from served_model import FOREVER, STEPS, ServedModel
from synced_team import API_VERSION, SyncedTeam
from waiting import becomes, eventually_now

GOOD, BAD = "2", "3"
QUALITY = {GOOD: 0.99, BAD: 0.25}
MEASURED = 'quality{version="{{version}}"}'
SCRIPT = f"""
import os
worth = {QUALITY}[os.environ["KANARIA_CANDIDATE_VERSION"]]
open(os.environ["KANARIA_OUTPUTS"], "w").write(str(worth))
"""


@pytest.fixture(scope="module")
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnyCluster]:
    """One whose Jobs are really run."""
    with of_processes(request.config, tmp_path_factory.mktemp("measured"), "measured") as found:
        yield found


@pytest.fixture(scope="module")
def pages() -> Iterator[Mapping[str, str]]:
    """Where a page tells of each version what it is worth."""
    with ExitStack() as stack:
        yield {
            version: stack.enter_context(serving_page(json.dumps({"data": {"quality": worth}}), "application/json"))
            for version, worth in QUALITY.items()
        }


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """A Prometheus that knows what each version is worth, as the platform team names it."""
    told = "".join(f'quality{{version="{version}"}} {worth}\n' for version, worth in QUALITY.items())
    with scraping(tmp_path_factory.mktemp("prometheus"), told) as url:
        yield {"KANARIA_METRIC_SERVERS": json.dumps([{"name": "main", "url": url}])}


@pytest.fixture(scope="module")
def kserve(background: Background) -> None:
    background.go_on(play(background.api))


@pytest.fixture
def wine(team: SyncedTeam, registry: Registry, kserve: None) -> ServedModel:
    assert kserve is None
    return ServedModel(team, registry)


def by_prometheus(_: Mapping[str, str], __: str) -> dict[str, Any]:
    return {"prometheus": {"serverRef": {"name": "main"}, "query": MEASURED}}


def by_a_job(_: Mapping[str, str], __: str) -> dict[str, Any]:
    return {"job": {"image": "python:3.11", "command": ["python", "-c", SCRIPT]}}


def by_a_web_page(pages: Mapping[str, str], version: str) -> dict[str, Any]:
    return {"web": {"url": f"http://{pages[version]}/of/{{{{version}}}}", "jsonPath": "$.data.quality"}}


def policy(source: dict[str, Any]) -> dict[str, str]:
    metric = {"name": "quality", **source, "threshold": {"min": 0.9}, "interval": "5s"}
    body = {"apiVersion": API_VERSION, "kind": "MetricPolicy", "metadata": {"name": "quality"}}
    return {"deploy/policy.yaml": yaml.safe_dump({**body, "spec": {"metrics": [metric]}})}


SOURCES = [
    pytest.param(by_prometheus, id="a Prometheus"),
    pytest.param(by_a_job, id="a Job"),
    pytest.param(by_a_web_page, id="a web page"),
]
ANALYSIS = {"policies": [{"name": "quality"}], "warmup": "1s"}


def tried(wine: ServedModel, version: str, source: dict[str, Any], steps: list[dict[str, Any]]) -> str:
    """A stable version, and that one tried beside it; tells the stable one."""
    first = wine.serve_first()
    while int(wine.registry.register(wine.model)) < int(version):
        pass
    file = wine.file(steps, stable=first, candidate=version, analysis=ANALYSIS)
    wine.team.commit({**policy(source), **file})
    return first


@pytest.mark.parametrize("source", SOURCES)
def test_a_candidate_that_measures_well_becomes_stable(wine: ServedModel, source: Any, pages: Mapping[str, str]):
    tried(wine, GOOD, source(pages, GOOD), STEPS)

    wine.serves(GOOD)
    assert "rejected" not in wine.seen()["spec"]


@pytest.mark.parametrize("source", SOURCES)
def test_one_that_does_not_is_taken_back_with_the_number(wine: ServedModel, source: Any, pages: Mapping[str, str]):
    first = tried(wine, BAD, source(pages, BAD), FOREVER)

    eventually_now(lambda: wine.seen()["spec"].get("rejected"))
    becomes(wine.at_rest, first)
    (rejected,) = wine.seen()["spec"]["rejected"]
    assert (rejected["version"], rejected["reason"]) == (BAD, "Failed")
    assert "0.25" in rejected["evidence"]
