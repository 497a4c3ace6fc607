"""Before it gets any traffic a candidate shows what is asked of it, to a Job of the team's."""

import json
from typing import Any

import pytest

from deployments import a_world, message, past, phase, reason, serving
from kanaria.vocabulary import Account, Apply, Delete, Failure, FailureKind
from model_world import ModelWorld
from own_route_world import ROUTING

ASKED = {"requests": [{"name": "golden", "path": "/v2/models/wine/infer", "body": {"inputs": []}}]}


def asking(**fields: Any) -> ModelWorld:
    """A world where 7 serves and the servers of 8 are up, to be asked."""
    return serving("7", preflight=ASKED, **fields).spec(candidate={"version": "8"}).run(10)


def ended(world: ModelWorld, said: str, condition: str = "Complete", code: int = 0) -> ModelWorld:
    """The newest Job is over, and its container's last words were these."""
    name = list(world.jobs)[-1]
    told = {"type": condition, "status": "True", "lastTransitionTime": world.now.isoformat()}
    world.jobs[name]["status"] = {"conditions": [told]}
    over = {"exitCode": code, "message": said}
    world.pods = {
        name: {"metadata": {}, "status": {"containerStatuses": [{"name": "step", "state": {"terminated": over}}]}}
    }
    return world


def verdict(word: str, evidence: str) -> str:
    return json.dumps({"verdict": word, "evidence": evidence})


@pytest.mark.parametrize("routing", [None, ROUTING], ids=["KServe's route", "its own route"])
def test_the_candidate_s_own_servers_are_asked_by_the_team_s_account_before_any_traffic(routing: dict | None):
    world = asking(**({"routing": routing} if routing else {})).run(60)

    assert (phase(world), world.asked("8"), reason(world)) == ("Loading", 0, "Preflight")
    (job,) = world.jobs.values()
    (container,) = job["spec"]["template"]["spec"]["containers"]
    env = {each["name"]: each["value"] for each in container["env"]}
    assert container["command"] == ["kanaria", "preflight"]
    assert env["KANARIA_PREFLIGHT_URL"] == f"http://{world.service_backend('8')}.cellar.svc"
    assert json.loads(env["KANARIA_PREFLIGHT"])["requests"][0]["name"] == "golden"
    (account,) = {act.account for act in world.writes if isinstance(act, Apply) and act.manifest["kind"] == "Job"}
    assert account == Account("cellar", "kanaria-runner")


def test_a_candidate_that_shows_it_takes_its_steps():
    world = ended(asking(), verdict("Passed", "1 golden request as expected")).run(10)

    assert (phase(world), world.weight("8")) == ("Stepping", 10)
    assert world.read_md().status.trial.preflight.evidence == "1 golden request as expected"
    assert len(world.jobs) == 1, "the last one stays to be read"


def test_a_candidate_that_does_not_show_it_is_rejected_with_the_evidence_and_had_no_traffic():
    world = ended(asking(), verdict("Failed", "golden: answered 500 where 200 is expected")).run(10)

    assert (phase(world), world.asked("8"), world.weight("7")) == ("Failed", 0, 100)
    world.commit()
    (entry,) = world.md["spec"]["rejected"]
    assert entry["evidence"] == "preflight: golden: answered 500 where 200 is expected"
    assert past(world.run(60)) == ["8 Failed"]


@pytest.mark.parametrize(
    ("said", "condition", "code"),
    [
        pytest.param(verdict("Unmeasured", "it cannot be asked"), "Complete", 0, id="the servers cannot be reached"),
        pytest.param("no json", "Complete", 0, id="no verdict"),
        pytest.param("killed", "Failed", 137, id="its container was killed"),
    ],
)
def test_a_preflight_that_could_not_be_done_rejects_nobody_and_is_done_again(said: str, condition: str, code: int):
    world = ended(asking(), said, condition, code).run(10)
    assert (phase(world), world.asked("8"), reason(world)) == ("Loading", 0, "PreflightUnmeasured")
    assert len(world.jobs) == 1

    world.run(90)
    assert len(world.jobs) == 1, "the new one, for which the old one was deleted"
    assert reason(world) == "Preflight"

    assert ended(world, verdict("Passed", "well")).run(10).weight("8") == 10


@pytest.mark.parametrize("name", ["wine-shadow-red", "wine-preflight-red", "wine-measure-red"])
def test_a_name_that_sounds_like_another_job_s_takes_no_job_away(name: str):
    world = a_world(stable={"version": "7"}, preflight=ASKED)
    world.md["metadata"]["name"] = name
    world.run(10).spec(candidate={"version": "8"}).run(10)

    assert (len(world.jobs), [act for act in world.writes if isinstance(act, Delete)]) == (1, [])


def test_the_pods_are_watched_for_their_last_words():
    assert {watch.kind for watch in asking().decide().plan.watches} == {"Pod"}


def test_a_first_version_is_asked_too():
    world = a_world(candidate={"version": "1"}, preflight=ASKED).run(10)
    assert (phase(world), len(world.jobs)) == ("Loading", 1)

    assert phase(ended(world, verdict("Passed", "well")).run(10)) == "Passed"


def test_a_preflight_under_way_goes_with_its_trial():
    world = asking()
    assert len(world.jobs) == 1

    world.spec(candidate=None).run(10)

    assert (world.jobs, past(world)) == ({}, ["8 Withdrawn"])


def test_a_job_that_the_quota_has_no_room_for_is_waited_for():
    world = asking()
    (job,) = world.jobs.values()
    world.jobs.clear()
    world.failure = Failure(Apply(job), FailureKind.FORBIDDEN, "exceeded quota: small", world.now)

    decision = world.decide()

    (ready,) = [c for c in decision.plan.status["conditions"] if c["type"] == "Reconciling"]
    assert (ready["reason"], "quota" in ready["message"]) == ("InsufficientQuota", True)


def test_servers_that_the_quota_has_no_room_for_are_waited_for():
    world = serving("7", progressDeadlineSeconds=60)
    world.broken.add("-v8-")
    world.why = "pods are forbidden: exceeded quota: small"

    world.spec(candidate={"version": "8"}).run(200, every=20)

    assert (phase(world), reason(world, "Reconciling"), "quota" in message(world, "Reconciling")) == (
        "Loading",
        "InsufficientQuota",
        True,
    )
