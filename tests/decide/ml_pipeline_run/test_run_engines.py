"""Steps that other operators run: made once, followed to their end, and not begun where nobody would run them."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from kanaria.api import MLPipeline
from kanaria.decide.ml_pipeline_run import watches
from kanaria.vocabulary import Apply, Delete, Watch, marks
from pipelines import NOON, Story, a_pod, a_run, a_step

HEAD = {"template": {"spec": {"containers": [{"name": "ray-head", "image": "rayproject/ray:2.46.0"}]}}}
ON_NODES = {"engine": {"trainJob": {"runtimeRef": {"name": "torch-distributed"}, "numNodes": 2}}}
ON_RAY = {"engine": {"rayJob": {"rayClusterSpec": {"headGroupSpec": HEAD}}}}
NUMBERED = {"engine": {"job": {"completions": 2, "completionMode": "Indexed"}}}
ENGINES = [
    pytest.param(ON_NODES, "TrainJob", id="trainJob"),
    pytest.param(ON_RAY, "RayJob", id="rayJob"),
    pytest.param(NUMBERED, "Job", id="job"),
]


def ends(story: Story, step: str, *, well: bool = True) -> Story:
    """What runs the step is told to be over, by whoever runs it."""
    made, at = story.jobs[story.step(step).job], story.now.isoformat()
    if made["kind"] == "Job":
        return story.ends(step, code=int(not well))
    if made["kind"] == "RayJob":
        job, deployment = ("SUCCEEDED", "Complete") if well else ("FAILED", "Failed")
        made["status"] = {"jobStatus": job, "jobDeploymentStatus": deployment, "endTime": at, "message": "boom"}
        return story
    told = {"type": "Complete" if well else "Failed", "status": "True", "message": "boom", "lastTransitionTime": at}
    made["status"] = {"conditions": [told]}
    return story


@pytest.mark.parametrize(("engine", "kind"), ENGINES)
def test_a_step_is_made_once_and_the_run_goes_on_when_it_is_over(engine: dict[str, Any], kind: str):
    story = Story(a_run(a_step("train", **engine), a_step("after", after=("train",)))).settle()
    (made,) = story.jobs.values()
    assert (made["kind"], len(made["metadata"]["name"]) <= 57) == (kind, True)
    assert story.step("after").phase == "Pending"

    ends(story, "train").settle()

    assert (story.step("train").phase, story.step("after").phase) == ("Succeeded", "Running")
    assert story.ends("after").settle().run.status.phase == "Succeeded"


@pytest.mark.parametrize(("engine", "kind"), ENGINES)
def test_one_that_fails_is_tried_again_in_another_object(engine: dict[str, Any], kind: str):
    story = Story(a_run(a_step("train", retryPolicy={"limit": 1}, **engine))).settle()
    first = story.step("train").job
    ends(story, "train", well=False).later(seconds=20).settle().later(minutes=1).settle()
    assert story.step("train").job != first

    ends(story, "train", well=False).later(seconds=20).settle()

    assert story.run.status.phase == "Failed"
    assert {made["kind"] for made in story.jobs.values()} == {kind}
    assert "failed at attempt 2" in story.ready()[2]


@pytest.mark.parametrize(("engine", "kind"), ENGINES)
def test_what_runs_goes_when_the_run_is_cancelled_or_replaced(engine: dict[str, Any], kind: str):
    story = Story(a_run(a_step("train", **engine))).settle()
    story.cancelled = "wine-1-abcde"

    plan = story.visit()

    assert [act.target.kind for act in plan.acts if isinstance(act, Delete)] == [kind]
    assert (story.run.status.phase, story.jobs) == ("Cancelled", {})


@pytest.mark.parametrize(("engine", "kind"), ENGINES)
def test_a_queue_is_kueues_affair_and_puts_the_deadline_off(engine: dict[str, Any], kind: str):
    story = Story(a_run(a_step("train", queueName="gpus", **engine), activeDeadlineSeconds=60)).settle()
    (made,) = story.jobs.values()
    assert made["spec"]["suspend"] is True

    story.later(hours=1).settle()

    reconciling = next(each for each in story.run.status.conditions if each.type == "Reconciling")
    assert (reconciling.reason, story.step("train").phase) == ("Queued", "Running")
    assert f"Kueue has not admitted its {kind}" in reconciling.message


@pytest.mark.parametrize(("engine", "kind"), ENGINES[:2])
def test_a_run_begins_nothing_where_an_engine_is_not_installed_and_goes_on_once_it_is(engine: dict, kind: str):
    run = a_run(a_step("prepare"), a_step("train", after=("prepare",), **engine))
    story = Story(run, absent=frozenset({kind})).settle()
    assert (story.ready()[:2], story.jobs) == (("False", "EngineNotInstalled"), {})
    assert (
        f"step 'train' has engine {kind[0].lower()}{kind[1:]}, but the cluster does not serve {kind}"
        in story.ready()[2]
    )

    story.absent = frozenset()
    story.settle()

    assert story.step("prepare").phase == "Running"


def test_a_run_that_may_not_see_an_engine_says_which_value_of_the_chart_helps():
    story = Story(a_run(a_step("train", **ON_NODES)), refused={"TrainJob": "trainjobs is forbidden"}).settle()

    assert story.ready()[:2] == ("False", "Forbidden")
    assert "set engines.trainJob of the chart" in story.ready()[2]
    assert story.jobs == {}


def test_a_run_whose_engine_never_comes_ends_at_its_deadline():
    story = Story(a_run(a_step("train", **ON_RAY), activeDeadlineSeconds=60), absent=frozenset({"RayJob"})).settle()
    assert story.decide().look_again == NOON + timedelta(seconds=60)

    story.later(seconds=60).settle()

    assert (story.run.status.phase, story.ready()[1]) == ("Failed", "DeadlineExceeded")


def test_a_run_that_waits_for_an_engine_can_be_cancelled():
    story = Story(a_run(a_step("train", **ON_RAY)), absent=frozenset({"RayJob"})).settle()
    story.cancelled = "wine-1-abcde"

    assert story.settle().run.status.phase == "Cancelled"


def test_a_run_watches_what_its_steps_need_and_no_more():
    always = (Watch("batch/v1", "Job", marks.OWNER), Watch("v1", "Pod", marks.OWNER))
    train = Watch("trainer.kubeflow.org/v1alpha1", "TrainJob", marks.OWNER)

    assert watches(a_run(a_step("a"), a_step("b", **NUMBERED)).spec.pipeline) == always
    assert watches(a_run(a_step("a"), onExit=[a_step("b", **ON_NODES)]).spec.pipeline) == (*always, train)


def test_the_outputs_of_an_indexed_job_are_those_of_its_first_pod():
    story = Story(a_run(a_step("train", outputs=[{"name": "rows"}], **NUMBERED))).settle()
    story.ends("train")
    job = story.jobs[story.step("train").job]
    for number, said in enumerate(('{"rows": 5}', '{"rows": 6}')):
        pod = a_pod(job, {"terminated": {"exitCode": 0, "message": said}})
        pod["metadata"] |= {"name": f"p-{number}", "labels": {"batch.kubernetes.io/job-completion-index": str(number)}}
        story.pods[f"p-{number}"] = pod
    del story.pods[job["metadata"]["name"]]

    assert story.settle().step("train").outputs == {"rows": "5"}


def test_a_pod_that_another_operator_made_tells_why_a_step_does_not_start():
    story = Story(a_run(a_step("train", **ON_RAY))).settle()
    name = story.step("train").job
    pod = a_pod(
        {"metadata": {"name": "head", "uid": "of-the-ray-cluster"}}, {"waiting": {"reason": "InvalidImageName"}}
    )
    story.pods["head"] = pod
    assert story.settle().step("train").phase == "Running"  # a Pod of somebody else's

    pod["metadata"]["labels"] = {marks.ATTEMPT: name}

    assert story.settle().step("train").phase == "Failed"


def test_a_team_that_labels_a_pod_of_its_own_tells_nothing_of_a_job():
    story = Story(a_run(a_step("train"))).settle()
    name = story.step("train").job
    pod = a_pod({"metadata": {"name": "own", "uid": "of-the-team"}}, {"waiting": {"reason": "InvalidImageName"}})
    pod["metadata"]["labels"] = {marks.ATTEMPT: name}
    story.pods["own"] = pod

    assert story.settle().step("train").phase == "Running"


@pytest.mark.parametrize("engine", [ON_NODES, ON_RAY], ids=["trainJob", "rayJob"])
def test_names_are_short_enough_for_what_other_operators_call_after_them(engine: dict[str, Any]):
    story = Story(a_run(a_step("train-" + "x" * 34, **engine))).settle()

    ((name, made),) = story.jobs.items()
    assert (len(name) <= 40, made["metadata"]["name"]) == (True, name)


def test_a_driver_is_told_of_no_outputs_file():
    story = Story(a_run(a_step("train", **ON_RAY))).settle()
    (made,) = story.jobs.values()

    assert "MLFLOW_RUN_ID" in made["spec"]["runtimeEnvYAML"]
    assert "KANARIA_OUTPUTS" not in made["spec"]["runtimeEnvYAML"]


def test_an_engine_that_goes_once_its_step_is_over_holds_nothing_up():
    story = Story(a_run(a_step("train", **ON_RAY), a_step("after", after=("train",)))).settle()
    ends(story, "train").settle()
    story.absent = frozenset({"RayJob"})

    assert story.ends("after").settle().run.status.phase == "Succeeded"


def test_values_mean_what_they_say_in_a_ray_job_where_kubernetes_fills_nothing_in():
    parameters = [{"name": "note", "value": "$(MLFLOW_RUN_ID)"}]
    word = "${parameters.note}"
    steps = [{**a_step(name), "command": ["echo", word], **engine} for name, engine in (("a", ON_RAY), ("b", ON_NODES))]
    story = Story(a_run(*steps, parameters=parameters)).settle()

    ray, train = (story.jobs[story.step(name).job]["spec"] for name in "ab")
    assert ray["entrypoint"] == "echo '$(MLFLOW_RUN_ID)'"
    assert train["trainer"]["command"] == ["echo", "$$(MLFLOW_RUN_ID)"]


def test_an_engine_is_part_of_what_a_cached_step_is_made_of():
    cache = {"cache": {"image": "Tag"}}
    keys = {
        Story(a_run(a_step("train", image="a:1", **cache, **engine))).settle().step("train").cache_key
        for engine in ({}, ON_NODES, {"engine": {"trainJob": {"runtimeRef": {"name": "other"}}}})
    }

    assert len(keys) == 3


def test_only_a_job_has_an_image_where_the_step_names_none():
    story = Story(a_run(a_step("a"), a_step("b", **ON_NODES))).settle()

    job, train = (story.jobs[story.step(name).job]["spec"] for name in "ab")
    assert job["template"]["spec"]["containers"][0]["image"] == "python:3.11"
    assert "image" not in train["trainer"]


def test_a_queue_is_applied_without_force_whatever_the_engine():
    plan = Story(a_run(a_step("train", queueName="gpus", **ON_NODES)))
    applied = [act for _ in range(5) for act in plan.visit().acts if isinstance(act, Apply)]

    assert [act.force for act in applied] == [False]


VOLUME = {"name": "v", "emptyDir": {}}
SECRET = {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
CODE = {"source": {"git": {"url": "https://git.example.com/wine.git"}}}
BARE_HEAD = {"template": {"spec": {"containers": [{"name": "ray-head"}]}}}


@pytest.mark.parametrize(
    ("step", "spec", "sentence"),
    [
        pytest.param(
            {**ON_NODES, "outputs": [{"name": "a"}]}, {}, "outputs means nothing to engine.trainJob", id="outputs"
        ),
        pytest.param({**ON_RAY, "outputs": [{"name": "a"}]}, {}, "log MLflow metrics or artifacts", id="ray: outputs"),
        pytest.param({**ON_NODES, "volumes": [VOLUME]}, {}, "it belongs to the runtime", id="volumes"),
        pytest.param({**ON_RAY, "podTemplate": {"spec": {}}}, {}, "say it of the Pods of", id="ray: podTemplate"),
        pytest.param(
            {**ON_RAY, "resources": {"limits": {"cpu": 1}}}, {}, "resources means nothing", id="ray: resources"
        ),
        pytest.param({**ON_RAY, "env": [SECRET]}, {}, "env[].valueFrom means nothing", id="ray: a Secret"),
        pytest.param({**ON_NODES, "retryPolicy": {"exitCodes": [1]}}, {}, "retryPolicy.exitCodes", id="exit codes"),
        pytest.param(ON_NODES, {"workspace": {"size": "1Gi"}}, "spec.workspace means nothing", id="workspace"),
        pytest.param(NUMBERED, {"workspace": {"size": "1Gi"}}, "engine.job: it is a volume of one node", id="Indexed"),
        pytest.param(ON_NODES, CODE, "build an image of it with spec.source.build", id="code"),
        pytest.param(
            {"engine": {"rayJob": {"rayClusterSpec": {"headGroupSpec": BARE_HEAD}}}},
            {},
            "engine.rayJob.rayClusterSpec.headGroupSpec: there is no image",
            id="ray: no image",
        ),
        pytest.param(
            {"engine": {"rayJob": {"rayClusterSpec": {"headGroupSpec": HEAD}, "shutdownAfterJobFinishes": False}}}
            | {"queueName": "gpus"},
            {},
            "KubeRay suspends no RayJob whose cluster stays",
            id="ray: a cluster that stays in a queue",
        ),
        pytest.param({"engine": {}}, {}, "exactly one engine is needed", id="none"),
    ],
)
def test_what_means_nothing_to_an_engine_is_refused(step: dict[str, Any], spec: dict[str, Any], sentence: str):
    body = {"metadata": {"name": "wine"}, "spec": {"steps": [a_step("train", **step)], **spec}}

    with pytest.raises(ValidationError) as error:
        MLPipeline.parse(body)

    assert sentence in str(error.value)


def test_code_that_is_built_into_an_image_needs_no_checkout():
    build = {"build": {"image": "registry.example.com/wine"}}
    source = {"source": {**CODE["source"], **build}}

    assert MLPipeline.parse(
        {
            "metadata": {"name": "wine"},
            "spec": {"steps": [a_step("train", image="${source.image}", **ON_NODES)], **source},
        }
    )
