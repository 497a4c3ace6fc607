"""In which order is written what, and what may be lost without harm?"""

import pytest

from deployments import a_policy, canary, message, passed, phase, promoted, reason, serving, trying, weight
from kanaria.api import MetricPolicy
from kanaria.decide.model_deployment import WayBack
from kanaria.vocabulary import Apply, FailureKind, SetAlias, TagModelVersion, WriteStatus
from model_world import ModelWorld


def kinds(acts: object) -> list[str]:
    return [type(act).__name__ for act in acts]


def failing():
    world = trying("8")
    world.bad["-v8-"] = 0.9
    while "Apply" not in kinds(world.decide().plan.acts):
        world.visit()
        world.tick(5)
    return world


def test_a_rollback_is_status_first_then_traffic_and_goes_on_if_the_first_fails():
    plan = failing().decide().plan

    assert kinds(plan.acts) == ["WriteStatus", "Apply"]
    assert (plan.acts[0].required, plan.status["trial"]["phase"]) == (False, "Failed")


def test_a_rollback_whose_record_fails_takes_the_traffic_all_the_same():
    world = failing()
    world.refuse = WriteStatus

    world.visit()

    assert (world.asked("8"), world.failure.kind) == (0, FailureKind.UNREACHABLE)
    world.refuse = None
    assert phase(world.run(5)) == "Failed"


def test_a_rollback_whose_record_and_operator_are_lost_is_never_undone():
    world = failing()
    world.refuse = WriteStatus
    world.visit()
    world.refuse = None
    world.restart()
    world.bad.clear()

    world.run(120)

    assert (phase(world), world.asked("8")) == ("Aborted", 0)
    assert "was taken back" in world.read_md().status.trial.evidence


def test_a_raise_is_traffic_first_then_status():
    world = serving("7").spec(candidate={"version": "8"})
    while (plan := world.visit()) and weight(world) == 0:
        world.tick(1)

    assert kinds(plan.acts) == ["Apply", "WriteStatus"]
    assert plan.acts[1].required


def test_a_raise_that_is_refused_is_not_recorded():
    world = trying("8")
    world.refuse = Apply
    world.run(80)

    assert (weight(world), world.asked("8"), reason(world, "Reconciling")) == (10, 10, "ProgressingWithRetry")
    world.refuse = None
    assert (world.run(10).weight("8"), weight(world), phase(world)) == (50, 50, "Stepping")


def test_an_alias_that_cannot_be_set_does_not_hold_serving_up():
    world = passed("8")
    world.refuse = SetAlias
    world.commit()
    world.run(20)
    assert (world.weight("8"), world.read_md().status.stable.version) == (100, "8")
    assert (reason(world), reason(world, "Reconciling")) == ("Serving", "ProgressingWithRetry")

    world.refuse = None
    world.run(10)

    assert (world.aliases["wine-quality@champion-cellar-wine"], reason(world, "Reconciling")) == ("8", None)


def test_a_promotion_moves_the_alias_and_tags_the_version():
    world = promoted("8", model={"name": "wine-quality", "alias": "champion"})

    assert world.aliases == {"wine-quality@champion": "8"}
    told = [(act.version, act.key, act.value) for act in world.writes if isinstance(act, TagModelVersion)]
    assert told == [
        ("7", "kanaria.stable", "cellar/wine"),
        ("8", "kanaria.stable", "cellar/wine"),
        ("8", "kanaria.promoted.cellar.wine", "abc1234"),
    ]


def test_evidence_is_checkpointed_at_most_once_a_minute():
    world = trying("8", strategy=canary({"setWeight": 10}, {"pause": {"duration": "1h"}}))
    before = len(world.writes)

    world.run(600)

    assert 8 <= len(world.writes) - before <= 12  # two of them for the plan and the dispersion


def test_a_restart_takes_the_evidence_up_from_the_checkpoint():
    world = trying("8", strategy=canary({"setWeight": 10}, {"pause": {"duration": "1h"}})).run(300)
    counted = world.read_md().status.trial.requests
    world.restart()

    world.run(120)

    assert world.read_md().status.trial.requests > counted > 1000


def counted(world: ModelWorld) -> int:
    return max(evidence.candidate.total for evidence in world.memory.evidence.values())


def next_reading(world: ModelWorld) -> None:
    known = dict(world.memory.readings)
    while world.memory.readings == known:
        world.run(1, every=1)


