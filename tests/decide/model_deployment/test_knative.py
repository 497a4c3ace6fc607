"""A ModelDeployment by Knative: there is one template, and only what Knative means by the newest gets its percent."""

import pytest

from deployments import is_stalled, message, past, phase, promoted, reason, serving, trying
from kanaria.serving.choice import CanaryRouting
from kanaria.serving.naming import PREDICTOR_LABEL
from model_world import ModelWorld
from unnamed_world import UnnamedWorld

FIELDS = {"analysis": None, "setting": CanaryRouting.KNATIVE}
PREDICTOR = {"model": {"modelFormat": {"name": "sklearn"}}, "minReplicas": 2}


def knative(world: ModelWorld) -> UnnamedWorld:
    assert isinstance(world, UnnamedWorld)
    return world


def template(world: UnnamedWorld) -> tuple[str, int | None]:
    """The version that the spec's template is of, and the percent for it."""
    predictor = world.service["spec"]["predictor"]
    return predictor["labels"][PREDICTOR_LABEL].split("-")[0], predictor.get("canaryTrafficPercent")


def test_a_first_version_has_everything_without_a_percent():
    world = knative(serving("7", **FIELDS))

    assert (template(world), world.weight("7"), reason(world)) == (("v7", None), 100, "Serving")
    assert world.service["metadata"]["annotations"] == {"serving.kserve.io/deploymentMode": "Knative"}


def test_a_candidate_is_the_template_at_its_percent_and_stable_keeps_the_rest():
    world = knative(trying("8", **FIELDS))

    assert template(world) == ("v8", 10)
    assert {version: world.weight(version) for version in ("7", "8")} == {"7": 90, "8": 10}


def test_a_candidate_has_all_its_servers_from_the_first_and_stable_keeps_its_own():
    world = knative(trying("8", predictor=PREDICTOR, **FIELDS))

    world.run(300)

    assert (world.up("7"), world.up("8"), world.unserved) == (2, 2, 0)
    assert len(world.deployments) == 2  # a changed scale would be another revision


def test_a_promotion_takes_the_percent_away_and_starts_nothing():
    world = knative(promoted("8", **FIELDS))

    assert (template(world), world.weight("8"), reason(world)) == (("v8", None), 100, "Serving")
    assert (len(world.deployments), world.unserved) == (2, 0)
    assert world.read_md().status.warm is None  # an older revision cannot be called back


def test_a_candidate_that_is_taken_back_stays_in_the_spec_at_nothing():
    world = knative(trying("8", **FIELDS))
    trial = world.read_md().status.trial

    world.annotate("kanaria.dev/abort", trial.id if trial else "").run(10)
    world.commit()
    world.run(300)

    assert (template(world), world.weight("7"), world.weight("8")) == (("v8", 0), 100, 0)
    assert (past(world)[0], reason(world)) == ("8 Aborted", "Serving")


def test_the_next_candidate_takes_the_place_of_one_that_was_taken_back():
    world = knative(trying("8", **FIELDS).spec(candidate=None).run(60))
    assert template(world) == ("v8", 0)

    world.spec(candidate={"version": "9"}).run(10)

    assert (template(world), world.weight("7"), world.weight("9"), world.weight("8")) == (("v9", 10), 90, 10, 0)


def test_a_superseding_candidate_waits_until_the_one_before_has_no_traffic():
    world = knative(trying("8", **FIELDS))
    seen = [template(world)]
    world.spec(candidate={"version": "9"})

    for _ in range(12):
        world.visit()
        seen.append(template(world))
        world.tick()

    assert [each for each, before in zip(seen[1:], seen, strict=False) if each != before][:2] == [("v8", 0), ("v9", 0)]


def test_no_percent_is_given_while_the_newest_that_is_ready_is_another_one():
    world = knative(trying("8", **FIELDS).spec(candidate=None).run(60))
    world.broken.add("v9")

    world.spec(candidate={"version": "9"}).run(60)

    assert (template(world), world.weight("7"), world.weight("8")) == (("v9", 0), 100, 0)
    assert phase(world) == "Loading"


def test_a_version_that_is_tried_again_beside_its_own_old_revision_waits_for_the_new_one():
    world = knative(trying("8", **FIELDS).spec(candidate=None).run(60).spec(candidate={"version": "9"}).run(10))
    world.spec(candidate=None).run(60).broken.add("v8")

    world.spec(candidate={"version": "8"}).run(30)

    assert (template(world), world.weight("9"), world.weight("8")) == (("v8", 0), 0, 0)


def test_a_reverted_promotion_loads_the_last_model_anew_while_this_one_serves():
    world = knative(promoted("8", **FIELDS))

    world.spec(stable={"version": "7"}, candidate={"version": "8"}).run(60)

    assert (template(world), world.weight("7"), world.unserved) == (("v7", None), 100, 0)
    assert phase(world) == "Reverted"


def test_what_serves_stays_when_the_last_model_does_not_come_up_again():
    world = knative(promoted("8", **FIELDS))
    world.broken.add("v7")

    world.spec(stable={"version": "7"}, candidate={"version": "8"}).run(60)

    assert (template(world), world.weight("8"), world.unserved) == (("v7", 0), 100, 0)


def test_counters_that_see_no_revision_do_not_judge():
    world = serving("7", setting=CanaryRouting.KNATIVE).spec(candidate={"version": "8"}).run(20)

    assert (reason(world, "Stalled"), phase(world)) == ("UnknownPolicy", None)
    assert "online/errors counts by preset envoyGateway" in message(world)


@pytest.mark.parametrize("moment", [0, 5, 10, 70, 140, 250])
def test_a_restart_at_any_moment_comes_to_the_same_end(moment: int):
    world = knative(serving("7", **FIELDS).spec(candidate={"version": "8"}).run(moment))
    world.restart()

    world.run(260)
    world.commit()
    world.run(20)

    assert (template(world), world.weight("8"), world.unserved, is_stalled(world)) == (("v8", None), 100, 0, False)


def test_at_rest_beside_a_parked_template_nothing_is_written():
    world = trying("8", **FIELDS).spec(candidate=None).run(300)
    before = len(world.writes)

    world.run(600)

    assert len(world.writes) == before
