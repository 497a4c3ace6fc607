"""Measurements that a Job of the team takes while a candidate has traffic."""

from typing import Any

import pytest

from deployments import a_bound, message, phase, reason, serving, weight
from kanaria.vocabulary import Account, Apply, Failure, FailureKind
from model_world import SECOND, ModelWorld

JOB = {"image": "team/measure:1", "command": ["python", "measure.py"], "env": [{"name": "TABLE", "value": "wines"}]}


def trying(*, seconds: int = 20, **metric: Any) -> ModelWorld:
    world = serving("7", policies=(a_bound(interval="10s", **{"job": JOB, **metric}),))
    return world.spec(candidate={"version": "8"}).run(seconds)


def jobs(world: ModelWorld) -> list[Apply]:
    return [act for act in world.writes if isinstance(act, Apply) and act.manifest["kind"] == "Job"]


def test_a_candidate_whose_job_finds_it_good_passes():
    world = trying(seconds=240)

    assert phase(world) == "Passed"
    assert world.read_md().status.trial.evidence == "latency is 0.1, within its bounds"


def test_a_candidate_whose_job_finds_it_bad_is_taken_back():
    world = trying()
    world.numbers["-v8-"] = 0.3

    assert phase(world.run(30)) == "Failed"


def test_no_job_is_made_before_the_candidate_has_traffic():
    world = serving("7", policies=(a_bound(job=JOB),))
    world.broken.add("-v8-")

    world.spec(candidate={"version": "8"}).run(60)

    assert jobs(world) == []


def test_the_job_is_made_with_the_rights_of_the_team_and_told_whom_it_measures():
    world = trying()

    act = jobs(world)[0]
    pod = act.manifest["spec"]["template"]["spec"]
    env = {each["name"]: each["value"] for each in pod["containers"][0]["env"]}
    assert act.account == Account("cellar", "kanaria-runner")
    assert act.manifest["metadata"]["labels"] == {"kanaria.dev/owner": "modeldeployment.wine"}
    assert act.manifest["metadata"]["ownerReferences"][0]["uid"] == "u-md"
    assert (act.manifest["spec"]["backoffLimit"], act.manifest["spec"]["activeDeadlineSeconds"]) == (0, 300)
    assert act.manifest["spec"]["ttlSecondsAfterFinished"] == 600
    assert (pod["containers"][0]["image"], pod["containers"][0]["command"]) == (JOB["image"], JOB["command"])
    assert (env["KANARIA_CANDIDATE_VERSION"], env["KANARIA_STABLE_VERSION"]) == ("8", "7")
    assert env["KANARIA_CANDIDATE_SERVICE"] == world.service_backend("8")
    assert (env["KANARIA_STABLE_SERVICE"], env["TABLE"]) == (world.service_backend("7"), "wines")


def test_each_measurement_is_a_job_of_its_own():
    world = trying(seconds=100)

    made = [act.manifest["metadata"]["name"] for act in jobs(world)]
    assert len(made) == len(set(made))
    assert 6 <= len(made) <= 10
    assert world.memory.tallies["online/latency"].taken >= len(made) - 2


def test_a_restarted_operator_finds_the_job_that_it_made():
    world = trying(seconds=0)
    while not jobs(world):
        world.rest()
        world.tick(1)
    made = len(jobs(world))

    world.restart()
    world.rest()

    assert len(jobs(world)) == made


def test_a_job_that_fails_measures_nothing_and_rejects_nobody():
    world = trying(seconds=30, consecutiveErrorLimit=1)
    world.job_fails = True

    world.run(40)

    assert (phase(world), weight(world), reason(world)) == ("Paused", 0, "MetricsUnmeasured")
    assert "exit code 1: no database" in message(world)
    world.job_fails = False
    assert phase(world.run(300)) == "Passed"


def test_a_job_that_writes_no_number_measures_nothing():
    world = trying(seconds=30, consecutiveErrorLimit=0)
    world.numbers["-v8-"] = None

    world.run(25)

    assert reason(world) == "MetricsUnmeasured"
    assert "its Job wrote no number to the file $KANARIA_OUTPUTS" in message(world)


def test_a_change_takes_both_numbers_of_the_job():
    change = {"minAbsoluteChange": -0.05, "greaterIsBetter": False}
    world = trying(change=change)
    world.numbers = {"-v8-": 0.3, "-v7-": 0.2}

    assert phase(world.run(30)) == "Failed"


def test_a_job_that_the_team_s_account_may_not_make_is_told_and_fails_nobody():
    world = trying(seconds=30, consecutiveErrorLimit=0)
    name = ""
    while not name:
        world.tick(1)
        name = next((a.manifest["metadata"]["name"] for a in world.decide().plan.acts if _is_job(a)), "")
        if not name:
            world.visit()
    act = next(a for a in world.decide().plan.acts if _is_job(a))
    world.failure = Failure(act, FailureKind.FORBIDDEN, "jobs.batch is forbidden", world.now)

    world.visit()
    world.rest()

    assert (phase(world), reason(world)) == ("Paused", "MetricsUnmeasured")
    assert f"ServiceAccount kanaria-runner could not make Job {name}: jobs.batch is forbidden" in message(world)


def _is_job(act: Any) -> bool:
    return isinstance(act, Apply) and act.manifest["kind"] == "Job"


@pytest.mark.parametrize(
    ("gate", "more"),
    [
        pytest.param({}, [], id="threshold"),
        pytest.param({"change": {}}, ["--baseline-url", "http://scores/7?ns=cellar"], id="change"),
    ],
)
def test_a_web_page_is_fetched_by_kanaria_s_own_image(gate: dict[str, Any], more: list[str]):
    web = {"url": "http://scores/{{version}}?ns={{namespace}}", "jsonPath": "$.score"}
    world = serving("7", policies=(a_bound(web=web, **gate),))
    world.spec(candidate={"version": "8"})
    while not jobs(world):
        world.rest()
        world.tick(1)

    (container,) = jobs(world)[0].manifest["spec"]["template"]["spec"]["containers"]
    asked = ["kanaria", "fetch", "--url", "http://scores/8?ns=cellar", *more, "--json-path", "$.score"]
    assert (container["image"], container["command"]) == ("kanaria", [*asked, "--timeout", "30"])


def test_a_job_that_failed_by_a_clock_that_goes_slow_is_followed_by_another():
    world = trying(seconds=40)
    world.job_fails = True
    while all("status" in job for job in world.jobs.values()):
        world.visit()
        world.tick(1)
    world.tick(3)
    last = world.jobs[list(world.jobs)[-1]]["status"]["conditions"][0]
    last["lastTransitionTime"] = (world.now - 8 * SECOND).isoformat()
    before = len(world.jobs)

    world.run(30)

    assert len(world.jobs) > before
