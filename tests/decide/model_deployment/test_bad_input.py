"""Bad input is told with place, fact and remedy, and what serves keeps serving."""

import pytest

from deployments import (
    PREDICTOR,
    a_policy,
    a_world,
    an_offline_policy,
    canary,
    is_stalled,
    message,
    passed,
    phase,
    promoted,
    reason,
    serving,
    trying,
    weight,
)
from kanaria.vocabulary import Apply, Failure, FailureKind

ENV = {"env": [{"name": "THREADS", "value": "4"}]}


@pytest.mark.parametrize(
    ("changes", "word", "facts"),
    [
        pytest.param(
            {"candidate": {"version": "99"}},
            "ModelNotFound",
            ("spec.candidate.version", "no version 99 of wine-quality"),
            id="a candidate that MLflow does not know",
        ),
        pytest.param(
            {"stable": {"version": "99"}},
            "ModelNotFound",
            ("spec.stable.version", "no version 99"),
            id="a stable version that MLflow does not know",
        ),
        pytest.param(
            {"candidate": {"version": "8"}, "analysis": {"policies": [{"name": "nobody"}]}},
            "UnknownPolicy",
            ("spec.analysis.policies", "MetricPolicy nobody", "commit it"),
            id="a policy that does not exist",
        ),
        pytest.param(
            {"candidate": {"version": "8"}, "analysis": {"policies": [{"name": "offline"}]}},
            "UnknownPolicy",
            ("no metric that can be read while the candidate serves", "add one"),
            id="a policy that judges nothing online",
        ),
        pytest.param(
            {"stable": {"version": "9"}},
            "RequiresCanary",
            ("spec.stable.version is 9", "commit stable 7 and candidate 9"),
            id="a stable version that did not pass here",
        ),
        pytest.param(
            {"predictor": {**PREDICTOR, "model": {**PREDICTOR["model"], **ENV}}},
            "RequiresCanary",
            ("spec.predictor changed", "spec.candidate.predictor"),
            id="a predictor that was not tried",
        ),
        pytest.param({"stable": None}, "NoModel", ("spec.stable is not set",), id="no stable any more"),
        pytest.param({"candidate": {"version": "7"}}, "SameAsStable", ("as spec.stable",), id="equal to stable"),
    ],
)
def test_what_only_the_user_can_mend_is_stalled(changes: dict[str, object], word: str, facts: tuple[str, ...]):
    world = serving("7")
    world.missing.add("99")
    world.policies["offline"] = an_offline_policy()

    world.spec(**changes).run(30)

    assert (reason(world, "Stalled"), world.weight("7"), world.unserved) == (word, 100, 0)
    assert all(fact in message(world, "Stalled") for fact in facts)
    assert (world.restarts, phase(world)) == (0, None)


def test_a_stall_ends_when_its_cause_does():
    world = serving("7").spec(candidate={"version": "8"}, analysis={"policies": [{"name": "late"}]}).run(10)
    assert is_stalled(world)

    world.policies["late"] = a_policy("late")

    assert (world.run(10).weight("8"), is_stalled(world)) == (10, False)


def test_a_version_that_is_registered_late_is_tried_then():
    world = serving("7")
    world.missing.add("8")
    world.spec(candidate={"version": "8"}).run(10)
    assert world.decide().plan.questions

    world.missing.clear()

    assert world.run(10).weight("8") == 10


def test_without_require_canary_stable_changes_beside_what_serves():
    world = serving("7", requireCanary=False).spec(stable={"version": "9"}).run(10)

    assert (world.weight("9"), reason(world), world.unserved) == (100, "Serving", 0)


def test_a_version_that_was_stable_may_come_back():
    world = promoted("8", rollbackWindow={"keepWarm": "1s"}).run(60).spec(stable={"version": "7"}).run(10)

    assert (world.weight("7"), reason(world)) == (100, "Serving")


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"predictor": {"model": {"modelFormat": {"name": "onnx"}}}}, id="served otherwise"),
        pytest.param({"model": {"name": "other"}}, id="of another registered model"),
    ],
)
def test_a_version_that_was_stable_does_not_come_back_as_what_never_was(changed: dict):
    world = promoted("8").spec(stable={"version": "7"}, **changed).run(10)

    assert (world.weight("8"), reason(world, "Stalled")) == (100, "RequiresCanary")


def test_a_version_that_was_stable_comes_back_with_the_predictor_that_serves_now():
    threads = {"model": {"env": [{"name": "THREADS", "value": "2"}]}}
    world = serving("7").spec(candidate={"version": "8", "predictor": threads}).run(240)
    world.commit()
    world.run(60).spec(stable={"version": "7"}).run(10)

    assert (world.weight("7"), reason(world)) == (100, "Serving")


@pytest.mark.parametrize("nothing", [None, {}], ids=["null", "empty"])
def test_a_candidate_cannot_be_tried_without_a_field_that_stable_has(nothing: dict | None):
    world = serving("7", predictor={**PREDICTOR, "nodeSelector": {"disk": "ssd"}})

    world.spec(candidate={"version": "8", "predictor": {"nodeSelector": nothing}}).run(10)

    # An empty overlay changes nothing: what is laid over is still there.
    assert (reason(world, "Stalled"), world.asked("8")) == (("InvalidSpec", 0) if nothing is None else (None, 10))


