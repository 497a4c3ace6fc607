"""A stable model with falseAlarmEvery is watched: what got worse is told, at rest nothing is written."""

from deployments import a_policy, message, reason, serving
from kanaria.api.judged import WatchedMetric
from model_world import ModelWorld

WATCHED = (a_policy(falseAlarmEvery="30d"),)


def watched(world: ModelWorld) -> WatchedMetric:
    (only,) = world.read_md().status.watch
    return only


def test_without_false_alarm_every_nothing_is_asked_and_nothing_told():
    world = serving()

    assert world.read_md().status.watch == ()
    assert not any("backend/" in str(question) for question in world.visit().questions)


def test_it_learns_and_then_says_that_all_is_well():
    world = serving(policies=WATCHED)
    first = watched(world).verdict
    world.run(300)

    assert (first, watched(world).verdict) == ("Inconclusive", "Passed")
    assert (reason(world), world.read_md().status.phase) == ("Serving", "Healthy")


def test_a_model_that_got_worse_is_degraded_and_recovers():
    world = serving(policies=WATCHED).run(300)
    world.bad["v7"] = 0.08
    world.run(120)
    degraded = (watched(world).verdict, reason(world), str(world.read_md().status.phase), message(world))
    world.bad["v7"] = 0.01
    world.run(600)

    assert degraded[:3] == ("Failed", "Degraded", "Degraded")
    assert "version 7 answers all requests, worse than it did: errors: at most" in degraded[3]
    assert (watched(world).verdict, reason(world)) == ("Passed", "Serving")


def test_at_rest_nothing_is_written():
    world = serving(policies=WATCHED).run(300)
    world.writes.clear()
    world.run(900)

    assert world.writes == []


def test_a_restart_goes_on_with_what_was_learned():
    world = serving(policies=WATCHED).run(300)
    world.restart()
    world.bad["v7"] = 0.08
    world.run(120)

    assert watched(world).verdict == "Failed"


def test_what_degraded_stays_so_over_a_restart():
    world = serving(policies=WATCHED).run(300)
    world.bad["v7"] = 0.08
    world.run(120)
    since = watched(world).since
    world.restart()
    world.run(120)

    assert (watched(world).verdict, watched(world).since) == ("Failed", since)


def test_unread_is_not_degraded():
    world = serving(policies=WATCHED).run(300)
    world.metrics = False
    world.run(60)
    unread = watched(world).verdict
    world.metrics = True
    world.run(60)

    assert (unread, watched(world).verdict) == ("Unmeasured", "Passed")


def test_a_promoted_model_is_learned_anew():
    world = serving(policies=WATCHED).run(300)
    world.spec(candidate={"version": "8"}).run(260)
    world.commit()
    world.run(30)

    assert (watched(world).version, watched(world).verdict) == ("8", "Inconclusive")


def test_it_goes_on_while_a_candidate_is_tried():
    world = serving(policies=WATCHED).run(300)
    world.bad["v7"] = world.bad["v8"] = 0.08
    world.spec(candidate={"version": "8"}).run(150)

    assert watched(world).verdict == "Failed"
    trial = world.read_md().status.trial
    assert trial is not None
    assert trial.phase != "Failed"


def test_a_spec_that_cannot_be_read_forgets_nothing_of_what_was_learned():
    world = serving(policies=WATCHED).run(300)
    known, policies = watched(world), world.policies

    world.policies = {}
    world.rest()

    assert watched(world) == known
    world.restart()
    world.policies = policies
    assert watched(world.rest()) == known
