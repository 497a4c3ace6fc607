"""Strategy shadow: copies of requests go to who compares, users see stable's answers, and a commit promotes."""

import json
from typing import Any

import pytest

from deployments import message, passed, past, phase, reason, serving, trying
from kanaria.serving.selection import read
from kanaria.vocabulary import Account, Apply, Failure, FailureKind
from kanaria.vocabulary.traffic import NOTHING_SENT, Sent
from model_world import ModelWorld
from own_route_world import ROUTING

COPIES = Sent((), 10, compared=True)
FORBIDDEN = (
    'services is forbidden: User "system:serviceaccount:cellar:kanaria-runner" cannot patch resource "services" in API '
    'group "" in the namespace "cellar"'
)


def shadowed(look: str | None = '{"compared": 500}', **fields: Any) -> ModelWorld:
    """A world where 7 serves, and the Job that compares is up for 8."""
    world = serving("7", strategy={"shadow": fields}, analysis=None, routing=ROUTING)
    world.look = look
    return world.spec(candidate={"version": "8"}).run(10)


def sent(world: ModelWorld) -> Sent:
    return read(world.route)[0]


def a_look(compared: int, differing: int = 0, **more: Any) -> str:
    return json.dumps({"compared": compared, "differing": differing, **more})


def test_copies_go_to_a_job_of_the_team_that_asks_both_models():
    world = shadowed()

    assert (sent(world), world.weight("8"), phase(world)) == (COPIES, 0, "Stepping")
    (job,), (service,) = world.jobs.values(), world.copiers.values()
    (container,) = job["spec"]["template"]["spec"]["containers"]
    env = {each["name"]: each["value"] for each in container["env"]}
    assert (container["command"], container["ports"]) == (["kanaria", "shadow"], [{"containerPort": 8080}])
    assert job["spec"]["activeDeadlineSeconds"] == 13 * 60, "one look, and time to pull the image"
    assert env["KANARIA_STABLE_URL"] == f"http://{world.service_backend('7')}.cellar.svc"
    assert env["KANARIA_CANDIDATE_URL"] == f"http://{world.service_backend('8')}.cellar.svc"
    assert service["spec"]["selector"].items() <= job["spec"]["template"]["metadata"]["labels"].items()
    mirror = world.route["spec"]["rules"][0]["filters"][0]["requestMirror"]["backendRef"]
    assert mirror["name"] == service["metadata"]["name"]
    accounts = {act.account for act in world.writes if isinstance(act, Apply)}
    assert accounts == {Account("cellar", "kanaria-runner")}


def test_no_copy_is_asked_for_before_somebody_is_there_to_take_it():
    world = serving("7", strategy={"shadow": {}}, analysis=None, routing=ROUTING).spec(candidate={"version": "8"})
    while not world.jobs:
        world.tick(1)
        world.visit()

    world.visit()

    assert sent(world) == NOTHING_SENT


def test_a_candidate_that_answers_as_stable_does_passes_and_is_promoted_by_a_commit():
    world = shadowed().run(30)
    assert (phase(world), sent(world), world.weight("8")) == ("Passed", NOTHING_SENT, 0)
    assert world.read_md().status.trial.evidence == "0 of 500 answers differ (0 %), 1 % may"

    world.commit()
    world.run(10)

    assert (past(world), world.weight("8"), world.unserved, world.restarts) == (["8 Promoted"], 100, 0, 0)
    assert world.copiers == {}, "who took the copies is gone"


def test_a_candidate_that_answers_otherwise_is_rejected_and_nobody_saw_its_answers():
    world = shadowed(a_look(500, 60)).run(30)
    assert (phase(world), sent(world), world.weight("7")) == ("Failed", NOTHING_SENT, 100)

    world.commit()

    (entry,) = world.md["spec"]["rejected"]
    assert entry["evidence"] == "60 of 500 answers differ (12 %), 1 % may"


def test_looks_add_up_until_there_is_proof():
    world = shadowed(a_look(150, 0)).run(25)
    assert (phase(world), world.read_md().status.trial.shadow.looks) == ("Stepping", 1)
    assert "0 of 150 answers differ" in message(world)

    world.run(60)

    assert (phase(world), world.read_md().status.trial.shadow.compared) == ("Passed", 450)
    assert len(world.jobs) == 1, "the last one stays to be read"


