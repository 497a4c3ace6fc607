"""The pipeline's own code is built and tested before any step uses it."""

from typing import Any

import pytest
from kubernetes.client import V1Job

from kanaria.decide.filling import unknown_reference
from kanaria.decide.unfolding import unfoldable
from pipelines import Story, a_pipeline, a_run, a_step

GIT = {"url": "https://git.example.com/wine.git", "path": "training"}
BUILD = {"image": "registry.example.com/wine/train", "pushSecretRef": {"name": "push"}}
UNIT = {"name": "unit", "command": ["pytest", "-q"]}
BUILT = '{"image": "registry.example.com/wine/train@sha256:abc"}'


def a_story(**source: Any) -> Story:
    step = a_step("train", image="${source.image}") if "build" in source else a_step("train")
    return Story(a_run(step, a_step("evaluate", after=("train",)), source={"git": GIT, **source}, revision="c0ffee"))


def phases(story: Story) -> dict[str, str]:
    return {entry.name: str(entry.phase) for entry in story.run.status.steps}


def container(story: Story, step: str) -> dict[str, Any]:
    found: dict[str, Any] = story.jobs[story.step(step).job]["spec"]["template"]["spec"]["containers"][0]
    return found


def test_the_image_is_built_then_tested_then_used_by_its_digest():
    story = a_story(build=BUILD, tests=[UNIT]).settle()
    assert phases(story) == dict.fromkeys(("source-test-unit", "train", "evaluate"), "Pending") | {
        "source-build": "Running"
    }

    story.ends("source-build", said=BUILT).settle()
    assert (phases(story)["source-test-unit"], phases(story)["train"]) == ("Running", "Pending")
    story.ends("source-test-unit").settle()

    digest = "registry.example.com/wine/train@sha256:abc"
    assert container(story, "source-test-unit")["image"] == container(story, "train")["image"] == digest


def test_code_whose_tests_fail_is_not_used():
    story = a_story(tests=[UNIT]).settle()

    story.ends("source-test-unit", code=1, said="1 failed, 3 passed").settle()

    assert phases(story) == {"source-test-unit": "Failed", "train": "Skipped", "evaluate": "Skipped"}
    assert "step 'source-test-unit' failed at attempt 1: exit code 1: 1 failed, 3 passed" in story.ready()[2]


def test_a_build_that_tells_no_digest_is_not_used():
    story = a_story(build=BUILD).settle()

    story.ends("source-build", said="{}").settle()

    assert phases(story)["train"] == "Skipped"


def test_the_build_is_a_job_that_kubernetes_knows_and_pushes_with_the_teams_secret():
    story = a_story(build=BUILD).settle()

    job = V1Job.model_validate(story.jobs[story.step("source-build").job])

    pod = job.spec.template.spec
    assert pod.containers[0].command[-3:] == ["Dockerfile", "registry.example.com/wine/train", "c0ffee"]
    assert pod.containers[0].working_dir == "/src/training"
    assert pod.init_containers[0].name == "checkout"
    assert [volume.secret.secret_name for volume in pod.volumes if volume.secret] == ["push"]


@pytest.mark.parametrize(
    ("source", "step", "sentence"),
    [
        pytest.param({}, {"image": "${source.image}"}, "${source.image} stands for nothing", id="nothing is built"),
        pytest.param(
            {"tests": [UNIT | {"command": ["x", "${steps.a.outputs.b}"]}]},
            {},
            "spec.source.tests 'source-test-unit', command[1]: ${steps.a.outputs.b} stands for nothing",
            id="a test that reads a step",
        ),
    ],
)
def test_a_reference_that_stands_for_nothing_is_told(source: Any, step: Any, sentence: str):
    spec = a_pipeline(a_step("train") | step, source={"git": GIT, **source}).spec

    assert sentence in unknown_reference(spec)


def test_a_step_of_the_name_of_the_build_is_told():
    spec = a_pipeline(a_step("source-build"), source={"git": GIT, "build": BUILD}).spec

    assert "would be called 'source-build'" in unfoldable(spec)