def test_with_nothing_serving_stable_is_simply_brought_up():
    world = promoted("8")
    world.md["status"], world.service, world.route = {}, None, None
    world.deployments.clear()
    world.spec(stable={"version": "3"}, candidate={"version": "4"}).restart()

    world.run(10)

    assert (world.weight("3"), world.weight("4"), phase(world)) == (90, 10, "Stepping")


def test_a_typo_in_the_spec_does_not_blind_the_judge():
    world = trying("8").spec(analysis={"policies": [{"name": "nobody"}]})
    world.bad["-v8-"] = 0.5

    world.run(30)

    assert (phase(world), world.weight("8")) == ("Failed", 0)


def test_a_spec_that_stays_wrong_holds_the_candidate_at_nothing():
    world = trying("8", progressDeadlineSeconds=60).spec(analysis={"policies": [{"name": "nobody"}]})
    assert world.run(30).weight("8") == 10

    world.run(60)

    assert (phase(world), world.weight("8"), is_stalled(world)) == ("Paused", 0, True)
    world.spec(analysis={"policies": [{"name": "online"}], "warmup": "5s"}).run(10)
    assert (phase(world), world.weight("8")) == ("Stepping", 10)


def test_a_candidate_whose_servers_do_not_come_up_is_failed_with_their_message():
    world = serving("7", progressDeadlineSeconds=60)
    world.broken.add("-v8-")
    world.spec(candidate={"version": "8"}).run(30)
    assert (phase(world), reason(world)) == ("Loading", "Loading")

    world.run(40)

    assert world.read_md().status.trial.evidence == "did not become ready in 60 s: container exited with 1"
    assert (phase(world), world.commit()[0].changes[1].item["version"]) == ("Failed", "8")


def test_a_candidate_that_loses_its_servers_for_long_is_failed():
    world = trying("8", progressDeadlineSeconds=60)
    world.broken.add("-v8-")

    world.run(90)

    assert (phase(world), world.weight("7")) == ("Failed", 100)
    assert "had no ready server for 60 s" in world.read_md().status.trial.evidence


def test_a_stable_model_that_does_not_come_up_is_told():
    world = a_world(stable={"version": "7"}, progressDeadlineSeconds=60)
    world.broken.add("-v7-")

    world.run(70)

    assert (reason(world, "Stalled"), str(world.read_md().status.phase)) == ("ProgressDeadlineExceeded", "Degraded")
    assert "container exited with 1" in message(world)


def test_kserve_without_a_route_is_told_with_the_remedy():
    world = a_world(stable={"version": "7"})
    world.routes = False

    world.run(90)

    assert reason(world, "Stalled") == "NoTrafficRouter"
    assert "enableGatewayApi" in message(world)


def test_a_gateway_that_does_not_take_the_weights_up_stops_the_steps():
    world = serving("7")
    world.spec(candidate={"version": "8"}).tick()
    world.visit()
    world.gateway = False

    world.run(120)

    assert (weight(world), reason(world, "Stalled")) == (10, "NoTrafficRouter")


def test_an_account_that_may_not_write_is_told_and_no_weight_is_recorded():
    world = passed("8")
    world.refuse = Apply
    world.commit()
    world.visit()
    assert isinstance(world.failure, Failure)
    world.failure = Failure(world.failure.act, FailureKind.FORBIDDEN, "no", world.now)
    world.refuse = None

    plan = world.visit()

    assert plan.status["conditions"][-1]["reason"] == "Forbidden"
    assert "ServiceAccount cellar/kanaria-runner" in plan.status["conditions"][-1]["message"]
    assert world.run(10).weight("8") == 100


def test_an_inference_service_of_somebody_else_is_left_alone():
    world = serving("7")
    world.service["metadata"]["labels"] = {}
    before = len(world.deployments)
    world.spec(candidate={"version": "8"}).run(10)

    assert (reason(world, "Stalled"), len(world.deployments)) == ("OwnedByAnother", before)


@pytest.mark.parametrize(
    ("name", "uri", "word"),
    [
        pytest.param("wine", "mlflow-artifacts:/1/models/m-1", "ModelNotFound", id="artifacts KServe cannot load"),
        pytest.param("w" * 50, "s3://models/8", "InvalidSpec", id="a name too long for KServe"),
    ],
)
def test_what_kserve_could_not_serve_is_refused_before(name: str, uri: str, word: str):
    world = a_world(stable={"version": "7"})
    world.md["metadata"]["name"] = name
    world.uris["7"] = uri

    world.visit()

    assert (reason(world, "Stalled"), world.service) == (word, None)


def test_a_pause_without_duration_waits_for_the_proof():
    world = trying("8", strategy=canary({"setWeight": 20}, {"pause": {}}, {"setWeight": 60}))
    world.rps = 5
    assert world.run(60).weight("8") == 20

    world.rps = 500

    assert (world.run(120).weight("8"), phase(world)) == (60, "Passed")


def test_without_analysis_a_candidate_passes_when_its_steps_are_done():
    world = serving("7", analysis=None).spec(candidate={"version": "8"}).run(140)

    assert (phase(world), world.read_md().status.trial.verdict) == ("Passed", None)
