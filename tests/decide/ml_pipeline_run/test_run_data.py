"""A run looks at its data before the first step and after the last one, and says what it found."""

import json
from typing import Any

import pytest

from kanaria.api import MLPipelineRun
from kanaria.api.run_data import DataPhase, DataStatus
from kanaria.decide.ml_pipeline_run import Ground
from kanaria.vocabulary import TagModelVersion
from pipelines import A_MODEL, Story, a_pod, a_run, a_step

WINE = {"name": "wine", "uri": "s3://lake/wine.csv"}
REPORT = {"digest": "sha256:aaaa", "listing": "sha256:l1", "files": 1, "bytes": 10, "rows": 4}
BROKEN = {
    "rule": "range",
    "column": "alcohol",
    "count": 2,
    "rows": ["wine.csv:3"],
    "values": ["'99'"],
    "expected": "at most 20",
}


def a_story(*entries: dict[str, Any], **more: Any) -> Story:
    ground = Ground("http://mlflow:5000", data_image="kanaria-data:1")
    return Story(a_run(a_step("train"), data=list(entries or [WINE]), model=A_MODEL, **more), ground=ground).settle()


def entry(story: Story, name: str = "wine") -> DataStatus:
    return next(each for each in story.run.status.data if each.name == name)


def tells(story: Story, report: dict[str, Any] | str, code: int = 0, name: str = "wine") -> Story:
    """The Job that looks at the data ends, with this as its last words."""
    job = story.jobs[entry(story, name).job]
    said = report if isinstance(report, str) else json.dumps(report)
    told = {"type": "Failed" if code else "Complete", "status": "True", "lastTransitionTime": story.now.isoformat()}
    job["status"] = {"conditions": [told]}
    state = {"terminated": {"exitCode": code, "message": said, "reason": "Error" if code else "Completed"}}
    story.pods[job["metadata"]["name"]] = a_pod(job, state)
    return story.settle()


def works(story: Story) -> list[str]:
    return [step for job in story.jobs.values() if (step := job["metadata"]["labels"].get("kanaria.dev/step"))]


def container(story: Story) -> dict[str, Any]:
    found: dict[str, Any] = story.jobs[entry(story).job]["spec"]["template"]["spec"]["containers"][0]
    return found


def test_no_step_starts_before_the_data_is_checked():
    story = a_story()
    assert (entry(story).phase, works(story)) == (DataPhase.CHECKING, [])

    tells(story, REPORT)

    assert (entry(story).phase, entry(story).digest, entry(story).rows) == (DataPhase.CHECKED, "sha256:aaaa", 4)
    assert works(story) == ["train"]


def test_a_job_of_the_team_looks_with_the_image_that_can():
    story = a_story(
        {**WINE, "secretRef": {"name": "lake"}, "schema": {"forbidden": ["$(x)"]}}, podServiceAccountName="p"
    )

    found = container(story)
    words = found["command"]

    assert (found["image"], found["envFrom"]) == ("kanaria-data:1", [{"secretRef": {"name": "lake"}}])
    assert words[:3] == ["kanaria", "data", "validate"]
    assert words[4:6] == ["--log-to", "run-r-1"]
    assert json.loads(words[3].replace("$$(", "$("))["schema"] == {"forbidden": ["$(x)"]}
    assert "$$(x)" in words[3]


def test_a_broken_contract_ends_the_run_before_any_step():
    story = tells(a_story(), {**REPORT, "broken": 3, "violations": [BROKEN]})

    status, reason, message = story.ready()
    assert (status, reason, works(story)) == ("False", "DataInvalid", [])
    assert "column 'alcohol': '99' is not at most 20 (2 rows: wine.csv:3, …)" in message
    assert "and 2 more" in message
    assert story.step("train").phase == "Skipped"


def test_data_that_cannot_be_read_is_tried_again_and_never_called_invalid():
    story = a_story()
    for wait in (10, 20, 40):
        tells(story, "s3://lake/wine.csv cannot be listed: Timeout", code=3)
        assert "could not be read, it is tried again" in story.run.status.conditions[0].message
        story.later(seconds=wait - 1).settle()
        assert entry(story).phase is DataPhase.PENDING
        story.later(seconds=1).settle()
    assert (entry(story).phase, entry(story).attempts) == (DataPhase.CHECKING, 4)

    tells(story, "s3://lake/wine.csv cannot be listed: Timeout", code=3)

    status, reason, message = story.ready()
    assert (status, reason, works(story)) == ("False", "DataUnreadable", [])
    assert "Unmeasured" in message
    assert "Timeout" in message


def test_a_report_that_cannot_be_read_is_no_report():
    assert entry(tells(a_story(), "gibberish")).phase is DataPhase.PENDING


def trained(story: Story) -> Story:
    tells(story, REPORT)
    return story.ends("train").settle()


@pytest.mark.parametrize(
    ("report", "reason"),
    [(REPORT, "RunSucceeded"), ({**REPORT, "digest": "sha256:bbbb"}, "DataChanged")],
    ids=["the same", "another"],
)
def test_the_data_is_compared_after_the_last_step(report: dict[str, Any], reason: str):
    story = trained(a_story())
    assert entry(story).phase is DataPhase.COMPARING
    assert "sha256:aaaa" in container(story)["command"][5]

    tells(story, report)

    assert story.ready()[1] == reason
    assert (story.run.status.model is not None) == (reason == "RunSucceeded")


