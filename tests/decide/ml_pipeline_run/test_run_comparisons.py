"""What a run's metrics are compared with: the stable model scored anew, another metric, slices; and what is kept."""

from typing import Any

import pytest

from kanaria.api import MLPipelineRun
from kanaria.decide.ml_pipeline.resume import taken_over
from kanaria.vocabulary import ModelVersion, PairedScores, TagModelVersion
from pipelines import (
    A_MODEL,
    GATED,
    NOON,
    TO_WINE,
    Registry,
    Story,
    a_policy,
    a_run,
    a_step,
    a_target,
    at_least,
    played,
)

NO_WORSE = {"baseline": "champion", "minAbsoluteChange": -0.01}
SURE = NO_WORSE | {"confidence": 0.95}
CHAMPION = "champion/accuracy"
SEVEN = ModelVersion("wine-quality", "7", "s3://models/7", run_id="run-old")
EVALUATE = a_step("train") | {"command": ["python", "evaluate.py", "${champion.uri}", "${champion.version}"]}


def change(**rule: Any) -> dict[str, Any]:
    return {"name": "better", "mlflow": {"key": "accuracy"}, "change": rule}


def compared(
    metric: dict[str, Any], *, stable: str = "7", step: dict[str, Any] = EVALUATE, resumes: Any = None, **logged: float
) -> Story:
    """A run whose step logged these metrics, beside an accuracy of 0.9."""
    scores = logged.pop("scores", None)
    metrics = {"run-r-1": {"accuracy": 0.9} | {name.replace("__", "/"): value for name, value in logged.items()}}
    registry = Registry(metrics, versions={"7": SEVEN}, scores={"accuracy": scores} if scores else {})
    run = a_run(step, model=A_MODEL, gates=GATED, promote=TO_WINE)
    if resumes:
        body = run.model_dump(mode="json", by_alias=True, exclude_none=True)
        run = MLPipelineRun.read(body | {"spec": body["spec"] | {"resumes": resumes}})
    targets = (a_target(stable={"version": stable}) if stable else a_target(),)
    return Story(run, registry, (a_policy(metric),), targets)


def told(story: Story) -> tuple[str, str]:
    (gate,) = story.run.status.gates
    return str(gate.verdict), gate.message


def test_a_step_finds_the_stable_model_and_the_run_keeps_which_it_was():
    story = compared(change(**NO_WORSE)).settle()

    (job,) = story.jobs.values()
    assert job["spec"]["template"]["spec"]["containers"][0]["command"][2:] == ["models:/wine-quality/7", "7"]
    champion = story.run.status.champion
    assert (champion.name, champion.version) == ("wine-quality", "7")


@pytest.mark.parametrize(
    ("before", "verdict"),
    [
        pytest.param(0.905, "Passed", id="a little worse, as allowed"),
        pytest.param(0.95, "Failed", id="worse"),
    ],
)
def test_both_numbers_are_of_this_run(before: float, verdict: str):
    story = played(compared(change(**NO_WORSE), champion__accuracy=before))

    (gate,) = story.run.status.gates
    assert (gate.verdict, gate.value, gate.baseline_value) == (verdict, 0.9, before)
    assert f"accuracy is 0.9, champion has {before}" in gate.message


def test_a_stable_model_that_was_not_scored_is_unmeasured():
    verdict, message = told(played(compared(change(**NO_WORSE))))

    assert (verdict, message) == (
        "Unmeasured",
        "champion/accuracy was not logged; let the step that evaluates log it for version 7",
    )


def test_where_nothing_is_stable_the_step_finds_nothing_and_the_gate_passes():
    story = played(compared(change(**NO_WORSE), stable=""))

    (job,) = story.jobs.values()
    assert job["spec"]["template"]["spec"]["containers"][0]["command"][2:] == ["", ""]
    assert told(story) == ("Passed", "accuracy is 0.9; there is no champion value to compare")


