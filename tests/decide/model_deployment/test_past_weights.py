"""Requests that go to a candidate past its weight, by a route of Kanaria's own; on KServe's route they cannot."""

from deployments import canary, message, past, phase, reason, serving, trying
from kanaria.serving.selection import read
from kanaria.vocabulary.traffic import NOTHING_SENT, HeaderMatch, Sent
from model_world import ModelWorld
from own_route_world import ROUTING

HEADER = {"setHeaderRoute": {"name": "t", "match": [{"headerName": "X-Tester", "headerValue": {"exact": "yes"}}]}}
MIRROR = {"setMirrorRoute": {"name": "m", "percentage": 20}}
STEPS = canary(HEADER, MIRROR, {"pause": {}}, {"setWeight": 10}, {"setMirrorRoute": {"name": "m"}}, {"pause": {}})
TESTERS = ((HeaderMatch("X-Tester", "yes"),),)


def sent(world: ModelWorld) -> Sent:
    return read(world.route)[0]


def at_the_first_pause(**fields: object) -> ModelWorld:
    return trying("8", strategy=STEPS, routing=ROUTING, **fields)


def test_testers_and_copies_reach_a_candidate_without_weight():
    world = at_the_first_pause()

    assert (sent(world), world.weight("8"), reason(world)) == (Sent(TESTERS, 20), 0, "CanaryPaused")
    assert read(world.route)[1].startswith("wine-v8-")


def test_what_a_later_step_removes_is_gone_and_the_rest_stays_until_the_promotion():
    world = at_the_first_pause()
    world.spec(candidate={"version": "8", "fromStep": 4}).run(10)
    assert (sent(world), world.weight("8")) == (Sent(TESTERS), 10)

    world.run(240)
    assert (phase(world), sent(world)) == ("Passed", Sent(TESTERS))

    world.commit()
    world.run(10)
    assert (past(world), sent(world), world.weight("8"), world.restarts) == (["8 Promoted"], NOTHING_SENT, 100, 0)


def test_a_candidate_that_is_taken_back_gets_nothing_past_its_weight():
    world = at_the_first_pause()

    world.annotate("kanaria.dev/abort", world.read_md().status.trial.id).run(10)

    assert (phase(world), sent(world)) == ("Aborted", NOTHING_SENT)


def test_a_candidate_that_is_held_gets_nothing_past_its_weight_and_again_when_it_goes_on():
    world = at_the_first_pause()
    assert sent(world.spec(suspend=True).run(10)) == NOTHING_SENT

    assert sent(world.spec(suspend=None).run(10)) == Sent(TESTERS, 20)


def test_a_candidate_whose_metrics_cannot_be_read_gets_no_testers():
    world = serving("7", strategy=STEPS, routing=ROUTING)
    world.metrics = False

    world.spec(candidate={"version": "8"}).run(60)

    assert sent(world) == NOTHING_SENT


def test_on_kserve_s_route_such_a_step_is_refused_in_a_sentence():
    world = serving("7", strategy=STEPS).spec(candidate={"version": "8"}).run(10)

    assert (phase(world), reason(world, "Stalled")) == (None, "NoTrafficRouter")
    assert "spec.strategy.canary.steps[0]" in message(world)
    assert world.weight("7") == 100


def test_testers_wait_until_the_metrics_were_read_though_they_are_not_blind_yet():
    world = serving("7", strategy=STEPS, routing=ROUTING)
    world.metrics = False

    world.spec(candidate={"version": "8"}).run(10)

    assert (phase(world), sent(world)) == ("Stepping", NOTHING_SENT)
    world.metrics = True
    assert sent(world.run(15)) == Sent(TESTERS, 20)


def test_a_candidate_of_a_deployment_that_is_deleted_gets_nothing_past_its_weight():
    world = at_the_first_pause()
    world.md["metadata"]["deletionTimestamp"] = world.now.isoformat()

    world.rest()

    assert sent(world) == NOTHING_SENT


def test_servers_that_only_testers_reached_are_drained_before_they_go():
    world = at_the_first_pause().run(60)

    world.spec(candidate=None).rest()
    assert (sent(world), any("-v8-" in name for name in world.deployments)) == (NOTHING_SENT, True)

    world.run(45)
    assert not any("-v8-" in name for name in world.deployments)
