"""What a typo, a restart, an upgrade or years of use must not lose, forget or grow."""

from dataclasses import replace

from deployments import a_policy, a_spec, canary, phase, reason, serving, trying, weight
from kanaria.api import ModelDeployment
from kanaria.decide.model_deployment import decide
from kanaria.decide.model_deployment.trials import trial_id
from kanaria.decide.model_deployment.unreadable import stand_in
from kanaria.vocabulary import Apply, Failure, FailureKind, Plan, SetAlias
from model_world import ModelWorld
from own_route_world import ROUTING

WATCHED = (a_policy(falseAlarmEvery="30d"),)
NEXT = [{"modelDeployment": {"name": "wine", "namespace": "prod"}}]


def with_a_typo(world: ModelWorld) -> Plan:
    """The pass of a spec that cannot be read."""
    body = {**world.md, "spec": {**world.md["spec"], "strategy": {"canari": {}}}}
    seen = replace(world.seen(), invalid="spec.strategy.canari is unknown")
    return decide(stand_in(body, seen.serving.arrangement), seen, world.now, world.memory).plan


def test_a_typo_forgets_nothing_of_what_is_watched():
    world = serving(policies=WATCHED).run(300)

    status = with_a_typo(world).status

    assert status is not None
    assert status["watch"] == world.md["status"]["watch"]


def test_a_typo_forgets_no_version_that_went_on():
    world = serving(promote=NEXT)
    assert world.md["status"]["passages"] != []

    status = with_a_typo(world).status

    assert status is not None
    assert status["passages"] == world.md["status"]["passages"]


def test_a_typo_sets_no_other_alias():
    world = serving(model={"name": "wine-quality", "alias": "best"})

    assert [act for act in with_a_typo(world).acts if isinstance(act, SetAlias)] == []


def test_the_id_of_a_trial_outlives_an_upgrade():
    """A field that a newer version adds, and nobody sets, is not part of what is tried."""
    spec = ModelDeployment.read({"metadata": {"name": "wine"}, "spec": a_spec(candidate={"version": "8"})}).spec

    assert trial_id(spec, 1) == "8@ec1a9fa"


def test_a_step_with_the_longest_name_can_be_recorded():
    route = {"setMirrorRoute": {"name": "n" * 63, "percentage": 100}}
    (word,) = ModelDeployment.read(
        {"metadata": {"name": "wine"}, "spec": a_spec(strategy=canary(route))}
    ).spec.strategy.strategy.words

    world = trying(strategy=canary(route, {"setWeight": 10}), routing=ROUTING)
    world.md["status"]["trial"]["stepWord"] = word

    assert phase(world) == "Stepping"


def test_what_is_usual_is_kept_of_the_metrics_that_there_are():
    world = trying().run(60)
    usual = world.md["status"]["usual"]
    world.md["status"]["usual"] = {**usual, "gone/errors": {}, "online/renamed": {}}

    world.run(120)

    assert set(world.md["status"]["usual"]) == set(usual)


def test_a_candidate_without_servers_does_not_pass():
    world = trying(strategy=canary({"setWeight": 10}), policies=(a_policy(promoteBelow=1.2),))
    assert (phase(world), world.read_md().status.trial.step_word) == ("Stepping", "done")
    world.broken.add("-v8-")
    world.tick()

    world.spec(candidate={"version": "8", "promote": "Full"}).run(30)

    assert (phase(world), weight(world)) == ("Stepping", 10)


def test_a_candidate_without_servers_is_not_promoted_for_want_of_proof():
    world = trying(strategy=canary({"setWeight": 10}, {"pause": {}}, maxDuration="60s", onInconclusive="Promote"))
    world.broken.add("-v8-")

    world.run(120)

    assert phase(world) == "Stepping"


def test_a_candidate_whose_servers_the_quota_took_loses_its_traffic():
    world = trying(
        routing=ROUTING, progressDeadlineSeconds=60, strategy=canary({"setWeight": 10}, {"pause": {"duration": "1h"}})
    )
    world.broken.add("-v8-")
    world.why = "pods are forbidden: exceeded quota: small"

    world.run(120)
    assert (phase(world), world.weight("8"), reason(world, "Reconciling")) == ("Paused", 0, "InsufficientQuota")

    world.broken.clear()
    assert world.run(60).weight("8") == 10


def test_a_preflight_that_may_not_be_made_is_told():
    asked = {"requests": [{"name": "golden", "path": "/v2/models/wine/infer", "body": {"inputs": []}}]}
    world = serving(preflight=asked).spec(candidate={"version": "8"}).run(10)
    (job,) = world.jobs.values()
    world.jobs.clear()
    world.failure = Failure(Apply(job), FailureKind.FORBIDDEN, "jobs.batch is forbidden", world.now)

    first = world.decide().plan.acts[0]

    assert "ServiceAccount cellar/kanaria-runner" in str(first)