def test_later_looks_count_scores_in_the_bins_of_the_first():
    bins = {"edges": [0.5], "stable_scores": [300, 300], "candidate_scores": [300, 300]}
    world = shadowed(a_look(600, 0, **bins), score="$.outputs[0]", maxPsi=0.2).run(20)

    (job,) = world.jobs.values()
    env = {each["name"]: each["value"] for each in job["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert (phase(world), env["KANARIA_SHADOW_EDGES"]) == ("Stepping", "[0.5]")
    assert phase(world.run(30)) == "Passed"


@pytest.mark.parametrize("look", [None, "killed", a_look(0)], ids=["a Job that fails", "no counts", "no copies"])
def test_a_look_that_could_not_be_done_rejects_nobody_and_is_done_again(look: str | None):
    world = shadowed(look).run(30)
    assert (phase(world), sent(world), reason(world)) == ("Stepping", NOTHING_SENT, "MetricsUnmeasured")

    world.look = a_look(500)

    assert phase(world.run(120)) == "Passed"


def test_a_look_that_cannot_be_done_is_done_again_later_each_time():
    world = shadowed(None).run(590, every=10)

    assert world.read_md().status.trial.shadow.looks == 4, "after 1, 2 and 4 minutes"


def test_no_other_look_begins_while_a_person_pauses_it():
    world = shadowed(a_look(10)).spec(candidate={"version": "8", "paused": True}).run(60)

    assert (world.read_md().status.trial.shadow.looks, sent(world)) == (1, NOTHING_SENT)


def test_without_proof_in_its_time_it_is_taken_out_and_not_rejected():
    world = shadowed(a_look(10), maxDuration="5m").run(330)
    assert phase(world) == "Inconclusive"

    world.commit()

    assert ("candidate" in world.md["spec"], "rejected" in world.md["spec"]) == (False, False)


def test_a_person_may_need_no_proof_and_a_candidate_that_fails_goes_all_the_same():
    full = {"version": "8", "promote": "Full"}
    assert phase(shadowed(a_look(10)).spec(candidate=full).run(10)) == "Passed"

    assert phase(shadowed(a_look(500, 60)).run(15).spec(candidate={"version": "8"}).run(20)) == "Failed"


@pytest.mark.parametrize("change", [{"suspend": True}, {"candidate": None}], ids=["suspended", "withdrawn"])
def test_copies_end_where_nothing_may_be_tried(change: dict[str, Any]):
    assert sent(shadowed().spec(**change).run(5)) == NOTHING_SENT


def test_a_suspended_one_goes_on():
    world = shadowed(a_look(10)).spec(suspend=True).run(60)

    world.look = a_look(500)

    assert phase(world.spec(suspend=False).run(60)) == "Passed"


def test_a_restart_forgets_nothing():
    world = shadowed(a_look(150)).run(25)
    world.restart()

    assert phase(world.run(60)) == "Passed"


def test_a_first_version_has_nothing_to_be_compared_with():
    world = passed("8", strategy={"shadow": {}}, analysis=None, routing=ROUTING)
    assert past(world) == []
    world.commit()
    assert past(world.run(10)) == ["8 Promoted"]


def test_a_service_that_may_not_be_made_is_told_with_the_right_that_is_missing():
    world = serving("7", strategy={"shadow": {}}, analysis=None, routing=ROUTING).spec(candidate={"version": "8"})
    while not world.jobs:
        world.tick(1)
        world.visit()
    service = world.copiers.popitem()[1]
    world.jobs.clear()
    world.failure = Failure(Apply(service), FailureKind.FORBIDDEN, FORBIDDEN, world.now)

    status = world.decide().plan.status

    (stalled,) = [c for c in status["conditions"] if c["type"] == "Stalled"]
    assert (stalled["reason"], "grant create and patch on services" in stalled["message"]) == ("Forbidden", True)


@pytest.mark.parametrize("fields", [{}, {"candidate": {"version": "8"}}], ids=["at rest", "with a candidate"])
def test_where_only_weights_are_known_it_is_refused_with_what_to_do(fields: dict[str, Any]):
    world = trying("8", strategy={"shadow": {}}, analysis=None, **fields)

    assert (reason(world), world.weight("7")) == ("NoTrafficRouter", 100)
    assert message(world).startswith("spec.strategy.shadow.percentage sends requests past the weights")