def test_a_run_whose_steps_never_name_the_stable_model_is_told():
    verdict, message = told(played(compared(change(**NO_WORSE), step=a_step("train"), champion__accuracy=0.8)))

    assert verdict == "Unmeasured"
    assert message.startswith("no step refers to ${champion.version} or ${champion.uri}")


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        pytest.param("7", "9", "version 7 was stable when the run began, 9 is now", id="another"),
        pytest.param("", "9", "nothing was stable when the run began, 9 is now", id="a first one"),
        pytest.param("7", "", "version 7 was stable when the run began, nothing is now", id="none any more"),
    ],
)
def test_a_promotion_in_between_makes_the_numbers_no_comparison(first: str, then: str, said: str):
    story = compared(change(**NO_WORSE), stable=first, champion__accuracy=0.8).settle()
    story.targets = (a_target(stable={"version": then}) if then else a_target(),)

    verdict, message = told(played(story))

    assert (verdict, message.startswith(said)) == ("Unmeasured", True)


def test_a_stable_model_that_left_the_registry_ends_the_run_before_any_step():
    story = compared(change(**NO_WORSE), stable="6").settle()

    assert (story.run.status.phase, story.ready()[1], story.jobs) == ("Failed", "GateUnmeasured", {})
    assert "version 6 of 'wine-quality', which a step scores as ${champion.version}" in story.ready()[2]
    assert story.step("train").phase == "Skipped"


def test_a_run_that_goes_on_with_another_scores_the_same_stable_model():
    story = compared(change(**NO_WORSE)).settle()
    kept = taken_over(story.run)

    resumed = compared(change(**NO_WORSE), stable="9", resumes=kept).settle()

    assert kept["champion"] == {"name": "wine-quality", "version": "7"}
    assert resumed.run.status.champion == story.run.status.champion


def paired(low: float, high: float, candidate: float = 0.9, champion: float = 0.89, trouble: str = "") -> PairedScores:
    return PairedScores(500, candidate, champion, low, high, trouble)


@pytest.mark.parametrize(
    ("scores", "verdict", "said"),
    [
        pytest.param(paired(-0.005, 0.02), "Passed", "on the same 500 rows", id="sure"),
        pytest.param(paired(-0.03, 0.04), "Inconclusive", "which more rows may prove", id="not sure"),
        pytest.param(None, "Unmeasured", "no scores of accuracy", id="no scores"),
        pytest.param(
            paired(-0.005, 0.02, candidate=0.8),
            "Unmeasured",
            "accuracy is 0.9, and the mean of the scores by rows 0.8",
            id="scores of another metric",
        ),
        pytest.param(
            paired(-0.005, 0.02, champion=0.8),
            "Unmeasured",
            "champion/accuracy is 0.89, and the mean of the scores by rows 0.8",
            id="scores of another champion",
        ),
    ],
)
def test_how_sure_the_difference_is_decides(scores: PairedScores | None, verdict: str, said: str):
    found = told(played(compared(change(**SURE), champion__accuracy=0.89, scores=scores)))

    assert (found[0], said in found[1]) == (verdict, True), found[1]


def test_a_simpler_baseline_of_the_same_run_must_be_beaten():
    rule = change(baseline="metric", baselineKey="majority", minAbsoluteChange=0.1)

    story = played(compared(rule, majority=0.85))

    assert told(story)[0] == "Failed"
    assert "accuracy is 0.9, majority has 0.85" in told(story)[1]
    assert told(played(compared(rule)))[1].startswith("majority was not logged, which change.baselineKey names")


def test_slices_are_judged_one_by_one():
    metric = {
        "name": "regions",
        "mlflow": {"key": "acc/region/*"},
        "slices": {"threshold": {"min": 0.8}, "minSliceSize": 50, "sizeKey": "rows/region/*"},
    }
    logged = {"acc__region__eu": 0.9, "acc__region__us": 0.7, "rows__region__eu": 500, "rows__region__us": 60}

    story = played(compared(metric, **logged))

    assert told(story) == ("Failed", "acc/region/*: us is 0.7, below the least of 0.8")
    assert "there is: accuracy" in told(played(compared(metric)))[1]


