"""A version followed back: what each link tells, and which is missing."""

from dataclasses import replace
from typing import Any

import pytest

from deployments import a_spec
from kanaria.api import MLPipelineRun, ModelDeployment
from kanaria.decide.tracing import Found, Link, missing, trace
from kanaria.vocabulary import ModelVersion, tags
from pipelines import a_run

DIGEST = "sha256:" + "a" * 64
IMAGE = f"registry.example.com/wine@{DIGEST}"
TAGS = {
    "kanaria.run": "wine/wine-1-abcde",
    "kanaria.cause": "code: commit abc changed the code",
    "kanaria.code": "https://git.example.com/wine.git",
    "kanaria.commit": "abc",
    "kanaria.images": tags.images_told([("prepare", IMAGE), ("train", IMAGE)]),
    "kanaria.gate.offline.accuracy": "Passed",
    "kanaria.data.train": DIGEST,
    "kanaria.proposed.cellar.wine": "def",
    "kanaria.promoted.cellar.wine": "fed",
}
REGISTERED = ModelVersion("wine-quality", "8", "s3://models/8", "m-8", "run-r-1", TAGS)
PROPOSAL = {"namespace": "cellar", "modelDeployment": "wine", "state": "Applied", "commit": "def"}


def a_deployment(**status: Any) -> ModelDeployment:
    metadata = {"name": "wine", "namespace": "cellar"}
    return ModelDeployment.read({"metadata": metadata, "spec": a_spec(stable={"version": "7"}), "status": status})


def serving(version: str, revision: str = "") -> ModelDeployment:
    return a_deployment(stable={"version": version, "since": "2026-01-15T12:00:00Z", "revision": revision})


TRIAL = {"id": "8@1", "version": "8", "startedAt": "2026-01-15T12:00:00Z", "weight": 10}
PROMOTED, BROUGHT_UP = serving("8", "abc1234"), serving("7")
TRYING = a_deployment(stable={"version": "7"}, trial=TRIAL)


def the_run(**status: Any) -> MLPipelineRun:
    source = {"git": {"url": "https://git.example.com/wine.git"}}
    body = a_run(revision="abc", source=source).model_dump(mode="json", by_alias=True, exclude_none=True)
    whole = {
        "phase": "Succeeded",
        "data": [{"name": "train", "digest": DIGEST}],
        "steps": [{"name": "train", "phase": "Succeeded", "imageId": IMAGE}],
        "gates": [{"policy": "offline", "metric": "accuracy", "verdict": "Passed", "message": "0.95 is at least 0.9"}],
        "proposals": [PROPOSAL],
        **status,
    }
    return MLPipelineRun.read(body | {"status": whole})


def found(**changes: Any) -> Found:
    whole = Found(
        "wine-quality",
        "8",
        deployments=(PROMOTED,),
        where="ModelDeployment cellar/wine",
        registered=REGISTERED,
        run=the_run(),
    )
    return replace(whole, **changes)


def links(found: Found) -> dict[str, Link]:
    return {link.name: link for link in trace(found)}


def lacks(found: Found) -> dict[str, str]:
    return {link.name: str(link.missing) for link in missing(trace(found))}


def test_of_a_run_that_is_kept_every_link_is_told():
    whole = links(found())

    assert lacks(found()) == {}
    assert whole["version"].facts["artifacts"] == "s3://models/8"
    assert whole["run"].facts["cause"] == "code: commit abc changed the code"
    assert whole["data"].facts == {"train": DIGEST}
    assert whole["code"].facts == {"commit": "abc", "repository": "https://git.example.com/wine.git"}
    assert whole["images"].facts == {"train": IMAGE}
    assert whole["gates"].facts == {"offline/accuracy": "Passed: 0.95 is at least 0.9"}
    assert (whole["proposed"].facts, whole["promoted"].facts) == ({"cellar/wine": "def"}, {"cellar/wine": "abc1234"})