def test_a_window_that_overlaps_a_change_of_weight_is_not_counted():
    metric = {"name": "errors", "counter": {"interval": "30s"}, "sequential": {}}
    slow = MetricPolicy.read({"metadata": {"name": "online"}, "spec": {"metrics": [metric]}})
    analysis = {"policies": [{"name": "online"}], "warmup": "1s"}
    world = trying("8", policies=(slow,), analysis=analysis)
    while weight(world) == 10 or world.read_md().status.trial.weight_since is None:
        world.run(1, every=1)
    before = counted(world)
    assert before > 0

    next_reading(world)
    assert counted(world) == before
    next_reading(world)
    assert counted(world) > before


def test_nothing_is_counted_and_no_weight_is_raised_before_the_warm_up_is_over():
    world = trying("8", analysis={"policies": [{"name": "online"}], "warmup": "10m"}).run(110)

    assert (weight(world), counted(world)) == (10, 0)


def test_several_metrics_share_the_chance_of_a_false_alarm():
    one, two = trying("8"), trying("8", policies=(a_policy(), a_policy("more")))
    two.spec(analysis={"policies": [{"name": "online"}, {"name": "more"}], "warmup": "5s"}).run(10)
    for world in (one, two):
        world.bad["-v8-"] = 0.03
        while phase(world) != "Failed":
            world.visit()
            world.tick(5)

    assert len(two.read_md().status.trial.checkpoint) == 2
    assert two.read_md().status.trial.requests >= one.read_md().status.trial.requests


@pytest.mark.parametrize(
    ("way", "word", "fact"),
    [
        pytest.param(None, "NoWayBack", "no GitSync holds this object", id="no GitSync"),
        pytest.param(WayBack("team", propose=False), "NoWayBack", "propose Disabled", id="it may not propose"),
        pytest.param(WayBack("team", suspended=True), "AwaitingMerge", "which is suspended", id="it is suspended"),
        pytest.param(WayBack("team", landed=True), "AwaitingSync", "is committed", id="committed, not applied"),
        pytest.param(WayBack("team"), "AwaitingMerge", "commits its promotion", id="about to be committed"),
    ],
)
def test_a_passed_candidate_says_where_its_promotion_stands(way: WayBack | None, word: str, fact: str):
    world = passed("8")
    world.way_back = way
    world.run(5)

    assert (reason(world), str(world.read_md().status.phase)) == (word, "Paused")
    assert fact in message(world)


@pytest.mark.parametrize(
    ("way", "whose"),
    [
        pytest.param(WayBack("team", landed=True), "GitSync team", id="a GitSync applies it"),
        pytest.param(WayBack("team", landed=True, file="prod/wine.yaml"), "what applies prod/wine.yaml", id="Argo CD"),
    ],
)
def test_a_commit_that_is_not_applied_for_ten_minutes_is_warned_of_once(way: WayBack, whose: str):
    world, told = passed("8"), []
    world.way_back = way
    for _ in range(13):
        told += [n for n in world.visit().notices if (n.type, n.reason) == ("Warning", "AwaitingSync")]
        world.tick(60)

    assert [whose in notice.message for notice in told] == [True]
    assert reason(world) == "AwaitingSync"
    assert f"it is not applied since {world.read_md().status.trial.landed_at:%Y-%m-%dT%H:%M:%SZ}" in message(world)


def test_what_is_applied_in_time_is_not_warned_of():
    world = passed("8")
    world.way_back = WayBack("team", landed=True)
    world.run(30)
    world.way_back = WayBack("team")
    world.run(30)

    assert world.read_md().status.trial.landed_at is None


def test_a_failed_trial_is_told_by_one_warning():
    world = trying("8")
    world.bad["-v8-"] = 0.9
    told = []
    while phase(world) != "Failed":
        world.tick(5)
        told += world.visit().notices

    assert [notice.type for notice in told if notice.reason == "CanaryFailed"] == ["Warning"]


def test_a_trial_is_told_by_events():
    world = serving("7").spec(candidate={"version": "8"})
    told = []
    for _ in range(60):
        told += [notice.reason for notice in world.visit().notices]
        world.tick(5)
    world.commit()
    told += [notice.reason for _ in range(5) for notice in (world.visit().notices, world.tick(1))[0]]

    wanted = ["CanaryStarted", "CanaryPaused", "AwaitingMerge", "Promoted"]
    assert [reason for reason in told if reason in wanted][:1] == ["CanaryStarted"]
    assert set(wanted) <= set(told)