def test_a_dry_run_is_told_and_decides_nothing():
    policy = a_policy(at_least(0.5), at_least(0.99, "accuracy") | {"name": "hard", "dryRun": True})
    run = a_run(model=A_MODEL, gates=GATED, promote=TO_WINE)
    story = Story(run, policies=(policy,), targets=(a_target(),)).settle().ends("train")
    story.visit()

    tags = {act.key: act.value for _ in range(4) for act in story.visit().acts if isinstance(act, TagModelVersion)}

    hard = next(gate for gate in story.run.status.gates if gate.metric == "hard")
    assert (story.run.status.phase, story.run.status.verdict) == ("Succeeded", "Passed")
    assert (hard.verdict, hard.dry_run, tags["kanaria.gate.offline.hard"]) == ("Failed", True, "Failed (dry run)")


def test_a_run_with_dry_runs_only_has_no_verdict():
    run = a_run(model=A_MODEL, gates=GATED, promote=TO_WINE)
    policy = a_policy(at_least(0.99) | {"dryRun": True})

    story = played(Story(run, policies=(policy,), targets=(a_target(),)))

    assert (story.run.status.phase, story.run.status.verdict) == ("Succeeded", None)


def with_data(story: Story, *digests: str) -> Story:
    """The run after its data was read, and found the same after the last step."""
    entries = [{"name": f"d{n}", "phase": "Unchanged", "digest": digest} for n, digest in enumerate(digests)]
    body = story.run.model_dump(mode="json", by_alias=True, exclude_none=True)
    status = {"phase": "Pending", "startedAt": NOON.isoformat(), "data": entries, "steps": [{"name": "train"}]}
    story.run = MLPipelineRun.read(body | {"status": status})
    return story


def test_a_verdict_keeps_the_digest_of_the_data_both_numbers_come_from():
    story = played(with_data(compared(change(**NO_WORSE), champion__accuracy=0.8), "sha256:abc"))

    (gate,) = story.run.status.gates
    assert (gate.data_digest, gate.baseline_data_digest) == ("sha256:abc", "sha256:abc")


def test_a_number_of_other_data_is_told():
    story = with_data(compared(change(baseline="stable"), step=a_step("train")), "sha256:abc")
    old = ModelVersion("wine-quality", "7", "s3://models/7", run_id="run-old", tags={"kanaria.data.d0": "sha256:def"})
    logged = {"run-r-1": {"accuracy": 0.9}, "run-old": {"accuracy": 0.8}}
    story.registry = Registry(logged, versions={"7": old})

    (gate,) = played(story).run.status.gates

    assert (gate.verdict, gate.data_digest, gate.baseline_data_digest) == ("Passed", "sha256:abc", "sha256:def")
    assert gate.message.endswith("measured on other data than this run's: sha256:def, not sha256:abc")


def test_several_entries_of_data_have_one_digest_together():
    one, other = (
        played(with_data(compared(change(**NO_WORSE), champion__accuracy=0.8), "sha256:a", last)).run.status.gates[0]
        for last in ("sha256:b", "sha256:c")
    )

    assert one.data_digest.startswith("sha256:")
    assert one.data_digest != other.data_digest
    assert len(one.data_digest) == 71


SMALL = {"name": "size", "modelSize": {}, "threshold": {"max": 1000}}


@pytest.mark.parametrize(
    ("sizes", "verdict", "said"),
    [
        pytest.param({"8": 1000}, "Passed", "the model's size in bytes is 1000, within its bounds", id="small"),
        pytest.param({"8": 1001}, "Failed", "the model's size in bytes is 1001, above the most of 1000", id="large"),
        pytest.param({}, "Unmeasured", "MLflow cannot list the model's files", id="unknown"),
    ],
)
def test_a_model_must_not_be_too_large(sizes: dict, verdict: str, said: str):
    run = a_run(model=A_MODEL, gates=GATED, promote=TO_WINE)

    found = told(played(Story(run, Registry(sizes=sizes), (a_policy(SMALL),), (a_target(),))))

    assert (found[0], said in found[1]) == (verdict, True), found[1]