def test_a_change_may_be_marked_instead():
    story = tells(trained(a_story({**WINE, "onChange": "Mark"})), {**REPORT, "digest": "sha256:bbbb"})

    assert (story.ready()[1], entry(story).phase) == ("RunSucceeded", DataPhase.CHANGED)
    assert "before the first step" in entry(story).message


def test_steps_find_the_data_and_the_model_version_bears_its_digest():
    plans: list[Any] = []
    story = tells(a_story({**WINE, "name": "wine-train"}), REPORT, name="wine-train")
    job = next(job for job in story.jobs.values() if job["metadata"]["labels"].get("kanaria.dev/step"))
    env = {e["name"]: e["value"] for e in job["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert env["KANARIA_DATA_WINE_TRAIN"] == "s3://lake/wine.csv"
    assert env["KANARIA_DATA_WINE_TRAIN_DIGEST"] == "sha256:aaaa"

    story.ends("train").settle()
    job = story.jobs[entry(story, "wine-train").job]
    job["status"] = {
        "conditions": [{"type": "Complete", "status": "True", "lastTransitionTime": story.now.isoformat()}]
    }
    story.pods["x"] = a_pod(job, {"terminated": {"exitCode": 0, "message": json.dumps(REPORT)}})
    for _ in range(6):
        plans += story.visit().acts

    tags = {act.key: act.value for act in plans if isinstance(act, TagModelVersion)}
    assert tags["kanaria.data.wine-train"] == "sha256:aaaa"


def test_a_failed_step_spares_the_second_look():
    story = tells(a_story(), REPORT)
    story.ends("train", code=1).settle()

    assert (story.ready()[1], entry(story).phase) == ("StepFailed", DataPhase.CHECKED)


def test_one_broken_contract_takes_the_other_looks_back():
    story = a_story(WINE, {**WINE, "name": "test"})
    other = entry(story, "test").job

    tells(story, {**REPORT, "broken": 1, "violations": [BROKEN]})

    assert other not in story.jobs


def test_a_file_of_one_machine_is_refused_in_a_cluster():
    run = a_run(a_step("train"), data=[{**WINE, "uri": "file:///data/wine.csv"}])

    assert Story(run).settle().ready()[1] == "InvalidSpec"
    assert Story(run, ground=Ground("http://mlflow", file_remotes=True)).settle().run.status.phase == "Running"


def test_the_deadline_of_the_run_holds_for_looks_too():
    story = a_story(activeDeadlineSeconds=60)
    assert story.jobs[entry(story).job]["spec"]["activeDeadlineSeconds"] == 60

    story.later(seconds=61).settle()

    assert story.ready()[1] == "DeadlineExceeded"


def test_many_broken_rules_keep_the_status_small():
    long = {**BROKEN, "rows": [f"{'x' * 200}:{n}" for n in range(5)], "values": ["'" + "y" * 70] * 3}
    entries = [{**WINE, "name": f"d-{n}"} for n in range(8)]
    story = a_story(*entries)
    for n in range(7):
        tells(story, REPORT, name=f"d-{n}")

    tells(story, {**REPORT, "broken": 10, "violations": [long] * 10}, name="d-7")

    assert len(story.run.status.model_dump_json(by_alias=True, exclude_none=True)) < 10_000
    assert story.ready()[1] == "DataInvalid"


def resuming(story: Story, on_change: str = "Fail") -> Story:
    """A run that goes on with this one, whose first step went well."""
    wine = {**WINE, "onChange": on_change}
    resumes = {"run": story.run.metadata.name, "root": story.run.metadata.name, "steps": [{"name": "train"}]}
    run = a_run(a_step("train"), a_step("more"), number=2, data=[wine])
    body = run.model_dump(mode="json", by_alias=True, exclude_none=True)
    body["spec"]["resumes"] = resumes
    return Story(MLPipelineRun.read(body), older=(story.run,)).settle()


@pytest.mark.parametrize(
    ("digest", "on_change", "works_on"),
    [
        pytest.param("sha256:aaaa", "Fail", True, id="the same"),
        pytest.param("sha256:bbbb", "Fail", False, id="another"),
        pytest.param("sha256:bbbb", "Mark", True, id="another, which does not matter"),
    ],
)
def test_a_resumed_run_takes_no_steps_over_that_read_other_data(digest: str, on_change: str, *, works_on: bool):
    before = tells(a_story(), REPORT).ends("train").settle()

    story = tells(resuming(before, on_change), {**REPORT, "digest": digest})

    assert works(story) == (["more"] if works_on else [])
    if not works_on:
        assert story.ready()[1] == "DataChanged"
        assert "sha256:aaaa in run wine-1-abcde and is sha256:bbbb" in story.ready()[2]


@pytest.mark.parametrize("verb", ["check", "compare"])
def test_a_step_of_the_same_name_as_a_look_has_a_job_of_its_own(verb: str):
    story = Story(a_run(a_step(f"{verb}-wine"), data=[WINE])).settle()

    tells(story, REPORT)
    assert works(story) == [f"{verb}-wine"]
    story.ends(f"{verb}-wine").settle()

    assert (entry(story).phase, len(story.jobs)) == (DataPhase.COMPARING, 3)