def test_of_a_run_that_is_not_kept_the_tags_tell_the_same():
    pruned = links(found(run=None, run_lost="MLPipelineRun wine/wine-1-abcde: not found"))

    assert [link.missing for link in pruned.values()] == [None] * 9
    assert pruned["run"].facts == {"run": "wine/wine-1-abcde", "cause": "code: commit abc changed the code"}
    assert pruned["images"].facts == {"prepare": IMAGE, "train": IMAGE}
    assert pruned["gates"].facts == {"offline.accuracy": "Passed"}
    assert {pruned[name].origin for name in ("run", "data", "code", "images")} == {"the version's tags in MLflow"}


@pytest.mark.parametrize(
    ("changes", "link", "said"),
    [
        pytest.param(
            {"run": the_run(data=[])},
            "data",
            "nobody noted which data it was made of (looked at MLPipelineRun wine/wine-1-abcde); declare",
            id="no data is declared",
        ),
        pytest.param(
            {"run": the_run(data=[{"name": "train"}])}, "data", "the digest of train was not taken", id="no digest"
        ),
        pytest.param(
            {"run": the_run(steps=[{"name": "train", "imageId": "python:3.11"}])},
            "images",
            "the image of train has no digest",
            id="an image by its tag",
        ),
        pytest.param({"run": the_run(steps=[])}, "images", "nobody noted which images ran", id="no images"),
        pytest.param({"run": the_run(gates=[])}, "gates", "no gate judged it", id="no gates"),
        pytest.param(
            {"run": the_run(proposals=[{**PROPOSAL, "commit": ""}]), "registered": replace(REGISTERED, tags={})},
            "proposed",
            "no commit of Kanaria's is known that proposed it",
            id="a proposal that is not committed",
        ),
        pytest.param(
            {"registered": None, "registry": "MLflow at http://mlflow does not answer"},
            "version",
            "its record is not to be had (looked at MLflow at http://mlflow does not answer)",
            id="MLflow is down",
        ),
        pytest.param(
            {"deployments": ()}, "served", "no ModelDeployment serves version 8 of wine-quality now", id="not served"
        ),
    ],
)
def test_the_link_that_is_missing_is_told_alone_with_where_it_was_looked_for(
    changes: dict[str, Any], link: str, said: str
):
    told = lacks(found(**changes))

    assert list(told) == [link]
    assert said in told[link]


def test_of_a_version_that_nobody_knows_all_is_missing():
    assert len(lacks(Found("wine-quality", "8", where="ModelDeployment cellar/wine"))) == 9


@pytest.mark.parametrize(
    ("deployment", "said"),
    [
        pytest.param(PROMOTED, "serves as stable since", id="stable"),
        pytest.param(TRYING, "is tried with 10 % of the requests", id="on trial"),
        pytest.param(BROUGHT_UP, "is named by Git, and does not serve yet", id="named"),
    ],
)
def test_how_a_version_serves_is_told(deployment: ModelDeployment, said: str):
    assert said in links(found(deployments=(deployment,)))["served"].facts["cellar/wine"]


def test_what_was_only_brought_up_has_no_commit_and_what_is_tried_none_yet():
    untagged = replace(REGISTERED, version="7", tags={})
    brought_up = found(version="7", deployments=(BROUGHT_UP,), registered=untagged)
    tried = found(deployments=(TRYING,), registered=replace(REGISTERED, tags={}))

    assert "it was stable before Kanaria saw a commit make it so" in lacks(brought_up)["promoted"]
    assert "no commit made it stable" in lacks(tried)["promoted"]


def test_images_of_many_steps_fit_a_tag():
    told = tags.images_told([(f"step-{number}", f"{IMAGE}{number:03}") for number in range(64)])

    assert len(told) <= tags.VALUE_MAX
    assert tags.images_of(told).items() <= {(f"step-{n}", f"{IMAGE}{n:03}") for n in range(64)}
    assert [tags.images_of(value) for value in ("", "{", "[]", '{"a": 1}')] == [{}, {}, {}, {}]
