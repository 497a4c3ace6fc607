"""What never gives a candidate more traffic, and what always takes it back, whatever else goes wrong."""

from datetime import timedelta

import pytest

from deployments import PREDICTOR, a_world, canary, message, passed, past, phase, reason, serving, trying, weight
from kanaria.vocabulary import Apply, SetAlias, WriteStatus
from model_world import ModelWorld
from own_route_world import ROUTING

NOBODY = {"policies": [{"name": "nobody"}]}


def counted(world: ModelWorld) -> int:
    return max(evidence.candidate.total for evidence in world.memory.evidence.values())


def test_a_trial_that_cannot_be_recorded_gets_no_traffic():
    world = serving("7").spec(candidate={"version": "8"})
    world.refuse = WriteStatus

    world.run(60)
    assert (phase(world), world.asked("8")) == (None, 0)

    world.refuse = None
    assert world.run(10).weight("8") == 10


def test_a_raise_is_recorded_after_it_was_given_even_while_an_alias_cannot_be_set():
    world = trying("8")
    world.refuse = SetAlias
    world.md["status"]["aliased"] = "wine-quality@champion=6"
    while Apply not in (kinds := [type(act) for act in world.visit().acts]):
        world.tick(5)

    assert (kinds, weight(world)) == ([Apply, WriteStatus], 50)


def test_a_candidate_whose_metrics_are_lost_after_it_passed_is_not_promoted():
    world = passed("8")
    world.metrics = False

    world.run(60)

    assert (phase(world), weight(world), reason(world), world.commit()) == ("Passed", 0, "MetricsUnmeasured", ())
    world.metrics = True
    world.run(20)
    assert [edit.subject for edit in world.commit()] == ["Promote wine to version 8"]


def test_a_candidate_that_was_changed_after_it_passed_is_not_promoted_unseen():
    world = passed("8")
    changed = {"version": "8", "predictor": {"model": {"env": [{"name": "THREADS", "value": "2"}]}}}

    world.spec(candidate=changed, analysis=NOBODY).run(10)

    assert (phase(world), reason(world), world.commit()) == ("Passed", "UnknownPolicy", ())


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"analysis": NOBODY}, id="an unknown policy"),
        pytest.param({"stable": None}, id="no stable"),
        pytest.param({"stable": {"version": "5"}}, id="an untried stable"),
    ],
)
def test_an_abort_works_also_while_the_spec_is_stalled(spec: dict):
    world = trying("8")
    trial = world.read_md().status.trial.id
    world.spec(**spec).run(10)
    assert (phase(world), reason(world, "Stalled") is not None) == ("Stepping", True)

    world.annotate("kanaria.dev/abort", trial).run(10)

    assert (phase(world), world.weight("8")) == ("Aborted", 0)


def test_a_first_version_can_be_aborted():
    world = a_world(candidate={"version": "1"}).run(10)

    world.annotate("kanaria.dev/abort", world.read_md().status.trial.id).run(10)

    assert (phase(world), world.service) == ("Aborted", None)


def test_a_promotion_that_another_version_overtakes_does_not_bar_the_next_trial():
    world = passed("8")
    world.commit()
    world.visit()
    assert phase(world) == "Promoted"

    world.spec(stable={"version": "7"}).run(60)
    assert (past(world), reason(world), world.weight("7")) == (["8 Superseded"], "Serving", 100)

    assert world.spec(candidate={"version": "9"}).run(10).weight("9") == 10, message(world)


def test_a_candidate_of_which_nothing_is_counted_gets_no_more_than_its_first_percents():
    world = serving("7")
    world.rps = 0

    world.spec(candidate={"version": "8"}).run(200)

    assert (phase(world), world.asked("8")) == ("Stepping", 10)
    assert "once requests of both versions were counted" in message(world)


def test_the_judge_sees_a_bad_candidate_also_after_the_clock_was_set_back():
    world = trying("8").run(30)
    world.now -= timedelta(hours=1)
    world.read.clear()
    world.bad["-v8-"] = 0.5

    world.run(60)

    assert (phase(world), world.weight("8")) == ("Failed", 0)


def test_after_a_change_of_scale_nothing_is_counted_until_the_warm_up_is_over():
    world = trying("8", analysis={"policies": [{"name": "online"}], "warmup": "20s"}).run(45)
    before = counted(world)
    assert before > 0

    world.spec(predictor={**PREDICTOR, "minReplicas": 3}).run(15)
    assert counted(world) <= before + 200
    assert counted(world.run(20)) > before + 200


def test_a_gateway_that_counts_the_versions_together_is_told_and_gives_no_more_traffic():
    world = serving("7")
    world.apart = False

    world.spec(candidate={"version": "8"}).run(200)

    assert weight(world) == 10
    assert "Envoy Gateway counts the backends of KServe's route together" in message(world)


def test_a_candidate_that_is_removed_goes_though_the_route_may_not_change_as_asked():
    world = trying("8", routing=ROUTING)
    assert world.weight("8") == 10

    world.spec(routing=None, candidate=None).rest()

    assert (world.weight("8"), past(world), reason(world)) == (0, ["8 Withdrawn"], "NoTrafficRouter")


def test_a_promotion_is_not_lost_where_the_route_may_not_change_as_asked():
    world = passed("8", routing=ROUTING)
    world.spec(routing=None, candidate=None, stable={"version": "8"}).run(10)
    assert (phase(world), world.weight("8")) == ("Passed", 50)

    assert world.spec(routing=ROUTING).run(60).weight("8") == 100


def test_a_candidate_that_a_person_rejects_goes_whatever_else_the_commit_changes():
    world = trying("8")

    world.spec(rejected=[{"version": "8"}], strategy=canary({"setWeight": 90})).rest()

    assert (world.weight("8"), reason(world)) == (0, "RejectedBefore")
